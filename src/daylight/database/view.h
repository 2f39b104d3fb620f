// View is a bounds-checked array over bytes of a database section.
//
// An index past the end gives a zeroed element instead of undefined behaviour:
// checksums catch damage, and this keeps a forged database, whose checksums are
// right, from reaching memory that is not its own.
#pragma once

#include <cstring>
#include <type_traits>

#include "daylight/bytes/bytes.h"

namespace dl::database {

template <typename T>
class View {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  View() = default;
  // Ignores a trailing partial element. `bytes` must be aligned for T.
  explicit View(Bytes bytes) : data_(reinterpret_cast<const T*>(bytes.data())), size_(bytes.size() / sizeof(T)) {}
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T& operator[](std::size_t index) const { return index < size_ ? data_[index] : Zero(); }
  // [first, first + count), cut at the end.
  std::span<const T> Range(std::size_t first, std::size_t count) const {
    if (first > size_) return {};
    return {data_ + first, count < size_ - first ? count : size_ - first};
  }
  const T* data() const { return data_; }

 private:
  static const T& Zero() {
    static constexpr T zero{};
    return zero;
  }
  const T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace dl::database
