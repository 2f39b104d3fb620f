// FieldWriter and FieldReader: a value's members, named once, for both ways.
//
//   template <typename Io>
//   Status Visit(Io& io, Of<Io, Point>& point) {
//     DL_TRY_STATUS(io.Number(point.x));
//     return io.Text(point.name, kMaxNameBytes);
//   }
//
// Writing cuts what is longer than its limit, and cannot fail. Reading believes nothing:
// every length is checked before anything is allocated.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/report/encoder.h"

namespace dl::report {

// Lists of elements that are nearly nothing as bytes and much in memory could
// make this many times more of what came; real values stay far below.
inline constexpr std::size_t kMaxGrowth = 6;
inline constexpr std::size_t kFreeGrowthBytes = 64 * 1024;

class FieldWriter {
 public:
  static constexpr bool kReading = false;
  Status Number(const std::uint8_t& value) { return encoder_.PutU8(value), Status(); }
  Status Number(const std::uint32_t& value) { return encoder_.PutU32(value), Status(); }
  Status Number(const std::uint64_t& value) { return encoder_.PutU64(value), Status(); }
  Status Number(const std::int64_t& value) { return encoder_.PutU64(static_cast<std::uint64_t>(value)), Status(); }
  Status Number(const double& value) { return encoder_.PutU64(std::bit_cast<std::uint64_t>(value)), Status(); }
  Status Flag(const bool& value) { return encoder_.PutU8(value ? 1 : 0), Status(); }
  template <typename E>
  Status Enum(const E& value, E /*last*/) {
    return encoder_.PutU8(static_cast<std::uint8_t>(value)), Status();
  }
  Status Text(const std::string& text, std::uint32_t limit) {
    return encoder_.PutText(std::string_view(text).substr(0, limit)), Status();
  }
  Status Digest(const std::optional<std::array<std::uint8_t, 32>>& digest) {
    encoder_.PutU8(digest ? 1 : 0);
    if (digest) encoder_.PutRaw({reinterpret_cast<const char*>(digest->data()), digest->size()});
    return {};
  }
  template <typename T, typename Each>
  Status List(const std::vector<T>& items, std::uint32_t limit, Each each) {
    const std::size_t n = std::min<std::size_t>(items.size(), limit);
    encoder_.PutU32(static_cast<std::uint32_t>(n));
    for (std::size_t i = 0; i < n; ++i) DL_TRY_STATUS(each(*this, items[i]));
    return {};
  }
  template <typename T, typename Each>
  Status Optional(const std::optional<T>& value, Each each) {
    encoder_.PutU8(value ? 1 : 0);
    return value ? each(*this, *value) : Status();
  }
  std::string Take() { return encoder_.Take(); }

 private:
  Encoder encoder_;
};

class FieldReader {
 public:
  static constexpr bool kReading = true;
  explicit FieldReader(Bytes bytes, std::size_t max_growth = kMaxGrowth)
      : cursor_(bytes), memory_left_(max_growth * bytes.size() + kFreeGrowthBytes) {}
  Status Number(std::uint8_t& value) { return Read(value, cursor_.ReadU8()); }
  Status Number(std::uint32_t& value) { return Read(value, cursor_.ReadU32Le()); }
  Status Number(std::uint64_t& value) { return Read(value, cursor_.ReadU64Le()); }
  Status Number(std::int64_t& value) {
    DL_TRY(const std::uint64_t bits, cursor_.ReadU64Le());
    value = static_cast<std::int64_t>(bits);
    return {};
  }
  Status Number(double& value) {
    DL_TRY(const std::uint64_t bits, cursor_.ReadU64Le());
    value = std::bit_cast<double>(bits);
    return {};
  }
  Status Flag(bool& value) {
    DL_TRY(const std::uint8_t byte, cursor_.ReadU8());
    if (byte > 1) return Malformed("a flag that is neither 0 nor 1");
    value = byte == 1;
    return {};
  }
  template <typename E>
  Status Enum(E& value, E last) {
    DL_TRY(const std::uint8_t byte, cursor_.ReadU8());
    if (byte > static_cast<std::uint8_t>(last)) return Malformed("a number that names nothing");
    value = static_cast<E>(byte);
    return {};
  }
  Status Text(std::string& text, std::uint32_t limit) {
    DL_TRY(const std::uint32_t size, cursor_.ReadU32Le());
    if (size > limit) return Malformed("a text that is too long");
    DL_TRY(const Bytes bytes, cursor_.ReadBytes(size));
    text = AsText(bytes);
    return {};
  }
  Status Digest(std::optional<std::array<std::uint8_t, 32>>& digest) {
    bool there = false;
    DL_TRY_STATUS(Flag(there));
    if (!there) return {};
    DL_TRY(const Bytes bytes, cursor_.ReadBytes(32));
    digest.emplace();
    std::memcpy(digest->data(), bytes.data(), bytes.size());
    return {};
  }
  template <typename T, typename Each>
  Status List(std::vector<T>& items, std::uint32_t limit, Each each) {
    DL_TRY(const std::uint32_t count, cursor_.ReadU32Le());
    // Every element takes at least one byte, so this bounds the loop, and the
    // vector grows only as elements are really there.
    if (count > limit || count > cursor_.remaining()) return Malformed("a list that is too long");
    for (std::uint32_t i = 0; i < count; ++i) {
      if (sizeof(T) > memory_left_) return Malformed("a list of too little for its length");
      memory_left_ -= sizeof(T);
      T item{};
      DL_TRY_STATUS(each(*this, item));
      items.push_back(std::move(item));
    }
    return {};
  }
  template <typename T, typename Each>
  Status Optional(std::optional<T>& value, Each each) {
    bool there = false;
    DL_TRY_STATUS(Flag(there));
    return there ? each(*this, value.emplace()) : Status();
  }
  bool AtEnd() const { return cursor_.AtEnd(); }

 private:
  template <typename T>
  Status Read(T& value, Result<T> read) {
    if (!read) return Forward(read.error());
    value = *read;
    return {};
  }
  tl::unexpected<Error> Malformed(std::string_view what) const {
    return Fail(ErrorCode::kMalformed, what, cursor_.position());
  }
  Cursor cursor_;
  std::size_t memory_left_;
};

// `const T` for the writer, `T` for the reader; not deduced.
template <typename Io, typename T>
using Of = std::conditional_t<Io::kReading, T, const T>;

}  // namespace dl::report
