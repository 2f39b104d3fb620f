// A sealed file: bytes encrypted and authenticated, so that no other scanner
// trips over them, nobody runs them by accident, and damage is noticed.
//
//   DL_TRY(SealedWriter writer, SealedWriter::Start(fd, key, record));
//   DL_TRY_STATUS(writer.Write(part));
//   DL_TRY_STATUS(writer.Finish());
//
//   DL_TRY(SealedReader reader, SealedReader::Open(fd, key));
//   for (;;) { DL_TRY(const Bytes part, reader.Next()); if (part.empty()) break; ... }
//
// AES-256-GCM in chunks, under a key of the file's own; docs/quarantine.md has the
// bytes. What Next() gave out is authentic, that it is all is known at the end.
// Descriptors are borrowed; one thread each.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::quarantine {

using Key = std::array<unsigned char, 32>;
inline constexpr std::size_t kChunkBytes = 64 * 1024;
inline constexpr std::uint32_t kMaxRecordBytes = 64u << 20;

// How much a file of `size` bytes takes, sealed.
std::uint64_t SealedBytes(std::uint64_t size, std::uint64_t record_size);

namespace internal {
struct CipherDeleter {
  void operator()(void* context) const;
};
// One file's key, ready for its chunks.
struct Cipher {
  std::unique_ptr<void, CipherDeleter> context;
  std::string header;  // Authenticated with every chunk.
  std::uint64_t counter = 0;
};
}  // namespace internal

class SealedWriter {
 public:
  // At the descriptor's position, which must be 0.
  static Result<SealedWriter> Start(int fd, const Key& key, std::string_view record);
  Status Write(Bytes bytes);
  // Must be the last; does not sync.
  Status Finish();

 private:
  SealedWriter(int fd, internal::Cipher cipher) : fd_(fd), cipher_(std::move(cipher)) {}
  int fd_;
  internal::Cipher cipher_;
  std::string waiting_;  // Up to a chunk.
};

class SealedReader {
 public:
  // kMalformed for what was not sealed with this key, or is damaged.
  static Result<SealedReader> Open(int fd, const Key& key);
  const std::string& record() const { return record_; }
  // The next bytes, good until the next call; none at the end.
  Result<Bytes> Next();

 private:
  SealedReader(int fd, internal::Cipher cipher) : fd_(fd), cipher_(std::move(cipher)) {}
  int fd_;
  internal::Cipher cipher_;
  std::string record_;
  std::uint64_t size_ = 0;    // Of the sealed file.
  std::uint64_t offset_ = 0;  // Of the next chunk.
  bool ended_ = false;
  std::string sealed_, plain_;
};

// Calls `each` with every part; reads from the beginning to the end.
template <typename Each>
Status ReadSealed(int fd, const Key& key, Each each) {
  DL_TRY(SealedReader reader, SealedReader::Open(fd, key));
  for (;;) {
    DL_TRY(const Bytes part, reader.Next());
    if (part.empty()) return {};
    DL_TRY_STATUS(each(part));
  }
}

}  // namespace dl::quarantine
