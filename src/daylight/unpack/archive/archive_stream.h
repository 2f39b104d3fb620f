// Archives whose entries stand one behind the other, read as they pass: tar, cpio
// and ar. For those that are too large to be held, as in large .tar.xz files.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

// Whether an object that begins so can be unpacked as it passes.
bool IsStreamable(Bytes head);
void UnpackArchiveStream(const StreamSource::Pull& pull, Sink& sink);

}  // namespace dl::unpack
