#include "daylight/unpack/udf/udf.h"

#include <algorithm>
#include <array>
#include <set>

#include "daylight/bytes/cursor.h"

// Clauses are those of ECMA-167; numbers of tags those of 3/7.2.1 and 4/7.2.1.
namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

constexpr std::uint16_t kAnchor = 2;
constexpr std::uint16_t kPartition = 5;
constexpr std::uint16_t kLogicalVolume = 6;
constexpr std::uint16_t kTerminator = 8;
constexpr std::uint16_t kFileSet = 256;
constexpr std::uint16_t kFileIdentifier = 257;
constexpr std::uint16_t kAllocationExtent = 258;
constexpr std::uint16_t kFileEntry = 261;
constexpr std::uint16_t kExtendedFileEntry = 266;

constexpr std::size_t kMaxBlock = 4096;
constexpr std::size_t kMaxExtents = 1'000'000;
constexpr std::uint64_t kMaxFolderBytes = 16u << 20;
constexpr std::size_t kMaxDepth = 256;
constexpr std::uint32_t kMaxSequence = 64;  // Volume descriptors that are looked at.

struct Place {
  std::uint32_t block = 0;
  std::uint16_t partition = 0;
};

struct Extent {
  std::uint64_t begin = 0;  // In the object, in bytes.
  std::uint64_t size = 0;
  bool is_hole = false;
};

struct File {
  bool is_folder = false;
  std::uint64_t size = 0;
  std::vector<Extent> extents;
};

class Disc {
 public:
  explicit Disc(const Probe& probe) : object_(probe.object), size_(probe.size) {}

  // The file set's root; what it cannot read is why.
  Result<Place> Open() {
    std::array<std::byte, kMaxBlock> bytes;
    for (const std::uint32_t block : {2048u, 512u, 4096u}) {
      for (const std::uint64_t anchor : {std::uint64_t{256}, size_ / block - 1, size_ / block - 257}) {
        const auto n = object_.ReadAt(anchor * block, bytes);
        Cursor fields(Bytes(bytes).first(n ? *n : 0));
        if (fields.ReadU16Le().value_or(0) != kAnchor) continue;
        if (!fields.SeekTo(16)) continue;
        const std::uint32_t length = fields.ReadU32Le().value_or(0);
        const std::uint32_t at = fields.ReadU32Le().value_or(0);
        block_ = block;
        return ReadVolume(at, length / block);
      }
    }
    return Fail(ErrorCode::kMalformed, "no anchor of a UDF volume");
  }

  Result<File> ReadFile(Place place) {
    DL_TRY(const std::vector<std::byte> bytes, ReadBlock(place));
    Cursor fields(bytes);
    DL_TRY(const std::uint16_t tag, fields.ReadU16Le());
    if (tag != kFileEntry && tag != kExtendedFileEntry) return Fail(ErrorCode::kMalformed, "no file entry");
    File file;
    DL_TRY_STATUS(fields.SeekTo(27));
    DL_TRY(const std::uint8_t type, fields.ReadU8());
    file.is_folder = type == 4;
    DL_TRY_STATUS(fields.SeekTo(34));
    DL_TRY(const std::uint16_t flags, fields.ReadU16Le());
    DL_TRY_STATUS(fields.SeekTo(56));
    DL_TRY(file.size, fields.ReadU64Le());
    DL_TRY_STATUS(fields.SeekTo(tag == kFileEntry ? 168 : 208));
    DL_TRY(const std::uint32_t attributes, fields.ReadU32Le());
    DL_TRY(const std::uint32_t descriptors, fields.ReadU32Le());
    DL_TRY_STATUS(fields.Skip(attributes));
    const unsigned kind = flags & 7u;
    if (kind == 3) {  // 4/14.6.8: the content stands right here.
      DL_TRY(const std::uint64_t begin, Address(place));
      file.size = std::min<std::uint64_t>({file.size, descriptors, fields.remaining()});
      file.extents.push_back({begin + fields.position(), file.size, false});
      return file;
    }
    if (kind > 1) return Fail(ErrorCode::kUnsupported, "extended allocation descriptors");
    DL_TRY(const Bytes list, fields.ReadBytes(descriptors));
    DL_TRY_STATUS(ReadExtents(list, kind == 1, place.partition, file));
    return file;
  }

  // Piece by piece, from `position` on.
  Result<std::size_t> Read(const File& file, std::size_t& extent, std::uint64_t& within, std::span<std::byte> out) {
    while (extent < file.extents.size() && within >= file.extents[extent].size) {
      ++extent;
      within = 0;
    }
    if (extent >= file.extents.size()) return std::size_t{0};
    const Extent& here = file.extents[extent];
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), here.size - within));
    std::size_t n = wanted;
    if (here.is_hole) {
      std::fill_n(out.begin(), n, std::byte{0});
    } else {
      DL_TRY(n, object_.ReadAt(here.begin + within, out.first(wanted)));
    }
    within += n;
    return n;
  }

 private:
  Result<std::uint64_t> Address(Place place) const {
    if (place.partition >= maps_.size()) return Fail(ErrorCode::kMalformed, "a partition that is not there");
    const std::uint16_t number = maps_[place.partition];
    const auto found = std::find_if(partitions_.begin(), partitions_.end(), [&](auto p) { return p.first == number; });
    if (found == partitions_.end()) return Fail(ErrorCode::kUnsupported, "a virtual or metadata partition");
    return (std::uint64_t{found->second} + place.block) * block_;
  }

  Result<std::vector<std::byte>> ReadBlock(Place place) {
    DL_TRY(const std::uint64_t at, Address(place));
    std::vector<std::byte> bytes(block_);
    DL_TRY(const std::size_t n, object_.ReadAt(at, bytes));
    bytes.resize(n);
    return bytes;
  }

  // 3/8.4.2: the sequence of volume descriptors.
  Result<Place> ReadVolume(std::uint32_t at, std::uint32_t count) {
    std::array<std::byte, kMaxBlock> bytes;
    Place file_set;
    for (std::uint32_t i = 0; i < std::min(count, kMaxSequence); ++i) {
      DL_TRY(const std::size_t n, object_.ReadAt((std::uint64_t{at} + i) * block_, std::span(bytes).first(block_)));
      Cursor fields(Bytes(bytes).first(n));
      const std::uint16_t tag = fields.ReadU16Le().value_or(0);
      if (tag == kTerminator) break;
      if (tag == kPartition) {
        DL_TRY_STATUS(fields.SeekTo(22));
        DL_TRY(const std::uint16_t number, fields.ReadU16Le());
        DL_TRY_STATUS(fields.SeekTo(188));
        DL_TRY(const std::uint32_t begin, fields.ReadU32Le());
        partitions_.emplace_back(number, begin);
      } else if (tag == kLogicalVolume) {
        DL_TRY_STATUS(fields.SeekTo(212));
        DL_TRY(const std::uint32_t size, fields.ReadU32Le());
        if (size != block_) return Fail(ErrorCode::kUnsupported, "blocks that are no sectors");
        DL_TRY_STATUS(fields.SeekTo(248 + 4));
        DL_TRY(file_set.block, fields.ReadU32Le());
        DL_TRY(file_set.partition, fields.ReadU16Le());
        DL_TRY_STATUS(ReadMaps(fields));
      }
    }
    DL_TRY(const std::vector<std::byte> set, ReadBlock(file_set));
    Cursor fields(set);
    DL_TRY(const std::uint16_t tag, fields.ReadU16Le());
    if (tag != kFileSet) return Fail(ErrorCode::kMalformed, "no file set");
    DL_TRY_STATUS(fields.SeekTo(400 + 4));
    Place root;
    DL_TRY(root.block, fields.ReadU32Le());
    DL_TRY(root.partition, fields.ReadU16Le());
    return root;
  }

  // 3/10.7: which partition a reference to one means.
  Status ReadMaps(Cursor volume) {
    DL_TRY_STATUS(volume.SeekTo(268));
    DL_TRY(const std::uint32_t count, volume.ReadU32Le());
    DL_TRY_STATUS(volume.SeekTo(440));
    maps_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      DL_TRY(const std::uint8_t type, volume.ReadU8());
      DL_TRY(const std::uint8_t length, volume.ReadU8());
      if (length < 6) return Fail(ErrorCode::kMalformed, "a partition map is too short");
      DL_TRY(const Bytes map, volume.ReadBytes(length - 2u));
      Cursor fields(map);
      const bool is_sparable = type == 2 && AsText(map).substr(0, 30).find("*UDF Sparable") != std::string_view::npos;
      DL_TRY_STATUS(fields.SeekTo(type == 1 ? 2 : std::min<std::size_t>(36, map.size() - 2)));
      DL_TRY(const std::uint16_t number, fields.ReadU16Le());
      // Sectors that were moved because they are worn are read where they were.
      maps_.push_back(type == 1 || is_sparable ? number : std::uint16_t{0xffff});
    }
    return {};
  }

  // 4/14.14: descriptors of 8 or 16 bytes, the last of which may lead to more.
  Status ReadExtents(Bytes first, bool is_long, std::uint16_t partition, File& file) {
    std::vector<std::byte> more;
    std::uint64_t total = 0;
    std::size_t lists = 0;
    for (Cursor list(first); list.remaining() >= (is_long ? 16u : 8u) && total < file.size;) {
      DL_TRY(const std::uint32_t length, list.ReadU32Le());
      Place place{0, partition};
      DL_TRY(place.block, list.ReadU32Le());
      if (is_long) {
        DL_TRY(place.partition, list.ReadU16Le());
        DL_TRY_STATUS(list.Skip(6));
      }
      const std::uint32_t size = length & 0x3fffffff;
      const unsigned kind = length >> 30;
      if (size == 0) break;
      if (kind == 3) {
        if (++lists > kMaxExtents / 100) return Fail(ErrorCode::kMalformed, "lists of extents without end");
        DL_TRY(more, ReadBlock(place));
        Cursor fields(more);
        DL_TRY(const std::uint16_t tag, fields.ReadU16Le());
        if (tag != kAllocationExtent) return Fail(ErrorCode::kMalformed, "no list of extents");
        DL_TRY_STATUS(fields.SeekTo(20));
        DL_TRY(const std::uint32_t bytes, fields.ReadU32Le());
        list = Cursor(Bytes(more).subspan(24, std::min<std::size_t>(bytes, more.size() - 24)));
        continue;
      }
      if (file.extents.size() == kMaxExtents) return Fail(ErrorCode::kMalformed, "too many extents");
      const std::uint64_t counted = std::min<std::uint64_t>(size, file.size - total);
      std::uint64_t begin = 0;
      if (kind == 0) {
        DL_TRY(begin, Address(place));
      }
      file.extents.push_back({begin, counted, kind != 0});
      total += counted;
    }
    if (total < file.size) return Fail(ErrorCode::kTruncated, "extents end before the file");
    return {};
  }

  ObjectSource& object_;
  std::uint64_t size_;
  std::uint32_t block_ = 2048;
  std::vector<std::pair<std::uint16_t, std::uint32_t>> partitions_;  // Number and first block.
  std::vector<std::uint16_t> maps_;
};

// OSTA UDF 2.1.1: one or two bytes a character.
std::string NameOf(Bytes name) {
  std::string out;
  if (name.empty()) return out;
  const bool is_wide = name[0] == std::byte{16};
  for (std::size_t i = 1; i + (is_wide ? 1u : 0u) < name.size(); i += is_wide ? 2 : 1) {
    const unsigned c = is_wide ? std::to_integer<unsigned>(name[i]) << 8 | std::to_integer<unsigned>(name[i + 1])
                               : std::to_integer<unsigned>(name[i]);
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xc0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
      out += static_cast<char>(0xe0 | c >> 12);
      out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  return out;
}

std::string_view ReasonOf(const Error& error) {
  return error.code == ErrorCode::kUnsupported ? kUnsupported : kDamaged;
}

class Tree {
 public:
  Tree(Disc& disc, Sink& sink) : disc_(disc), sink_(sink) {}

  // False: no more is wanted.
  bool Take(Place place, const std::string& name, std::size_t depth) {
    const auto file = disc_.ReadFile(place);
    if (!file) {
      sink_.Closed(name, ReasonOf(file.error()), file.error().what);
      return sink_.Pass();
    }
    if (file->is_folder) return TakeFolder(*file, place, name, depth);
    std::size_t extent = 0;
    std::uint64_t within = 0;
    std::uint64_t total = 0;
    bool is_told = false;
    const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
      const auto n = disc_.Read(*file, extent, within, out);
      total += n ? *n : 0;
      if ((!n || *n == 0) && total < file->size && !is_told) {
        sink_.Closed(name, kDamaged, "it ends before its size");
        is_told = true;
      }
      return n ? *n : std::size_t{0};
    };
    return sink_.AddStream({name, file->size}, pull);
  }

 private:
  // 4/14.4: the file identifiers one after the other.
  bool TakeFolder(const File& folder, Place place, const std::string& name, std::size_t depth) {
    if (!sink_.Pass()) return false;
    if (!seen_.insert({place.partition, place.block}).second) return true;
    if (depth == kMaxDepth || folder.size > kMaxFolderBytes) {
      sink_.Closed(name, kUnsupported, "a folder too deep or too large");
      return true;
    }
    std::vector<std::byte> bytes;
    std::size_t extent = 0;
    std::uint64_t within = 0;
    std::array<std::byte, 4096> piece;
    for (;;) {
      const auto n = disc_.Read(folder, extent, within, piece);
      if (!n || *n == 0) break;
      bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*n));
    }
    Cursor list(bytes);
    while (list.remaining() >= 38) {
      const std::size_t begin = list.position();
      if (list.ReadU16Le().value_or(0) != kFileIdentifier) break;
      static_cast<void>(list.Skip(16));
      const std::uint8_t traits = list.ReadU8().value_or(0);
      const std::uint8_t name_bytes = list.ReadU8().value_or(0);
      static_cast<void>(list.Skip(4));
      Place child;
      child.block = list.ReadU32Le().value_or(0);
      child.partition = list.ReadU16Le().value_or(0);
      static_cast<void>(list.Skip(6));
      const std::uint16_t use_bytes = list.ReadU16Le().value_or(0);
      if (!list.Skip(use_bytes)) break;
      const auto child_name = list.ReadBytes(name_bytes);
      if (!child_name) break;
      // Deleted ones may have been overwritten; the parent has been here.
      const bool is_skipped = (traits & 0x0c) != 0;
      const std::string path = (name.empty() ? "" : name + "/") + NameOf(*child_name);
      if (!is_skipped && !Take(child, path, depth + 1)) return false;
      if (!list.SeekTo(std::min<std::size_t>((list.position() - begin + 3) / 4 * 4 + begin, bytes.size()))) break;
    }
    if (!list.AtEnd()) sink_.Closed(name, kDamaged, "a folder's list is damaged");
    return true;
  }

  Disc& disc_;
  Sink& sink_;
  std::set<std::pair<std::uint16_t, std::uint32_t>> seen_;
};

// 2/9.1: among the volume structure descriptors, which begin at 32 KiB.
bool Opens(const Probe& probe) {
  for (std::size_t at = 0x8001; at < Probe::kHeadBytes; at += 2048) {
    if (probe.Has(at, "NSR02"sv) || probe.Has(at, "NSR03"sv)) return true;
  }
  return false;
}

void UnpackUdf(const Probe& probe, const ChildInfo& /*self*/, Sink& sink) {
  Disc disc(probe);
  const auto root = disc.Open();
  if (!root) return sink.Closed("", ReasonOf(root.error()), root.error().what);
  static_cast<void>(Tree(disc, sink).Take(*root, "", 0));
}

}  // namespace

const Unpacker kUdf = {"udf", Opens, UnpackUdf};

}  // namespace dl::unpack
