// FAT12, FAT16 and FAT32, with long names.
//
// After Microsoft's "FAT: General Overview of On-Disk Format" 1.03.
#pragma once

#include "daylight/unpack/disk/files.h"

namespace dl::unpack {

// `head`: of the volume, at least its first 512 bytes. A boot sector alone is no
// file system: its first folder must be within `size`.
bool IsFat(Bytes head, std::uint64_t size);

bool UnpackFat(const Volume& volume);

}  // namespace dl::unpack
