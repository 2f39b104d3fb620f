// Visual Basic's projects in documents: compressed containers, and which modules
// there are ([MS-OVBA]).
//
//   VbaDecompressor source(stream.subspan(module.offset));
//   for (auto chunk = source.NextChunk(); chunk && !chunk->empty(); chunk = source.NextChunk()) ...
//
// Borrows the bytes. A container's few bytes may stand for 4096, so whoever asks
// for all of them counts as they come.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/cursor.h"

namespace dl::unpack {

// [MS-OVBA] 2.4.1.
class VbaDecompressor {
 public:
  static constexpr std::size_t kChunkBytes = 4096;
  explicit VbaDecompressor(Bytes container);

  // The next 4096 bytes, or fewer; empty at the end; valid until the next call.
  // After an error the bytes before it are in partial().
  Result<Bytes> NextChunk();
  Bytes partial() const { return Bytes(chunk_).first(filled_); }

 private:
  Status Decompress(Cursor tokens);

  Cursor input_;
  bool is_begun_ = false;
  std::array<std::byte, kChunkBytes> chunk_;
  std::size_t filled_ = 0;
};

// Of the `dir` stream, 2.3.4.2.3.2.
struct VbaModule {
  std::string name;          // UTF-8 where the project says so.
  std::string stream_name;   // As PrintableName() makes it.
  std::uint32_t offset = 0;  // Where the compressed source begins, in bytes.
};

// The modules that a decompressed `dir` names, up to where it contradicts itself.
std::vector<VbaModule> ParseVbaModules(Bytes dir);

// Where a compressed container of a module's source begins, whatever stands before.
std::optional<std::size_t> FindVbaSource(Bytes stream);

// At most `most` decompressed bytes, or what there is.
std::vector<std::byte> DecompressVba(Bytes container, std::size_t most);

}  // namespace dl::unpack
