#include "daylight/rules/yara/object_reads.h"

#include <array>

namespace dl::yara {

namespace {

bool IsWordByte(std::byte b) {
  const auto c = std::to_integer<unsigned char>(b);
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

bool ObjectReads::Read(std::uint64_t offset, std::span<std::byte> out) {
  if (offset > size_ || out.size() > size_ - offset) return false;
  const auto n = object_->ReadAt(offset, out);
  if (!n) {
    note_unread_(n.error());
    return false;
  }
  return *n == out.size();
}

std::optional<std::int64_t> ObjectReads::Integer(std::int64_t offset, std::int64_t encoding) {
  if (offset < 0) return std::nullopt;
  bool big_endian = false;
  if (encoding >= 1000 || encoding <= -1000) {
    big_endian = true;
    encoding += encoding > 0 ? -1000 : 1000;
  }
  const bool is_signed = encoding < 0;
  const auto width = static_cast<std::size_t>((is_signed ? -encoding : encoding) / 8);
  std::array<std::byte, 8> bytes{};
  if (width == 0 || width > 8 || !Read(static_cast<std::uint64_t>(offset), std::span(bytes).first(width))) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t from = big_endian ? i : width - 1 - i;
    value = (value << 8) | std::to_integer<std::uint64_t>(bytes[from]);
  }
  if (is_signed && width < 8 && (value >> (8 * width - 1)) != 0) value |= ~std::uint64_t{0} << (8 * width);
  return static_cast<std::int64_t>(value);
}

bool ObjectReads::StandsAlone(std::uint64_t offset, std::uint64_t length, bool wide) {
  std::array<std::byte, 2> pair;
  const std::size_t width = wide ? 2 : 1;
  const auto side = std::span(pair).first(width);
  const auto is_word = [&] { return IsWordByte(pair[0]) && (!wide || pair[1] == std::byte{0}); };
  if (offset >= width && Read(offset - width, side) && is_word()) return false;
  return !(Read(offset + length, side) && is_word());
}

}  // namespace dl::yara
