// Cursor is the one place that turns an untrusted number into a pointer.
//
//   Cursor cursor(bytes);
//   DL_TRY(const auto count, cursor.ReadU32Le());
//   DL_TRY(const Bytes table, cursor.ReadRecords(count, 16));
//
// Every check is `n <= remaining()`, never `pos + n <= size`, so no sum can
// wrap. A failed read moves nothing. Borrows the bytes; copy a cursor to look
// ahead.
#pragma once

#include <cstring>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl {

class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(Bytes bytes) : bytes_(bytes) {}

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }
  std::size_t size() const { return bytes_.size(); }
  bool AtEnd() const { return position_ == bytes_.size(); }
  // All bytes, from the beginning, whatever the position.
  Bytes bytes() const { return bytes_; }

  Result<std::uint8_t> ReadU8();
  Result<std::uint16_t> ReadU16Le();
  Result<std::uint32_t> ReadU32Le();
  Result<std::uint64_t> ReadU64Le();
  Result<std::uint16_t> ReadU16Be();
  Result<std::uint32_t> ReadU32Be();
  Result<std::uint64_t> ReadU64Be();
  // Unsigned LEB128 of at most 64 bits; longer is kMalformed.
  Result<std::uint64_t> ReadUleb128();

  Result<Bytes> ReadBytes(std::uint64_t n);
  // count * record_size bytes; the product may not wrap.
  Result<Bytes> ReadRecords(std::uint64_t count, std::uint64_t record_size);
  // The text before the next NUL, which is consumed; kTruncated without one.
  Result<std::string_view> ReadCString(std::uint64_t max_bytes);
  Status Skip(std::uint64_t n);
  // Up to and including the end.
  Status SeekTo(std::uint64_t position);
  // [offset, offset+n) as its own cursor: a table cannot escape itself.
  Result<Cursor> Window(std::uint64_t offset, std::uint64_t n) const;
  // [offset, end) as its own cursor.
  Result<Cursor> From(std::uint64_t offset) const;

 private:
  template <typename T>
  Result<T> ReadLe();
  template <typename T>
  Result<T> ReadBe();

  Bytes bytes_;
  std::size_t position_ = 0;
};

}  // namespace dl
