#include "daylight/unpack/archive/zip_layout.h"

#include <algorithm>
#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/zip/zip_directory.h"

// Clauses are those of APPNOTE.TXT 6.3.10.
namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLocalBytes = 30;

struct Entry {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string other_name;
};

// 4.3.12 against 4.3.7. Nothing where both do not describe the same bytes.
std::optional<Entry> Compare(const ZipEntry& central, ObjectSource& object) {
  Entry entry;
  entry.begin = central.begin;
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
  if (central.method != local_method || ((central.flags ^ local_flags) & 1) != 0 ||
      (!sizes_follow && local_packed != central.packed)) {
    return std::nullopt;
  }
  const std::uint64_t head = std::uint64_t{kLocalBytes} + local_name_bytes + local_extra_bytes;
  if (central.packed > ~std::uint64_t{0} - entry.begin - head) return std::nullopt;
  entry.end = entry.begin + head + central.packed;
  const Bytes local_name =
      local.ReadBytes(std::min<std::size_t>(local_name_bytes, local.remaining())).value_or(Bytes{});
  const std::size_t compared = std::min(local_name.size(), central.name.size());
  if (central.name.size() != local_name_bytes ||
      AsText(local_name).substr(0, compared) != central.name.substr(0, compared)) {
    entry.other_name = central.name;
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
  auto directory = ZipDirectory::Last(probe);
  if (!directory) return std::nullopt;
  ZipLayout layout;
  layout.end = directory->end();
  if (!directory->Load(probe.object)) return layout;
  std::vector<Entry> entries;
  while (const auto central = directory->Next()) {
    auto entry = Compare(*central, probe.object);
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
  gap_until(directory->begin());
  covered = std::max(covered, directory->end());
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
