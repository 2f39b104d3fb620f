#include "daylight/unpack/archive/archive.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "daylight/unpack/archive/archive_testing.h"
#include "daylight/unpack/unpack_testing.h"
#include "daylight/unpack/zip/zip_testing.h"

namespace dl::unpack {
namespace {

const Entries kEntries = {{"a.txt", "first"}, {"folder/b.bin", std::string(100'000, 'b')}, {"empty", ""}};

std::string List(const std::string& object, const std::string& name = "object") {
  Listing listing;
  return listing.Run(kArchive, object, name) ? listing.text() : "not opened";
}

std::string Sample(const std::string& name) {
  std::ifstream file(std::string(DAYLIGHT_SOURCE_DIR) + "/fuzz/corpus/unpack/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(ArchiveTest, EveryFormatThatCanBeMade) {
  PrepareArchive();
  for (const int format :
       {ARCHIVE_FORMAT_ZIP, ARCHIVE_FORMAT_7ZIP, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_TAR_GNUTAR,
        ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FORMAT_CPIO_POSIX,
        ARCHIVE_FORMAT_CPIO_BIN_LE, ARCHIVE_FORMAT_XAR, ARCHIVE_FORMAT_ISO9660}) {
    Listing listing;
    EXPECT_TRUE(listing.Run(kArchive, MakeArchive(format, kEntries))) << format;
    EXPECT_EQ(listing.closed(), 0u) << format << ": " << listing.text();
    for (const auto& [name, content] : kEntries) {
      const auto& children = listing.children();
      const auto found = std::find_if(children.begin(), children.end(), [&](const auto& child) {
        return child.first.ends_with(name) && child.second == content;
      });
      EXPECT_NE(found, children.end()) << format << ": " << name << " in " << listing.text();
    }
  }
}

TEST(ArchiveTest, EveryMethodOfSevenZipAndZip) {
  for (const char* method : {"store", "deflate"}) {
    EXPECT_EQ(List(MakeArchive(ARCHIVE_FORMAT_ZIP, {{"a", "text"}}, std::string("zip:compression=") + method)), "a=4 ");
  }
  for (const char* method : {"store", "deflate", "bzip2", "lzma1", "lzma2", "ppmd"}) {
    EXPECT_EQ(List(MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"a", "text"}}, std::string("7zip:compression=") + method)),
              "a=4 ");
  }
}

TEST(ArchiveTest, CompressedFilesHaveOneChild) {
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_LZMA,
                           ARCHIVE_FILTER_LZIP, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_LZ4, ARCHIVE_FILTER_COMPRESS}) {
    const std::string once = Compress(filter, "some text, some text, some text");
    EXPECT_EQ(List(once, "x"), "content=31 ") << filter;
    // Of several members one after the other all are read.
    if (filter != ARCHIVE_FILTER_COMPRESS && filter != ARCHIVE_FILTER_LZMA) {
      EXPECT_EQ(List(once + once, "x"), "content=62 ") << filter;
    }
  }
}

TEST(ArchiveTest, OneLayerAtATime) {
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_LZMA,
                           ARCHIVE_FILTER_LZIP, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_LZ4}) {
    const std::string once = Compress(filter, "some text");
    EXPECT_EQ(List(Compress(filter, once), "x"), "content=" + std::to_string(once.size()) + " ") << filter;
  }
  EXPECT_EQ(List(Compress(ARCHIVE_FILTER_GZIP, ""), "x"), "");
}

TEST(ArchiveTest, NamesOfWhatWasCompressed) {
  const std::string gz = Compress(ARCHIVE_FILTER_GZIP, "text");
  EXPECT_EQ(List(gz, "report.doc.gz"), "report.doc=4 ");
  EXPECT_EQ(List(gz, "all.tgz"), "all.tar=4 ");
  EXPECT_EQ(List(gz, ".gz"), "content=4 ");
}

// Of every 256 wrong passwords one passes zip's own check, and gives noise.
TEST(ArchiveTest, APasswordThatOnlySeemsToFitOpensNothing) {
  constexpr unsigned kEncrypted = 1;
  int closed = 0;
  for (const unsigned method : {0u, 8u}) {
    for (int i = 0; i < 1000; ++i) {
      Listing listing;
      listing.SetPasswords({"a", "b", "c", "d"});
      const std::string content = "twelve bytes" + std::to_string(i * 7919) + " and what was to be hidden";
      listing.Run(kArchive, MakeZip({{"x", content, method, kEncrypted}}));
      EXPECT_EQ(listing.closed(), 1u) << method << " " << i << ": " << listing.text();
      closed += listing.text().find("x!encrypted") != std::string::npos;
    }
  }
  EXPECT_GT(closed, 1900);  // Some of what was deflated is damaged, by its noise.
}

TEST(ArchiveTest, PasswordsAreTried) {
  for (const char* method : {"traditional", "aes128", "aes256"}) {
    const std::string zip =
        MakeArchive(ARCHIVE_FORMAT_ZIP, {{"a", "text"}}, std::string("zip:encryption=") + method, "infected");
    Listing closed;
    closed.SetPasswords({"wrong"});
    EXPECT_TRUE(closed.Run(kArchive, zip));
    EXPECT_NE(closed.text().find("a!encrypted"), std::string::npos) << closed.text();
    Listing open;
    open.SetPasswords({"wrong", "infected"});
    EXPECT_TRUE(open.Run(kArchive, zip));
    EXPECT_EQ(open.text(), "a=4 ") << method;
  }
}

TEST(ArchiveTest, WhatStandsBehindSomethingElse) {
  const std::string zip = MakeArchive(ARCHIVE_FORMAT_ZIP, {{"a", "text"}});
  EXPECT_EQ(List("#!/bin/sh\nexit\n" + zip), "a=4 ");
  EXPECT_EQ(List(zip + "and something behind"), "a=4 ");
  // A program of one section, and an archive behind it.
  std::string program(512, '\0');
  program.replace(0, 2, "MZ");
  program[0x3c] = 0x40;
  program.replace(0x40, 4, std::string("PE\0\0", 4));
  program[0x46] = 1;            // One section,
  program[0x40 + 24 + 17] = 1;  // 0x100 bytes
  program[0x40 + 24 + 21] = 1;  // at 0x100.
  const std::string seven = MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"a", "text"}});
  EXPECT_EQ(List(program + ";settings;" + seven), "a=4 ");
}

// Among a program's sections: what its own tables end is still to come, and then text.
TEST(ArchiveTest, WhatStandsInTheMiddleOfAProgram) {
  std::string pe(0x1000, '\0');
  pe.replace(0, 2, "MZ");
  pe[0x3c] = 0x40;
  pe.replace(0x40, 4, std::string("PE\0\0", 4));
  pe[0x46] = 1;             // One section,
  pe[0x40 + 24 + 18] = 16;  // a megabyte
  pe[0x40 + 24 + 21] = 1;   // at 0x100.
  std::string elf =
      "\x7f"
      "ELF\x02\x01\x01" +
      std::string(0x1000, '\0');
  elf[0x2a] = 16;  // The table of sections at 0x100000,
  elf[0x3a] = 64;  // of one entry.
  elf[0x3c] = 1;
  for (const std::string& program : {pe, elf}) {
    for (const char* name : {"zip", "zip-streamed", "7z-lzma2", "cab-mszip", "rar4", "rar5"}) {
      const std::string archive = Sample(name);
      Listing alone;
      ASSERT_TRUE(alone.Run(kArchive, archive)) << name;
      ASSERT_FALSE(alone.children().empty());
      Listing within;
      EXPECT_TRUE(within.Run(kArchive, program + archive + std::string(200'000, 't'))) << name;
      EXPECT_EQ(within.text(), alone.text()) << name;
      // A part of a program was searched with the whole.
      Listing part;
      const std::string object = program + archive + std::string(200'000, 't');
      MemorySource source(AsBytes(object));
      const Probe probe{AsBytes(object).first(Probe::kHeadBytes), AsBytes(object).last(Probe::kTailBytes),
                        object.size(), source};
      kArchive.unpack(probe, {"part", object.size(), true}, part);
      EXPECT_EQ(part.text(), "") << name;
    }
  }
}

TEST(ArchiveTest, WhatOnlyLooksLikeOne) {
  EXPECT_EQ(List("PK\x05\x06 and no more"), "not opened");
  EXPECT_EQ(List(std::string("\x5d\0\0\0\1\0\0\0\2\0\0\0\0\0 numbers, no such stream", 30)), "");
  EXPECT_EQ(List("12-lh5-nothing of the kind"), "");
}

TEST(ArchiveTest, DamageIsTold) {
  for (const int format : {ARCHIVE_FORMAT_ZIP, ARCHIVE_FORMAT_7ZIP, ARCHIVE_FORMAT_TAR_USTAR}) {
    const std::string whole = MakeArchive(format, kEntries);
    Listing listing;
    EXPECT_TRUE(listing.Run(kArchive, whole.substr(0, whole.size() / 2)));
    EXPECT_GT(listing.closed(), 0u) << format << " " << listing.text();
  }
}

TEST(ArchiveTest, WhatCannotBeDecompressedIsTold) {
  std::string text;
  for (unsigned i = 0; i < 20'000; ++i) text += static_cast<char>(i * i * 2654435761u >> 13);
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_LZMA,
                           ARCHIVE_FILTER_LZIP, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_LZ4}) {
    const std::string whole = Compress(filter, text);
    for (const std::size_t n : {whole.size() - 1, whole.size() / 2, std::size_t{40}}) {
      Listing listing;
      ASSERT_TRUE(listing.Run(kArchive, whole.substr(0, n)));
      EXPECT_GT(listing.closed(), 0u) << filter << " " << n;
    }
  }
}

TEST(ArchiveTest, EntriesThatOnlyZipDecodes) {
  const std::string zip = Sample("deflate64.zip");
  Listing listing;
  EXPECT_TRUE(listing.Run(kArchive, zip));
  EXPECT_EQ(listing.children().at("a.bin").size(), 120'000u);
  EXPECT_EQ(listing.closed(), 0u) << listing.text();
  // By the directory that everything else is read by, not by what only looks like its end.
  Listing behind;
  EXPECT_TRUE(behind.Run(kArchive, zip + "PK\x05\x06" + std::string(18, '\xff')));
  EXPECT_EQ(behind.text(), listing.text());
  // What no directory lists stays closed, and is told.
  Listing headers;
  EXPECT_TRUE(headers.Run(kArchive, zip.substr(0, zip.find("PK\x01\x02"))));
  EXPECT_NE(headers.text().find("!unsupported"), std::string::npos) << headers.text();
  Listing in_front;
  EXPECT_TRUE(in_front.Run(kArchive, zip + MakeArchive(ARCHIVE_FORMAT_ZIP, {{"b", "text"}})));
  EXPECT_NE(in_front.text().find("!unsupported"), std::string::npos) << in_front.text();
}

TEST(ArchiveTest, TruncatedAtEveryByteAndFlipped) {
  const Entries small = {{"a.txt", "first"}, {"b.bin", "some bytes, some bytes, some bytes"}};
  std::vector<std::string> objects;
  for (const int format : {ARCHIVE_FORMAT_ZIP, ARCHIVE_FORMAT_7ZIP, ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_XAR,
                           ARCHIVE_FORMAT_CPIO_SVR4_NOCRC}) {
    objects.push_back(MakeArchive(format, small));
  }
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD}) {
    objects.push_back(Compress(filter, "some text, some text"));
  }
  for (const std::string& object : objects) {
    for (std::size_t n = 0; n<object.size(); n += object.size()> 2000 ? 7u : 1u) {
      Listing listing;
      listing.Run(kArchive, object.substr(0, n));
      std::string flipped = object;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << (n % 8)));
      Listing other;
      other.Run(kArchive, flipped);
      EXPECT_LE(other.bytes(), std::uint64_t{64} << 20);
    }
  }
}

TEST(ArchiveTest, EndsWhereNoMoreIsWanted) {
  Entries many;
  for (int i = 0; i < 100; ++i) many.emplace_back("f" + std::to_string(i), "x");
  Listing listing(10);
  EXPECT_TRUE(listing.Run(kArchive, MakeArchive(ARCHIVE_FORMAT_TAR_USTAR, many)));
  EXPECT_EQ(listing.children().size(), 10u);
}

}  // namespace
}  // namespace dl::unpack
