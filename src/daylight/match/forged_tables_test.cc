// Tables of a database that was forged: whatever they say, what is found is
// less than there is, and nothing outside of them is read.
#include <gtest/gtest.h>

#include <cstring>

#include "daylight/match/matcher_format.h"
#include "daylight/match/matcher_tables.h"
#include "daylight/match/matcher_testing.h"

namespace dl::match {
namespace {

constexpr database::SectionKind kKinds[] = {kSectionHeader, kSectionPatterns,   kSectionSubs,  kSectionGroups,
                                            kSectionBits,   kSectionEverywhere, kSectionSlots, kSectionAtoms,
                                            kSectionTexts,  kSectionPrograms,   kSectionChains};

constexpr std::string_view kObject("abcdefgh xyz\0\0\0\0\0\0\0\0 qr", 24);

// A long text, one of zeros, and one of two bytes.
class Forgery {
 public:
  explicit Forgery(std::uint32_t stride = kMaxStride) {
    MatcherBuilder builder(1, stride);
    for (const std::string& text : {std::string("abcdefgh"), std::string(8, '\0'), std::string("qr")}) {
      Pattern pattern;
      pattern.text = text;
      DL_CHECK(builder.Add(pattern).has_value());
    }
    database::Writer writer;
    DL_CHECK(builder.Finish(writer, 0).has_value());
    const auto sound = database::Database::FromBytes(writer.Finish());
    DL_CHECK(sound.has_value());
    for (const auto kind : kKinds) {
      const auto bytes = (*sound)->Section(kind, 0);
      DL_CHECK(bytes.has_value());
      sections_.emplace_back(bytes->begin(), bytes->end());
    }
  }

  std::vector<std::byte>& Section(database::SectionKind kind) {
    return sections_[static_cast<std::size_t>(std::find(std::begin(kKinds), std::end(kKinds), kind) - kKinds)];
  }
  template <typename T>
  T* Records(database::SectionKind kind) {
    return reinterpret_cast<T*>(Section(kind).data());
  }
  GroupRecord& Group() { return *Records<GroupRecord>(kSectionGroups); }

  bool Opens() const { return Matcher::Open(*Database(), 0).has_value(); }
  // The ids of the patterns that are found, with each kernel.
  std::string Found() const {
    const auto database = Database();
    const auto matcher = Matcher::Open(*database, 0);
    if (!matcher) return "not opened";
    BitSet groups;
    groups.Resize(matcher->group_count());
    for (std::size_t i = 0; i < groups.size(); ++i) groups.Set(i);
    BitSet patterns;
    patterns.Resize(matcher->pattern_count());
    for (std::size_t i = 0; i < patterns.size(); ++i) patterns.Set(i);
    std::string first;
    for (const KernelInfo& kernel : AvailableKernels()) {
      MatchState state(*matcher, kernel);
      state.Begin(groups, patterns, true);
      // Behind it there is enough for every kernel.
      const std::string object = std::string(kObject) + std::string(300, '.');
      state.Feed({AsBytes(object), 0, true});
      state.Finish();
      std::string found;
      for (const std::uint32_t id : state.touched()) found += std::to_string(id);
      if (kernel.name == AvailableKernels()[0].name) first = found;
      EXPECT_EQ(found, first) << kernel.name;
    }
    return first;
  }

 private:
  std::shared_ptr<const database::Database> Database() const {
    database::Writer writer;
    for (std::size_t i = 0; i < std::size(kKinds); ++i) writer.AddSection(kKinds[i], 0, sections_[i]);
    auto database = database::Database::FromBytes(writer.Finish());
    DL_CHECK(database.has_value());
    return *database;
  }
  std::vector<std::vector<std::byte>> sections_;
};

TEST(ForgedTablesTest, SoundOnesFindAll) {
  for (std::uint32_t stride = 1; stride <= kMaxStride; ++stride) EXPECT_EQ(Forgery(stride).Found(), "012");
}

TEST(ForgedTablesTest, OnlyKnownStridesAreOpened) {
  for (const std::uint32_t stride : {0u, 3u, 0xffffffffu}) {
    Forgery forgery;
    forgery.Records<MatcherHeader>(kSectionHeader)->stride = stride;
    EXPECT_FALSE(forgery.Opens()) << stride;
  }
  // Of the other stride, whose windows are not the tables': short ones have none.
  for (std::uint32_t stride = 1; stride <= kMaxStride; ++stride) {
    Forgery forgery(stride);
    forgery.Records<MatcherHeader>(kSectionHeader)->stride = kMaxStride + 1 - stride;
    EXPECT_TRUE(forgery.Opens());
    EXPECT_NE(forgery.Found().find('2'), std::string::npos);
  }
}

TEST(ForgedTablesTest, WithoutKeysNothingIsConfirmed) {
  for (const BitmapKind kind : {kFilter, kConfirm}) {
    for (const BitRun run : {BitRun{0, 0}, BitRun{0xffffffff, 1}, BitRun{0, kDenseBits}}) {
      Forgery forgery;
      forgery.Group().bits[kind] = run;
      EXPECT_EQ(forgery.Found(), "2") << kind << " " << run.first;
    }
  }
  Forgery forgery;
  forgery.Group().bits[kBitmapShort] = {0, 0};
  EXPECT_EQ(forgery.Found(), "01");
}

TEST(ForgedTablesTest, RunsOfBitsEndWithTheirSection) {
  for (std::size_t kind = 0; kind < kBitmaps; ++kind) {
    for (const std::uint32_t first : {0u, 1u, 5u}) {
      for (const std::uint32_t count : {0xfffffffeu, kDenseBits, 1000u}) {
        Forgery forgery;
        forgery.Group().bits[kind] = {first, count};
        EXPECT_NE(forgery.Found(), "not opened");
      }
    }
  }
}

TEST(ForgedTablesTest, AGroupThatHidesItsZerosFindsNoneOfThem) {
  Forgery forgery;
  EXPECT_EQ(forgery.Group().flags, kGroupZeros);
  forgery.Group().flags = 0;
  EXPECT_EQ(forgery.Found(), "02");
  forgery.Group().flags = 0xffffffff;
  EXPECT_EQ(forgery.Found(), "012");
}

TEST(ForgedTablesTest, RunsOfAtomsEndWithTheirSection) {
  Forgery endless;
  const std::size_t atoms = endless.Section(kSectionAtoms).size() / sizeof(AtomEntry);
  for (std::size_t i = 0; i < atoms; ++i) endless.Records<AtomEntry>(kSectionAtoms)[i].is_last = 0;
  EXPECT_EQ(endless.Found(), "012");

  Forgery outside;
  const std::size_t slots = outside.Section(kSectionSlots).size() / sizeof(Slot);
  for (std::size_t i = 0; i < slots; ++i) outside.Records<Slot>(kSectionSlots)[i].place |= 0x3fffffff;
  EXPECT_EQ(outside.Found(), "");

  Forgery wild;
  for (std::size_t i = 0; i < atoms; ++i) {
    AtomEntry& entry = wild.Records<AtomEntry>(kSectionAtoms)[i];
    entry.before = 255;
    entry.at = 0xffffffff;
    entry.mask = entry.value = 0;
  }
  EXPECT_EQ(wild.Found(), "");
}

TEST(ForgedTablesTest, SlotsThatAreAllTakenAreSearchedSoFar) {
  Forgery forgery;
  std::vector<std::byte>& slots = forgery.Section(kSectionSlots);
  const Slot other = {0x12345678, 1};
  for (std::size_t at = 0; at + sizeof other <= slots.size(); at += sizeof other) {
    std::memcpy(slots.data() + at, &other, sizeof other);
  }
  EXPECT_EQ(forgery.Found(), "");
  slots.clear();
  EXPECT_EQ(forgery.Found(), "");
}

TEST(ForgedTablesTest, AnEvenFactorIsHarmless) {
  for (const std::uint32_t factor : {0u, 0x80000000u, 6u}) {
    Forgery forgery;
    forgery.Records<MatcherHeader>(kSectionHeader)->hash_factor = factor;
    EXPECT_NE(forgery.Found(), "not opened");
  }
}

}  // namespace
}  // namespace dl::match
