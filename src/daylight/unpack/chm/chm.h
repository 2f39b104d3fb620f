// Compiled HTML Help (.chm): the pages, scripts and files that it shows, under the
// names they have.
//
//   if (kChm.opens(probe)) kChm.unpack(probe, self, sink);
//
// Sections as they are and compressed by LZX. Files that share bytes are given each.
// What the format keeps for itself ("::DataSpace/…") is no child. The container must
// fit in memory. Help 2 (.hxs, ITOLITLS) is another format, which `sealed` tells.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kChm;

}  // namespace dl::unpack
