#include "daylight/unpack/mail/binhex.h"

#include <array>
#include <optional>
#include <string>

namespace dl::unpack::mail {

namespace {

// RFC 1741, appendix A.
constexpr std::uint8_t kNoCode = 0xff;
constexpr std::array<std::uint8_t, 256> MakeCodes() {
  std::array<std::uint8_t, 256> codes{};
  for (std::uint8_t& code : codes) code = kNoCode;
  std::uint8_t next = 0;
  for (const char c : std::string_view("!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr")) {
    codes[static_cast<unsigned char>(c)] = next++;
  }
  return codes;
}
constexpr std::array<std::uint8_t, 256> kCodes = MakeCodes();

// CCITT's, as XMODEM has it: its own 16 bits count as zeros.
constexpr std::array<std::uint16_t, 256> MakeCrcs() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i << 8;
    for (int k = 0; k < 8; ++k) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[i] = static_cast<std::uint16_t>(crc);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> kCrcs = MakeCrcs();

// The bytes behind both codes: six bits a character, and runs, 0x90 and a count.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::uint8_t> Next() {
    while (repeats_ == 0) {
      const auto byte = NextPlain();
      if (!byte || *byte != kRun) return Give(byte);
      const auto count = NextPlain();
      if (!count) return std::nullopt;
      if (*count == 0) return Give(kRun);
      repeats_ = *count - 1u;  // One has been given.
    }
    --repeats_;
    return Give(last_);
  }
  // The checksum that follows, and whether it is the one of what was read since the last.
  bool IsCrcRight() {
    const std::uint16_t wanted = crc_;
    const auto high = Next();
    const auto low = Next();
    crc_ = 0;
    return high && low && (*high << 8 | *low) == wanted;
  }

 private:
  static constexpr std::uint8_t kRun = 0x90;

  std::optional<std::uint8_t> Give(std::optional<std::uint8_t> byte) {
    if (!byte) return byte;
    last_ = *byte;
    crc_ = static_cast<std::uint16_t>((crc_ << 8) ^ kCrcs[(crc_ >> 8 ^ *byte) & 0xff]);
    return byte;
  }
  std::optional<std::uint8_t> NextPlain() {
    while (count_ < 8) {
      if (text_.empty()) return std::nullopt;
      const auto c = static_cast<unsigned char>(text_.front());
      // ':' is the end; what else is no code, damage.
      if (c != '\r' && c != '\n' && c != ' ' && c != '\t') {
        if (kCodes[c] == kNoCode) return std::nullopt;
        bits_ = (bits_ << 6 | kCodes[c]) & 0xffffu;
        count_ += 6;
      }
      text_.remove_prefix(1);
    }
    count_ -= 8;
    return static_cast<std::uint8_t>(bits_ >> count_);
  }

  std::string_view text_;
  std::uint32_t bits_ = 0;
  unsigned count_ = 0;  // Of bits that wait.
  std::uint8_t last_ = 0;
  unsigned repeats_ = 0;
  std::uint16_t crc_ = 0;
};

enum class Outcome : std::uint8_t { kWhole, kTruncated, kStopped };

Outcome GiveFork(Reader& reader, const std::string& name, std::uint32_t size, Sink& sink) {
  std::uint32_t left = size;
  bool is_truncated = false;
  const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
    std::size_t n = 0;
    while (n < out.size() && left > 0 && !is_truncated) {
      const auto byte = reader.Next();
      is_truncated = !byte;
      if (!byte) break;
      out[n++] = std::byte{*byte};
      --left;
    }
    return n;
  };
  // The size that it names may be any, and is no hint for memory.
  if (size > 0 && !sink.AddStream({name, std::nullopt}, pull)) return Outcome::kStopped;
  if (is_truncated) {
    sink.Closed(name, kDamaged, "BinHex that ends early");
    return Outcome::kTruncated;
  }
  if (left == 0 && !reader.IsCrcRight()) sink.Closed(name, kDamaged, "a checksum of BinHex does not fit");
  return Outcome::kWhole;
}

}  // namespace

bool GiveBinHex(std::string_view text, Sink& sink) {
  if (!text.starts_with(':')) return true;
  Reader reader(text.substr(1));
  const auto length = reader.Next();
  if (!length || *length == 0 || *length > 63) return true;
  std::string name;
  for (unsigned i = 0; i < *length; ++i) {
    const auto c = reader.Next();
    if (!c || *c < ' ') return true;
    name += static_cast<char>(*c);
  }
  // Version, type, creator, flags; then the sizes of the data and the resource fork.
  std::uint32_t sizes[2] = {};
  for (int i = 0; i < 1 + 4 + 4 + 2 + 8; ++i) {
    const auto byte = reader.Next();
    if (!byte) {
      sink.Closed(name, kDamaged, "BinHex that ends early");
      return true;
    }
    if (i >= 11) sizes[i >= 15 ? 1 : 0] = sizes[i >= 15 ? 1 : 0] << 8 | *byte;
  }
  if (!reader.IsCrcRight()) sink.Closed(name, kDamaged, "a checksum of BinHex does not fit");
  Outcome outcome = GiveFork(reader, name, sizes[0], sink);
  if (outcome == Outcome::kWhole) outcome = GiveFork(reader, name + ".rsrc", sizes[1], sink);
  return outcome != Outcome::kStopped;
}

}  // namespace dl::unpack::mail
