// OneNote's sections (.one): files that were attached, and pictures.
//
//   if (kOneNote.opens(probe)) kOneNote.unpack(probe, self, sink);
//
// Children are "file1", "file2", … in the order in which they are stored, also those
// that no page shows any more ([MS-ONESTORE] 2.6.13). Sections as servers package them
// (2.8), too. The section must fit in memory.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kOneNote;

}  // namespace dl::unpack
