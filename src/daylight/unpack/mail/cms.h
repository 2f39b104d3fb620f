// Signed messages and files in one piece: S/MIME's smime.p7m, and FILE.p7m (CMS,
// RFC 5652). The content is the one child; what is encrypted is told.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kCms;

}  // namespace dl::unpack
