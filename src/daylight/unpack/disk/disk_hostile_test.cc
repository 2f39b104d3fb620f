// Every small disk, truncated and flipped: whatever it says then, reading it ends
// within what is wanted, and says the same twice.
#include <gtest/gtest.h>

#include "daylight/unpack/disk/disk.h"
#include "daylight/unpack/disk/disk_testing.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

constexpr std::size_t kMaxChildren = 100;
constexpr std::uint64_t kMaxBytes = 256u << 10;

void Read(const std::string& disk) {
  Listing listing(kMaxChildren, kMaxBytes);
  if (!listing.Run(kDisk, disk)) return;
  EXPECT_LE(listing.bytes(), kMaxBytes + 4096);
  EXPECT_LE(listing.closed(), 10 * kMaxChildren);
}

std::vector<std::string> Disks() {
  return {MakeExt(),
          MakeFat(),
          MakeSquashfs(),
          MakeMbr({MakeFat(), MakeExt(), MakeSquashfs()}),
          MakeGpt({MakeFat()}),
          MakeQcow(MakeFat()),
          MakeVmdk(MakeFat()),
          MakeVhd(MakeFat()),
          MakeVdi(MakeFat())};
}

// Of many zeros and repeated letters, only what has others beside it means anything.
bool IsDull(const std::string& disk, std::size_t at) {
  constexpr std::size_t kNear = 24;
  const std::size_t begin = at < kNear ? 0 : at - kNear;
  const std::string around = disk.substr(begin, 2 * kNear);
  return around.find_first_not_of(disk[at]) == std::string::npos;
}

TEST(DiskHostileTest, TruncatedAtEveryByte) {
  for (const std::string& disk : Disks()) {
    for (std::size_t n = 0; n < disk.size(); n += n < 2048 || !IsDull(disk, n) ? 1u : 37u) Read(disk.substr(0, n));
  }
}

TEST(DiskHostileTest, EveryByteFlipped) {
  for (std::string disk : Disks()) {
    for (std::size_t i = 0; i < disk.size(); ++i) {
      if (IsDull(disk, i)) continue;
      const char was = disk[i];
      for (const int other : {was ^ 1, was ^ 0x10, was ^ 0x80, 0, -1}) {
        disk[i] = static_cast<char>(other);
        Read(disk);
      }
      disk[i] = was;
    }
  }
}

// Fields of four and eight bytes at their ends, where sums and products wrap.
TEST(DiskHostileTest, NumbersThatWrap) {
  for (std::string disk : Disks()) {
    for (std::size_t i = 0; i + 8 <= disk.size(); i += 2) {
      if (IsDull(disk, i) && IsDull(disk, i + 7)) continue;
      const std::string was = disk.substr(i, 8);
      for (const std::uint64_t value : {~std::uint64_t{0}, ~std::uint64_t{0} - 1, std::uint64_t{1} << 63,
                                        (~std::uint64_t{0} >> 1), std::uint64_t{0x0000ffff0000ffff}}) {
        Put(disk, i, value, 8);
        Read(disk);
        Put(disk, i, value, 4);
        disk.replace(i + 4, 4, was, 4, 4);
        Read(disk);
      }
      disk.replace(i, 8, was);
    }
  }
}

TEST(DiskHostileTest, SaysTheSameTwice) {
  unsigned random = 12345;
  const auto next = [&] { return random = random * 1664525 + 1013904223; };
  for (const std::string& whole : Disks()) {
    for (int i = 0; i < 300; ++i) {
      std::string disk = whole;
      for (int k = 0; k < 4; ++k) disk[(next() >> 4) % disk.size()] = static_cast<char>(next() >> 16);
      Listing once(kMaxChildren, kMaxBytes);
      Listing again(kMaxChildren, kMaxBytes);
      once.Run(kDisk, disk);
      again.Run(kDisk, disk);
      EXPECT_EQ(once.text(), again.text());
      EXPECT_EQ(once.children(), again.children());
    }
  }
}

}  // namespace
}  // namespace dl::unpack
