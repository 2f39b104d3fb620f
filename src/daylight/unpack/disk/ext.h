// ext2, ext3 and ext4: block maps and extents, linear and hashed folders, inline data,
// 64 bit, meta_bg, bigalloc.
//
// A reader of this project's own, not libext2fs: that was written for disks that their
// owner trusts (CVE-2019-5094, CVE-2022-1304 and others), follows what the image says
// with no bound on time, and asks for a write path and threads that the walls forbid.
//
// After the kernel's Documentation/filesystems/ext4.
#pragma once

#include "daylight/unpack/disk/files.h"

namespace dl::unpack {

// `head`: of the volume, up to 2 KiB of which are looked at.
bool IsExt(Bytes head);

bool UnpackExt(const Volume& volume);

}  // namespace dl::unpack
