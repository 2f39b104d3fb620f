// Entries of zip archives that are packed by methods which libarchive does not
// decode: imploded ones and Deflate64. The others are left to archive/.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

// Whether this unpacker, not archive/, gives entries of this method.
inline constexpr bool IsOldZipMethod(unsigned method) { return method == 6 || method == 9; }

extern const Unpacker kZip;

}  // namespace dl::unpack
