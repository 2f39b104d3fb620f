// Forged matchers: the input overwrites parts of the sections of a sound one,
// whose checksums are then right again. Opening and scanning may give any
// answer, but only read what is theirs and come to an end.
#include "daylight/match/matcher_format.h"
#include "daylight/match/matcher_testing.h"
#include "daylight/match/random_patterns.h"

namespace {

using namespace dl;
using namespace dl::match;

constexpr database::SectionKind kKinds[] = {kSectionHeader, kSectionPatterns,   kSectionSubs,  kSectionGroups,
                                            kSectionBits,   kSectionEverywhere, kSectionSlots, kSectionAtoms,
                                            kSectionTexts,  kSectionPrograms,   kSectionChains};

// The sections of a matcher with a bit of everything.
const std::vector<std::vector<std::byte>>& SoundSections() {
  static const std::vector<std::vector<std::byte>> sections = [] {
    MatcherBuilder builder(3);
    const auto add = [&](Pattern pattern) { DL_CHECK(builder.Add(pattern).has_value()); };
    Pattern text;
    text.text = "abc";
    text.wide = true;
    text.nocase = true;
    add(text);
    text.nocase = false;
    text.is_xor = true;
    text.group = 1;
    text.xor_max = 3;
    add(text);
    text.is_xor = false;
    text.base64 = true;
    text.dialect = Dialect::kYaraX;
    add(text);
    for (const char* source : {"a[bc]{2,30}c?", "\\bab+(c|ca)", "[a-c]+x?", "b.{3,9}c"}) {
      Pattern pattern;
      pattern.is_text = false;
      pattern.wide = true;
      pattern.group = 2;
      pattern.expression = *ParseRegexp(source, {});
      add(pattern);
    }
    Pattern chained;
    chained.is_text = false;
    chained.expression = *ParseHexString("61 62 [0-300] 62 [1-2] 63 [-] 61", Dialect::kYara);
    add(chained);
    database::Writer writer;
    DL_CHECK(builder.Finish(writer, 0).has_value());
    auto opened = database::Database::FromBytes(writer.Finish());
    DL_CHECK(opened.has_value());
    std::vector<std::vector<std::byte>> out;
    for (const auto kind : kKinds) {
      auto bytes = (*opened)->Section(kind, 0);
      DL_CHECK(bytes.has_value());
      out.emplace_back(bytes->begin(), bytes->end());
    }
    return out;
  }();
  return sections;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteFeed feed({reinterpret_cast<const char*>(data), size});
  std::vector<std::vector<std::byte>> sections = SoundSections();
  for (unsigned n = feed.Below(8); n > 0; --n) {
    std::vector<std::byte>& section = sections[feed.Below(std::size(kKinds))];
    const unsigned change = feed.Below(8);
    if (section.empty()) continue;
    const std::size_t at = (feed.Next() << 8 | feed.Next()) % section.size();
    if (change == 0) {
      section.resize(at);
    } else if (change == 1) {
      section.resize(section.size() + feed.Next());
    } else {
      for (std::size_t i = at; i < std::min<std::size_t>(at + (change & 3) + 1, section.size()); ++i) {
        section[i] = static_cast<std::byte>(feed.Next());
      }
    }
  }
  database::Writer writer;
  for (std::size_t i = 0; i < std::size(kKinds); ++i) writer.AddSection(kKinds[i], 0, sections[i]);
  auto database = database::Database::FromBytes(writer.Finish());
  if (!database) return 0;
  auto matcher = Matcher::Open(**database, 0);
  if (!matcher || matcher->pattern_count() > 10'000 || matcher->group_count() > 10'000) return 0;
  MatchState state(*matcher);
  BitSet groups;
  groups.Resize(matcher->group_count());
  for (std::size_t i = 0; i < groups.size(); ++i) groups.Set(i);
  BitSet patterns;
  patterns.Resize(matcher->pattern_count());
  for (std::size_t i = 0; i < patterns.size(); ++i) patterns.Set(i);
  const std::string object = "abcabbbbbbc" + MakeObject(feed, 150) + "abca\0b\0c";
  for (int round = 0; round < 2; ++round) {
    state.Begin(groups, patterns, round == 0);
    state.Feed({AsBytes(object), 0, true});
    state.Finish();
    for (const std::uint32_t id : state.touched()) {
      for (const Match& match : state.matches(id)) DL_CHECK(match.offset + match.length <= object.size());
    }
  }
  // The same for a program on its own.
  RegexpSearcher searcher;
  const auto& program = sections[9];
  searcher.Search(program, object);
  return 0;
}
