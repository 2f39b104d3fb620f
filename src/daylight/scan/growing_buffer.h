// GrowingBuffer is memory that grows while it is filled, without being filled with
// zeros first and, where the C library can move pages, without being copied.
//
//   GrowingBuffer buffer;
//   if (!buffer.Grow(n)) ...;             // No memory; what was there stays.
//   Fill(buffer.span().subspan(filled));  // What has not been written is anything.
#pragma once

#include <cstdlib>
#include <memory>
#include <span>

namespace dl::scan {

class GrowingBuffer {
 public:
  std::size_t size() const { return size_; }
  std::span<std::byte> span() { return {bytes_.get(), size_}; }
  // To `size` bytes, if it has fewer.
  bool Grow(std::size_t size) {
    if (size <= size_) return true;
    void* grown = std::realloc(bytes_.get(), size);
    if (grown == nullptr) return false;
    static_cast<void>(bytes_.release());
    bytes_.reset(static_cast<std::byte*>(grown));
    size_ = size;
    return true;
  }
  void Free() {
    bytes_.reset();
    size_ = 0;
  }

 private:
  struct Release {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte, Release> bytes_;
  std::size_t size_ = 0;
};

}  // namespace dl::scan
