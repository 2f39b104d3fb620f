// What the parts of this folder share. Not for other folders.
#pragma once

#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/formats/exe/exe.h"

namespace dl::exe::internal {

// ClamAV's reads: `n` bytes at `offset`, all of them and at least one.
inline Result<Cursor> ReadAt(Bytes bytes, std::uint64_t offset, std::uint64_t n) {
  if (n == 0) return Fail(ErrorCode::kTruncated, "nothing to read", offset);
  return Cursor(bytes).Window(offset, n);
}

// What signatures are anchored to drops no section, what hashes them does.
enum class MissingSections : std::uint8_t { kKeepEmpty, kRemove };

struct DataDirectory {
  std::uint32_t rva = 0;
  std::uint32_t size = 0;
};
struct PeHeader {
  Info info;  // Without version offsets.
  bool is_64_bit = false;
  std::array<DataDirectory, 16> directories{};  // Zero past the file's own count.
};
Result<PeHeader> ParsePeHeader(Bytes bytes, MissingSections missing);

std::vector<std::uint32_t> FindVersionOffsets(Bytes bytes, const Info& pe);

}  // namespace dl::exe::internal
