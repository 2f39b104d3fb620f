#include "daylight/opener/mount_table.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

namespace dl::opener {
namespace {

constexpr std::string_view kMounts =
    "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
    "23 22 0:21 / /proc rw - proc proc rw\n"
    "30 22 0:40 / /srv/with\\040blank rw shared:5 master:2 - tmpfs tmpfs rw\n"
    "31 22 0:41 / /net rw - nfs4 server:/x rw\n"
    "32 31 254:2 / /net/local rw - xfs /dev/vdb rw\n"
    "33 22 0:50 / /c/merged rw - overlay overlay rw\n"
    "34 22 0:51 / /mnt/fuse rw - fuse.sshfs x rw\n"
    "nonsense\n"
    "35 22 x:1 / /bad rw - ext4 x rw\n"
    "36 22 0:60 / /cut rw";

TEST(MountTableTest, LinesAreRead) {
  const MountTable table = MountTable::Parse(kMounts);
  ASSERT_EQ(table.mounts().size(), 7U);
  EXPECT_EQ(table.mounts()[0].device, makedev(254, 1));
  EXPECT_EQ(table.mounts()[2].point, "/srv/with blank");
  EXPECT_TRUE(table.mounts()[2].is_local);
  EXPECT_FALSE(table.mounts()[1].is_local);
  EXPECT_FALSE(table.mounts()[3].is_local);
  EXPECT_FALSE(table.mounts()[6].is_local);
  EXPECT_TRUE(table.Has(22));
  EXPECT_FALSE(table.Has(36));
}

TEST(MountTableTest, WhatAPathIsOn) {
  const MountTable table = MountTable::Parse(kMounts);
  EXPECT_EQ(table.At("/")->id, 22U);
  EXPECT_EQ(table.At("/networks")->id, 22U);
  EXPECT_EQ(table.At("/net")->id, 31U);
  EXPECT_EQ(table.At("/net/local/x")->id, 32U);
  EXPECT_EQ(table.At("relative"), nullptr);
  EXPECT_TRUE(table.IsBehindRemote("/net/local"));
  EXPECT_FALSE(table.IsBehindRemote("/networks"));
}

TEST(MountTableTest, BelowIsByWholeNames) {
  EXPECT_TRUE(IsBelow("/a/b", "/a"));
  EXPECT_TRUE(IsBelow("/a", "/a"));
  EXPECT_FALSE(IsBelow("/ab", "/a"));
  EXPECT_TRUE(IsBelow("/ab", "/"));
  EXPECT_FALSE(IsBelow("", "/"));
}

}  // namespace
}  // namespace dl::opener
