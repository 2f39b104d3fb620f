// View is a bounds-checked array over bytes of a database section.
//
// An index past the end gives a zeroed element instead of undefined behaviour:
// checksums catch damage, and this keeps a forged database, whose checksums are
// right, from reaching memory that is not its own.
#pragma once

#include <cstring>
#include <type_traits>

#include "daylight/bytes/bytes.h"
#include "daylight/database/database.h"

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
  // Asks for the memory of what is soon read.
  void Prefetch(std::size_t index) const {
    if (index < size_) __builtin_prefetch(data_ + index);
  }

 private:
  static const T& Zero() {
    static constexpr T zero{};
    return zero;
  }
  const T* data_ = nullptr;
  std::size_t size_ = 0;
};

// A View of a table too large to check when it is opened: pages are checked
// when something on them is first read. What is on a damaged page reads as
// absent, and the database is `damaged()` from then on. Borrows the database.
template <typename T>
class LazyView {
 public:
  LazyView() = default;
  // `bytes`: of Database::SectionUnchecked(). Null: they have been checked.
  LazyView(Bytes bytes, const Database* database) : view_(bytes), database_(database) {}
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  const T& operator[](std::size_t index) const {
    return index < size() && IsSound(view_.data() + index, 1) ? view_[index] : view_[size()];
  }
  std::span<const T> Range(std::size_t first, std::size_t count) const {
    const std::span<const T> range = view_.Range(first, count);
    return IsSound(range.data(), range.size()) ? range : std::span<const T>();
  }
  // The elements from `first` on that are on its page, so that it is asked about
  // once for all of them: at least one, unless there is none or it is damaged.
  std::span<const T> OnPageFrom(std::size_t first) const {
    if (first >= size()) return {};
    std::size_t count = size() - first;
    if (database_ != nullptr) {
      const auto* at = reinterpret_cast<const std::byte*>(view_.data() + first);
      const std::size_t on_page = database_->BytesOnPage(at) / sizeof(T);
      count = on_page == 0 ? 1 : on_page < count ? on_page : count;
    }
    return Range(first, count);
  }
  // To ask for the memory only.
  const T* data() const { return view_.data(); }

 private:
  bool IsSound(const T* first, std::size_t count) const {
    const Bytes part(reinterpret_cast<const std::byte*>(first), count * sizeof(T));
    return database_ == nullptr || count == 0 || database_->IsChecked(part) || database_->Touch(part).has_value();
  }
  View<T> view_;
  const Database* database_ = nullptr;
};

}  // namespace dl::database
