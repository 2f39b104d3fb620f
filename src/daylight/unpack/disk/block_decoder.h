// Blocks that are compressed each for itself, as squashfs and virtual disks have them.
//
//   DL_TRY_STATUS(DecodeBlock(Compression::kZstd, packed, limit_bytes, out));
//
// In memory, without threads, and never past what `out` has room for.
#pragma once

#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::unpack {

enum class Compression : std::uint8_t { kZlib, kDeflate, kLzma, kXz, kLz4, kZstd };

// Unpacks one block into at most `limit` bytes, which `out` then has. What is behind
// the compressed bytes is left.
Status DecodeBlock(Compression kind, Bytes packed, std::size_t limit, std::vector<std::byte>& out);

}  // namespace dl::unpack
