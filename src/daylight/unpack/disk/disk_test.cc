#include "daylight/unpack/disk/disk.h"

#include <gtest/gtest.h>

#include "daylight/unpack/disk/disk_testing.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

using namespace std::string_literals;

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kDisk, object) ? listing.text() : "not opened";
}

// The files of a volume, as they are called in a partition.
std::string Within(unsigned number, std::string_view files) {
  std::string out = "partition " + std::to_string(number) + "/";
  for (std::size_t i = 0; i < files.size(); ++i) {
    out += files[i];
    if (files[i] == ' ' && i + 1 < files.size()) out += "partition " + std::to_string(number) + "/";
  }
  return out;
}

TEST(DiskTest, Ext) {
  Listing listing;
  ASSERT_TRUE(listing.Run(kDisk, MakeExt()));
  EXPECT_EQ(listing.text(), kExtFiles);
  const auto& files = listing.children();
  EXPECT_EQ(files.at("two"), "first" + std::string(2 * kExtBlock - 5, '\0') + "last");
  EXPECT_EQ(files.at("in/ext"),
            "extent one" + std::string(4 * kExtBlock - 10, '\0') + "extent two" + std::string(kExtBlock - 10, '\0'));
  EXPECT_EQ(files.at("four"), "four");
}

TEST(DiskTest, Fat) {
  Listing listing;
  ASSERT_TRUE(listing.Run(kDisk, MakeFat()));
  EXPECT_EQ(listing.text(), kFatFiles);
  const std::string& file = listing.children().at("long-name");
  EXPECT_EQ(file.substr(0, 5), "first");
  EXPECT_EQ(file.substr(512, 6), "second");
  EXPECT_EQ(file.substr(1024, 5), "third");
  EXPECT_EQ(listing.children().at("IN/FOUR.TXT"), "four");
}

TEST(DiskTest, Squashfs) {
  Listing listing;
  ASSERT_TRUE(listing.Run(kDisk, MakeSquashfs()));
  EXPECT_EQ(listing.text(), kSquashfsFiles);
  EXPECT_EQ(listing.children().at("file"), std::string(4096, 'd') + std::string(4096, '\0') + "the end");
  EXPECT_EQ(listing.children().at("in/small"), "small");
}

TEST(DiskTest, PartitionTables) {
  const std::vector<std::string> parts = {MakeFat(), MakeExt(), MakeSquashfs(), MakeExt()};
  EXPECT_EQ(List(MakeMbr(parts)),
            Within(1, kFatFiles) + Within(2, kExtFiles) + Within(5, kSquashfsFiles) + Within(6, kExtFiles));
  EXPECT_EQ(List(MakeGpt(parts)),
            Within(1, kFatFiles) + Within(2, kExtFiles) + Within(3, kSquashfsFiles) + Within(4, kExtFiles));
}

TEST(DiskTest, PartitionsOfBytesAreChildren) {
  Listing listing;
  ASSERT_TRUE(listing.Run(kDisk, MakeGpt({std::string(1024, 'x'), MakeExt()})));
  EXPECT_EQ(listing.text(), "partition 1 (part 1)=1024 " + Within(2, kExtFiles));
  EXPECT_EQ(listing.children().at("partition 1 (part 1)"), std::string(1024, 'x'));
}

TEST(DiskTest, GptBySecondTable) {
  std::string disk = MakeGpt({MakeExt()});
  disk[512] = 'x';
  EXPECT_EQ(List(disk), Within(1, kExtFiles));
  disk = MakeGpt({MakeExt()});
  disk[1024 + 100] ^= 1;  // A sum is wrong, and the second one's is right.
  EXPECT_EQ(List(disk), Within(1, kExtFiles));
  disk[disk.size() - 1024 + 100] ^= 1;
  EXPECT_EQ(List(disk), "!damaged " + Within(1, kExtFiles));
  disk[512] = disk[disk.size() - 512] = 'x';
  EXPECT_EQ(List(disk), "!damaged ");
}

TEST(DiskTest, VirtualDisks) {
  const std::string mbr = MakeMbr({MakeFat(), MakeExt()});
  const std::string files = "boot code=512 " + Within(1, kFatFiles) + Within(2, kExtFiles);
  for (const auto& make : {MakeQcow, MakeVmdk, MakeVhd, MakeVdi}) {
    EXPECT_EQ(List(make(mbr)), files);
    EXPECT_EQ(List(make(MakeExt())), kExtFiles);
    EXPECT_EQ(List(make(std::string(5000, 'x'))).substr(0, 5), "disk=");
    EXPECT_EQ(List(make(std::string(65536, '\0'))), "");
  }
}

TEST(DiskTest, VhdOfFixedSize) {
  std::string footer(512, '\0');
  PutText(footer, 0, "conectix");
  PutBig(footer, 60, 2, 4);
  EXPECT_EQ(List(MakeExt() + footer), kExtFiles);
}

TEST(DiskTest, VirtualDisksThatStayClosed) {
  std::string qcow = MakeQcow(MakeExt());
  PutBig(qcow, 8, 512, 8);
  EXPECT_EQ(List(qcow), "!unsupported ");
  qcow = MakeQcow(MakeExt());
  PutBig(qcow, 32, 2, 4);
  EXPECT_EQ(List(qcow), "!encrypted ");
  qcow = MakeQcow(MakeExt());
  PutBig(qcow, 72, 4, 8);  // The bytes are elsewhere.
  EXPECT_EQ(List(qcow), "!unsupported ");
  qcow = MakeQcow(MakeExt());
  PutBig(qcow, 20, 22, 4);
  EXPECT_EQ(List(qcow), "!damaged ");
  std::string vhd = MakeVhd(MakeExt());
  PutBig(vhd, vhd.size() - 512 + 60, 4, 4);
  EXPECT_EQ(List(vhd), "!unsupported ");
  std::string vdi = MakeVdi(MakeExt());
  Put(vdi, 76, 4, 4);
  EXPECT_EQ(List(vdi), "!unsupported ");
  std::string vmdk = MakeVmdk(MakeExt());
  vmdk.resize((vmdk.size() + 511) / 512 * 512);
  Put(vmdk, 28, vmdk.size() / 512, 8);
  Put(vmdk, 36, 1, 8);
  vmdk += "# Disk DescriptorFile\nparentCID=12345678\n" + std::string(512, '\0');
  EXPECT_EQ(List(vmdk), "!unsupported ");
}

TEST(DiskTest, FileSystemsThatAreOnlyKnown) {
  const auto with = [](std::size_t at, const std::string& mark) {
    std::string disk(256u << 10, '\0');
    PutText(disk, at, mark);
    return List(disk);
  };
  EXPECT_EQ(with(0, "XFSB\0\0\x10"s), "!unsupported ");
  EXPECT_EQ(with(0x10040, "_BHRfS_M"), "!unsupported ");
  EXPECT_EQ(with(3, "NTFS    "), "!unsupported ");
  EXPECT_EQ(with(512 + 24, "LVM2 001"), "!unsupported ");
  EXPECT_EQ(with(0, "LUKS\xba\xbe"), "!encrypted ");
  EXPECT_EQ(List("XFSB, as a text has it"), "not opened");
  // In partitions, too.
  std::string xfs(256u << 10, '\0');
  PutText(xfs, 0, "XFSB");
  EXPECT_EQ(List(MakeMbr({xfs, MakeExt()})), "partition 1!unsupported " + Within(2, kExtFiles));
}

TEST(DiskTest, WhatIsNoDisk) {
  EXPECT_EQ(List(std::string(100'000, 'x')), "not opened");
  std::string sector(4096, '\0');
  Put(sector, 510, 0xaa55, 2);
  EXPECT_EQ(List(sector), "not opened") << "no partition";
  PutMbrEntry(sector, 0, 0, 0x83, 100, 10);
  EXPECT_EQ(List(sector), "not opened") << "behind the end";
  PutMbrEntry(sector, 0, 0, 0x83, 1, 7);
  EXPECT_EQ(List(sector), "partition 1=3584 ");
  sector[446] = 'x';
  EXPECT_EQ(List(sector), "not opened") << "text";
  sector[446] = '\0';
  PutMbrEntry(sector, 0, 1, 0x83, 3, 2);
  EXPECT_EQ(List(sector), "not opened") << "partitions that overlap";
  EXPECT_EQ(List(MakeFat().substr(0, 512)), "not opened") << "a boot sector alone";
}

// A volume that is an image of two kinds is read as both.
TEST(DiskTest, ExtThatHasPartitions) {
  std::string ext = MakeExt();
  ext.resize(30 * kExtBlock, 'x');
  PutMbrEntry(ext, 0, 0, 0x83, 48, 12);
  EXPECT_EQ(List(ext), std::string(kExtFiles) + "partition 1=6144 ");
}

TEST(DiskTest, ExtJournalEncryptionAndFeatures) {
  std::string ext = MakeExt();
  Put(ext, kExtBlock + 96, 0x46, 4);
  EXPECT_EQ(List(ext), "!unsupported " + std::string(kExtFiles)) << "a journal to be replayed";
  ext = MakeExt();
  Put(ext, kExtBlock + 96, 0x80000042, 4);
  EXPECT_EQ(List(ext), "!unsupported ") << "an unknown feature";
  ext = MakeExt();
  Put(ext, ExtInode(14) + 32, 0x800, 4);
  EXPECT_EQ(List(ext), "two=2052 in/ext=5120 four!encrypted ");
}

TEST(DiskTest, ExtInlineData) {
  std::string ext = MakeExt();
  Put(ext, ExtInode(14) + 32, 0x10000000, 4);
  PutText(ext, ExtInode(14) + 40, "inline");
  Put(ext, ExtInode(14) + 4, 6, 4);
  Listing listing;
  ASSERT_TRUE(listing.Run(kDisk, ext));
  EXPECT_EQ(listing.children().at("four"), "inline");
}

// A file of 2^44 bytes that has none: what is told is that holes were left out, at once.
TEST(DiskTest, HolesAreBounded) {
  std::string ext = MakeExt();
  PutText(ext, ExtInode(13) + 40, LittleEndian(0xf30a, 2) + LittleEndian(0, 2) + LittleEndian(4, 2));
  Put(ext, ExtInode(13) + 108, 0x300, 4);
  Listing listing(1000, std::uint64_t{200} << 20);
  ASSERT_TRUE(listing.Run(kDisk, ext));
  EXPECT_EQ(listing.text(), "two=2052 in/ext!unsupported in/ext=67108864 four=4 ");
}

// Blocks of pointers that are all the same one, round and round.
TEST(DiskTest, ExtMapsThatLeadToThemselves) {
  std::string ext = MakeExt();
  Put(ext, ExtInode(14) + 4, 0xffffffff, 4);
  for (unsigned i = 0; i < 15; ++i) Put(ext, ExtInode(14) + 40 + 4 * i, 20, 4);
  for (unsigned i = 0; i < kExtBlock / 4; ++i) Put(ext, 20 * kExtBlock + 4 * i, 20, 4);
  Listing listing(100, 8u << 20);
  listing.Run(kDisk, ext);
  EXPECT_GT(listing.bytes(), 8u << 20) << "as much as is wanted, and no more";
  EXPECT_LT(listing.bytes(), 9u << 20);
  // A node of extents below itself.
  ext = MakeExt();
  const std::string node = LittleEndian(0xf30a, 2) + LittleEndian(1, 2) + LittleEndian(4, 2) + LittleEndian(1, 2) +
                           LittleEndian(0, 4) + LittleEndian(0, 4) + LittleEndian(20, 4) + LittleEndian(0, 4);
  PutText(ext, ExtInode(13) + 40, node);
  PutText(ext, 20 * kExtBlock, node);
  EXPECT_EQ(List(ext), "two=2052 in/ext!damaged in/ext=0 four=4 ");
}

TEST(DiskTest, FatChainsThatLeadToThemselves) {
  std::string fat = MakeFat();
  PutText(fat, kSectorBytes, std::string("\x02\x20\x00\x02\x20\x00\x02\x20\x00\x02\x20\x00", 12));
  Put(fat, 2 * kSectorBytes + 64 + 28, 0xffffffff, 4);
  Listing listing(100, 1u << 20);
  listing.Run(kDisk, fat);
  EXPECT_LT(listing.bytes(), 2u << 20);
}

TEST(DiskTest, ExtendedPartitionsThatLeadToThemselves) {
  std::string disk = MakeMbr({MakeFat(), MakeExt(), MakeFat(), MakeExt()});
  const std::size_t extended = (1 + 40 + 48) * kSectorBytes;
  PutMbrEntry(disk, extended, 1, 5, 0, 10);
  EXPECT_EQ(List(disk), Within(1, kFatFiles) + Within(2, kExtFiles) + Within(5, kFatFiles)) << "no next one";
  const std::size_t second = extended + 41 * kSectorBytes;
  PutMbrEntry(disk, extended, 1, 5, 41, 10);
  PutMbrEntry(disk, second, 1, 5, 1, 10);
  EXPECT_EQ(List(disk),
            "!damaged " + Within(1, kFatFiles) + Within(2, kExtFiles) + Within(5, kFatFiles) + Within(6, kExtFiles));
}

TEST(DiskTest, SquashfsBehindAProgram) {
  std::string program(256, '\0');
  PutText(program, 0, "\x7f\x45LF\x02\x01");
  Put(program, 40, 128, 8);
  Put(program, 58, 64, 2);
  Put(program, 60, 2, 2);
  EXPECT_EQ(List(program + MakeSquashfs()), kSquashfsFiles);
  EXPECT_EQ(List(program), "not opened");
  Put(program, 40, ~std::uint64_t{0} - 100, 8);
  EXPECT_EQ(List(program + MakeSquashfs()), "not opened");
}

// What boots from a disc and from USB has a partition over all of it, which others read.
TEST(DiskTest, DiscsWithPartitions) {
  std::string disc(80 * 512, '\0');
  PutText(disc, 0x8001, "CD001");
  disc += MakeFat();
  PutMbrEntry(disc, 0, 0, 0x17, 0, disc.size() / 512);
  PutMbrEntry(disc, 0, 1, 0xef, 80, 40);
  EXPECT_EQ(List(disc), Within(2, kFatFiles));
}

TEST(DiskTest, SquashfsThatStaysClosed) {
  std::string disk = MakeSquashfs();
  Put(disk, 28, 3, 2);
  EXPECT_EQ(List(disk), "!unsupported ");
  disk = MakeSquashfs();
  Put(disk, 20, 3, 2);
  EXPECT_EQ(List(disk), "!unsupported ");
  disk = MakeSquashfs();
  PutText(disk, 0, "sqsh");
  EXPECT_EQ(List(disk), "!unsupported ");
  disk = MakeSquashfs();
  Put(disk, 12, 1u << 21, 4);
  EXPECT_EQ(List(disk), "!damaged ");
}

TEST(DiskTest, ATruncatedDiskIsTold) {
  std::string disk = MakeMbr({MakeFat(), MakeExt()});
  disk.resize(disk.size() - 12 * kExtBlock);
  const std::string said = List(disk);
  EXPECT_NE(said.find("partition 2!damaged"), std::string::npos) << said;
  EXPECT_NE(said.find("partition 2/in/ext!damaged"), std::string::npos) << said;
}

}  // namespace
}  // namespace dl::unpack
