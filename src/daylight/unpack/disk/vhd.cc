#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/disk/cluster_disk.h"
#include "daylight/unpack/disk/virtual_disk.h"

// After Microsoft's "Virtual Hard Disk Image Format Specification" 1.0, and VirtualBox's
// VDICore.h: a disk of blocks of one size, and one table that says where each stands.
namespace dl::unpack {

namespace {

using Opened = tl::expected<std::unique_ptr<DiskSource>, DiskError>;

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 60;
constexpr std::uint64_t kMaxBlock = std::uint64_t{256} << 20;

tl::unexpected<DiskError> Refuse(std::string_view reason, std::string_view detail) {
  return tl::unexpected<DiskError>(DiskError{reason, detail});
}

class TableDisk final : public ClusterDisk {
 public:
  struct Layout {
    std::uint64_t size = 0;
    std::size_t block_bytes = 0;
    std::uint64_t table_at = 0;
    std::uint64_t entries = 0;
    bool is_big_endian = false;
    std::uint64_t unit = 0;    // What an entry counts, in bytes.
    std::uint64_t base = 0;    // Where block 0 of the file begins.
    std::uint64_t before = 0;  // What stands in the file before a block's bytes.
  };

  TableDisk(ObjectSource& file, const Layout& layout) : ClusterDisk(file), layout_(layout) {
    size_ = layout.size;
    cluster_bytes_ = layout.block_bytes;
  }

 private:
  static constexpr std::uint64_t kMaxLook = 65536;
  // VDI has two kinds of blocks that are not there.
  static bool IsHole(std::uint32_t entry, bool is_vhd) {
    return entry == 0xffffffff || (!is_vhd && entry == 0xfffffffe);
  }

  Result<Cluster> Find(std::uint64_t number) override {
    if (number >= layout_.entries) return Fail(ErrorCode::kMalformed, "the disk is larger than its table");
    DL_TRY(const std::uint32_t entry, Entry(number));
    Cluster cluster;
    if (IsHole(entry, layout_.is_big_endian)) {
      for (std::uint64_t i = number + 1; i < layout_.entries && cluster.count < kMaxLook; ++i, ++cluster.count) {
        const auto next = Entry(i);
        if (!next || !IsHole(*next, layout_.is_big_endian)) break;
      }
      return cluster;
    }
    cluster.kind = Cluster::kPlain;
    cluster.at = layout_.base + entry * layout_.unit + layout_.before;
    return cluster;
  }

  Result<std::uint32_t> Entry(std::uint64_t number) {
    std::array<std::byte, 4> bytes{};
    DL_TRY_STATUS(map_.Read(layout_.table_at + 4 * number, bytes));
    Cursor fields{Bytes(bytes)};
    return layout_.is_big_endian ? fields.ReadU32Be() : fields.ReadU32Le();
  }

  const Layout layout_;
};

}  // namespace

// "Hard Disk Footer Format" and "Dynamic Disk Header Format".
Opened OpenVhd(const Probe& probe) {
  constexpr std::size_t kFooter = 512;
  const bool is_at_end = probe.tail.size() >= kFooter && AsText(probe.tail.last(kFooter)).starts_with("conectix");
  const Bytes footer = is_at_end ? probe.tail.last(kFooter) : probe.head.first(std::min(probe.head.size(), kFooter));
  Cursor fields(footer);
  static_cast<void>(fields.SeekTo(std::min<std::size_t>(16, footer.size())));
  const std::uint64_t header_at = fields.ReadU64Be().value_or(0);
  static_cast<void>(fields.SeekTo(std::min<std::size_t>(48, footer.size())));
  const std::uint64_t size = fields.ReadU64Be().value_or(0);
  static_cast<void>(fields.SeekTo(std::min<std::size_t>(60, footer.size())));
  const std::uint32_t type = fields.ReadU32Be().value_or(0);
  if (type == 2) return std::make_unique<RawDisk>(probe.object, probe.size - (is_at_end ? kFooter : 0));
  if (type == 4) return Refuse(kUnsupported, "a VHD disk that lies upon another file");
  if (type != 3) return Refuse(kDamaged, "a VHD disk of a kind that is not there");
  std::array<std::byte, 64> header{};
  const auto n = probe.object.ReadAt(header_at, header);
  if (!n || *n != header.size() || !AsText(header).starts_with("cxsparse")) {
    return Refuse(kDamaged, "a VHD disk without its second header");
  }
  Cursor second{Bytes(header)};
  static_cast<void>(second.SeekTo(16));
  TableDisk::Layout layout;
  layout.table_at = second.ReadU64Be().value_or(0);
  static_cast<void>(second.Skip(4));
  layout.entries = second.ReadU32Be().value_or(0);
  const std::uint64_t block = second.ReadU32Be().value_or(0);
  if (block < kSector || block > kMaxBlock || block % kSector != 0 || size > kMaxSize || layout.table_at > kMaxSize) {
    return Refuse(kDamaged, "a VHD disk with sizes that cannot be");
  }
  layout.size = size;
  layout.block_bytes = static_cast<std::size_t>(block);
  layout.is_big_endian = true;
  layout.unit = kSector;
  // A bit for each sector, padded to a sector.
  layout.before = (block / kSector / 8 + kSector - 1) / kSector * kSector;
  return std::make_unique<TableDisk>(probe.object, layout);
}

Opened OpenVdi(const Probe& probe) {
  Cursor fields(probe.head);
  static_cast<void>(fields.SeekTo(std::min<std::size_t>(68, probe.head.size())));
  const std::uint32_t version = fields.ReadU32Le().value_or(0);
  static_cast<void>(fields.Skip(4));
  const std::uint32_t type = fields.ReadU32Le().value_or(0);
  static_cast<void>(fields.SeekTo(std::min<std::size_t>(340, probe.head.size())));
  TableDisk::Layout layout;
  layout.table_at = fields.ReadU32Le().value_or(0);
  layout.base = fields.ReadU32Le().value_or(0);
  static_cast<void>(fields.SeekTo(std::min<std::size_t>(368, probe.head.size())));
  layout.size = fields.ReadU64Le().value_or(0);
  const std::uint32_t block = fields.ReadU32Le().value_or(0);
  layout.before = fields.ReadU32Le().value_or(0);
  layout.entries = fields.ReadU32Le().value_or(0);
  if (version >> 16 != 1) return Refuse(kUnsupported, "a VDI disk of another version than 1");
  if (type == 4) return Refuse(kUnsupported, "a VDI disk that lies upon another file");
  if (type == 0 || type > 4 || block < kSector || block > kMaxBlock || layout.size > kMaxSize) {
    return Refuse(kDamaged, "a VDI disk with a header that cannot be");
  }
  layout.block_bytes = block;
  layout.unit = std::uint64_t{block} + layout.before;
  return std::make_unique<TableDisk>(probe.object, layout);
}

bool IsVirtualDisk(const Probe& probe) {
  using namespace std::string_view_literals;
  return probe.Has(0, "QFI\xfb"sv) || probe.Has(0, "KDMV"sv) || probe.Has(0, "conectix"sv) ||
         probe.Has(64, "\x7f\x10\xda\xbe"sv) ||
         (probe.tail.size() >= 512 && AsText(probe.tail.last(512)).starts_with("conectix"));
}

Opened OpenVirtualDisk(const Probe& probe) {
  if (probe.Has(0, "QFI\xfb")) return OpenQcow(probe);
  if (probe.Has(0, "KDMV")) return OpenVmdk(probe);
  if (probe.Has(64, "\x7f\x10\xda\xbe")) return OpenVdi(probe);
  return OpenVhd(probe);
}

}  // namespace dl::unpack
