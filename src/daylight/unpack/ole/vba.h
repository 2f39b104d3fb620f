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

// 2.3.4.2.3.2.8: procedural ones, and those of documents, classes and forms.
enum class VbaModuleType : std::uint8_t { kUnknown, kStandard, kClass };

// Of the `dir` stream, 2.3.4.2.3.2.
struct VbaModule {
  std::string name;          // UTF-8.
  std::string stream_name;   // As PrintableName() makes it.
  std::uint32_t offset = 0;  // Where the compressed source begins, in bytes.
  VbaModuleType type = VbaModuleType::kUnknown;
};

// What a project says of itself, 2.3.4.2; absent where it does not. Text is UTF-8 where CodePageText() can.
struct VbaDir {
  struct Version {
    std::uint32_t major = 0;
    std::uint16_t minor = 0;
  };
  std::uint16_t code_page = 0;
  std::optional<std::string> name;
  std::optional<Version> version;
  std::vector<std::string> references;  // Their names.
  std::optional<std::uint16_t> module_count;
  std::vector<VbaModule> modules;
};

// What a decompressed `dir` says, up to where it contradicts itself.
VbaDir ParseVbaDir(Bytes dir);

// Where a compressed container of a module's source begins, whatever stands before.
std::optional<std::size_t> FindVbaSource(Bytes stream);

// The same where `offset` is what the project says of it; the stream's end where there is none.
std::size_t VbaSourceBegin(Bytes stream, std::uint64_t offset);

// At most `most` decompressed bytes, or what there is.
std::vector<std::byte> DecompressVba(Bytes container, std::size_t most);

}  // namespace dl::unpack
