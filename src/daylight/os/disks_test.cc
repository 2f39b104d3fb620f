#include "daylight/os/disks.h"

#include <gtest/gtest.h>
#include <linux/magic.h>

#include <filesystem>
#include <fstream>

namespace dl::os {
namespace {

namespace fs = std::filesystem;

// A sysfs of our own.
class DisksTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "daylight-sys-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    sys_ = pattern;
    fs::create_directories(sys_ / "dev/block");
  }
  void TearDown() override { fs::remove_all(sys_); }
  void Write(const fs::path& path, const std::string& text) {
    fs::create_directories((sys_ / path).parent_path());
    std::ofstream(sys_ / path) << text << "\n";
  }
  void Add(const std::string& number, const fs::path& place) {
    Write(place / "dev", number);
    fs::create_directory_symlink(sys_ / place, sys_ / "dev/block" / number);
  }
  void Stack(const fs::path& upper, const fs::path& lower) {
    fs::create_directories(sys_ / upper / "slaves");
    fs::create_directory_symlink(sys_ / lower, sys_ / upper / "slaves" / lower.filename());
  }
  bool IsFixed(const std::string& number) const { return Disks(sys_.string()).IsFixed(number); }
  fs::path sys_;
};

const fs::path kDisk = "devices/pci0000:00/ata1/host0/block/sda";
const fs::path kStick = "devices/pci0000:00/usb1/1-1/host6/block/sdb";
const fs::path kMapped = "devices/virtual/block/dm-0";

TEST_F(DisksTest, ADiskAndItsPartitions) {
  Add("8:0", kDisk);
  Write(kDisk / "removable", "0");
  Add("8:1", kDisk / "sda1");
  EXPECT_TRUE(IsFixed("8:0"));
  EXPECT_TRUE(IsFixed("8:1"));
  EXPECT_FALSE(IsFixed("8:2"));
  EXPECT_FALSE(IsFixed(""));
  EXPECT_FALSE(IsFixed("../.."));
}

TEST_F(DisksTest, WhatCanBeTakenAway) {
  Add("8:16", kStick);
  Write(kStick / "removable", "0");  // A disk in a USB case says so.
  EXPECT_FALSE(IsFixed("8:16"));
  Add("8:32", "devices/pci0000:00/ata2/block/sdc");
  Write("devices/pci0000:00/ata2/block/sdc/removable", "1");
  Add("8:33", "devices/pci0000:00/ata2/block/sdc/sdc1");
  EXPECT_FALSE(IsFixed("8:33"));
  Add("259:0", "devices/pci0000:00/0000:04:00.0/nvme/nvme0/nvme0n1");
  EXPECT_TRUE(IsFixed("259:0"));
  Write("devices/pci0000:00/0000:04:00.0/removable", "removable");  // Thunderbolt.
  EXPECT_FALSE(IsFixed("259:0"));
  Add("179:0", "devices/platform/mmc_host/mmc0/mmc0:1/block/mmcblk0");
  EXPECT_TRUE(IsFixed("179:0"));
  Write("devices/platform/mmc_host/mmc0/mmc0:1/block/mmcblk0/device/type", "SD");
  EXPECT_FALSE(IsFixed("179:0"));
}

TEST_F(DisksTest, AStackIsWhatItIsMadeOf) {
  Add("8:0", kDisk);
  Add("8:16", kStick);
  Add("253:0", kMapped);
  EXPECT_FALSE(IsFixed("253:0"));  // Made of nothing.
  Stack(kMapped, kDisk);
  EXPECT_TRUE(IsFixed("253:0"));
  Add("253:1", "devices/virtual/block/dm-1");
  Stack("devices/virtual/block/dm-1", kMapped);
  EXPECT_TRUE(IsFixed("253:1"));
  Stack(kMapped, kStick);
  EXPECT_FALSE(IsFixed("253:0"));
  EXPECT_FALSE(IsFixed("253:1"));
  Add("7:0", "devices/virtual/block/loop0");
  EXPECT_FALSE(IsFixed("7:0"));
}

TEST_F(DisksTest, AStackOfItselfEnds) {
  Add("253:0", kMapped);
  Stack(kMapped, kMapped);
  EXPECT_FALSE(IsFixed("253:0"));
}

TEST(DisksListTest, OnlyWhatIsKnownToTellEveryChange) {
  EXPECT_TRUE(TellsEveryChange(EXT4_SUPER_MAGIC));
  for (const unsigned long type : std::initializer_list<unsigned long>{TMPFS_MAGIC, FUSE_SUPER_MAGIC, NFS_SUPER_MAGIC,
                                                                       MSDOS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, 0}) {
    EXPECT_FALSE(TellsEveryChange(type)) << type;
  }
}

}  // namespace
}  // namespace dl::os
