#include "daylight/unpack/disk/squashfs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/disk/block_decoder.h"

namespace dl::unpack {

namespace {

constexpr std::size_t kSuperblockBytes = 96;
constexpr std::size_t kMetadataBytes = 8192;
constexpr std::size_t kMetadataSlots = 64;
constexpr std::uint32_t kNone = 0xffffffff;
constexpr std::uint32_t kStoredBlock = 1u << 24;
constexpr std::uint32_t kMaxBlock = 1u << 20;

struct Superblock {
  std::uint32_t block_bytes = 0;
  std::uint32_t fragments = 0;
  std::uint16_t compression = 0;
  std::uint16_t major = 0;
  std::uint64_t root = 0;
  std::uint64_t inodes_at = 0;
  std::uint64_t folders_at = 0;
  std::uint64_t fragments_at = 0;
};

Result<Superblock> ParseSuperblock(Bytes bytes) {
  Cursor fields(bytes);
  Superblock super;
  DL_TRY_STATUS(fields.SeekTo(12));
  DL_TRY(super.block_bytes, fields.ReadU32Le());
  DL_TRY(super.fragments, fields.ReadU32Le());
  DL_TRY(super.compression, fields.ReadU16Le());
  DL_TRY(const std::uint16_t log_block, fields.ReadU16Le());
  DL_TRY_STATUS(fields.Skip(4));
  DL_TRY(super.major, fields.ReadU16Le());
  DL_TRY_STATUS(fields.Skip(2));
  DL_TRY(super.root, fields.ReadU64Le());
  DL_TRY_STATUS(fields.Skip(24));
  DL_TRY(super.inodes_at, fields.ReadU64Le());
  DL_TRY(super.folders_at, fields.ReadU64Le());
  DL_TRY(super.fragments_at, fields.ReadU64Le());
  if (super.major != 4) return Fail(ErrorCode::kUnsupported, "a squashfs of another version than 4");
  if (super.block_bytes < 4096 || super.block_bytes > kMaxBlock || log_block > 20 ||
      super.block_bytes != 1u << log_block) {
    return Fail(ErrorCode::kMalformed, "a size of blocks that cannot be");
  }
  return super;
}

std::optional<Compression> CompressionOf(std::uint16_t number) {
  switch (number) {
    case 1: return Compression::kZlib;
    case 2: return Compression::kLzma;
    case 4: return Compression::kXz;
    case 5: return Compression::kLz4;
    case 6: return Compression::kZstd;
    default: return std::nullopt;
  }
}

// Where something stands among metadata: its block in the image, and in what that unpacks to.
struct Place {
  std::uint64_t block = 0;
  std::size_t within = 0;
};

struct File {
  std::uint64_t size = 0;
  std::uint64_t begin = 0;  // Of its first block.
  std::uint32_t fragment = kNone;
  std::uint32_t fragment_offset = 0;
  Place blocks;  // Their sizes.
};

struct Folder {
  Place list;
  std::uint32_t bytes = 0;
};

class SquashfsReader {
 public:
  SquashfsReader(const Volume& volume, const Superblock& super, Compression compression)
      : volume_(volume), super_(super), compression_(compression), metadata_(kMetadataSlots) {}

  bool GiveAll() { return Visit(super_.root, "", 0); }

 private:
  struct Slot {
    std::uint64_t block = 0;
    std::uint64_t next = 0;        // Behind it.
    std::vector<std::byte> bytes;  // Empty: nothing yet.
  };

  // `reference`: an inode's block in the table, and its place in that.
  bool Visit(std::uint64_t reference, const std::string& path, std::size_t depth) {
    const auto inode = VisitInode(reference, path, depth);
    if (inode) return *inode;
    volume_.Tell(path, inode.error());
    return volume_.sink.Pass();
  }

  Result<bool> VisitInode(std::uint64_t reference, const std::string& path, std::size_t depth) {
    Place place{super_.inodes_at + (reference >> 16), static_cast<std::size_t>(reference & 0xffff)};
    std::array<std::byte, 16> header{};
    DL_TRY_STATUS(Read(place, header));
    const std::uint16_t type = Cursor(Bytes(header)).ReadU16Le().value_or(0);
    std::array<std::byte, 40> bytes{};
    const auto fields = [&](std::size_t n) -> Result<Cursor> {
      DL_TRY_STATUS(Read(place, std::span(bytes).first(n)));
      return Cursor(Bytes(bytes).first(n));
    };
    // Nothing of what is read here can be missing, as it was just read.
    const auto u16 = [](Cursor& cursor) { return cursor.ReadU16Le().value_or(0); };
    const auto u32 = [](Cursor& cursor) { return cursor.ReadU32Le().value_or(0); };
    const auto u64 = [](Cursor& cursor) { return cursor.ReadU64Le().value_or(0); };
    Folder folder;
    File file;
    switch (type) {
      case 1: {
        DL_TRY(Cursor cursor, fields(16));
        folder.list.block = super_.folders_at + u32(cursor);
        static_cast<void>(cursor.Skip(4));
        folder.bytes = u16(cursor);
        folder.list.within = u16(cursor);
        return VisitFolder(folder, reference, path, depth);
      }
      case 8: {
        DL_TRY(Cursor cursor, fields(24));
        static_cast<void>(cursor.Skip(4));
        folder.bytes = u32(cursor);
        folder.list.block = super_.folders_at + u32(cursor);
        static_cast<void>(cursor.Skip(6));
        folder.list.within = u16(cursor);
        return VisitFolder(folder, reference, path, depth);
      }
      case 2: {
        DL_TRY(Cursor cursor, fields(16));
        file.begin = u32(cursor);
        file.fragment = u32(cursor);
        file.fragment_offset = u32(cursor);
        file.size = u32(cursor);
        file.blocks = place;
        return GiveFile(file, path);
      }
      case 9: {
        DL_TRY(Cursor cursor, fields(40));
        file.begin = u64(cursor);
        file.size = u64(cursor);
        static_cast<void>(cursor.Skip(12));
        file.fragment = u32(cursor);
        file.fragment_offset = u32(cursor);
        file.blocks = place;
        return GiveFile(file, path);
      }
      default: break;
    }
    if (type == 0 || type > 14) return Fail(ErrorCode::kMalformed, "an inode of a kind that is not there");
    return volume_.sink.Pass();
  }

  // A list of runs of entries whose inodes stand in the same block.
  Result<bool> VisitFolder(const Folder& folder, std::uint64_t reference, const std::string& path, std::size_t depth) {
    if (!volume_.sink.Pass()) return false;
    if (!seen_.insert(reference).second) return true;
    if (depth == kMaxFolderDepth || folder.bytes > kMaxFolderBytes) {
      return Fail(ErrorCode::kUnsupported, "a folder too deep or too large");
    }
    // Its size counts three bytes for "." and "..", which are not there.
    std::uint64_t left = folder.bytes < 3 ? 0 : folder.bytes - 3;
    Place place = folder.list;
    while (left >= 12) {
      std::array<std::byte, 12> header{};
      DL_TRY_STATUS(Read(place, header));
      left -= header.size();
      Cursor fields{Bytes(header)};
      const std::uint32_t last = fields.ReadU32Le().value_or(0);
      const std::uint64_t block = fields.ReadU32Le().value_or(0);
      if (last > 255) return Fail(ErrorCode::kMalformed, "a folder's list is damaged");
      for (std::uint32_t i = 0; i <= last; ++i) {
        std::array<std::byte, 8> entry{};
        std::array<char, 256> name{};
        DL_TRY_STATUS(Read(place, entry));
        Cursor of_entry{Bytes(entry)};
        const std::uint64_t offset = of_entry.ReadU16Le().value_or(0);
        static_cast<void>(of_entry.Skip(4));
        const std::size_t name_bytes = of_entry.ReadU16Le().value_or(0) + std::size_t{1};
        if (name_bytes > name.size() || entry.size() + name_bytes > left) {
          return Fail(ErrorCode::kMalformed, "a folder's list is damaged");
        }
        DL_TRY_STATUS(Read(place, std::as_writable_bytes(std::span(name).first(name_bytes))));
        left -= entry.size() + name_bytes;
        if (!Visit(block << 16 | offset, Join(path, {name.data(), name_bytes}), depth + 1)) return false;
      }
    }
    return true;
  }

  // Blocks one behind the other, and the end among the ends of other files.
  bool GiveFile(const File& file, const std::string& path) {
    std::vector<std::byte> block;
    std::size_t given = 0;    // Of it.
    std::uint64_t zeros = 0;  // That stand in its place.
    std::uint64_t holes = 0;
    std::uint64_t done = 0;  // Of the file, block by block.
    std::uint64_t at = file.begin;
    Place sizes = file.blocks;
    bool has_ended = false;
    const auto next = [&]() -> Status {
      const std::uint64_t left = file.size - done;
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, super_.block_bytes));
      block.clear();
      given = 0;
      if (left < super_.block_bytes && file.fragment != kNone) {
        DL_TRY_STATUS(LoadFragment(file.fragment));
        if (file.fragment_offset > fragment_.size() || wanted > fragment_.size() - file.fragment_offset) {
          return Fail(ErrorCode::kMalformed, "a file's end is not in its fragment");
        }
        const auto begin = fragment_.begin() + static_cast<std::ptrdiff_t>(file.fragment_offset);
        block.assign(begin, begin + static_cast<std::ptrdiff_t>(wanted));
      } else {
        std::array<std::byte, 4> bytes{};
        DL_TRY_STATUS(Read(sizes, bytes));
        const std::uint32_t size = Cursor(Bytes(bytes)).ReadU32Le().value_or(0);
        if (size == 0) {
          zeros = std::min<std::uint64_t>(wanted, kMaxHoleBytes - holes);
          holes += zeros;
        } else {
          DL_TRY_STATUS(LoadBlock(at, size, block));
          at += size & ~kStoredBlock;
          if (block.size() < wanted) return Fail(ErrorCode::kMalformed, "a block is shorter than its file says");
          block.resize(wanted);
        }
      }
      done += wanted;
      return {};
    };
    const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
      if (has_ended || out.empty()) return std::size_t{0};
      while (given == block.size() && zeros == 0 && done < file.size) {
        const Status loaded = next();
        if (loaded) continue;
        volume_.Tell(path, loaded.error());
        has_ended = true;
        return std::size_t{0};
      }
      std::size_t n = 0;
      if (zeros != 0) {
        n = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), zeros));
        std::fill_n(out.begin(), n, std::byte{0});
        zeros -= n;
      } else {
        n = std::min(out.size(), block.size() - given);
        std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(given), n, out.begin());
        given += n;
      }
      if (n == 0) {
        has_ended = true;
        if (holes == kMaxHoleBytes) {
          volume_.Tell(path, kUnsupported, "a sparse file, which is scanned without the most of its holes");
        }
      }
      return n;
    };
    return volume_.sink.AddStream({volume_.PathOf(path), HintOf(file.size)}, pull);
  }

  // What no image of this size can hold is not promised.
  std::uint64_t HintOf(std::uint64_t size) const {
    return std::min(size, std::max<std::uint64_t>(volume_.size, super_.block_bytes));
  }

  Status LoadBlock(std::uint64_t at, std::uint32_t size, std::vector<std::byte>& out) {
    const bool is_stored = (size & kStoredBlock) != 0;
    size &= ~kStoredBlock;
    if (size > super_.block_bytes) return Fail(ErrorCode::kMalformed, "a block too large");
    std::vector<std::byte>& into = is_stored ? out : packed_;
    into.resize(size);
    DL_TRY(const std::size_t n, volume_.disk.ReadAt(at, into));
    if (n != size) return Fail(ErrorCode::kTruncated, "the image ends before a block");
    return is_stored ? Status() : DecodeBlock(compression_, packed_, super_.block_bytes, out);
  }

  Status LoadFragment(std::uint32_t number) {
    if (number == fragment_number_) return {};
    if (number >= super_.fragments) return Fail(ErrorCode::kMalformed, "a fragment that is not there");
    constexpr std::uint32_t kPerBlock = kMetadataBytes / 16;
    std::array<std::byte, 8> pointer{};
    DL_TRY(const std::size_t n,
           volume_.disk.ReadAt(super_.fragments_at + std::uint64_t{number} / kPerBlock * 8, pointer));
    if (n != pointer.size()) return Fail(ErrorCode::kTruncated, "the image ends before its fragments");
    Place place{Cursor(Bytes(pointer)).ReadU64Le().value_or(0), std::size_t{number % kPerBlock} * 16};
    std::array<std::byte, 12> entry{};
    DL_TRY_STATUS(Read(place, entry));
    Cursor fields{Bytes(entry)};
    const std::uint64_t at = fields.ReadU64Le().value_or(0);
    const std::uint32_t size = fields.ReadU32Le().value_or(0);
    fragment_number_ = kNone;
    DL_TRY_STATUS(LoadBlock(at, size, fragment_));
    fragment_number_ = number;
    return {};
  }

  // Fills `out` with metadata, and goes on behind it.
  Status Read(Place& place, std::span<std::byte> out) {
    while (!out.empty()) {
      DL_TRY(const Slot* const slot, Metadata(place.block));
      if (place.within > slot->bytes.size() || (place.within == slot->bytes.size() && place.within != kMetadataBytes)) {
        return Fail(ErrorCode::kMalformed, "metadata ends early");
      }
      const std::size_t n = std::min(out.size(), slot->bytes.size() - place.within);
      std::copy_n(slot->bytes.begin() + static_cast<std::ptrdiff_t>(place.within), n, out.begin());
      out = out.subspan(n);
      place.within += n;
      if (place.within == kMetadataBytes) place = {slot->next, 0};
    }
    return {};
  }

  // Valid until the next call.
  Result<const Slot*> Metadata(std::uint64_t at) {
    Slot& slot = metadata_[at / 16 % kMetadataSlots];
    if (slot.block == at && !slot.bytes.empty()) return &slot;
    slot.bytes.clear();
    std::array<std::byte, 2> header{};
    DL_TRY(const std::size_t n, volume_.disk.ReadAt(at, header));
    if (n != header.size()) return Fail(ErrorCode::kTruncated, "the image ends before its metadata");
    const std::uint16_t field = Cursor(Bytes(header)).ReadU16Le().value_or(0);
    const bool is_stored = (field & 0x8000) != 0;
    const std::size_t size = (field & 0x7fff) != 0 ? field & 0x7fff : 0x8000;
    if (size > kMetadataBytes) return Fail(ErrorCode::kMalformed, "a block of metadata too large");
    std::vector<std::byte>& into = is_stored ? slot.bytes : packed_;
    into.resize(size);
    const auto m = volume_.disk.ReadAt(at + header.size(), into);
    if (!m || *m != size) {
      slot.bytes.clear();
      return Fail(m ? ErrorCode::kTruncated : m.error().code, "the image ends before its metadata");
    }
    if (!is_stored) {
      if (const Status decoded = DecodeBlock(compression_, packed_, kMetadataBytes, slot.bytes); !decoded) {
        slot.bytes.clear();
        return Forward(decoded.error());
      }
    }
    slot.block = at;
    slot.next = at + header.size() + size;
    return &slot;
  }

  const Volume& volume_;
  const Superblock super_;
  const Compression compression_;
  std::vector<Slot> metadata_;
  std::vector<std::byte> packed_;
  std::vector<std::byte> fragment_;
  std::uint32_t fragment_number_ = kNone;
  std::set<std::uint64_t> seen_;  // Folders.
};

}  // namespace

bool IsSquashfs(Bytes head) {
  return head.size() >= kSuperblockBytes && (AsText(head).starts_with("hsqs") || AsText(head).starts_with("sqsh"));
}

bool UnpackSquashfs(const Volume& volume) {
  std::array<std::byte, kSuperblockBytes> bytes{};
  const auto n = volume.disk.ReadAt(0, bytes);
  if (!n || *n != bytes.size()) {
    volume.Tell("", kDamaged, "the superblock could not be read");
    return true;
  }
  if (AsText(bytes).starts_with("sqsh")) {
    volume.Tell("", kUnsupported, "a squashfs whose numbers have their high bytes first");
    return true;
  }
  const auto super = ParseSuperblock(bytes);
  if (!super) {
    volume.Tell("", super.error());
    return true;
  }
  const auto compression = CompressionOf(super->compression);
  if (!compression) {
    volume.Tell("", kUnsupported, "a squashfs compressed by lzo, or in a way that is not known");
    return true;
  }
  return SquashfsReader(volume, *super, *compression).GiveAll();
}

}  // namespace dl::unpack
