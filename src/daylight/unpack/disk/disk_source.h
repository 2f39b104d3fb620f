// Disks and parts of them, read anywhere: what partition tables, file systems and
// virtual disks stand on.
//
//   PartitionSource partition(disk, begin, size);
//   CachedReader reader(partition);
//   DL_TRY_STATUS(reader.Read(1024, superblock));
//
// All borrow what they read from, and are used by one thread.
#pragma once

#include <vector>

#include "daylight/bytes/object_source.h"

namespace dl::unpack {

// What stands where: bytes, or a hole, which reads as zeros and costs nothing.
struct Run {
  std::uint64_t begin = 0;  // In the disk, in bytes.
  std::uint64_t size = 0;   // In bytes, never 0.
  bool is_hole = false;
};

// A disk: any place of it can be read, and nothing goes over it from end to end.
class DiskSource : public ObjectSource {
 public:
  Result<Window> NextWindow(std::size_t) override { return Fail(ErrorCode::kUnsupported, "a disk has no windows"); }
  Status Rewind() override { return {}; }
  Result<Bytes> Whole(std::uint64_t) override { return Fail(ErrorCode::kUnsupported, "a disk is not held whole"); }

  // What stands at `offset`, which is less than the size. A caller that meets holes
  // does not read them.
  virtual Result<Run> RunAt(std::uint64_t offset) = 0;
};

// An object as a disk: no holes.
class RawDisk final : public DiskSource {
 public:
  RawDisk(ObjectSource& object, std::uint64_t size) : object_(object), size_(size) {}
  std::optional<std::uint64_t> size() const override { return size_; }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override;
  Result<Run> RunAt(std::uint64_t offset) override;

 private:
  ObjectSource& object_;
  std::uint64_t size_;
};

// [begin, begin + size) of a disk, as far as the disk has it.
class PartitionSource final : public DiskSource {
 public:
  PartitionSource(DiskSource& disk, std::uint64_t begin, std::uint64_t size);
  std::optional<std::uint64_t> size() const override { return size_; }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override;
  Result<Run> RunAt(std::uint64_t offset) override;

 private:
  DiskSource& disk_;
  std::uint64_t begin_;
  std::uint64_t size_;
};

// Small reads that come back to the same places. Keeps kSlots blocks.
class CachedReader {
 public:
  static constexpr std::size_t kBlockBytes = 4096;
  static constexpr std::size_t kSlots = 64;

  explicit CachedReader(ObjectSource& disk) : disk_(disk), slots_(kSlots) {}
  // Fills `out`; kTruncated where the disk ends before that.
  Status Read(std::uint64_t offset, std::span<std::byte> out);

 private:
  struct Slot {
    std::uint64_t block = 0;
    std::vector<std::byte> bytes;  // Empty: nothing yet.
  };
  Result<Bytes> Block(std::uint64_t number);

  ObjectSource& disk_;
  std::vector<Slot> slots_;
};

}  // namespace dl::unpack
