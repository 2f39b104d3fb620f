#include "daylight/bytes/cursor.h"

#include <algorithm>

namespace dl {

template <typename T>
Result<T> Cursor::ReadLe() {
  if (sizeof(T) > remaining()) return Fail(ErrorCode::kTruncated, "integer past the end", position_);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value |= std::to_integer<std::uint64_t>(bytes_[position_ + i]) << (8 * i);
  }
  position_ += sizeof(T);
  return static_cast<T>(value);
}

template <typename T>
Result<T> Cursor::ReadBe() {
  if (sizeof(T) > remaining()) return Fail(ErrorCode::kTruncated, "integer past the end", position_);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = (value << 8) | std::to_integer<std::uint64_t>(bytes_[position_ + i]);
  }
  position_ += sizeof(T);
  return static_cast<T>(value);
}

Result<std::uint8_t> Cursor::ReadU8() { return ReadLe<std::uint8_t>(); }
Result<std::uint16_t> Cursor::ReadU16Le() { return ReadLe<std::uint16_t>(); }
Result<std::uint32_t> Cursor::ReadU32Le() { return ReadLe<std::uint32_t>(); }
Result<std::uint64_t> Cursor::ReadU64Le() { return ReadLe<std::uint64_t>(); }
Result<std::uint16_t> Cursor::ReadU16Be() { return ReadBe<std::uint16_t>(); }
Result<std::uint32_t> Cursor::ReadU32Be() { return ReadBe<std::uint32_t>(); }
Result<std::uint64_t> Cursor::ReadU64Be() { return ReadBe<std::uint64_t>(); }

Result<std::uint64_t> Cursor::ReadUleb128() {
  std::uint64_t value = 0;
  Cursor ahead = *this;
  for (unsigned shift = 0;; shift += 7) {
    DL_TRY(const std::uint8_t byte, ahead.ReadU8());
    const std::uint64_t bits = byte & 0x7fU;
    if (shift > 63 || (shift == 63 && bits > 1))
      return Fail(ErrorCode::kMalformed, "LEB128 wider than 64 bits", position_);
    value |= bits << shift;
    if ((byte & 0x80U) == 0) break;
  }
  *this = ahead;
  return value;
}

Result<Bytes> Cursor::ReadBytes(std::uint64_t n) {
  if (n > remaining()) return Fail(ErrorCode::kTruncated, "bytes past the end", position_);
  const Bytes result = bytes_.subspan(position_, static_cast<std::size_t>(n));
  position_ += static_cast<std::size_t>(n);
  return result;
}

Result<Bytes> Cursor::ReadRecords(std::uint64_t count, std::uint64_t record_size) {
  if (record_size != 0 && count > remaining() / record_size) {
    return Fail(ErrorCode::kTruncated, "records past the end", position_);
  }
  return ReadBytes(count * record_size);
}

Result<std::string_view> Cursor::ReadCString(std::uint64_t max_bytes) {
  const std::size_t limit = static_cast<std::size_t>(std::min<std::uint64_t>(max_bytes, remaining()));
  const std::string_view text = AsText(bytes_.subspan(position_, limit));
  const std::size_t end = text.find('\0');
  if (end == std::string_view::npos) return Fail(ErrorCode::kTruncated, "string without its NUL", position_);
  position_ += end + 1;
  return text.substr(0, end);
}

Status Cursor::Skip(std::uint64_t n) {
  if (n > remaining()) return Fail(ErrorCode::kTruncated, "skip past the end", position_);
  position_ += static_cast<std::size_t>(n);
  return {};
}

Status Cursor::SeekTo(std::uint64_t position) {
  if (position > bytes_.size()) return Fail(ErrorCode::kTruncated, "seek past the end", position_);
  position_ = static_cast<std::size_t>(position);
  return {};
}

Result<Cursor> Cursor::Window(std::uint64_t offset, std::uint64_t n) const {
  if (offset > bytes_.size() || n > bytes_.size() - offset) {
    return Fail(ErrorCode::kTruncated, "window past the end", offset);
  }
  return Cursor(bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(n)));
}

Result<Cursor> Cursor::From(std::uint64_t offset) const {
  if (offset > bytes_.size()) return Fail(ErrorCode::kTruncated, "offset past the end", offset);
  return Cursor(bytes_.subspan(static_cast<std::size_t>(offset)));
}

}  // namespace dl
