// Encodings of bytes as text, decoded as leniently as those who hide things do it.
//
//   const std::string bytes = DecodeBase64("TVqQ AAMA\n");
#pragma once

#include <string>
#include <string_view>

namespace dl::unpack {

// RFC 4648, of either alphabet. Whatever is no digit is skipped; "=" ends it.
std::string DecodeBase64(std::string_view text);
// Two digits a byte; an odd one at the end is left out. Whatever is no digit is skipped.
std::string DecodeHex(std::string_view text);
// "%4d", and "%u5a4d" as the two bytes that it puts into memory, the lower first. Other characters stay.
std::string DecodePercent(std::string_view text);
// "\x4d", "\115" and "\u004d" as scripts have them: past 255 the lower byte first. Other characters stay.
std::string DecodeBackslash(std::string_view text);

// The value of a hexadecimal digit; -1 if it is none.
int HexDigit(char c);

// Whether decoded bytes are more than chance: of a kind that is known by its first
// bytes, or text, or, where that counts, many.
bool IsWorthOpening(std::string_view bytes, bool counts_size = true);

}  // namespace dl::unpack
