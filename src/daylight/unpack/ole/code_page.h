// Text in Windows' code pages as UTF-8, as far as one byte is one character there.
//
//   CodePageText(AsBytes("\xe9"), 1252)  // "é"
//
// Tables of our own, since iconv loads a module of code for each page, which the walls forbid.
#pragma once

#include <cstdint>
#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::unpack {

// 874 and 1250 to 1258; bytes that stand for nothing become U+FFFD. In every other page, those of two bytes a
// character too, the bytes stay as they are.
std::string CodePageText(Bytes bytes, std::uint16_t code_page);

}  // namespace dl::unpack
