#include "daylight/formats/filetype/type_pattern.h"

#include <charconv>
#include <limits>

namespace dl::filetype {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::uint32_t> ParseNumber(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return Fail(ErrorCode::kMalformed, "not a number");
  return value;
}

// "12", "1f", "?f", "1?" or "??".
Result<PatternByte> ParseByte(std::string_view two) {
  PatternByte byte;
  byte.mask = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const unsigned shift = i == 0 ? 4 : 0;
    if (two[i] == '?') continue;
    const int digit = HexDigit(two[i]);
    if (digit < 0) return Fail(ErrorCode::kMalformed, "not a hexadecimal digit");
    byte.value = static_cast<std::uint8_t>(byte.value | static_cast<unsigned>(digit) << shift);
    byte.mask = static_cast<std::uint8_t>(byte.mask | 0xFu << shift);
  }
  return byte;
}

bool IsLiteral(const PatternByte& byte) { return byte.choices < 0 && byte.mask == 0xff; }

class Parser {
 public:
  explicit Parser(std::string_view hex) : hex_(hex) {}

  Result<std::vector<PatternPart>> Parse() {
    while (at_ < hex_.size()) {
      const char c = hex_[at_];
      if (c == '*') {
        ++at_;
        DL_TRY_STATUS(EndPart());
        continue;
      }
      if (c == '{') {
        DL_TRY_STATUS(ParseGap());
        continue;
      }
      if (c == '(' || c == '!') {
        DL_TRY_STATUS(ParseChoices());
        continue;
      }
      if (c == '[') return Fail(ErrorCode::kUnsupported, "[] in a type pattern", at_);
      if (hex_.size() - at_ < 2) return Fail(ErrorCode::kMalformed, "half a byte at the end of a pattern", at_);
      DL_TRY(const PatternByte byte, ParseByte(hex_.substr(at_, 2)));
      at_ += 2;
      DL_TRY_STATUS(Add(byte));
    }
    DL_TRY_STATUS(EndPart());
    return std::move(parts_);
  }

 private:
  Status Add(PatternByte byte) {
    if (++total_ > kMaxPatternBytes) return Fail(ErrorCode::kMalformed, "type pattern is too long", at_);
    part_.bytes.push_back(byte);
    return {};
  }

  Status EndPart() {
    if (part_.bytes.empty()) return Fail(ErrorCode::kMalformed, "empty part of a type pattern", at_);
    DL_TRY_STATUS(ChooseAnchor());
    parts_.push_back(std::move(part_));
    part_ = {};
    return {};
  }

  // Where clamscan's search for a part is anchored: at its first three bytes,
  // unless one of them is variable or all are zero; then at the longest run of
  // literal bytes (of at most three). Recognised types take effect in the
  // order in which anchors end.
  Status ChooseAnchor() {
    constexpr std::size_t kDepth = 3;
    const auto& bytes = part_.bytes;
    std::size_t run = 0;
    bool zeros = true;
    while (run < kDepth && run < bytes.size() && IsLiteral(bytes[run])) zeros &= bytes[run++].value == 0;
    const bool whole = run == kDepth || run == bytes.size();
    if (whole && !zeros && run >= 2) {
      part_.anchor_end = static_cast<std::uint32_t>(run - 1);
      return {};
    }
    std::size_t best = 0;
    bool best_zeros = true;
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
      std::size_t length = 0;
      bool all_zeros = true;
      while (length < kDepth && i + length < bytes.size() && IsLiteral(bytes[i + length])) {
        all_zeros &= bytes[i + length++].value == 0;
      }
      if (length < 2) continue;
      if (best == 0 || (best_zeros && !all_zeros) || (best_zeros == all_zeros && length > best)) {
        best = length;
        best_zeros = all_zeros;
        part_.anchor_end = static_cast<std::uint32_t>(i + length - 1);
      }
    }
    if (best == 0) return Fail(ErrorCode::kMalformed, "part of a type pattern without two fixed bytes", at_);
    return {};
  }

  Status ParseGap() {
    const std::size_t close = hex_.find('}', at_);
    if (close == std::string_view::npos) return Fail(ErrorCode::kMalformed, "missing }", at_);
    const std::string_view inside = hex_.substr(at_ + 1, close - at_ - 1);
    const std::size_t dash = inside.find('-');
    std::uint32_t low = 0;
    std::optional<std::uint32_t> high;
    if (dash == std::string_view::npos) {
      DL_TRY(low, ParseNumber(inside));
      high = low;
    } else {
      if (dash > 0) {
        DL_TRY(low, ParseNumber(inside.substr(0, dash)));
      }
      if (dash + 1 < inside.size()) {
        DL_TRY(high, ParseNumber(inside.substr(dash + 1)));
      }
      if (inside.size() == 1 || (high && *high < low)) return Fail(ErrorCode::kMalformed, "gap that cannot be", at_);
    }
    at_ = close + 1;
    // A short gap of one length is no gap but bytes of any value.
    constexpr std::uint32_t kShort = 128;
    if (high == low && low > 0 && low < kShort && !part_.bytes.empty()) {
      PatternByte any;
      any.mask = 0;
      for (std::uint32_t i = 0; i < low; ++i) DL_TRY_STATUS(Add(any));
      return {};
    }
    DL_TRY_STATUS(EndPart());
    part_.gap_min = low;
    part_.gap_max = high;
    return {};
  }

  Status ParseChoices() {
    const bool negated = hex_[at_] == '!';
    if (negated && (++at_ == hex_.size() || hex_[at_] != '(')) return Fail(ErrorCode::kMalformed, "! without (", at_);
    const std::size_t close = hex_.find(')', at_);
    if (close == std::string_view::npos) return Fail(ErrorCode::kMalformed, "missing )", at_);
    std::string_view inside = hex_.substr(at_ + 1, close - at_ - 1);
    std::bitset<256> set;
    while (true) {
      const std::size_t bar = inside.find('|');
      const std::string_view one = inside.substr(0, bar);
      if (one.size() != 2)
        return Fail(ErrorCode::kUnsupported, "alternatives of more than a byte in a type pattern", at_);
      DL_TRY(const PatternByte byte, ParseByte(one));
      for (unsigned value = 0; value < 256; ++value) {
        if ((value & byte.mask) == byte.value) set.set(value);
      }
      if (bar == std::string_view::npos) break;
      inside.remove_prefix(bar + 1);
    }
    at_ = close + 1;
    PatternByte byte;
    byte.choices = static_cast<std::int16_t>(part_.choices.size());
    part_.choices.push_back(negated ? ~set : set);
    return Add(byte);
  }

  std::string_view hex_;
  std::size_t at_ = 0;
  std::size_t total_ = 0;
  PatternPart part_;
  std::vector<PatternPart> parts_;
};

}  // namespace

bool PatternPart::Matches(Bytes searched, std::uint64_t position) const {
  if (position > searched.size() || searched.size() - position < bytes.size()) return false;
  const auto* at = searched.data() + position;
  for (const PatternByte& byte : bytes) {
    const auto value = std::to_integer<std::uint8_t>(*at++);
    if (byte.choices >= 0 ? !choices[static_cast<std::size_t>(byte.choices)][value]
                          : (value & byte.mask) != byte.value) {
      return false;
    }
  }
  return true;
}

std::uint16_t PatternPart::AnchorKey() const {
  return static_cast<std::uint16_t>(bytes[anchor_end - 1].value << 8 | bytes[anchor_end].value);
}

bool PatternOffset::Allows(std::uint64_t position, std::optional<std::uint64_t> size) const {
  std::uint64_t low = value;
  switch (from) {
    case From::kAnywhere: return true;
    case From::kStart: break;
    case From::kEnd:
      if (!size || *size < value) return false;
      low = *size - value;
      break;
  }
  return position >= low && position - low <= shift;
}

Result<PatternOffset> ParsePatternOffset(std::string_view text) {
  PatternOffset offset;
  if (text == "*") return offset;
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos) {
    DL_TRY(offset.shift, ParseNumber(text.substr(comma + 1)));
    text = text.substr(0, comma);
  }
  offset.from = PatternOffset::From::kStart;
  if (text.starts_with("EOF-")) {
    offset.from = PatternOffset::From::kEnd;
    text.remove_prefix(4);
  }
  DL_TRY(offset.value, ParseNumber(text));
  return offset;
}

Result<TypePattern> ParseTypePattern(std::string_view hex, std::string_view offset) {
  TypePattern pattern;
  DL_TRY(pattern.offset, ParsePatternOffset(offset));
  DL_TRY(pattern.parts, Parser(hex).Parse());
  return pattern;
}

Result<std::vector<std::uint8_t>> ParseHexBytes(std::string_view hex) {
  if (hex.empty() || hex.size() % 2 != 0 || hex.size() > 2 * kMaxPatternBytes) {
    return Fail(ErrorCode::kMalformed, "not bytes in hexadecimal");
  }
  std::vector<std::uint8_t> bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexDigit(hex[i]);
    const int low = HexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return Fail(ErrorCode::kMalformed, "not bytes in hexadecimal", i);
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

}  // namespace dl::filetype
