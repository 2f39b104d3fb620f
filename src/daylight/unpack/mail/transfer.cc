#include "daylight/unpack/mail/transfer.h"

#include <algorithm>
#include <cstring>

namespace dl::unpack::mail {

namespace {

constexpr std::uint32_t kNoCode = 1u << 24;

// RFC 2045, 6.8: what each character stands for, at each of the four places.
using CodeTable = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr CodeTable MakeCodes() {
  CodeTable codes{};
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t place = 0; place < 4; ++place) {
    for (std::uint32_t& code : codes[place]) code = kNoCode;
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
      codes[place][static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint32_t>(i) << (18 - 6 * place);
    }
  }
  return codes;
}
constexpr CodeTable kCodes = MakeCodes();

std::uint32_t CodeAt(std::string_view text, std::size_t at, std::size_t place) {
  return kCodes[place][static_cast<unsigned char>(text[at])];
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::byte ByteOf(std::uint32_t bits) { return static_cast<std::byte>(bits & 0xffu); }

}  // namespace

int HexPair(std::string_view digits) {
  const int high = HexDigit(digits[0]);
  const int low = HexDigit(digits[1]);
  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::size_t TransferReader::Read(std::span<std::byte> out) {
  switch (encoding_) {
    case Encoding::kQuotedPrintable: return ReadQuotedPrintable(out);
    case Encoding::kNone: {
      const std::size_t n = std::min(out.size(), text_.size() - at_);
      if (n > 0) std::memcpy(out.data(), text_.data() + at_, n);
      at_ += n;
      return n;
    }
    case Encoding::kBase64:
    case Encoding::kUuencode: break;
  }
  std::size_t n = 0;
  while (n < out.size()) {
    if (carried_at_ < carried_end_) {
      const std::size_t count = std::min(out.size() - n, carried_end_ - carried_at_);
      std::copy_n(carried_.begin() + static_cast<std::ptrdiff_t>(carried_at_), count,
                  out.begin() + static_cast<std::ptrdiff_t>(n));
      carried_at_ += count;
      n += count;
      continue;
    }
    carried_at_ = carried_end_ = 0;
    if (encoding_ == Encoding::kBase64) n += ReadBase64(out.subspan(n));
    if (n == out.size()) break;
    if (at_ >= text_.size()) break;
    if (encoding_ == Encoding::kBase64) {
      CarryGroup();
    } else {
      CarryUuLine();
    }
  }
  return n;
}

// Groups of four without anything between, which is nearly all.
std::size_t TransferReader::ReadBase64(std::span<std::byte> out) {
  std::size_t n = 0;
  while (out.size() - n >= 3 && text_.size() - at_ >= 4) {
    const std::uint32_t bits =
        CodeAt(text_, at_, 0) | CodeAt(text_, at_ + 1, 1) | CodeAt(text_, at_ + 2, 2) | CodeAt(text_, at_ + 3, 3);
    if (bits >= kNoCode) break;
    out[n] = ByteOf(bits >> 16);
    out[n + 1] = ByteOf(bits >> 8);
    out[n + 2] = ByteOf(bits);
    n += 3;
    at_ += 4;
  }
  return n;
}

// One group, whatever stands between its characters; or what the end leaves of it.
void TransferReader::CarryGroup() {
  std::uint32_t bits = 0;
  std::size_t count = 0;
  std::size_t padding = 0;
  while (at_ < text_.size() && count < 4) {
    const char c = text_[at_];
    ++at_;
    if (const std::uint32_t code = kCodes[3][static_cast<unsigned char>(c)]; code < kNoCode) {
      bits = bits << 6 | code;
      ++count;
      padding = 0;
    } else if (c == '=' && count >= 2) {
      if (count + ++padding < 4) continue;
      if (!GoesOnBehindPadding()) at_ = text_.size();
      break;
    }
  }
  if (count < 2) return;
  bits <<= 6 * (4 - count);
  carried_ = {ByteOf(bits >> 16), ByteOf(bits >> 8), ByteOf(bits)};
  carried_end_ = count - 1;
}

// Bodies that were encoded piece by piece go on; a footer that a mailing list put
// behind does not, although letters are codes, too.
bool TransferReader::GoesOnBehindPadding() const {
  constexpr std::size_t kLooked = 80;
  std::size_t at = at_;
  while (at < text_.size() && (text_[at] == '\r' || text_[at] == '\n')) ++at;
  std::string_view next = text_.substr(at, kLooked);
  const bool is_cut = next.size() == kLooked && next.find('\n') == std::string_view::npos;
  next = TakeLine(next);
  const auto is_code = [](char c) { return c == '=' || kCodes[3][static_cast<unsigned char>(c)] < kNoCode; };
  return next.size() >= 4 && (is_cut || next.size() % 4 == 0) && std::all_of(next.begin(), next.end(), is_code);
}

// RFC 2045, 6.7; what is no code stays as it is.
std::size_t TransferReader::ReadQuotedPrintable(std::span<std::byte> out) {
  std::size_t n = 0;
  while (n < out.size() && at_ < text_.size()) {
    const std::size_t room = std::min(out.size() - n, text_.size() - at_);
    const void* found = std::memchr(text_.data() + at_, '=', room);
    const std::size_t plain =
        found == nullptr ? room : static_cast<std::size_t>(static_cast<const char*>(found) - (text_.data() + at_));
    std::memcpy(out.data() + n, text_.data() + at_, plain);
    n += plain;
    at_ += plain;
    if (found == nullptr) continue;
    if (text_.size() - at_ >= 3) {
      if (const int code = HexPair(text_.substr(at_ + 1, 2)); code >= 0) {
        out[n++] = static_cast<std::byte>(code);
        at_ += 3;
        continue;
      }
    }
    // A line that goes on, blanks at its end or not.
    std::size_t end = at_ + 1;
    while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t' || text_[end] == '\r')) ++end;
    if (end == text_.size() || text_[end] == '\n') {
      at_ = std::min(end + 1, text_.size());
      continue;
    }
    out[n++] = std::byte{'='};
    ++at_;
  }
  return n;
}

bool IsUuLine(std::string_view line, bool is_whole) {
  if (line.empty()) return false;
  const auto is_code = [](char c) { return c >= ' ' && c <= '`'; };
  const std::size_t count = (static_cast<std::size_t>(static_cast<unsigned char>(line[0])) - 32) & 63u;
  const std::size_t wanted = (count + 2) / 3 * 4;
  if (!is_code(line[0])) return false;
  line.remove_prefix(1);
  // Some write a checksum behind.
  if (line.size() > wanted + 2) return false;
  if (is_whole && line.size() < (count * 4 + 2) / 3) return false;
  return std::all_of(line.begin(), line.end(), is_code);
}

// POSIX, uuencode: a length and groups of four. What is missing at the end was blanks, that is zeros.
void TransferReader::CarryUuLine() {
  std::string_view rest = text_.substr(at_);
  const std::string_view line = TakeLine(rest);
  at_ = text_.size() - rest.size();
  if (!IsUuLine(line, false)) return;
  const auto code = [&](std::size_t i) {
    return i < line.size() ? (static_cast<std::uint32_t>(static_cast<unsigned char>(line[i])) - 32) & 63u : 0u;
  };
  const std::size_t count = code(0);
  for (std::size_t i = 0; i < count; i += 3) {
    const std::size_t group = 1 + i / 3 * 4;
    const std::uint32_t bits = code(group) << 18 | code(group + 1) << 12 | code(group + 2) << 6 | code(group + 3);
    for (std::size_t k = 0; k < 3 && i + k < count; ++k) carried_[i + k] = ByteOf(bits >> (16 - 8 * k));
  }
  carried_end_ = count;
}

std::string Decode(std::string_view text, Encoding encoding, std::size_t limit) {
  std::string out(std::min(limit, text.size()), '\0');
  TransferReader reader(text, encoding);
  out.resize(reader.Read(std::as_writable_bytes(std::span(out))));
  return out;
}

}  // namespace dl::unpack::mail
