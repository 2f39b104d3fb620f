#include "daylight/unpack/disk/fat.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "daylight/bytes/cursor.h"
#include "daylight/bytes/utf16.h"
#include "daylight/bytes/utf8.h"

namespace dl::unpack {

namespace {

constexpr std::size_t kEntryBytes = 32;
// Of a folder, by the specification.
constexpr std::uint64_t kMaxEntries = 65536;
constexpr std::uint64_t kReadBytes = 256u << 10;
constexpr std::uint8_t kVolumeLabel = 0x08;
constexpr std::uint8_t kFolder = 0x10;
constexpr std::uint8_t kLongName = 0x0f;

// All places and sizes in bytes.
struct Layout {
  unsigned bits = 0;  // Of an entry of the table.
  std::uint64_t table = 0;
  std::uint64_t root = 0;  // FAT12 and FAT16 have it before the data.
  std::uint64_t root_bytes = 0;
  std::uint32_t root_cluster = 0;  // FAT32.
  std::uint64_t data = 0;
  std::uint64_t cluster_bytes = 0;
  std::uint32_t clusters = 0;
};

std::optional<Layout> ParseLayout(Bytes head) {
  if (head.size() < 512) return std::nullopt;
  const auto byte = [&](std::size_t at) { return std::to_integer<std::uint32_t>(head[at]); };
  const auto u16 = [&](std::size_t at) { return byte(at) | byte(at + 1) << 8; };
  const auto u32 = [&](std::size_t at) { return u16(at) | u16(at + 2) << 16; };
  const bool has_jump = (byte(0) == 0xeb && byte(2) == 0x90) || byte(0) == 0xe9;
  const bool has_mark = (byte(510) == 0x55 && byte(511) == 0xaa) || AsText(head.subspan(54, 3)) == "FAT";
  if (!has_jump || !has_mark) return std::nullopt;
  const auto is_power = [](std::uint32_t n) { return n != 0 && (n & (n - 1)) == 0; };
  const std::uint64_t sector = u16(11);
  const std::uint32_t per_cluster = byte(13);
  const std::uint32_t reserved = u16(14);
  const std::uint32_t tables = byte(16);
  const std::uint32_t media = byte(21);
  if (!is_power(u16(11)) || sector < 512 || sector > 4096 || !is_power(per_cluster)) return std::nullopt;
  if (reserved == 0 || tables == 0 || tables > 4 || (media != 0xf0 && media < 0xf8)) return std::nullopt;
  const std::uint32_t root_entries = u16(17);
  const std::uint64_t sectors = u16(19) != 0 ? u16(19) : u32(32);
  const std::uint64_t table_sectors = u16(22) != 0 ? u16(22) : u32(36);
  Layout layout;
  layout.table = reserved * sector;
  layout.root = layout.table + tables * table_sectors * sector;
  layout.root_bytes = (std::uint64_t{root_entries} * kEntryBytes + sector - 1) / sector * sector;
  layout.data = layout.root + layout.root_bytes;
  layout.cluster_bytes = per_cluster * sector;
  if (table_sectors == 0 || sectors * sector <= layout.data) return std::nullopt;
  const std::uint64_t clusters = (sectors * sector - layout.data) / layout.cluster_bytes;
  // "FAT Type Determination"; FAT32 has no root before the data.
  const bool is_fat32 = u16(22) == 0;
  if (clusters > 0x0fffffff || is_fat32 != (root_entries == 0)) return std::nullopt;
  layout.clusters = static_cast<std::uint32_t>(clusters);
  layout.bits = is_fat32 ? 32 : clusters < 4085 ? 12 : 16;
  layout.root_cluster = is_fat32 ? u32(44) : 0;
  if (is_fat32 && layout.root_cluster < 2) return std::nullopt;
  return layout;
}

struct Entry {
  std::string name;
  std::uint8_t traits = 0;
  std::uint32_t cluster = 0;
  std::uint32_t size = 0;
};

// A name of eight characters and three, in the code page of nobody knows which.
std::string ShortName(Bytes entry, std::uint8_t cases) {
  std::string out;
  const auto take = [&](std::size_t begin, std::size_t end, bool is_lower) {
    while (end > begin && entry[end - 1] == std::byte{' '}) --end;
    for (; begin < end; ++begin) {
      auto c = std::to_integer<std::uint8_t>(entry[begin]);
      if (begin == 0 && c == 0x05) c = 0xe5;
      if (is_lower && c >= 'A' && c <= 'Z') c = static_cast<std::uint8_t>(c + 32);
      AppendUtf8(c, out);
    }
  };
  take(0, 8, (cases & 0x08) != 0);
  const std::size_t before = out.size();
  out += '.';
  take(8, 11, (cases & 0x10) != 0);
  if (out.size() == before + 1) out.pop_back();
  return out;
}

// "Long Directory Entries": pieces of 13 characters, the last one first.
class LongName {
 public:
  void Take(Bytes entry) {
    const auto order = std::to_integer<std::uint8_t>(entry[0]);
    if ((order & 0x40) != 0) {
      units_.clear();
      left_ = order & 0x3fu;
      sum_ = std::to_integer<std::uint8_t>(entry[13]);
    }
    if (left_ == 0 || (order & 0x3fu) != left_ || std::to_integer<std::uint8_t>(entry[13]) != sum_) return Clear();
    std::vector<std::byte> piece;
    for (const auto& [at, n] : {std::pair<std::size_t, std::size_t>{1, 10}, {14, 12}, {28, 4}}) {
      piece.insert(piece.end(), entry.begin() + static_cast<std::ptrdiff_t>(at),
                   entry.begin() + static_cast<std::ptrdiff_t>(at + n));
    }
    units_.insert(units_.begin(), piece.begin(), piece.end());
    --left_;
    is_whole_ = left_ == 0;
  }

  // Of the entry that follows; empty where it has none.
  std::string Finish(Bytes entry) {
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < 11; ++i) {
      sum = static_cast<std::uint8_t>(((sum & 1) << 7) + (sum >> 1) + std::to_integer<std::uint8_t>(entry[i]));
    }
    std::string out;
    if (is_whole_ && sum == sum_) out = Utf8FromUtf16(units_, false);
    out.resize(std::min(out.size(), out.find('\0')));
    Clear();
    return out;
  }

  void Clear() {
    units_.clear();
    left_ = 0;
    is_whole_ = false;
  }

 private:
  std::vector<std::byte> units_;
  unsigned left_ = 0;
  std::uint8_t sum_ = 0;
  bool is_whole_ = false;
};

class FatReader {
 public:
  FatReader(const Volume& volume, const Layout& layout) : volume_(volume), layout_(layout), reader_(volume.disk) {}

  bool GiveAll() { return VisitFolder(layout_.root_cluster, "", 0); }

 private:
  bool VisitFolder(std::uint32_t cluster, const std::string& path, std::size_t depth) {
    if (!volume_.sink.Pass()) return false;
    if (!seen_.insert(cluster).second) return true;
    if (depth == kMaxFolderDepth) {
      volume_.Tell(path, kUnsupported, "a folder too deep");
      return true;
    }
    LongName long_name;
    const bool is_fixed = cluster == 0;
    Chain chain{cluster};
    const std::uint64_t end = is_fixed ? layout_.root_bytes : kMaxEntries * kEntryBytes;
    for (std::uint64_t at = 0; at < end; at += kEntryBytes) {
      std::uint64_t place = layout_.root + at;
      if (!is_fixed) {
        const auto run = RunOf(chain, at);
        if (!run) {
          // Folders have no size: the end of their clusters is their end.
          if (run.error().code != ErrorCode::kBudget) volume_.Tell(path, run.error());
          return true;
        }
        place = run->begin;
      }
      std::array<std::byte, kEntryBytes> bytes{};
      if (const auto read = reader_.Read(place, bytes); !read) {
        volume_.Tell(path, read.error());
        return true;
      }
      if (bytes[0] == std::byte{0}) return true;
      const auto traits = std::to_integer<std::uint8_t>(bytes[11]);
      if (bytes[0] == std::byte{0xe5}) {
        long_name.Clear();
      } else if ((traits & 0x3f) == kLongName) {
        long_name.Take(bytes);
      } else if (const Entry entry = ReadEntry(bytes, long_name); (traits & kVolumeLabel) == 0) {
        if (entry.name == "." || entry.name == ".." || entry.name.empty()) continue;
        if (!Visit(entry, Join(path, entry.name), depth)) return false;
      }
    }
    if (!is_fixed) volume_.Tell(path, kDamaged, "a folder without end");
    return true;
  }

  Entry ReadEntry(Bytes bytes, LongName& long_name) const {
    Entry entry;
    entry.name = long_name.Finish(bytes);
    entry.traits = std::to_integer<std::uint8_t>(bytes[11]);
    if (entry.name.empty()) entry.name = ShortName(bytes, std::to_integer<std::uint8_t>(bytes[12]));
    Cursor fields(bytes.subspan(20));
    const std::uint32_t high = fields.ReadU16Le().value_or(0);
    static_cast<void>(fields.Skip(4));
    const std::uint32_t low = fields.ReadU16Le().value_or(0);
    entry.cluster = low | (layout_.bits == 32 ? high << 16 : 0);
    entry.size = fields.ReadU32Le().value_or(0);
    return entry;
  }

  bool Visit(const Entry& entry, const std::string& path, std::size_t depth) {
    if ((entry.traits & kFolder) != 0) {
      if (entry.cluster >= 2) return VisitFolder(entry.cluster, path, depth + 1);
      volume_.Tell(path, kDamaged, "a folder without a cluster");
      return volume_.sink.Pass();
    }
    Chain chain{entry.cluster};
    return GiveRuns(volume_, path, entry.size, [&](std::uint64_t at) -> Result<Run> {
      const auto run = RunOf(chain, at);
      if (!run && run.error().code == ErrorCode::kBudget) return Fail(ErrorCode::kTruncated, "its clusters end early");
      return run;
    });
  }

  // A walk along a file's clusters, which only goes on.
  struct Chain {
    std::uint32_t cluster = 0;
    std::uint64_t index = 0;
  };

  // kBudget where the chain ends. `at` is never less than it was.
  Result<Run> RunOf(Chain& chain, std::uint64_t at) {
    for (const std::uint64_t wanted = at / layout_.cluster_bytes;; ++chain.index) {
      if (chain.cluster < 2 || chain.cluster - 2 >= layout_.clusters) {
        if (chain.cluster >= EndMark()) return Fail(ErrorCode::kBudget, "the end of a chain");
        return Fail(ErrorCode::kMalformed, "a cluster that is not there");
      }
      if (chain.index == wanted) break;
      DL_TRY(chain.cluster, Next(chain.cluster));
    }
    const std::uint64_t within = at % layout_.cluster_bytes;
    const std::uint64_t begin = layout_.data + std::uint64_t{chain.cluster - 2} * layout_.cluster_bytes;
    // Clusters that follow each other are read as one.
    std::uint64_t size = layout_.cluster_bytes;
    for (std::uint32_t last = chain.cluster; size < kReadBytes; size += layout_.cluster_bytes) {
      const auto next = Next(last);
      if (!next || *next != last + 1 || *next - 2 >= layout_.clusters) break;
      last = *next;
    }
    return Run{begin + within, size - within, false};
  }

  std::uint32_t EndMark() const { return layout_.bits == 12 ? 0xff8 : layout_.bits == 16 ? 0xfff8 : 0x0ffffff8; }

  Result<std::uint32_t> Next(std::uint32_t cluster) {
    std::array<std::byte, 4> bytes{};
    const std::uint64_t at = layout_.table + std::uint64_t{cluster} * layout_.bits / 8;
    DL_TRY_STATUS(reader_.Read(at, std::span(bytes).first(layout_.bits == 32 ? 4 : 2)));
    const std::uint32_t value = Cursor(Bytes(bytes)).ReadU32Le().value_or(0);
    if (layout_.bits == 32) return value & 0x0fffffff;
    if (layout_.bits == 16) return value;
    return (cluster & 1) != 0 ? value >> 4 : value & 0xfff;
  }

  const Volume& volume_;
  const Layout layout_;
  CachedReader reader_;
  std::set<std::uint32_t> seen_;  // Folders by their first cluster.
};

}  // namespace

bool IsFat(Bytes head, std::uint64_t size) {
  const auto layout = ParseLayout(head);
  return layout && layout->data < size;
}

bool UnpackFat(const Volume& volume) {
  std::array<std::byte, 512> head{};
  const auto n = volume.disk.ReadAt(0, head);
  const auto layout = n && *n == head.size() ? ParseLayout(head) : std::nullopt;
  if (!layout) {
    volume.Tell("", kDamaged, "the boot sector could not be read");
    return true;
  }
  return FatReader(volume, *layout).GiveAll();
}

}  // namespace dl::unpack
