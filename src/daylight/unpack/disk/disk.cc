#include "daylight/unpack/disk/disk.h"

#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/disk/ext.h"
#include "daylight/unpack/disk/fat.h"
#include "daylight/unpack/disk/partition_table.h"
#include "daylight/unpack/disk/squashfs.h"
#include "daylight/unpack/disk/virtual_disk.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

// Of a volume, what is looked at to know what it holds.
constexpr std::size_t kLookBytes = 128u << 10;
// Before the first partition of a virtual disk: a boot loader, or what poses as one.
constexpr std::uint64_t kMaxBootBytes = 1u << 20;
// An image of one is larger.
constexpr std::uint64_t kMinNamedBytes = 64u << 10;

struct Mark {
  std::size_t offset;
  std::string_view bytes;
  std::string_view what;
  std::string_view reason = kUnsupported;
};

// Known, and not read.
constexpr Mark kMarks[] = {
    {0, "XFSB\0\0"sv, "an XFS file system is not read"},
    {0x10040, "_BHRfS_M"sv, "a btrfs file system is not read"},
    {3, "NTFS    "sv, "an NTFS file system is not read"},
    {3, "EXFAT   "sv, "an exFAT file system is not read"},
    {0, "LUKS\xba\xbe"sv, "an encrypted volume (LUKS)", kEncrypted},
    {3, "-FVE-FS-"sv, "an encrypted volume (BitLocker)", kEncrypted},
    {512 + 24, "LVM2 001"sv, "volumes of LVM are not read"},
    {4096, "\xfc\x4e\x2b\xa9"sv, "a part of a RAID is not read"},
    {1024, "\x10\x20\xf5\xf2"sv, "an F2FS file system is not read"},
    {1024, "\xe2\xe1\xf5\xe0"sv, "an EROFS file system is not read"},
    {0x10034, "ReIsEr"sv, "a ReiserFS file system is not read"},
    {0x8000, "JFS1"sv, "a JFS file system is not read"},
    {1024, "H+\0\x04"sv, "an HFS+ file system is not read"},
    {1024, "HX\0\x05"sv, "an HFS+ file system is not read"},
    {32, "NXSB"sv, "an APFS container is not read"},
    {0, "UBI#\x01"sv, "an UBI image is not read"},
    {0, "\x45\x3d\xcd\x28"sv, "a cramfs file system is not read"},
    {0, "-rom1fs-"sv, "a romfs file system is not read"},
};

bool Has(Bytes head, std::size_t offset, std::string_view bytes) {
  return offset <= head.size() && AsText(head.subspan(offset)).starts_with(bytes);
}

const Mark* MarkOf(Bytes head, std::uint64_t size) {
  if (size < kMinNamedBytes) return nullptr;
  for (const Mark& mark : kMarks) {
    if (Has(head, mark.offset, mark.bytes)) return &mark;
  }
  return nullptr;
}

// Has nothing in it that anyone keeps.
bool IsSwap(Bytes head) {
  for (const std::size_t page : {4096u, 8192u, 16384u, 65536u}) {
    if (Has(head, page - 10, "SWAPSPACE2")) return true;
  }
  return false;
}

// libarchive and unpack/udf read discs.
bool IsDisc(Bytes head) { return Has(head, 0x8001, "CD001") || Has(head, 0x8001, "BEA01"); }

// Whether anything here knows what the volume is.
bool IsVolume(Bytes head, std::uint64_t size) {
  return IsExt(head) || IsSquashfs(head) || IsFat(head, size) || MarkOf(head, size) != nullptr;
}

// False: no more is wanted. What can be read in more than one way is read in each.
bool UnpackVolume(const Volume& volume, Bytes head) {
  if (const Mark* const mark = MarkOf(head, volume.size); mark != nullptr) {
    volume.Tell("", mark->reason, mark->what);
    if (!volume.sink.Pass()) return false;
  }
  if (IsExt(head) && !UnpackExt(volume)) return false;
  if (IsSquashfs(head) && !UnpackSquashfs(volume)) return false;
  return !IsFat(head, volume.size) || UnpackFat(volume);
}

Result<std::vector<std::byte>> LoadHead(DiskSource& disk) {
  std::vector<std::byte> head(kLookBytes);
  DL_TRY(const std::size_t n, disk.ReadAt(0, head));
  head.resize(n);
  return head;
}

// `is_raw`: the disk's bytes are the object's, and have been scanned as such.
class DiskUnpacker {
 public:
  DiskUnpacker(DiskSource& disk, bool is_raw, Sink& sink)
      : disk_(disk), size_(disk.size().value_or(0)), is_raw_(is_raw), sink_(sink) {}

  void UnpackAll() {
    const auto head = LoadHead(disk_);
    if (!head) return sink_.Closed("", kDamaged, head.error().what);
    const Volume whole{disk_, size_, "", sink_};
    const bool is_volume = IsVolume(*head, size_);
    if (is_volume && !UnpackVolume(whole, *head)) return;
    const PartitionTable table = ReadPartitions(disk_, size_);
    if (!table.problem.empty()) sink_.Closed("", kDamaged, table.problem);
    if (table.partitions.empty()) {
      if (!is_raw_ && !is_volume) static_cast<void>(GiveDisk(whole, "disk", false));
      return;
    }
    if (!is_raw_ && !GiveBootCode(table)) return;
    for (const Partition& partition : table.partitions) {
      // One over the whole disk is what was read already.
      if (is_volume && partition.begin == 0) continue;
      if (!UnpackPartition(partition, is_raw_ && IsDisc(*head))) return;
    }
  }

 private:
  bool GiveBootCode(const PartitionTable& table) {
    std::uint64_t end = std::min(size_, kMaxBootBytes);
    for (const Partition& partition : table.partitions) end = std::min(end, partition.begin);
    PartitionSource boot(disk_, 0, end);
    return end == 0 || GiveDisk({boot, end, "", sink_}, "boot code", false);
  }

  bool UnpackPartition(const Partition& partition, bool is_disc) {
    const std::string path = "partition " + std::to_string(partition.number);
    const std::string name = path + (partition.name.empty() ? "" : " (" + partition.name + ")");
    PartitionSource source(disk_, partition.begin, partition.size);
    const Volume volume{source, source.size().value_or(0), path, sink_};
    const auto head = LoadHead(source);
    if (!head) {
      sink_.Closed(name, kDamaged, head.error().what);
      return sink_.Pass();
    }
    if (volume.size < partition.size) sink_.Closed(name, kDamaged, "the disk ends before the partition");
    if (IsVolume(*head, volume.size)) return UnpackVolume(volume, *head);
    if (IsSwap(*head)) return sink_.Pass();
    // A disc that boots from USB, too, has a partition over itself.
    if (is_disc) return sink_.Pass();
    return GiveDisk(volume, name, is_raw_);
  }

  DiskSource& disk_;
  std::uint64_t size_;
  bool is_raw_;
  Sink& sink_;
};

// A program with a file system behind it (AppImage): where its sections end, which are
// its last part. 0: it is none.
std::uint64_t VolumeBehindProgram(const Probe& probe) {
  if (!probe.Has(0, "\x7f\x45LF\x02\x01"sv)) return 0;  // ELF of 64 bits.
  Cursor fields(probe.head);
  if (!fields.SeekTo(40)) return 0;
  const std::uint64_t sections = fields.ReadU64Le().value_or(0);
  if (!fields.SeekTo(58)) return 0;
  const std::uint64_t entry_bytes = fields.ReadU16Le().value_or(0);
  const std::uint64_t end = sections + entry_bytes * fields.ReadU16Le().value_or(0);
  if (sections == 0 || sections > probe.size || end >= probe.size) return 0;
  std::array<std::byte, 96> head{};
  const auto n = probe.object.ReadAt(end, head);
  return n && IsSquashfs(Bytes(head).first(*n)) ? end : 0;
}

bool Opens(const Probe& probe) {
  if (IsVirtualDisk(probe) || HasPartitionTable(probe.head, probe.size)) return true;
  if (IsVolume(probe.head, probe.size) || VolumeBehindProgram(probe) != 0) return true;
  // What is told apart by what stands behind the head, where no text is.
  if (probe.size < 2 * kLookBytes || probe.head.empty() || probe.head[0] != std::byte{0}) return false;
  std::array<std::byte, 256> behind{};
  const auto n = probe.object.ReadAt(Probe::kHeadBytes, behind);
  if (!n) return false;
  for (const Mark& mark : kMarks) {
    if (mark.offset < Probe::kHeadBytes) continue;
    if (Has(Bytes(behind).first(*n), mark.offset - Probe::kHeadBytes, mark.bytes)) return true;
  }
  return false;
}

void UnpackDisk(const Probe& probe, const ChildInfo& /*self*/, Sink& sink) {
  if (!IsVirtualDisk(probe)) {
    RawDisk disk(probe.object, probe.size);
    if (const std::uint64_t begin = VolumeBehindProgram(probe); begin != 0) {
      PartitionSource volume(disk, begin, probe.size - begin);
      if (!UnpackSquashfs({volume, probe.size - begin, "", sink})) return;
    }
    return DiskUnpacker(disk, true, sink).UnpackAll();
  }
  const auto disk = OpenVirtualDisk(probe);
  if (!disk) return sink.Closed("", disk.error().reason, disk.error().detail);
  DiskUnpacker(**disk, false, sink).UnpackAll();
}

}  // namespace

const Unpacker kDisk = {"disk", Opens, UnpackDisk};

}  // namespace dl::unpack
