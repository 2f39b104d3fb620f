#include "daylight/extract/image/archive.h"

#include <gtest/gtest.h>

#include "daylight/extract/image/image_testing.h"

namespace dl::extract {
namespace {

const std::string kElf = std::string("\x7f") + "ELF" + std::string(100, '\1');

const std::vector<TarEntry> kSystem = {Folder("etc"), File("etc/os-release", "debian"), File("opt/x", kElf),
                                       Link("bin", "usr/bin"), HardLink("opt/y", "opt/x")};

TEST(ArchiveTest, AnExportedRoot) {
  for (const int format : {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FORMAT_TAR_GNUTAR}) {
    const std::string tar = MakeTar(kSystem, format);
    for (const std::string& bytes :
         {tar, unpack::Compress(ARCHIVE_FILTER_XZ, tar), unpack::Compress(ARCHIVE_FILTER_GZIP, tar)}) {
      MemorySource source(AsBytes(bytes));
      EXPECT_TRUE(IsArchive(source));
      EXPECT_FALSE(IsImage(source));
      const Tale tale = TellArchive(bytes);
      ASSERT_EQ(tale.all.roots.size(), 1u);
      EXPECT_EQ(tale.all.roots[0].kind, report::RootKind::kArchive);
      EXPECT_EQ(tale.all.roots[0].path, "a");
      EXPECT_EQ(tale.files(), "bin>usr/bin etc/ etc/os-release opt/x opt/y>opt/x");
      EXPECT_EQ(tale.programs(), "opt/x");
      EXPECT_EQ(tale.units(), "etc/os-release=debian");
      EXPECT_EQ(tale.unread(), "");
    }
  }
}

TEST(ArchiveTest, OtherFormats) {
  const unpack::Entries entries = {{"etc/os-release", "debian"}, {"opt/x", kElf}};
  for (const int format :
       {ARCHIVE_FORMAT_ZIP, ARCHIVE_FORMAT_7ZIP, ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FORMAT_XAR}) {
    const Tale tale = TellArchive(unpack::MakeArchive(format, entries));
    EXPECT_EQ(tale.files(), "etc/os-release opt/x") << format;
    EXPECT_EQ(tale.programs(), "opt/x") << format;
    EXPECT_EQ(tale.units(), "etc/os-release=debian") << format;
    EXPECT_EQ(tale.unread(), "") << format;
  }
  const Tale disk = TellArchive(unpack::MakeArchive(ARCHIVE_FORMAT_ISO9660, entries));
  ASSERT_EQ(disk.all.roots.size(), 1u);
  EXPECT_EQ(disk.all.roots[0].kind, report::RootKind::kDisk);
  EXPECT_EQ(disk.programs(), "opt/x");
}

TEST(ArchiveTest, ASystemInAFolderOfIt) {
  const Tale tale = TellArchive(MakeTar({File("app/rootfs/var/lib/dpkg/status", "kesl base")}));
  EXPECT_EQ(tale.packages(), "base kesl");
}

TEST(ArchiveTest, ASingleCompressedFileIsWhatIsInIt) {
  const Tale tale = TellArchive(unpack::Compress(ARCHIVE_FILTER_GZIP, kElf));
  EXPECT_EQ(tale.units(), "a=any");
  EXPECT_TRUE(tale.all.roots.empty());
  SavedImage image;
  image.AddLayer(MakeTar({File("x", kElf)}));
  // Twice, as someone has tried to make it smaller.
  const Tale twice =
      TellArchive(unpack::Compress(ARCHIVE_FILTER_XZ, unpack::Compress(ARCHIVE_FILTER_GZIP, image.Docker())));
  EXPECT_NE(twice.programs() + twice.unread(), "");
}

// An initial RAM disk: microcode first, then what is compressed.
TEST(ArchiveTest, ArchivesOneBehindTheOther) {
  const auto cpio = [](const std::string& name) {
    return unpack::MakeArchive(ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, {{name, kElf}});
  };
  const Tale tale = TellArchive(cpio("kernel/a") + std::string(3000, '\0') + cpio("b") +
                                unpack::Compress(ARCHIVE_FILTER_GZIP, cpio("sbin/c")));
  EXPECT_EQ(tale.programs(), "b kernel/a sbin/c");
  EXPECT_EQ(tale.all.roots.size(), 1u);
  EXPECT_EQ(tale.unread(), "");
}

TEST(ArchiveTest, NoMoreThanIsAllowed) {
  const std::string bomb =
      unpack::Compress(ARCHIVE_FILTER_GZIP, MakeTar({File("zeros", std::string(64 << 20, '\0')), File("x", kElf)}));
  EXPECT_EQ(TellArchive(bomb, {.bytes = 1 << 20}).unread(), "!budget");
  EXPECT_EQ(TellArchive(bomb).programs(), "x");
  const std::string zip = unpack::MakeArchive(ARCHIVE_FORMAT_ZIP, {{"zeros", "MZ" + std::string(64 << 20, '\0')}});
  EXPECT_EQ(TellArchive(zip, {.bytes = 1 << 20}).unread(), "!budget");
  EXPECT_EQ(TellArchive(MakeTar({File("a"), File("b"), File("c")}), {.entries = 2}).files(), "a b");
  std::string nested = MakeTar({File("x", kElf)});
  for (int i = 0; i < 10; ++i) nested = MakeTar({File("n.tar", nested)});
  const Tale deep = TellArchive(nested, {.depth = 4});
  EXPECT_EQ(deep.unread(), "4:n.tar!max-depth");
  EXPECT_EQ(deep.files(), "2:n.tar 3:n.tar 4:n.tar n.tar");
  // Each level would hold what is in it.
  const Tale held = TellArchive(nested, {.held_bytes = 10'000, .depth = 20});
  EXPECT_NE(held.unread().find("!max-memory"), std::string::npos) << held.unread();
}

TEST(ArchiveTest, WhatIsNoneIsNot) {
  for (const std::string& bytes : {std::string(), std::string("text"), std::string(5000, 'x'), kElf,
                                   std::string("%PDF-1.7\n"), std::string("<html>")}) {
    MemorySource source(AsBytes(bytes));
    EXPECT_FALSE(IsArchive(source)) << bytes.substr(0, 10);
    EXPECT_FALSE(IsImage(source));
  }
}

}  // namespace
}  // namespace dl::extract
