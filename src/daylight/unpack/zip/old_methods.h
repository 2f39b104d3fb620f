// Methods of zip that libarchive does not decode.
//
//   DL_TRY(const std::vector<std::byte> bytes, Inflate64(packed, size));
//
// Source: PKWARE's APPNOTE.TXT 5.3 (imploding) and 5.5 (Deflate64).
#pragma once

#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::unpack {

// `size`: of what was packed, in bytes, as its entry says; no more is made. kTruncated
// and kMalformed have the bytes that could be made in `out`.
Status Inflate64(Bytes packed, std::size_t size, std::vector<std::byte>& out);
// `has_large_window`: 8 KiB instead of 4; `has_literal_tree`: three trees instead of
// two: bits 1 and 2 of the entry's flags.
Status Explode(Bytes packed, bool has_large_window, bool has_literal_tree, std::size_t size,
               std::vector<std::byte>& out);

}  // namespace dl::unpack
