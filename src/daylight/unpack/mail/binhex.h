// BinHex 4.0 (RFC 1741): a Macintosh file with both its forks as text.
#pragma once

#include <string_view>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack::mail {

// Gives the forks of the file that begins at the ':' in front of `text`. What is not
// BinHex behind it is passed over; what is and contradicts itself is told. False: no
// more is wanted.
bool GiveBinHex(std::string_view text, Sink& sink);

}  // namespace dl::unpack::mail
