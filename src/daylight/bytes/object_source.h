// ObjectSource is where an object's bytes come from: memory, a descriptor read
// in windows, or a stream whose size is not known before its end.
//
//   DL_TRY(const Window window, source.NextWindow(overlap_bytes));
//   Find(window.bytes, window.offset);      // ... until window.last
//
// A source is used by one thread. Views it returns stay valid until the next
// call that can move its buffer: NextWindow() or Whole().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/bytes/growing_buffer.h"

namespace dl {

struct Window {
  Bytes bytes;
  std::uint64_t offset = 0;  // Of bytes[0] in the object.
  bool last = false;         // Nothing follows.
};

class ObjectSource {
 public:
  virtual ~ObjectSource() = default;

  // The object's size in bytes; absent for a stream that has not ended yet.
  virtual std::optional<std::uint64_t> size() const = 0;

  // The sequential pass over the object. Every window but the first begins
  // with the last `overlap_bytes` bytes of the one before it, so whatever is
  // shorter lies whole in some window. An object that is held in memory is one
  // window. An empty object is one empty, last window. After the last window
  // the pass may be started again with Rewind(), where the source can.
  virtual Result<Window> NextWindow(std::size_t overlap_bytes) = 0;
  virtual Status Rewind() = 0;

  // Copies bytes at `offset` into `out`; returns how many there were (fewer
  // only at the object's end). kUnsupported when the source no longer has
  // them (the middle of a stream).
  virtual Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) = 0;

  // The whole object in memory, loading it if it has at most `limit_bytes`.
  // kBudget when it is larger, kUnsupported for a stream past its head.
  virtual Result<Bytes> Whole(std::uint64_t limit_bytes) = 0;

  // The whole object where it is held in memory anyway.
  virtual std::optional<Bytes> InMemory() const { return std::nullopt; }
};

// An object that is already in memory. Borrows.
class MemorySource final : public ObjectSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(bytes) {}
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }
  Result<Window> NextWindow(std::size_t overlap_bytes) override;
  Status Rewind() override;
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override;
  Result<Bytes> Whole(std::uint64_t limit_bytes) override;
  std::optional<Bytes> InMemory() const override { return bytes_; }

 private:
  Bytes bytes_;
  bool done_ = false;
};

// A regular file behind a descriptor (borrowed). Up to `copy_limit_bytes` it
// is copied once, so nobody can change it between two looks; a larger one is
// read in windows. `scratch` is memory to reuse from object to object.
class DescriptorSource final : public ObjectSource {
 public:
  // Up to this size any look reads it whole.
  static constexpr std::uint64_t kReadOnceBytes = 64u << 10;
  struct Limits {
    std::uint64_t copy_limit_bytes = 16u << 20;
    std::size_t window_bytes = 4u << 20;
  };
  // fd: an open, readable, seekable descriptor; size: from fstat, in bytes.
  DescriptorSource(int fd, std::uint64_t size, GrowingBuffer& scratch, Limits limits);

  std::optional<std::uint64_t> size() const override { return size_; }
  Result<Window> NextWindow(std::size_t overlap_bytes) override;
  Status Rewind() override;
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override;
  Result<Bytes> Whole(std::uint64_t limit_bytes) override;
  std::optional<Bytes> InMemory() const override;

 private:
  Result<std::size_t> ReadFully(std::uint64_t offset, std::span<std::byte> out);
  Status LoadWhole();

  int fd_;
  std::uint64_t size_;
  GrowingBuffer& buffer_;
  Limits limits_;
  bool whole_loaded_ = false;
  bool done_ = false;
  std::uint64_t window_offset_ = 0;
  std::size_t window_size_ = 0;
};

// A stream pulled from a function that fills a span and returns how many bytes
// it wrote; 0 is the end. Keeps the head and the tail for random access.
class StreamSource final : public ObjectSource {
 public:
  using Pull = std::function<Result<std::size_t>(std::span<std::byte>)>;
  struct Limits {
    std::size_t window_bytes = 4u << 20;
    std::size_t head_bytes = 1u << 20;
    std::size_t tail_bytes = 1u << 16;
  };
  StreamSource(Pull pull, Limits limits);

  std::optional<std::uint64_t> size() const override;
  Result<Window> NextWindow(std::size_t overlap_bytes) override;
  Status Rewind() override;
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override;
  Result<Bytes> Whole(std::uint64_t limit_bytes) override;

 private:
  Pull pull_;
  Limits limits_;
  std::vector<std::byte> head_;
  std::vector<std::byte> buffer_;
  std::size_t filled_ = 0;           // Bytes of buffer_ that belong to the current window.
  std::uint64_t window_offset_ = 0;  // Of buffer_[0].
  std::uint64_t total_ = 0;          // Bytes pulled so far.
  bool ended_ = false;
  bool done_ = false;
};

}  // namespace dl
