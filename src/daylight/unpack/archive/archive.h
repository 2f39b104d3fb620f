// Archives, and single files that are compressed, by libarchive: zip, tar, 7z,
// rar 4 and 5, cab, ar (deb), cpio, lha, xar, iso9660, rpm; gzip, bzip2, xz, lzma,
// lzip, zstd, lz4, compress.
//
// A compressed file gives one child, the decompressed bytes, whatever these are:
// a .tar.gz has a .tar in it. What stands behind an archive's beginning, as in a
// program that unpacks itself, is found by its end (zip) or where the program
// ends (7z, rar, cab).
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kArchive;

// For names in other character sets than UTF-8, and times: see Prepare().
void PrepareArchive();

}  // namespace dl::unpack
