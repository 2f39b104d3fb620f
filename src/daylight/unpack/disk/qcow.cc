#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/disk/block_decoder.h"
#include "daylight/unpack/disk/cluster_disk.h"
#include "daylight/unpack/disk/virtual_disk.h"

// Clauses are those of QEMU's docs/interop/qcow2.txt.
namespace dl::unpack {

namespace {

using Opened = tl::expected<std::unique_ptr<DiskSource>, DiskError>;

constexpr std::uint64_t kOffsetMask = 0x00fffffffffffe00;
constexpr std::uint64_t kIsPacked = std::uint64_t{1} << 62;
constexpr std::uint64_t kMaxL1Entries = (std::uint64_t{32} << 20) / 8;

tl::unexpected<DiskError> Refuse(std::string_view reason, std::string_view detail) {
  return tl::unexpected<DiskError>(DiskError{reason, detail});
}

class QcowDisk final : public ClusterDisk {
 public:
  struct Header {
    unsigned cluster_bits = 0;
    std::uint64_t size = 0;
    std::uint64_t l1_at = 0;
    std::uint64_t l1_entries = 0;
    bool is_zstd = false;
  };

  QcowDisk(ObjectSource& file, const Header& header) : ClusterDisk(file), header_(header) {
    size_ = header.size;
    cluster_bytes_ = std::size_t{1} << header.cluster_bits;
  }

 private:
  // "Cluster mapping": two levels of tables.
  Result<Cluster> Find(std::uint64_t number) override {
    const unsigned l2_bits = header_.cluster_bits - 3;
    const std::uint64_t index = number >> l2_bits;
    const std::uint64_t within = number & ((std::uint64_t{1} << l2_bits) - 1);
    const std::uint64_t in_table = (std::uint64_t{1} << l2_bits) - within;
    if (index >= header_.l1_entries) return Fail(ErrorCode::kMalformed, "the disk is larger than its table");
    DL_TRY(const std::uint64_t l1, Entry(header_.l1_at + 8 * index));
    const std::uint64_t table = l1 & kOffsetMask;
    Cluster cluster;
    if (table == 0) {
      cluster.count = in_table;
      return cluster;
    }
    DL_TRY(const std::uint64_t entry, Entry(table + 8 * within));
    if ((entry & kIsPacked) != 0) {
      const unsigned bits = 62 - (header_.cluster_bits - 8);
      const std::uint64_t sectors = (entry & ~(std::uint64_t{3} << 62)) >> bits;
      cluster.kind = Cluster::kPacked;
      cluster.at = entry & ((std::uint64_t{1} << bits) - 1);
      cluster.bytes = (sectors + 1) * 512 - cluster.at % 512;
      return cluster;
    }
    cluster.at = entry & kOffsetMask;
    // Bit 0: reads as zeros, wherever it stands.
    if (cluster.at != 0 && (entry & 1) == 0) {
      cluster.kind = Cluster::kPlain;
      return cluster;
    }
    for (std::uint64_t i = 1; i < in_table; ++i) {
      const auto next = Entry(table + 8 * (within + i));
      if (!next || ((*next & kOffsetMask) != 0 && (*next & 1) == 0) || (*next & kIsPacked) != 0) break;
      ++cluster.count;
    }
    return cluster;
  }

  Result<std::uint64_t> Entry(std::uint64_t at) {
    std::array<std::byte, 8> bytes{};
    DL_TRY_STATUS(map_.Read(at, bytes));
    return Cursor(Bytes(bytes)).ReadU64Be();
  }

  // "Compressed clusters": what stands behind them up to a sector's end is not theirs.
  Status Unpack(const Cluster& cluster, std::vector<std::byte>& out) override {
    std::vector<std::byte> packed(static_cast<std::size_t>(std::min<std::uint64_t>(cluster.bytes, 2 * cluster_bytes_)));
    DL_TRY(const std::size_t n, file_.ReadAt(cluster.at, packed));
    packed.resize(n);
    return DecodeBlock(header_.is_zstd ? Compression::kZstd : Compression::kDeflate, packed, cluster_bytes_, out);
  }

  const Header header_;
};

}  // namespace

Opened OpenQcow(const Probe& probe) {
  Cursor fields(probe.head);
  static_cast<void>(fields.SeekTo(std::min<std::size_t>(4, probe.head.size())));
  const std::uint32_t version = fields.ReadU32Be().value_or(0);
  const std::uint64_t backing = fields.ReadU64Be().value_or(0);
  static_cast<void>(fields.Skip(4));
  QcowDisk::Header header;
  header.cluster_bits = fields.ReadU32Be().value_or(0);
  header.size = fields.ReadU64Be().value_or(0);
  const std::uint32_t encryption = fields.ReadU32Be().value_or(0);
  header.l1_entries = fields.ReadU32Be().value_or(0);
  const auto l1_at = fields.ReadU64Be();
  if (version != 2 && version != 3) return Refuse(kUnsupported, "a QCOW disk of another version than 2 and 3");
  if (!l1_at) return Refuse(kDamaged, "a QCOW disk without a whole header");
  header.l1_at = *l1_at;
  if (encryption != 0) return Refuse(kEncrypted, "an encrypted QCOW disk");
  if (backing != 0) return Refuse(kUnsupported, "a QCOW disk that lies upon another file");
  if (header.cluster_bits < 9 || header.cluster_bits > 21) {
    return Refuse(kDamaged, "a QCOW disk with clusters that cannot be");
  }
  if (version == 3) {
    static_cast<void>(fields.SeekTo(std::min<std::size_t>(72, probe.head.size())));
    const std::uint64_t features = fields.ReadU64Be().value_or(0);
    static_cast<void>(fields.SeekTo(std::min<std::size_t>(100, probe.head.size())));
    const std::uint32_t header_bytes = fields.ReadU32Be().value_or(0);
    const std::uint8_t compression = header_bytes > 104 ? fields.ReadU8().value_or(0) : std::uint8_t{0};
    if ((features & 4) != 0) return Refuse(kUnsupported, "a QCOW disk whose bytes are in another file");
    // Dirty and corrupt are about what is free; compression is read.
    if ((features & ~std::uint64_t{0x0b}) != 0) return Refuse(kUnsupported, "a feature of QCOW that is not known");
    header.is_zstd = (features & 8) != 0 && compression == 1;
    if ((features & 8) != 0 && compression > 1) return Refuse(kUnsupported, "a compression of QCOW that is not known");
  }
  if (header.l1_entries > kMaxL1Entries) return Refuse(kDamaged, "a QCOW disk with a table too large");
  return std::make_unique<QcowDisk>(probe.object, header);
}

}  // namespace dl::unpack
