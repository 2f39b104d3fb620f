#include "daylight/bytes/growing_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

namespace dl {

namespace {

// Up to it moving is cheap.
constexpr std::size_t kSmall = 4u << 20;
constexpr std::size_t kPage = 4096;

}  // namespace

void GrowingBuffer::Move(std::size_t size) {
  std::size_t capacity = size <= kSmall ? size : std::max(size, usual_bytes_);
  capacity = (capacity + kPage - 1) / kPage * kPage;
  void* const place =
      ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) {
    if (const std::new_handler handler = std::get_new_handler(); handler != nullptr) handler();
    std::terminate();
  }
  // Without huge pages it only takes longer.
  if (capacity > kSmall) static_cast<void>(::madvise(place, capacity, MADV_HUGEPAGE));
  const std::size_t size_before = size_;
  if (size_before != 0) std::memcpy(place, data_, size_before);
  Clear();
  data_ = static_cast<std::byte*>(place);
  size_ = size_before;
  capacity_ = capacity;
}

void GrowingBuffer::Clear() {
  if (data_ != nullptr) ::munmap(data_, capacity_);
  data_ = nullptr;
  size_ = capacity_ = 0;
}

}  // namespace dl
