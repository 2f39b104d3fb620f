// Entries of zip archives that are packed by methods which libarchive does not
// decode: imploded ones and Deflate64. archive/ reads the others, and asks for these.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

inline constexpr bool IsOldZipMethod(unsigned method) { return method == 6 || method == 9; }

struct OldEntries {
  std::uint64_t taken = 0;  // That were given, or told to stay closed.
  bool is_wanted = true;    // False: no more is.
};
// Those that the directory at the object's end lists.
OldEntries UnpackOldZipEntries(const Probe& probe, Sink& sink);

}  // namespace dl::unpack
