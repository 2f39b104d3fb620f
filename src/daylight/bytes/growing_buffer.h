// GrowingBuffer holds bytes whose number shows only while they come.
//
//   GrowingBuffer buffer(128u << 20);                      // It will hardly grow larger.
//   buffer.GrowTo(1 << 20);                                // what is in it stays
//   const auto n = pull(buffer.bytes().subspan(filled));
//
// New bytes are not cleared, and a large buffer grows where it is, in huge pages
// where the kernel has them: clearing, copying and a fault for each 4 KiB took
// half as long as decompressing zstd into it. So nothing may be read that was not
// written. Values' rules: one owner.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace dl {

class GrowingBuffer {
 public:
  // `usual_bytes`: past some MiB, so much address space is taken at once; memory
  // only as it is written.
  explicit GrowingBuffer(std::size_t usual_bytes = 0) : usual_bytes_(usual_bytes) {}
  ~GrowingBuffer() { Clear(); }
  GrowingBuffer(GrowingBuffer&& other) noexcept
      : usual_bytes_(other.usual_bytes_),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  GrowingBuffer& operator=(GrowingBuffer&&) = delete;

  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() { return {data_, size_}; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  // To at least so many bytes. No memory is what it is for `new`.
  void GrowTo(std::size_t size) {
    if (size > capacity_) Move(size);
    if (size > size_) size_ = size;
  }
  // The same, but what was in it need not stay.
  void Renew(std::size_t size) {
    if (size > capacity_) Clear();
    GrowTo(size);
  }
  void Clear();

 private:
  // To a place with room for so many bytes.
  void Move(std::size_t size);

  std::size_t usual_bytes_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace dl
