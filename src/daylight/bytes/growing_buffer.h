// GrowingBuffer holds bytes whose number shows only while they come.
//
//   GrowingBuffer buffer;
//   buffer.GrowTo(1 << 20);                                // what is in it stays
//   const auto n = pull(buffer.bytes().subspan(filled));
//
// New bytes are not cleared, and a large buffer grows by moving its pages, not what
// is in them: a vector clears and copies, a quarter of the time that a tar in zstd
// takes. So nothing may be read that was not written. Values' rules: one owner.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <span>

namespace dl {

class GrowingBuffer {
 public:
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() { return {data_.get(), size_}; }

  // To at least so many bytes. No memory is what it is for `new`.
  void GrowTo(std::size_t size) {
    if (size <= size_) return;
    void* const grown = std::realloc(data_.get(), size);
    if (grown == nullptr) {
      if (const std::new_handler handler = std::get_new_handler(); handler != nullptr) handler();
      std::terminate();
    }
    static_cast<void>(data_.release());  // It is where `grown` is now.
    data_.reset(static_cast<std::byte*>(grown));
    size_ = size;
  }

  void Clear() {
    data_.reset();
    size_ = 0;
  }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace dl
