// Disks: partition tables, file systems and virtual disks, down to the files.
//
//   partition 2/opt/app/run     a file in the second partition's file system
//   partition 3 (data)          a partition whose bytes nothing here reads
//
// The layers are read through each other where they are, as a disk is larger than
// memory: virtual disk, partition, file system, file. File systems that are only known
// by name are told as unsupported.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kDisk;

}  // namespace dl::unpack
