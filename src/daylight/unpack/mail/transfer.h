// The transfer encodings of mail, decoded piece by piece as mail programs do it.
//
//   TransferReader reader(body, Encoding::kBase64);
//   while (const std::size_t n = reader.Read(out)) Use(out.first(n));
//
// Nothing is an error here: what is no code is passed over or kept, as each
// encoding's usual decoders do. Linear; a reader holds a few bytes and borrows the
// text. Only uuencode may give more bytes than it takes, where a line's zeros are
// left out: up to 63 of two characters.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daylight/bytes/bytes.h"

namespace dl::unpack::mail {

enum class Encoding : std::uint8_t { kNone, kBase64, kQuotedPrintable, kUuencode };

class TransferReader {
 public:
  TransferReader(std::string_view text, Encoding encoding) : text_(text), encoding_(encoding) {}
  // How many bytes were written; 0 at the end, when there is room in `out`.
  std::size_t Read(std::span<std::byte> out);

 private:
  std::size_t ReadBase64(std::span<std::byte> out);
  std::size_t ReadQuotedPrintable(std::span<std::byte> out);
  void CarryGroup();
  void CarryUuLine();
  bool GoesOnBehindPadding() const;

  std::string_view text_;
  Encoding encoding_;
  std::size_t at_ = 0;
  // Decoded, but not fetched yet.
  std::array<std::byte, 64> carried_;
  std::size_t carried_at_ = 0;
  std::size_t carried_end_ = 0;
};

// The first `limit` bytes of what is decoded; not for uuencode.
std::string Decode(std::string_view text, Encoding encoding, std::size_t limit);

// Two hexadecimal digits as a number; -1 where these are none.
int HexPair(std::string_view digits);

// The next line without its end; takes it off `text`.
std::string_view TakeLine(std::string_view& text);

// Whether a line can be one of uuencode: a length, and as many characters as it
// asks for. Encoders may leave blanks out at the end; `is_whole` does not let them.
bool IsUuLine(std::string_view line, bool is_whole);

}  // namespace dl::unpack::mail
