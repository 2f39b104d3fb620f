#include "daylight/unpack/zip/zip_directory.h"

#include <algorithm>
#include <array>

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kEndBytes = 22;

// 4.3.14: the sizes that the plain end record has no room for.
bool ReadZip64End(ObjectSource& object, std::uint64_t end_record, std::uint64_t& size, std::uint64_t& offset,
                  std::uint64_t& directory_end) {
  std::array<std::byte, 20> locator;
  if (end_record < locator.size()) return false;
  const auto n = object.ReadAt(end_record - locator.size(), locator);
  if (!n || *n != locator.size() || !AsText(locator).starts_with("PK\x06\x07"sv)) return false;
  Cursor where(locator);
  if (!where.Skip(8)) return false;
  const std::uint64_t stated = where.ReadU64Le().value_or(0);
  std::array<std::byte, 56> record;
  const std::uint64_t usual = end_record - std::min<std::uint64_t>(end_record, locator.size() + record.size());
  for (const std::uint64_t at : {stated, usual}) {
    const auto m = object.ReadAt(at, record);
    if (!m || *m != record.size() || !AsText(record).starts_with("PK\x06\x06"sv)) continue;
    Cursor fields(record);
    if (!fields.Skip(40)) return false;
    size = fields.ReadU64Le().value_or(0);
    offset = fields.ReadU64Le().value_or(0);
    directory_end = at;
    return true;
  }
  return false;
}

// Where sizes do not fit the plain fields: 4.5.3, in the order of what is missing.
void ReadZip64Extra(Cursor extra, std::uint64_t& size, std::uint64_t& packed, std::uint64_t& offset) {
  while (extra.remaining() >= 4) {
    const std::uint16_t id = extra.ReadU16Le().value_or(0);
    const auto body = extra.ReadBytes(extra.ReadU16Le().value_or(0));
    if (!body) return;
    if (id != 1) continue;
    Cursor fields(*body);
    for (std::uint64_t* field : {&size, &packed, &offset}) {
      if (*field == 0xffffffff) *field = fields.ReadU64Le().value_or(*field);
    }
    return;
  }
}

}  // namespace

// 4.3.16, and that it points to a directory.
std::optional<ZipDirectory> ZipDirectory::At(const Probe& probe, std::size_t at) {
  Cursor fields(probe.tail);
  if (!fields.Skip(at) || !fields.Skip(12)) return std::nullopt;
  std::uint64_t size = fields.ReadU32Le().value_or(0);
  std::uint64_t offset = fields.ReadU32Le().value_or(0);
  const std::uint64_t record = probe.size - probe.tail.size() + at;
  std::uint64_t end = record;
  if (size == 0xffffffff || offset == 0xffffffff) {
    if (!ReadZip64End(probe.object, record, size, offset, end)) return std::nullopt;
  }
  if (size < kCentralBytes || size > end || offset > end - size) return std::nullopt;
  std::array<std::byte, 4> magic;
  const auto n = probe.object.ReadAt(end - size, magic);
  if (!n || AsText(magic) != "PK\x01\x02"sv) return std::nullopt;
  ZipDirectory directory;
  directory.begin_ = end - size;
  directory.end_ = record + kEndBytes;
  directory.size_ = size;
  directory.base_ = end - size - offset;
  return directory;
}

std::optional<ZipDirectory> ZipDirectory::Last(const Probe& probe) {
  const std::string_view text = AsText(probe.tail);
  for (std::size_t at = text.rfind("PK\x05\x06"sv); at != std::string_view::npos;
       at = text.rfind("PK\x05\x06"sv, at - 1)) {
    if (text.size() - at >= kEndBytes) {
      if (auto directory = At(probe, at)) return directory;
    }
    if (at == 0) break;
  }
  return std::nullopt;
}

bool ZipDirectory::Load(ObjectSource& object) {
  if (size_ > kMaxBytes) return false;
  bytes_.resize(static_cast<std::size_t>(size_));
  const auto n = object.ReadAt(begin_, bytes_);
  bytes_.resize(n ? *n : 0);
  return n.has_value();
}

// 4.3.12.
std::optional<ZipEntry> ZipDirectory::Next() {
  Cursor at(bytes_);
  if (!at.SeekTo(next_)) return std::nullopt;
  const auto fixed = at.ReadBytes(kCentralBytes);
  if (!fixed || !AsText(*fixed).starts_with("PK\x01\x02"sv)) return std::nullopt;
  ZipEntry entry;
  Cursor fields(*fixed);
  static_cast<void>(fields.Skip(8));
  entry.flags = fields.ReadU16Le().value_or(0);
  entry.method = fields.ReadU16Le().value_or(0);
  static_cast<void>(fields.Skip(4));
  entry.crc = fields.ReadU32Le().value_or(0);
  entry.packed = fields.ReadU32Le().value_or(0);
  entry.size = fields.ReadU32Le().value_or(0);
  const std::uint16_t name_bytes = fields.ReadU16Le().value_or(0);
  const std::uint16_t extra_bytes = fields.ReadU16Le().value_or(0);
  const std::uint16_t comment_bytes = fields.ReadU16Le().value_or(0);
  static_cast<void>(fields.Skip(8));
  std::uint64_t offset = fields.ReadU32Le().value_or(0);
  const auto name = at.ReadBytes(name_bytes);
  const auto extra = at.ReadBytes(extra_bytes);
  if (!name || !extra || !at.Skip(comment_bytes)) return std::nullopt;
  next_ = at.position();
  ReadZip64Extra(Cursor(*extra), entry.size, entry.packed, offset);
  entry.name = AsText(*name);
  // Nothing stands there.
  if (__builtin_add_overflow(base_, offset, &entry.begin)) entry.begin = ~std::uint64_t{0};
  return entry;
}

}  // namespace dl::unpack
