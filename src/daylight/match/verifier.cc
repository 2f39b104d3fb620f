#include "daylight/match/verifier.h"

#include <algorithm>
#include <cstring>
#include <optional>

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

bool Verifier::Base64Decodes(const SubRecord& sub, std::size_t start) const {
  constexpr std::uint32_t kHeadBytes = kBase64ValuesBytes + 5;
  const std::span<const std::uint8_t> head = tables_.text(sub.extra, kHeadBytes);
  if (head.size() != kHeadBytes || sub.extra > 0xffffffff - kHeadBytes) return false;
  const std::size_t shift = head[kBase64ValuesBytes];
  std::uint32_t size = 0;
  for (unsigned i = 0; i < 4; ++i) size |= std::uint32_t{head[kBase64ValuesBytes + 1 + i]} << (8 * i);
  const std::span<const std::uint8_t> plain = tables_.text(sub.extra + kHeadBytes, size);
  if (plain.size() != size || shift > 2) return false;
  const std::size_t step = (sub.flags & kSubWide) != 0 ? 2 : 1;
  // The groups of four that the text's bits lie in, as far as the object goes.
  const std::size_t trimmed = (8 * shift + 5) / 6 * step;
  if (start < trimmed) return false;
  const std::size_t begin = start - trimmed;
  std::size_t end = begin + std::min((shift + plain.size() + 2) / 3 * 4 * step, text_.bytes.size() - begin);
  // Padding ends the last group; wide, it may stand anywhere.
  for (int pads = 0; step == 1 && pads < 2 && end > begin && ByteAt(end - 1) == '='; ++pads) --end;
  std::uint32_t bits = 0;
  std::size_t characters = 0;
  std::size_t bytes = 0;
  for (std::size_t at = begin; at < end; at += step) {
    if (step == 2 && end - at > 1 && ByteAt(at + 1) != 0) return false;
    if (step == 2 && ByteAt(at) == '=') continue;
    const std::uint8_t value = head[ByteAt(at)];
    if (value == kNoBase64Value) return false;
    bits = (bits << 6 | value) & 0xffff;
    if (++characters % 4 == 1) continue;  // No byte ends in a group's first character.
    const auto byte = static_cast<std::uint8_t>(bits >> (6 * characters % 8));
    if (bytes >= shift && bytes - shift < plain.size() && byte != plain[bytes - shift]) return false;
    ++bytes;
  }
  // Bits that no byte uses must be zero (RFC 4648, 3.5).
  const std::uint32_t unused = (1u << (6 * characters % 8)) - 1;
  return characters % 4 != 1 && (bits & unused) == 0 && bytes >= shift + plain.size();
}

void Verifier::Report(const SubRecord& sub, std::size_t start, std::size_t end, std::uint8_t key,
                      std::vector<MatchRecord>& found) const {
  if (end <= start) return;
  const bool is_word = (sub.flags & kSubFullword) == 0 || IsFullWord(sub, start, end, key);
  if (!is_word && (sub.flags & kSubExpression) == 0) return;
  MatchRecord record;
  record.offset = offset_ + start;
  record.length = (sub.flags & kSubEmpty) != 0 ? 0 : static_cast<std::uint32_t>(end - start);
  record.xor_key = key;
  record.rank = static_cast<std::uint8_t>(sub.flags >> kSubRankShift);
  record.rejected = !is_word;
  found.push_back(record);
}

void Verifier::VerifyFixed(const SubRecord& sub, std::size_t start, std::vector<MatchRecord>& found) {
  std::uint8_t key = 0;
  if (!FixedMatches(sub, start, key)) return;
  const std::size_t end = start + sub.size;
  if ((sub.flags & kSubBase64Check) != 0 && !Base64Decodes(sub, start)) return;
  Report(sub, start, end, key, found);
}

Text Verifier::TextFor(const SubRecord& sub) const {
  Text text = text_;
  text.step = (sub.flags & kSubWide) != 0 ? 2 : 1;
  text.is_loose = (sub.flags & kSubLoose) != 0;
  return text;
}

bool Verifier::Forward(const SubRecord& sub, std::uint32_t entry, const Text& text, std::size_t at, std::size_t stop,
                       std::size_t& end, const LazyDfa::Lead& lead) {
  const std::span<const std::uint32_t> words = tables_.program(sub);
  if (LazyDfa* automaton = automata_.Find(sub.data, words, LazyDfa::Direction::kForward)) {
    if (const std::optional<bool> found = automaton->Forward(entry, text, at, stop, end, lead)) return *found;
  }
  return priorities_.Forward(ProgramView(words, false), entry, text, at, stop, end);
}

void Verifier::Backward(const SubRecord& sub, std::uint32_t entry, const Text& text, std::size_t at) {
  const std::span<const std::uint32_t> words = tables_.program(sub);
  if (LazyDfa* automaton = automata_.Find(sub.data, words, LazyDfa::Direction::kBackward)) {
    if (automaton->Backward(entry, text, at, kRegexpReach, starts_)) return;
  }
  simulator_.Backward(ProgramView(words, true), entry, text, at, kRegexpReach, starts_);
}

void Verifier::VerifyAtom(const SubRecord& sub, const AtomEntry& entry, std::size_t at,
                          std::vector<MatchRecord>& found) {
  if ((sub.flags & kSubAutomaton) == 0) {
    if (entry.at <= at) VerifyFixed(sub, at - entry.at, found);
    return;
  }
  const std::size_t from = at + entry.skip;
  if (from > text_.bytes.size()) return;
  const Text text = TextFor(sub);
  std::size_t end = 0;
  if (!Forward(sub, entry.at, text, from, from + kRegexpReach, end)) return;
  if ((sub.flags & kSubFixedStart) != 0) {
    const std::size_t distance = text.step * entry.backward;
    if (distance > from) return;
    const std::size_t start = from - distance;
    // The end is the same, but what is before the atom may not match.
    if (entry.at == 0 || Forward(sub, 0, text, start, from + kRegexpReach, end)) {
      Report(sub, start, end, 0, found);
    }
    return;
  }
  Backward(sub, entry.backward, text, from);
  report_steps_ += starts_.size();
  for (const std::size_t start : starts_) {
    // Another way from this start, past other atoms, may be preferred.
    if ((sub.flags & kSubFromAtom) == 0 && !Forward(sub, 0, text, start, from + kRegexpReach, end)) {
      continue;
    }
    Report(sub, start, end, 0, found);
  }
}

void Verifier::VerifyStart(const SubRecord& sub, std::size_t at, const LazyDfa::Lead& lead,
                           std::vector<MatchRecord>& found) {
  if ((sub.flags & kSubAutomaton) == 0) {
    VerifyFixed(sub, at, found);
    return;
  }
  const Text text = TextFor(sub);
  std::size_t end = 0;
  if (!Forward(sub, 0, text, at, at + kRegexpReach, end, lead)) return;
  if ((sub.flags & kSubAsciiFirst) != 0) {
    std::size_t ascii_end = 0;
    if (Forward(sub, 0, text_, at, at + kRegexpReach, ascii_end)) return;
  }
  Report(sub, at, end, 0, found);
}

}  // namespace dl::match
