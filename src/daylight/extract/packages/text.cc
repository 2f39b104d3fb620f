#include <algorithm>
#include <utility>

#include "daylight/extract/packages/line_reader.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

void MakeLower(std::string& text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
}

// What surrounds the word, where the line is longer than is shown.
std::string Shown(std::string_view line, std::size_t at) {
  if (line.size() <= kMaxMentionText) return std::string(line);
  const std::size_t begin = std::min(at - std::min(at, kMaxMentionText / 4), line.size() - kMaxMentionText);
  return std::string(line.substr(begin, kMaxMentionText));
}

}  // namespace

void ReadText(ObjectSource& file, const report::FactPlace& place, std::span<const std::string> words, Facts& facts) {
  constexpr std::size_t kHead = 4096;
  constexpr std::size_t kMaxLine = 64u << 10;
  if (words.empty()) return;
  std::vector<std::string> wanted(words.begin(), words.end());
  for (std::string& word : wanted) MakeLower(word);
  LineReader lines(file, kMaxLine);
  std::uint64_t seen = 0;
  std::uint32_t found = 0;
  std::string lower;
  while (const auto line = lines.Next()) {
    if (seen < kHead && line->substr(0, kHead - seen).find('\0') != line->npos) return;
    seen += line->size() + 1;
    if (seen > kMaxTextBytes) {
      facts.Unread(place, unpack::kTooLarge, "a text larger than is read");
      return;
    }
    lower.assign(*line);
    MakeLower(lower);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const std::size_t at = wanted[i].empty() ? lower.npos : lower.find(wanted[i]);
      if (at == lower.npos) continue;
      const std::string_view shown = *line;
      if (!facts.Add(report::MentionFact{place, words[i], lines.number(), Shown(shown, at)})) return;
      if (++found == kMaxMentions) return;
    }
  }
  if (lines.failed()) facts.Unread(place, unpack::kDamaged, "it cannot be read to its end");
}

}  // namespace dl::extract
