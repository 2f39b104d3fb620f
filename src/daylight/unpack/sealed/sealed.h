// What is known to hold more than its bytes show, and is not opened yet: packed
// programs, installers, disk images and archives of rarer kinds. It is told as
// unsupported, so that nobody takes it for read.
//
// Facts: the packers' section names and entry code, and the magic numbers, as file
// identification tables have them.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kSealed;

// What it is, as a person would say ("packed by UPX"); empty for anything else.
std::string_view SealOf(const Probe& probe);

}  // namespace dl::unpack
