#include "daylight/match/verifier.h"

#include <cstring>

namespace dl::match {

namespace {

bool IsAlphanumeric(std::uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

}  // namespace

bool Verifier::FixedMatches(const SubRecord& sub, std::size_t start, std::uint8_t& key) const {
  const std::size_t size = sub.size;
  const std::span<const std::uint8_t> values = tables_.text(sub.data, sub.size);
  if (size == 0 || values.size() != size || start > text_.bytes.size() || size > text_.bytes.size() - start) {
    return false;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text_.bytes.data()) + start;
  key = 0;
  if ((sub.flags & kSubXor) != 0) {
    key = bytes[0] ^ values[0];
    if (key < (sub.xor_range & 0xff) || key > (sub.xor_range >> 8)) return false;
    for (std::size_t i = 1; i < size; ++i) {
      if ((bytes[i] ^ key) != values[i]) return false;
    }
    return true;
  }
  if ((sub.flags & kSubMasked) == 0) return std::memcmp(bytes, values.data(), size) == 0;
  if (sub.size > 0xffffffff - sub.data) return false;
  const std::span<const std::uint8_t> masks = tables_.text(sub.data + sub.size, sub.size);
  if (masks.size() != size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    if ((bytes[i] & masks[i]) != values[i]) return false;
  }
  return true;
}

bool Verifier::IsFullWord(const SubRecord& sub, std::size_t start, std::size_t end, std::uint8_t key) const {
  const std::uint8_t unxor = (sub.flags & kSubUnxorWord) != 0 ? key : 0;
  const std::size_t size = text_.bytes.size();
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(ByteAt(i) ^ unxor); };
  if ((sub.flags & kSubWide) != 0) {
    if (start >= 2 && at(start - 1) == 0 && IsAlphanumeric(at(start - 2))) return false;
    return !(size - end >= 2 && at(end + 1) == 0 && IsAlphanumeric(at(end)));
  }
  if (start >= 1 && IsAlphanumeric(at(start - 1))) return false;
  return !(size - end >= 1 && IsAlphanumeric(at(end)));
}

bool Verifier::Base64NeighboursFit(const SubRecord& sub, std::size_t start, std::size_t end) const {
  const std::size_t step = (sub.flags & kSubWide) != 0 ? 2 : 1;
  std::uint32_t at = sub.extra;
  // The list of characters at `at`; moves behind it.
  const auto next_list = [&]() -> std::span<const std::uint8_t> {
    const std::span<const std::uint8_t> count = tables_.text(at, 1);
    if (count.empty()) return {};
    const std::span<const std::uint8_t> list = tables_.text(at + 1, count[0]);
    at += 1u + count[0];
    return list;
  };
  const auto fits = [&](std::span<const std::uint8_t> list, bool there, std::size_t position) {
    if (list.empty()) return true;
    if (!there || (step == 2 && ByteAt(position + 1) != 0)) return false;
    return std::memchr(list.data(), ByteAt(position), list.size()) != nullptr;
  };
  if (!fits(next_list(), start >= step, start - step)) return false;
  return fits(next_list(), text_.bytes.size() - end >= step, end);
}

void Verifier::Report(const SubRecord& sub, std::size_t start, std::size_t end, std::uint8_t key,
                      std::vector<MatchRecord>& found) const {
  if (end <= start) return;
  const bool is_word = (sub.flags & kSubFullword) == 0 || IsFullWord(sub, start, end, key);
  if (!is_word && (sub.flags & kSubExpression) == 0) return;
  MatchRecord record;
  record.offset = offset_ + start;
  record.length = static_cast<std::uint32_t>(end - start);
  record.xor_key = key;
  record.rank = static_cast<std::uint8_t>(sub.flags >> kSubRankShift);
  record.rejected = !is_word;
  found.push_back(record);
}

void Verifier::VerifyFixed(const SubRecord& sub, std::size_t start, std::vector<MatchRecord>& found) {
  std::uint8_t key = 0;
  if (!FixedMatches(sub, start, key)) return;
  const std::size_t end = start + sub.size;
  if ((sub.flags & kSubBase64Check) != 0 && !Base64NeighboursFit(sub, start, end)) return;
  Report(sub, start, end, key, found);
}

Text Verifier::TextFor(const SubRecord& sub) const {
  Text text = text_;
  text.step = (sub.flags & kSubWide) != 0 ? 2 : 1;
  text.slack = (sub.flags & kSubLooseEdges) != 0 ? 1 : 0;
  return text;
}

void Verifier::VerifyAtom(const SubRecord& sub, const AtomEntry& entry, std::size_t at,
                          std::vector<MatchRecord>& found) {
  if ((sub.flags & kSubAutomaton) == 0) {
    if (entry.at <= at) VerifyFixed(sub, at - entry.at, found);
    return;
  }
  const std::size_t from = at + entry.skip;
  if (from > text_.bytes.size()) return;
  const std::span<const std::uint32_t> words = tables_.program(sub);
  const ProgramView forward(words, false);
  const Text text = TextFor(sub);
  std::size_t end = 0;
  if (!priorities_.Forward(forward, entry.at, text, from, from + kRegexpReach, end)) return;
  if ((sub.flags & kSubFixedStart) != 0) {
    const std::size_t distance = text.step * entry.backward;
    if (distance > from) return;
    const std::size_t start = from - distance;
    // The end is the same, but what is before the atom may not match.
    if (entry.at == 0 || priorities_.Forward(forward, 0, text, start, from + kRegexpReach, end)) {
      Report(sub, start, end, 0, found);
    }
    return;
  }
  simulator_.Backward(ProgramView(words, true), entry.backward, text, from, kRegexpReach, starts_);
  for (const std::size_t start : starts_) {
    // Another way from this start, past other atoms, may be preferred.
    if ((sub.flags & kSubFromAtom) == 0 && !priorities_.Forward(forward, 0, text, start, from + kRegexpReach, end)) {
      continue;
    }
    Report(sub, start, end, 0, found);
  }
}

void Verifier::VerifyStart(const SubRecord& sub, std::size_t at, std::vector<MatchRecord>& found) {
  if ((sub.flags & kSubAutomaton) == 0) {
    VerifyFixed(sub, at, found);
    return;
  }
  const Text text = TextFor(sub);
  std::size_t end = 0;
  const ProgramView program(tables_.program(sub), false);
  if (!priorities_.Forward(program, 0, text, at, at + kRegexpReach, end)) return;
  if ((sub.flags & kSubAsciiFirst) != 0) {
    std::size_t ascii_end = 0;
    if (priorities_.Forward(program, 0, text_, at, at + kRegexpReach, ascii_end)) return;
  }
  Report(sub, at, end, 0, found);
}

}  // namespace dl::match
