// Programs inside of programs: Windows executables that stand in the sections, the
// resources or behind the end of another one, as droppers carry them.
//
// Each is given from its header to where its own sections end, and some more, as
// there may be data behind it. All are found in the outermost program, so what is
// found is not searched again.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kEmbedded;

}  // namespace dl::unpack
