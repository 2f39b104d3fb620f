#include "daylight/unpack/disk/disk_source.h"

#include <algorithm>
#include <cstring>

namespace dl::unpack {

Result<std::size_t> RawDisk::ReadAt(std::uint64_t offset, std::span<std::byte> out) {
  if (offset >= size_) return std::size_t{0};
  return object_.ReadAt(offset,
                        out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset))));
}

Result<Run> RawDisk::RunAt(std::uint64_t offset) {
  if (offset >= size_) return Fail(ErrorCode::kTruncated, "past the end of the disk", offset);
  return Run{offset, size_ - offset, false};
}

PartitionSource::PartitionSource(DiskSource& disk, std::uint64_t begin, std::uint64_t size)
    : disk_(disk), begin_(begin), size_(0) {
  const std::uint64_t all = disk.size().value_or(0);
  if (begin < all) size_ = std::min(size, all - begin);
}

Result<std::size_t> PartitionSource::ReadAt(std::uint64_t offset, std::span<std::byte> out) {
  if (offset >= size_) return std::size_t{0};
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
  return disk_.ReadAt(begin_ + offset, out.first(n));
}

Result<Run> PartitionSource::RunAt(std::uint64_t offset) {
  if (offset >= size_) return Fail(ErrorCode::kTruncated, "past the end of the partition", offset);
  DL_TRY(Run run, disk_.RunAt(begin_ + offset));
  run.begin = offset;
  run.size = std::min(run.size, size_ - offset);
  return run;
}

Status CachedReader::Read(std::uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    DL_TRY(const Bytes block, Block(offset / kBlockBytes));
    const auto within = static_cast<std::size_t>(offset % kBlockBytes);
    if (within >= block.size()) return Fail(ErrorCode::kTruncated, "the disk ends before it", offset);
    const std::size_t n = std::min(out.size(), block.size() - within);
    std::memcpy(out.data(), block.data() + within, n);
    out = out.subspan(n);
    offset += n;
  }
  return {};
}

Result<Bytes> CachedReader::Block(std::uint64_t number) {
  Slot& slot = slots_[number % kSlots];
  if (slot.block == number && !slot.bytes.empty()) return Bytes(slot.bytes);
  slot.bytes.resize(kBlockBytes);
  slot.block = number;
  const auto n = disk_.ReadAt(number * kBlockBytes, slot.bytes);
  slot.bytes.resize(n ? *n : 0);
  if (!n) return Forward(n.error());
  return Bytes(slot.bytes);
}

}  // namespace dl::unpack
