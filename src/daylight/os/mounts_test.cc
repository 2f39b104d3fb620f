#include "daylight/os/mounts.h"

#include <gtest/gtest.h>
#include <linux/magic.h>

namespace dl::os {
namespace {

constexpr char kInfo[] =
    "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
    "22 21 0:5 / /proc rw - proc proc rw\n"
    "40 21 0:44 / /mnt/nfs rw,relatime shared:9 master:2 - nfs4 server:/x rw,vers=4.2\n"
    "41 21 0:45 / /home/with\\040space rw - fuse.sshfs host: rw\n"
    "42 21 0:46 / /net rw - autofs auto.net rw\n"
    "43 21 0:47 / /mnt/nfs/deep rw - 9p host rw\n"
    "44 21 254:1 / /mnt/disk rw - xfs /dev/vdb rw\n"
    "short line\n"
    "45 21 0:48 / /cut";

TEST(MountsTest, FindsWhatMayStopAnswering) {
  const Mounts mounts = Mounts::Parse(kInfo);
  EXPECT_TRUE(mounts.any_remote());
  for (const char* name : {"nfs", "with space", "net", "deep"}) EXPECT_TRUE(mounts.IsRemoteName(name)) << name;
  for (const char* name : {"", "mnt", "disk", "proc", "cut", "with\\040space"})
    EXPECT_FALSE(mounts.IsRemoteName(name)) << name;
  EXPECT_EQ(mounts.RemoteAbove("/mnt/nfs/a/b"), "/mnt/nfs");
  EXPECT_EQ(mounts.RemoteAbove("/mnt/nfs"), "/mnt/nfs");
  EXPECT_EQ(mounts.RemoteAbove("/mnt/nfs/deep/x"), "/mnt/nfs/deep");
  EXPECT_EQ(mounts.RemoteAbove("/mnt/nfs2/x"), "");
  EXPECT_EQ(mounts.RemoteAbove("/etc"), "");
  EXPECT_FALSE(Mounts::Parse("21 1 254:0 / / rw - ext4 /dev/root rw\n").any_remote());
  EXPECT_FALSE(Mounts::Parse("").any_remote());
}

TEST(MountsTest, KindsOfFileSystems) {
  EXPECT_EQ(KindOf(NFS_SUPER_MAGIC), FileSystemKind::kRemote);
  EXPECT_EQ(KindOf(FUSE_SUPER_MAGIC), FileSystemKind::kRemote);
  EXPECT_EQ(KindOf(0xfe534d42), FileSystemKind::kRemote);  // SMB2
  EXPECT_EQ(KindOf(PROC_SUPER_MAGIC), FileSystemKind::kKernel);
  EXPECT_EQ(KindOf(SYSFS_MAGIC), FileSystemKind::kKernel);
  EXPECT_EQ(KindOf(EXT4_SUPER_MAGIC), FileSystemKind::kLocal);
  EXPECT_EQ(KindOf(TMPFS_MAGIC), FileSystemKind::kLocal);
}

TEST(MountsTest, SourceOfAMount) {
  constexpr std::string_view kText =
      "22 1 0:20 / /proc rw - proc proc rw\n"
      "31 1 0:29 /@ / rw,relatime shared:1 master:2 - btrfs /dev/with\\040space rw,subvol=/@\n"
      "310 1 0:30 / /x rw\n";
  EXPECT_EQ(MountSource(kText, 31), "/dev/with space");
  EXPECT_EQ(MountSource(kText, 22), "proc");
  EXPECT_EQ(MountSource(kText, 3), "");
  EXPECT_EQ(MountSource(kText, 310), "");
  EXPECT_EQ(MountSource("", 31), "");
}

}  // namespace
}  // namespace dl::os
