// RTF: embedded objects, pictures, and what Word hides in it as hex.
//
//   if (kRtf.opens(probe)) kRtf.unpack(probe, self, sink);
//
// Children are "object1/CLASS" (the object's own data), "object1/NAME" (an embedded
// file), "object1" (where neither can be told), "picture2", "data3", numbered
// through. The text must fit in memory.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kRtf;

}  // namespace dl::unpack
