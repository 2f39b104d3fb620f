// ARJ archives: methods 0 to 4, at the beginning of an object or within a program
// that unpacks itself.
//
// After "ARJ Technical Information" (TECHNOTE.TXT of ARJ 2.x). Files that are
// garbled with a password are tried with those that are known; newer encryption
// is not decoded.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kArj;

}  // namespace dl::unpack
