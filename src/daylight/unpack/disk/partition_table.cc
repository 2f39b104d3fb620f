#include "daylight/unpack/disk/partition_table.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>

#include "daylight/bytes/cursor.h"
#include "daylight/bytes/utf16.h"

namespace dl::unpack {

namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::size_t kEntries = 446;
constexpr std::size_t kEntryBytes = 16;
constexpr unsigned kMaxLogical = 256;
constexpr std::uint64_t kMaxGptBytes = 1u << 20;
constexpr std::uint8_t kProtective = 0xee;

struct Entry {
  std::uint8_t status = 0;
  std::uint8_t type = 0;
  std::uint64_t begin = 0;  // In sectors.
  std::uint64_t count = 0;

  bool is_extended() const { return type == 0x05 || type == 0x0f || type == 0x85; }
};

// UEFI 5.2.1.
std::optional<std::array<Entry, 4>> ReadEntries(Bytes sector) {
  if (sector.size() < kSector || sector[510] != std::byte{0x55} || sector[511] != std::byte{0xaa}) return std::nullopt;
  std::array<Entry, 4> entries;
  Cursor fields(sector.subspan(kEntries, 4 * kEntryBytes));
  for (Entry& entry : entries) {
    entry.status = fields.ReadU8().value_or(0);
    static_cast<void>(fields.Skip(3));
    entry.type = fields.ReadU8().value_or(0);
    static_cast<void>(fields.Skip(3));
    entry.begin = fields.ReadU32Le().value_or(0);
    entry.count = fields.ReadU32Le().value_or(0);
  }
  return entries;
}

// Whether they can be meant: the boot code of a file system has text there.
bool ArePossible(const std::array<Entry, 4>& entries, std::uint64_t size) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> taken;
  for (const Entry& entry : entries) {
    if ((entry.status & 0x7f) != 0) return false;
    if (entry.type == 0) {
      // What was deleted may have left its numbers, but no more than numbers of this disk.
      if (entry.begin > size / kSector) return false;
      continue;
    }
    if (entry.count == 0 || entry.begin >= size / kSector) return false;
    if (entry.type == kProtective) return true;  // What else it has is for show.
    // Images that lack their end, and discs that say they are larger, still begin within.
    taken.emplace_back(entry.begin, entry.begin + entry.count);
  }
  std::sort(taken.begin(), taken.end());
  for (std::size_t i = 1; i < taken.size(); ++i) {
    // Discs that boot from USB, too, have one partition over it all, and others in it.
    if (taken[i].first < taken[i - 1].second && taken[i - 1].first != 0) return false;
  }
  return !taken.empty();
}

Result<std::array<std::byte, kSector>> ReadSector(ObjectSource& disk, std::uint64_t at) {
  std::array<std::byte, kSector> bytes{};
  DL_TRY(const std::size_t n, disk.ReadAt(at * kSector, bytes));
  if (n != bytes.size()) return Fail(ErrorCode::kTruncated, "the disk ends before a partition table");
  return bytes;
}

// A chain of tables, each with one partition and the next table's place.
void ReadLogical(ObjectSource& disk, std::uint64_t size, const Entry& extended, PartitionTable& table) {
  std::uint64_t at = extended.begin;
  for (unsigned i = 0; i < kMaxLogical; ++i) {
    const auto sector = ReadSector(disk, at);
    const auto entries = sector ? ReadEntries(*sector) : std::nullopt;
    if (!entries) {
      table.problem = "the chain of logical partitions is damaged";
      return;
    }
    const Entry& here = (*entries)[0];
    if (here.type != 0 && here.count != 0 && at + here.begin < size / kSector) {
      table.partitions.push_back({5 + i, {}, (at + here.begin) * kSector, here.count * kSector});
    }
    const Entry& next = (*entries)[1];
    if (next.type == 0 || next.begin == 0) return;
    // Each stands behind the one before, or it would lead round in circles.
    if (extended.begin + next.begin <= at) break;
    at = extended.begin + next.begin;
  }
  table.problem = "the chain of logical partitions leads nowhere";
}

std::uint32_t Crc32(Bytes bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

struct Gpt {
  std::vector<Partition> partitions;
  bool is_sound = false;  // By its sums.
};

// UEFI 5.3.2 and 5.3.3: the header in that sector, and its entries.
std::optional<Gpt> ReadGpt(ObjectSource& disk, std::uint64_t size, std::uint64_t at, std::uint64_t sector_bytes) {
  std::array<std::byte, kSector> header{};
  const auto n = disk.ReadAt(at, header);
  if (!n || *n != header.size() || !AsText(header).starts_with("EFI PART")) return std::nullopt;
  Cursor fields{Bytes(header)};
  static_cast<void>(fields.SeekTo(12));
  const std::uint32_t header_bytes = fields.ReadU32Le().value_or(0);
  const std::uint32_t header_sum = fields.ReadU32Le().value_or(0);
  static_cast<void>(fields.SeekTo(72));
  const std::uint64_t first = fields.ReadU64Le().value_or(0);
  const std::uint32_t count = fields.ReadU32Le().value_or(0);
  const std::uint32_t entry_bytes = fields.ReadU32Le().value_or(0);
  const std::uint32_t entries_sum = fields.ReadU32Le().value_or(0);
  if (header_bytes < 92 || header_bytes > kSector || entry_bytes < 128 || entry_bytes > 4096) return std::nullopt;
  const std::uint64_t bytes_wanted = std::uint64_t{count} * entry_bytes;
  if (count == 0 || bytes_wanted > kMaxGptBytes || first > size / sector_bytes) return std::nullopt;
  std::vector<std::byte> entries(static_cast<std::size_t>(bytes_wanted));
  const auto m = disk.ReadAt(first * sector_bytes, entries);
  if (!m || *m != entries.size()) return std::nullopt;
  std::fill_n(header.begin() + 16, 4, std::byte{0});
  Gpt gpt;
  gpt.is_sound = Crc32(Bytes(header).first(header_bytes)) == header_sum && Crc32(entries) == entries_sum;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Bytes entry = Bytes(entries).subspan(std::size_t{i} * entry_bytes, entry_bytes);
    const Bytes type = entry.first(16);
    if (std::all_of(type.begin(), type.end(), [](std::byte b) { return b == std::byte{0}; })) continue;
    Cursor place(entry.subspan(32));
    const std::uint64_t begin = place.ReadU64Le().value_or(0);
    const std::uint64_t last = place.ReadU64Le().value_or(0);
    if (begin == 0 || begin > last || begin >= size / sector_bytes) continue;
    // Neither product wraps: the first is within the disk, the second is held to it.
    const std::uint64_t sectors = std::min(last - begin + 1, size / sector_bytes - begin + 1);
    std::string name = Utf8FromUtf16(entry.subspan(56, 72), false);
    name.resize(std::min(name.size(), name.find('\0')));
    gpt.partitions.push_back({i + 1, std::move(name), begin * sector_bytes, sectors * sector_bytes});
  }
  return gpt;
}

std::optional<PartitionTable> ReadAnyGpt(ObjectSource& disk, std::uint64_t size) {
  std::optional<Gpt> unsound;
  for (const std::uint64_t sector_bytes : {std::uint64_t{512}, std::uint64_t{4096}}) {
    // The second one is in the last sector.
    for (const std::uint64_t at : {sector_bytes, size / sector_bytes * sector_bytes - sector_bytes}) {
      auto gpt = ReadGpt(disk, size, at, sector_bytes);
      if (gpt && gpt->is_sound) return PartitionTable{std::move(gpt->partitions), {}};
      if (gpt && !unsound) unsound = std::move(gpt);
    }
  }
  if (!unsound) return std::nullopt;
  return PartitionTable{std::move(unsound->partitions), "the GUID partition table's checksum is wrong"};
}

}  // namespace

bool HasPartitionTable(Bytes head, std::uint64_t size) {
  const auto entries = ReadEntries(head);
  return size >= 4 * kSector && entries && ArePossible(*entries, size);
}

PartitionTable ReadPartitions(ObjectSource& disk, std::uint64_t size) {
  const auto sector = ReadSector(disk, 0);
  if (!sector || !HasPartitionTable(*sector, size)) return {};
  const auto entries = *ReadEntries(*sector);
  const bool is_protective = std::any_of(entries.begin(), entries.end(), [](auto& e) { return e.type == kProtective; });
  if (is_protective) {
    if (auto gpt = ReadAnyGpt(disk, size)) return std::move(*gpt);
  }
  PartitionTable table;
  if (is_protective) table.problem = "the GUID partition table is not there";
  for (unsigned i = 0; i < 4; ++i) {
    const Entry& entry = entries[i];
    if (entry.type == 0 || entry.type == kProtective) continue;
    if (entry.is_extended()) {
      ReadLogical(disk, size, entry, table);
    } else {
      table.partitions.push_back({i + 1, {}, entry.begin * kSector, entry.count * kSector});
    }
  }
  return table;
}

}  // namespace dl::unpack
