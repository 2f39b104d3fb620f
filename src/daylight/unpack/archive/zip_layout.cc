#include "daylight/unpack/archive/zip_layout.h"

#include <algorithm>
#include <array>

#include "daylight/bytes/cursor.h"

// Clauses are those of APPNOTE.TXT 6.3.10.
namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kEndBytes = 22;
// Larger directories are not compared with their entries, only followed.
constexpr std::uint64_t kMaxDirectoryBytes = std::uint64_t{64} << 20;

struct Directory {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // Behind the end record.
  std::uint64_t size = 0;
  std::uint64_t base = 0;  // What all offsets count from: more than 0 where something stands in front.
};

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

// 4.3.16, and that it points to a directory.
std::optional<Directory> DirectoryOf(const Probe& probe, std::size_t at) {
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
  return Directory{end - size, record + kEndBytes, size, end - size - offset};
}

std::optional<Directory> LastDirectory(const Probe& probe) {
  const std::string_view text = AsText(probe.tail);
  for (std::size_t at = text.rfind("PK\x05\x06"sv); at != std::string_view::npos;
       at = text.rfind("PK\x05\x06"sv, at - 1)) {
    if (text.size() - at >= kEndBytes) {
      if (const auto directory = DirectoryOf(probe, at)) return directory;
    }
    if (at == 0) break;
  }
  return std::nullopt;
}

struct Entry {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string other_name;
};

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

// 4.3.12 against 4.3.7. Nothing where both do not describe the same bytes.
std::optional<Entry> ReadEntry(Cursor& central, ObjectSource& object, std::uint64_t base, bool& has_entry) {
  has_entry = false;
  auto fixed = central.ReadBytes(kCentralBytes);
  if (!fixed || !AsText(*fixed).starts_with("PK\x01\x02"sv)) return std::nullopt;
  Cursor c(*fixed);
  static_cast<void>(c.Skip(8));
  const std::uint16_t flags = c.ReadU16Le().value_or(0);
  const std::uint16_t method = c.ReadU16Le().value_or(0);
  static_cast<void>(c.Skip(8));
  std::uint64_t packed = c.ReadU32Le().value_or(0);
  std::uint64_t size = c.ReadU32Le().value_or(0);
  const std::uint16_t name_bytes = c.ReadU16Le().value_or(0);
  const std::uint16_t extra_bytes = c.ReadU16Le().value_or(0);
  const std::uint16_t comment_bytes = c.ReadU16Le().value_or(0);
  static_cast<void>(c.Skip(8));
  std::uint64_t offset = c.ReadU32Le().value_or(0);
  const auto name = central.ReadBytes(name_bytes);
  const auto extra = central.ReadBytes(extra_bytes);
  if (!name || !extra || !central.Skip(comment_bytes)) return std::nullopt;
  has_entry = true;
  ReadZip64Extra(Cursor(*extra), size, packed, offset);
  if (offset > ~std::uint64_t{0} - base) return std::nullopt;
  Entry entry;
  entry.begin = base + offset;

  std::array<std::byte, kLocalBytes + 256> local_bytes;
  const auto n = object.ReadAt(entry.begin, local_bytes);
  if (!n || *n < kLocalBytes || !AsText(local_bytes).starts_with("PK\x03\x04"sv)) return std::nullopt;
  Cursor local(Bytes(local_bytes).first(*n));
  static_cast<void>(local.Skip(6));
  const std::uint16_t local_flags = local.ReadU16Le().value_or(0);
  const std::uint16_t local_method = local.ReadU16Le().value_or(0);
  static_cast<void>(local.Skip(8));
  const std::uint32_t local_packed = local.ReadU32Le().value_or(0);
  static_cast<void>(local.Skip(4));
  const std::uint16_t local_name_bytes = local.ReadU16Le().value_or(0);
  const std::uint16_t local_extra_bytes = local.ReadU16Le().value_or(0);
  const bool sizes_follow = (local_flags & 8) != 0 || local_packed == 0xffffffff;
  if (method != local_method || ((flags ^ local_flags) & 1) != 0 || (!sizes_follow && local_packed != packed)) {
    return std::nullopt;
  }
  const std::uint64_t head = std::uint64_t{kLocalBytes} + local_name_bytes + local_extra_bytes;
  if (packed > ~std::uint64_t{0} - entry.begin - head) return std::nullopt;
  entry.end = entry.begin + head + packed;
  const Bytes local_name =
      local.ReadBytes(std::min<std::size_t>(local_name_bytes, local.remaining())).value_or(Bytes{});
  const std::size_t compared = std::min(local_name.size(), name->size());
  if (name_bytes != local_name_bytes || AsText(local_name).substr(0, compared) != AsText(*name).substr(0, compared)) {
    entry.other_name = AsText(*name);
  }
  return entry;
}

// 4.4: fields that say a method that exists, and a name that fits.
bool IsPlausible(Bytes header, std::uint64_t room) {
  Cursor fields(header);
  if (!fields.Skip(4)) return false;
  const std::uint16_t version = fields.ReadU16Le().value_or(0xffff);
  const std::uint16_t flags = fields.ReadU16Le().value_or(0);
  const std::uint16_t method = fields.ReadU16Le().value_or(0xffff);
  if (!fields.Skip(8)) return false;
  const std::uint32_t packed = fields.ReadU32Le().value_or(0);
  const std::uint32_t size = fields.ReadU32Le().value_or(0);
  const std::uint16_t name_bytes = fields.ReadU16Le().value_or(0);
  const std::uint16_t extra_bytes = fields.ReadU16Le().value_or(0);
  if ((version & 0xff) > 63 || (version >> 8) > 20 || name_bytes == 0 || name_bytes > 4096) return false;
  if (method > 20 && (method < 93 || method > 99)) return false;
  if (method == 0 && (flags & 9) == 0 && packed != size) return false;
  return kLocalBytes + std::uint64_t{name_bytes} + extra_bytes <= room;
}

}  // namespace

std::optional<ZipLayout> ReadZipLayout(const Probe& probe) {
  const auto directory = LastDirectory(probe);
  if (!directory) return std::nullopt;
  ZipLayout layout;
  layout.end = directory->end;
  if (directory->size > kMaxDirectoryBytes) return layout;
  std::vector<std::byte> bytes(static_cast<std::size_t>(directory->size));
  const auto n = probe.object.ReadAt(directory->begin, bytes);
  if (!n) return layout;
  Cursor central(Bytes(bytes).first(*n));
  std::vector<Entry> entries;
  for (bool has_entry = true; has_entry;) {
    auto entry = ReadEntry(central, probe.object, directory->base, has_entry);
    if (entry) entries.push_back(std::move(*entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  std::uint64_t covered = 0;
  const auto gap_until = [&](std::uint64_t end) {
    if (end > covered && end - covered > kLocalBytes) layout.gaps.push_back({covered, end, ""});
  };
  for (Entry& entry : entries) {
    gap_until(entry.begin);
    covered = std::max(covered, entry.end);
    if (!entry.other_name.empty()) layout.gaps.push_back({entry.begin, entry.end, std::move(entry.other_name)});
  }
  gap_until(directory->begin);
  covered = std::max(covered, directory->end);
  gap_until(probe.size);
  return layout;
}

bool IsLaterZipVolume(const Probe& probe) {
  const std::string_view text = AsText(probe.tail);
  const std::size_t at = text.rfind("PK\x05\x06"sv);
  if (at == std::string_view::npos) return false;
  Cursor fields(probe.tail);
  if (!fields.Skip(at + 4)) return false;
  const std::uint16_t disk = fields.ReadU16Le().value_or(0);
  if (!fields.Skip(14)) return false;
  return disk != 0 && disk < 1000 && fields.ReadU16Le().value_or(0) == fields.remaining();
}

std::optional<std::uint64_t> NextLocalHeader(ObjectSource& object, std::uint64_t begin, std::uint64_t end) {
  // Mostly it stands right there.
  std::array<std::byte, kLocalBytes> first;
  if (begin >= end || end - begin <= kLocalBytes) return std::nullopt;
  const auto has_first = object.ReadAt(begin, first);
  if (has_first && *has_first == first.size() && AsText(first).starts_with("PK\x03\x04"sv) &&
      IsPlausible(first, end - begin)) {
    return begin;
  }
  constexpr std::size_t kPiece = 64u << 10;
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPiece, end - begin));
  while (begin < end && end - begin > kLocalBytes) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - begin));
    const auto n = object.ReadAt(begin, std::span(piece).first(wanted));
    if (!n || *n <= kLocalBytes) return std::nullopt;
    const Bytes bytes = Bytes(piece).first(*n);
    const std::string_view text = AsText(bytes);
    for (std::size_t at = text.find("PK\x03\x04"sv); at != std::string_view::npos && text.size() - at >= kLocalBytes;
         at = text.find("PK\x03\x04"sv, at + 4)) {
      if (IsPlausible(bytes.subspan(at), end - begin - at)) return begin + at;
    }
    if (*n < piece.size()) return std::nullopt;
    // A header may begin in this piece and end in the next.
    begin += *n - (kLocalBytes - 1);
  }
  return std::nullopt;
}

}  // namespace dl::unpack
