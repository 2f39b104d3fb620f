// squashfs 4.0, compressed by gzip, lzma, xz, lz4 or zstd; lzo is told as unsupported.
//
// A reader of this project's own, not libsquashfs (of squashfs-tools-ng): what is to be
// read is small, and each read and block stays within the budget of a scan.
//
// After the kernel's Documentation/filesystems/squashfs.rst and the structures of
// fs/squashfs/squashfs_fs.h.
#pragma once

#include "daylight/unpack/disk/files.h"

namespace dl::unpack {

bool IsSquashfs(Bytes head);

bool UnpackSquashfs(const Volume& volume);

}  // namespace dl::unpack
