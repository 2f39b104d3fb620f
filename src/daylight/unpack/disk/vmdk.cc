#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/disk/block_decoder.h"
#include "daylight/unpack/disk/cluster_disk.h"
#include "daylight/unpack/disk/virtual_disk.h"

// After VMware's "Virtual Disk Format 5.0", "Hosted Sparse Extents".
namespace dl::unpack {

namespace {

using Opened = tl::expected<std::unique_ptr<DiskSource>, DiskError>;

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kAtEnd = ~std::uint64_t{0};
constexpr std::uint32_t kHasZeroGrains = 1u << 2;
constexpr std::uint32_t kIsCompressed = 1u << 16;
constexpr std::size_t kMaxDescriptorBytes = 64u << 10;

tl::unexpected<DiskError> Refuse(std::string_view reason, std::string_view detail) {
  return tl::unexpected<DiskError>(DiskError{reason, detail});
}

struct Header {
  std::uint32_t flags = 0;
  std::uint64_t capacity = 0;  // All in sectors.
  std::uint64_t grain = 0;
  std::uint64_t descriptor_at = 0;
  std::uint64_t descriptor_size = 0;
  std::uint32_t table_entries = 0;
  std::uint64_t directory_at = 0;
  std::uint16_t compression = 0;
};

Result<Header> ParseHeader(Bytes bytes) {
  Cursor fields(bytes);
  DL_TRY(const Bytes magic, fields.ReadBytes(4));
  if (AsText(magic) != "KDMV") return Fail(ErrorCode::kMalformed, "no header of a VMDK");
  Header header;
  DL_TRY_STATUS(fields.Skip(4));
  DL_TRY(header.flags, fields.ReadU32Le());
  DL_TRY(header.capacity, fields.ReadU64Le());
  DL_TRY(header.grain, fields.ReadU64Le());
  DL_TRY(header.descriptor_at, fields.ReadU64Le());
  DL_TRY(header.descriptor_size, fields.ReadU64Le());
  DL_TRY(header.table_entries, fields.ReadU32Le());
  DL_TRY_STATUS(fields.Skip(8));
  DL_TRY(header.directory_at, fields.ReadU64Le());
  DL_TRY_STATUS(fields.SeekTo(77));
  DL_TRY(header.compression, fields.ReadU16Le());
  return header;
}

class VmdkDisk final : public ClusterDisk {
 public:
  VmdkDisk(ObjectSource& file, const Header& header) : ClusterDisk(file), header_(header) {
    size_ = header.capacity * kSector;
    cluster_bytes_ = static_cast<std::size_t>(header.grain * kSector);
  }

 private:
  Result<Cluster> Find(std::uint64_t number) override {
    const std::uint64_t within = number % header_.table_entries;
    DL_TRY(const std::uint64_t table, Entry(header_.directory_at, number / header_.table_entries));
    Cluster cluster;
    if (table == 0) {
      cluster.count = header_.table_entries - within;
      return cluster;
    }
    DL_TRY(const std::uint64_t grain, Entry(table, within));
    if (IsHole(grain)) {
      for (std::uint64_t i = within + 1; i < header_.table_entries; ++i, ++cluster.count) {
        const auto next = Entry(table, i);
        if (!next || !IsHole(*next)) break;
      }
      return cluster;
    }
    cluster.kind = (header_.flags & kIsCompressed) != 0 ? Cluster::kPacked : Cluster::kPlain;
    cluster.at = grain * kSector;
    return cluster;
  }

  bool IsHole(std::uint64_t grain) const { return grain == 0 || (grain == 1 && (header_.flags & kHasZeroGrains) != 0); }

  // Both are 32 bits wide.
  Result<std::uint64_t> Entry(std::uint64_t table_sector, std::uint64_t index) {
    std::array<std::byte, 4> bytes{};
    DL_TRY_STATUS(map_.Read(table_sector * kSector + 4 * index, bytes));
    DL_TRY(const std::uint32_t value, Cursor(Bytes(bytes)).ReadU32Le());
    return std::uint64_t{value};
  }

  // "Compressed Grains": its place on the disk, its size, and zlib's bytes.
  Status Unpack(const Cluster& cluster, std::vector<std::byte>& out) override {
    std::array<std::byte, 12> marker{};
    DL_TRY(const std::size_t n, file_.ReadAt(cluster.at, marker));
    if (n != marker.size()) return Fail(ErrorCode::kTruncated, "the file ends before a grain");
    const std::uint32_t size = Cursor(Bytes(marker).subspan(8)).ReadU32Le().value_or(0);
    if (size > 2 * cluster_bytes_) return Fail(ErrorCode::kMalformed, "a compressed grain too large");
    std::vector<std::byte> packed(size);
    DL_TRY(const std::size_t m, file_.ReadAt(cluster.at + marker.size(), packed));
    packed.resize(m);
    return DecodeBlock(Compression::kZlib, packed, cluster_bytes_, out);
  }

  const Header header_;
};

// Whether the descriptor within says that the disk is the difference to another.
bool HasParent(ObjectSource& file, const Header& header) {
  if (header.descriptor_at == 0 || header.descriptor_at > kAtEnd / kSector) return false;
  const std::uint64_t bytes_wanted = std::min<std::uint64_t>(header.descriptor_size, kMaxDescriptorBytes / kSector);
  std::vector<std::byte> bytes(static_cast<std::size_t>(bytes_wanted * kSector));
  const auto n = file.ReadAt(header.descriptor_at * kSector, bytes);
  const std::string_view text = AsText(Bytes(bytes).first(n ? *n : 0));
  constexpr std::string_view kKey = "parentCID=";
  const std::size_t at = text.find(kKey);
  return at != std::string_view::npos && !text.substr(at + kKey.size()).starts_with("ffffffff");
}

}  // namespace

Opened OpenVmdk(const Probe& probe) {
  auto header = ParseHeader(probe.head);
  if (header && header->directory_at == kAtEnd && probe.size >= 2 * kSector) {
    // "Stream-Optimized Compressed Sparse Extents": the true header is before the last sector.
    std::array<std::byte, kSector> footer{};
    const auto n = probe.object.ReadAt(probe.size - 2 * kSector, footer);
    header = ParseHeader(Bytes(footer).first(n ? *n : 0));
  }
  if (!header || header->directory_at == kAtEnd) return Refuse(kDamaged, "a VMDK disk without a whole header");
  if (header->grain == 0 || header->grain > 4096 || header->table_entries == 0 || header->table_entries > 4096 ||
      header->capacity > kAtEnd / kSector || header->directory_at > kAtEnd / kSector) {
    return Refuse(kDamaged, "a VMDK disk with sizes that cannot be");
  }
  if ((header->flags & kIsCompressed) != 0 && header->compression != 1) {
    return Refuse(kUnsupported, "a compression of VMDK that is not known");
  }
  if (HasParent(probe.object, *header)) return Refuse(kUnsupported, "a VMDK disk that lies upon another file");
  return std::make_unique<VmdkDisk>(probe.object, *header);
}

}  // namespace dl::unpack
