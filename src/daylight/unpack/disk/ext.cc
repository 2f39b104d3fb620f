#include "daylight/unpack/disk/ext.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "daylight/bytes/cursor.h"

// Clauses are files of Documentation/filesystems/ext4.
namespace dl::unpack {

namespace {

constexpr std::uint64_t kSuperblockAt = 1024;
constexpr std::size_t kSuperblockBytes = 1024;
constexpr std::uint32_t kRootInode = 2;
constexpr std::size_t kMapBytes = 60;  // Of an inode: i_block.
constexpr unsigned kMaxExtentDepth = 5;

// super.rst, s_feature_incompat.
constexpr std::uint32_t kNeedsRecovery = 0x4;
constexpr std::uint32_t kIsJournal = 0x8;
constexpr std::uint32_t kHasMetaGroups = 0x10;
constexpr std::uint32_t kHas64Bit = 0x80;
constexpr std::uint32_t kHasFileTypes = 0x2;
constexpr std::uint32_t kKnownFeatures =
    0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;

// inodes.rst, i_flags.
constexpr std::uint32_t kIsCompressed = 0x200;
constexpr std::uint32_t kIsEncrypted = 0x800;
constexpr std::uint32_t kHasExtents = 0x80000;
constexpr std::uint32_t kHasInlineData = 0x10000000;

struct Superblock {
  std::uint32_t inodes = 0;
  std::uint32_t first_data_block = 0;
  std::uint32_t block_bytes = 0;
  std::uint32_t blocks_per_group = 0;
  std::uint32_t inodes_per_group = 0;
  std::uint32_t inode_bytes = 128;
  std::uint32_t descriptor_bytes = 32;
  std::uint32_t first_meta_group = 0;
  std::uint32_t compatible = 0;
  std::uint32_t incompatible = 0;
  std::uint32_t read_only = 0;
  std::uint32_t backup_groups[2] = {0, 0};
};

std::uint32_t U32(Bytes bytes, std::size_t at) {
  return Cursor(bytes).From(at).value_or(Cursor()).ReadU32Le().value_or(0);
}
std::uint16_t U16(Bytes bytes, std::size_t at) {
  return Cursor(bytes).From(at).value_or(Cursor()).ReadU16Le().value_or(0);
}

std::optional<Superblock> ParseSuperblock(Bytes bytes) {
  if (bytes.size() < kSuperblockBytes || U16(bytes, 56) != 0xef53) return std::nullopt;
  Superblock super;
  super.inodes = U32(bytes, 0);
  super.first_data_block = U32(bytes, 20);
  const std::uint32_t log_block = U32(bytes, 24);
  super.blocks_per_group = U32(bytes, 32);
  super.inodes_per_group = U32(bytes, 40);
  const std::uint32_t revision = U32(bytes, 76);
  if (log_block > 6 || revision > 1 || super.first_data_block > 1) return std::nullopt;
  super.block_bytes = 1024u << log_block;
  if (super.inodes == 0 || super.blocks_per_group == 0 || super.inodes_per_group == 0) return std::nullopt;
  if (revision == 1) {
    super.inode_bytes = U16(bytes, 88);
    super.compatible = U32(bytes, 92);
    super.incompatible = U32(bytes, 96);
    super.read_only = U32(bytes, 100);
    if ((super.incompatible & kHas64Bit) != 0) super.descriptor_bytes = U16(bytes, 254);
    super.first_meta_group = U32(bytes, 260);
    super.backup_groups[0] = U32(bytes, 588);
    super.backup_groups[1] = U32(bytes, 592);
  }
  const auto is_power = [](std::uint32_t n) { return n != 0 && (n & (n - 1)) == 0; };
  if (!is_power(super.inode_bytes) || super.inode_bytes < 128 || super.inode_bytes > super.block_bytes) {
    return std::nullopt;
  }
  if (!is_power(super.descriptor_bytes) || super.descriptor_bytes < 32 || super.descriptor_bytes > 1024) {
    return std::nullopt;
  }
  return super;
}

struct Inode {
  std::uint16_t mode = 0;
  std::uint32_t flags = 0;
  std::uint64_t size = 0;
  std::array<std::byte, kMapBytes> map{};
  std::uint64_t map_at = 0;   // Where that stands in the volume.
  std::uint64_t more_at = 0;  // Of inline data: what `map` has no room for.
  std::uint32_t more_bytes = 0;

  bool is_file() const { return (mode & 0xf000) == 0x8000; }
  bool is_folder() const { return (mode & 0xf000) == 0x4000; }
  bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
};

class ExtReader {
 public:
  ExtReader(const Volume& volume, const Superblock& super)
      : volume_(volume), super_(super), reader_(volume.disk), block_bytes_(super.block_bytes) {}

  bool GiveAll() { return Visit(kRootInode, "", 0); }

 private:
  // False: no more is wanted.
  bool Visit(std::uint32_t number, const std::string& path, std::size_t depth) {
    const auto inode = ReadInode(number);
    if (!inode) {
      volume_.Tell(path, inode.error());
      return volume_.sink.Pass();
    }
    if (!inode->is_file() && !inode->is_folder()) return volume_.sink.Pass();
    if (inode->has(kIsEncrypted)) {
      volume_.Tell(path, kEncrypted, "encrypted by the file system");
      return volume_.sink.Pass();
    }
    if (inode->is_folder()) return VisitFolder(*inode, number, path, depth);
    if (inode->has(kIsCompressed)) {
      volume_.Tell(path, kUnsupported, "compressed by the file system");
      return volume_.sink.Pass();
    }
    return GiveRuns(volume_, path, inode->size, [&](std::uint64_t at) { return RunOf(*inode, at); });
  }

  bool VisitFolder(const Inode& folder, std::uint32_t number, const std::string& path, std::size_t depth) {
    if (!volume_.sink.Pass()) return false;
    if (!seen_.insert(number).second) return true;
    if (depth == kMaxFolderDepth) {
      volume_.Tell(path, kUnsupported, "a folder too deep");
      return true;
    }
    if (folder.has(kHasInlineData)) {
      // ifork.rst: the parent's number comes first, and what the inode has no room for is a list of its own.
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(folder.size, kMapBytes));
      if (n > 4 && !VisitList(Bytes(folder.map).subspan(4, n - 4), path, depth)) return false;
      std::vector<std::byte> more(folder.more_bytes);
      if (more.empty()) return true;
      if (const auto read = reader_.Read(folder.more_at, more); !read) volume_.Tell(path, read.error());
      return VisitList(more, path, depth);
    }
    if (folder.size > kMaxFolderBytes) volume_.Tell(path, kUnsupported, "a folder too large");
    std::vector<std::byte> block(block_bytes_);
    const std::uint64_t end = std::min(folder.size, kMaxFolderBytes);
    for (std::uint64_t at = 0; at < end; at += block_bytes_) {
      const auto run = RunOf(folder, at);
      if (!run) {
        volume_.Tell(path, run.error());
        return true;
      }
      if (run->is_hole) continue;
      if (const auto read = reader_.Read(run->begin, block); !read) {
        volume_.Tell(path, read.error());
        if (read.error().code != ErrorCode::kTruncated) return true;
        if (!volume_.sink.Pass()) return false;
        continue;
      }
      if (!VisitList(block, path, depth)) return false;
    }
    return true;
  }

  // directory.rst. The nodes of hashed folders look like lists without entries.
  bool VisitList(Bytes list, const std::string& path, std::size_t depth) {
    std::size_t at = 0;
    while (list.size() - at >= 8) {
      const std::uint32_t number = U32(list, at);
      std::size_t length = U16(list, at + 4);
      if (block_bytes_ == 65536 && (length == 65535 || length == 0)) length = 65536;
      std::size_t name_bytes = U16(list, at + 6);
      if ((super_.incompatible & kHasFileTypes) != 0) name_bytes &= 0xff;
      if (length < 8 || length > list.size() - at || (number != 0 && name_bytes > length - 8)) {
        volume_.Tell(path, kDamaged, "a folder's list is damaged");
        return true;
      }
      const std::string_view name = AsText(list.subspan(at + 8, number != 0 ? name_bytes : 0));
      at += length;
      if (number == 0 || name.empty() || name == "." || name == "..") continue;
      if (!Visit(number, Join(path, name), depth + 1)) return false;
    }
    return true;
  }

  // super.rst, "The superblock is recorded in".
  bool HasSuperblock(std::uint64_t group) const {
    if (group == 0) return true;
    if ((super_.compatible & 0x200) != 0) {
      return group == super_.backup_groups[0] || group == super_.backup_groups[1];
    }
    if (group == 1 || (super_.read_only & 1) == 0) return true;
    for (const std::uint64_t base : {3u, 5u, 7u}) {
      std::uint64_t power = base;
      while (power < group) power *= base;
      if (power == group) return true;
    }
    return false;
  }

  // group_descr.rst: where a group's inodes stand, in bytes.
  Result<std::uint64_t> InodesOf(std::uint64_t group) {
    const std::uint64_t per_block = block_bytes_ / super_.descriptor_bytes;
    const std::uint64_t block = group / per_block;
    // Blocks of 1 KiB leave the first for a boot loader, whatever the first data block is.
    std::uint64_t at = (block_bytes_ == 1024 ? 2 : 1) + block;
    if ((super_.incompatible & kHasMetaGroups) != 0 && block >= super_.first_meta_group) {
      const std::uint64_t first = block * per_block;
      at = super_.first_data_block + first * super_.blocks_per_group + (HasSuperblock(first) ? 1 : 0);
      if (block_bytes_ == 1024 && first == 0) at = 2;
    }
    if (at > volume_.size / block_bytes_) return Fail(ErrorCode::kTruncated, "the disk ends before a group");
    std::array<std::byte, 64> bytes{};
    const std::size_t wanted = std::min<std::size_t>(bytes.size(), super_.descriptor_bytes);
    const std::uint64_t within = group % per_block * super_.descriptor_bytes;
    DL_TRY_STATUS(reader_.Read(at * block_bytes_ + within, std::span(bytes).first(wanted)));
    std::uint64_t table = U32(bytes, 8);
    if (wanted == 64) table |= std::uint64_t{U32(bytes, 40)} << 32;
    return Place(table);
  }

  // A block's place, in bytes.
  Result<std::uint64_t> Place(std::uint64_t block) const {
    if (block >= volume_.size / block_bytes_ + 1) return Fail(ErrorCode::kTruncated, "a block behind the disk's end");
    return block * block_bytes_;
  }

  // inodes.rst.
  Result<Inode> ReadInode(std::uint32_t number) {
    if (number == 0 || number > super_.inodes) return Fail(ErrorCode::kMalformed, "an inode that is not there");
    DL_TRY(const std::uint64_t table, InodesOf((number - 1) / super_.inodes_per_group));
    const std::uint64_t at = table + std::uint64_t{(number - 1) % super_.inodes_per_group} * super_.inode_bytes;
    std::array<std::byte, 132> bytes{};
    DL_TRY_STATUS(reader_.Read(at, std::span(bytes).first(std::min<std::size_t>(super_.inode_bytes, bytes.size()))));
    Inode inode;
    inode.mode = U16(bytes, 0);
    inode.size = U32(bytes, 4);
    if (inode.is_file()) inode.size |= std::uint64_t{U32(bytes, 108)} << 32;
    inode.flags = U32(bytes, 32);
    std::copy_n(bytes.begin() + 40, kMapBytes, inode.map.begin());
    inode.map_at = at + 40;
    if (inode.has(kHasInlineData)) {
      DL_TRY_STATUS(FindInline(at, super_.inode_bytes > 128 ? U16(bytes, 128) : 0u, inode));
    }
    return inode;
  }

  // attributes.rst: "system.data" among the attributes behind the inode's fields.
  Status FindInline(std::uint64_t at, std::uint32_t extra_bytes, Inode& inode) {
    const std::uint32_t begin = 128 + extra_bytes + 4;
    if (begin > super_.inode_bytes) return {};
    std::vector<std::byte> bytes(super_.inode_bytes);
    DL_TRY_STATUS(reader_.Read(at, bytes));
    if (U32(bytes, begin - 4) != 0xea020000) return {};
    Cursor list(Bytes(bytes).subspan(begin));
    while (list.remaining() >= 16) {
      const std::size_t entry = list.position();
      const std::uint8_t name_bytes = list.ReadU8().value_or(0);
      const std::uint8_t kind = list.ReadU8().value_or(0);
      if (name_bytes == 0 && kind == 0) break;
      const std::uint16_t offset = list.ReadU16Le().value_or(0);
      const std::uint32_t elsewhere = list.ReadU32Le().value_or(0);
      const std::uint32_t size = list.ReadU32Le().value_or(0);
      static_cast<void>(list.Skip(4));
      const auto name = list.ReadBytes(name_bytes);
      if (!name) break;
      if (kind == 7 && AsText(*name) == "data" && elsewhere == 0) {
        DL_TRY(const Cursor value, list.Window(offset, size));
        inode.more_at = at + begin + offset;
        inode.more_bytes = static_cast<std::uint32_t>(value.size());
        return {};
      }
      if (!list.SeekTo(std::min<std::size_t>((list.position() - entry + 3) / 4 * 4 + entry, list.size()))) break;
    }
    return {};
  }

  // Where the inode's bytes from `at` on stand.
  Result<Run> RunOf(const Inode& inode, std::uint64_t at) {
    if (inode.has(kHasInlineData)) {
      if (at < kMapBytes) return Run{inode.map_at + at, kMapBytes - at, false};
      if (at - kMapBytes >= inode.more_bytes) return Fail(ErrorCode::kMalformed, "inline data ends before the file");
      return Run{inode.more_at + (at - kMapBytes), inode.more_bytes - (at - kMapBytes), false};
    }
    const std::uint64_t block = at / block_bytes_;
    const std::uint64_t within = at % block_bytes_;
    DL_TRY(Run run, inode.has(kHasExtents) ? RunInExtents(inode, block) : RunInMap(inode, block));
    run.begin += within;
    run.size -= within;
    return run;
  }

  // ifork.rst, "Extent Tree": the entry that covers the block, level by level.
  Result<Run> RunInExtents(const Inode& inode, std::uint64_t block) {
    std::vector<std::byte> loaded;
    Bytes node = inode.map;
    std::uint64_t end = std::uint64_t{1} << 32;  // Where the next entry on any level begins.
    for (unsigned level = 0; level <= kMaxExtentDepth; ++level) {
      if (U16(node, 0) != 0xf30a) return Fail(ErrorCode::kMalformed, "no node of extents");
      const unsigned depth = U16(node, 6);
      const std::size_t count = U16(node, 2);
      if (count > node.size() / 12 - 1) return Fail(ErrorCode::kMalformed, "a node of too many extents");
      // The last one that begins at the block or before it.
      std::size_t low = 0;
      std::size_t high = count;
      while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        (U32(node, 12 + 12 * middle) <= block ? low : high) =
            U32(node, 12 + 12 * middle) <= block ? middle + 1 : middle;
      }
      if (low < count) end = std::min<std::uint64_t>(end, U32(node, 12 + 12 * low));
      if (end <= block) return Fail(ErrorCode::kMalformed, "extents out of order");
      if (low == 0) return Hole(end - block);
      const Bytes entry = node.subspan(12 * low, 12);
      if (depth == 0) {
        const std::uint64_t first = U32(entry, 0);
        std::uint64_t length = U16(entry, 4);
        const bool is_unwritten = length > 32768;
        if (is_unwritten) length -= 32768;
        if (block - first >= length) return Hole(end - block);
        const std::uint64_t physical = std::uint64_t{U16(entry, 6)} << 32 | U32(entry, 8);
        const std::uint64_t left = std::min(length - (block - first), end - block);
        if (is_unwritten) return Hole(left);
        DL_TRY(const std::uint64_t begin, Place(physical + (block - first)));
        return Run{begin, left * block_bytes_, false};
      }
      DL_TRY(const std::uint64_t next, Place(std::uint64_t{U16(entry, 8)} << 32 | U32(entry, 4)));
      loaded.resize(block_bytes_);
      DL_TRY_STATUS(reader_.Read(next, loaded));
      node = loaded;
    }
    return Fail(ErrorCode::kMalformed, "a tree of extents too deep");
  }

  // ifork.rst, "Direct/Indirect Block Addressing".
  Result<Run> RunInMap(const Inode& inode, std::uint64_t block) {
    if (block < 12) return RunInPointers(inode.map, static_cast<std::size_t>(block), 12);
    const std::uint64_t per_block = block_bytes_ / 4;
    std::uint64_t within = block - 12;
    std::uint64_t covered = per_block;
    for (std::size_t level = 0; level < 3; ++level, covered *= per_block) {
      if (within >= covered) {
        within -= covered;
        continue;
      }
      std::uint32_t pointer = U32(inode.map, 4 * (12 + level));
      // Down through `level` blocks of pointers to the one that points to data.
      for (std::uint64_t span = covered; pointer != 0;) {
        DL_TRY(const std::uint64_t at, Place(pointer));
        span /= per_block;
        const auto index = static_cast<std::size_t>(within / span);
        if (span == 1) {
          std::vector<std::byte> pointers(block_bytes_);
          DL_TRY_STATUS(reader_.Read(at, pointers));
          return RunInPointers(pointers, index, static_cast<std::size_t>(per_block));
        }
        std::array<std::byte, 4> bytes{};
        DL_TRY_STATUS(reader_.Read(at + 4 * index, bytes));
        pointer = U32(bytes, 0);
        within %= span;
        covered = span;
      }
      return Hole(covered - within);
    }
    return Fail(ErrorCode::kMalformed, "a file larger than its map");
  }

  Result<Run> RunInPointers(Bytes pointers, std::size_t index, std::size_t end) const {
    const std::uint32_t first = U32(pointers, 4 * index);
    std::size_t next = index + 1;
    while (next < end && U32(pointers, 4 * next) == (first == 0 ? 0 : first + (next - index))) ++next;
    if (first == 0) return Hole(next - index);
    DL_TRY(const std::uint64_t begin, Place(first));
    return Run{begin, (next - index) * block_bytes_, false};
  }

  Run Hole(std::uint64_t blocks) const { return {0, blocks * block_bytes_, true}; }

  const Volume& volume_;
  const Superblock super_;
  CachedReader reader_;
  const std::uint64_t block_bytes_;
  std::set<std::uint32_t> seen_;  // Folders, which may lead to themselves.
};

}  // namespace

bool IsExt(Bytes head) {
  return head.size() >= kSuperblockAt + kSuperblockBytes &&
         ParseSuperblock(head.subspan(kSuperblockAt, kSuperblockBytes)).has_value();
}

bool UnpackExt(const Volume& volume) {
  std::array<std::byte, kSuperblockBytes> bytes{};
  const auto n = volume.disk.ReadAt(kSuperblockAt, bytes);
  const auto super = n && *n == bytes.size() ? ParseSuperblock(bytes) : std::nullopt;
  if (!super) {
    volume.Tell("", kDamaged, "the superblock could not be read");
    return true;
  }
  if ((super->incompatible & kIsJournal) != 0) return volume.sink.Pass();  // Of another volume.
  if ((super->incompatible & ~kKnownFeatures) != 0) {
    volume.Tell("", kUnsupported, "a feature of ext4 that is not known");
    return true;
  }
  if ((super->incompatible & kNeedsRecovery) != 0) {
    volume.Tell("", kUnsupported, "its journal has changes that were not made yet; files are read without them");
  }
  return ExtReader(volume, *super).GiveAll();
}

}  // namespace dl::unpack
