// Which text an object is, by its beginning, and its bytes as text.
#pragma once

#include <string>
#include <string_view>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

enum class TextKind : std::uint8_t {
  kBinary,
  kPlain,   // Scripts, sources, anything.
  kMarkup,  // HTML, XML, SVG and what is written alike.
  kMail,    // Headers come first.
  kOther,   // Text that has a reader of its own: PDF, RTF.
};

TextKind TextKindOf(Bytes head);

// UTF-16, of which characters past 255 become "?", as one byte a character; other
// text as it is. `room` is where that is kept.
std::string_view Narrow(std::string_view text, std::string& room);

}  // namespace dl::unpack
