// apk, pacman, flatpak, os-release, and texts that mention a word.
#include <gtest/gtest.h>

#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"

namespace dl::extract {
namespace {

using Reader = void (*)(ObjectSource&, const report::FactPlace&, Facts&);

std::string Read(Reader read, std::string_view text, std::string path = "x") {
  MemorySource source(AsBytes(text));
  return TextOf(FactsOf([&](Facts& facts) { read(source, {0, path, report::Presence::kPresent}, facts); }));
}

// Read in windows of all lengths, it says the same; cut anywhere, it ends.
void ExpectSteady(Reader read, std::string_view text) {
  const std::string whole = Read(read, text);
  for (std::size_t piece = 1; piece < 40; ++piece) {
    StreamSource source = InPieces(text, piece);
    EXPECT_EQ(TextOf(FactsOf([&](Facts& facts) { read(source, {0, "x", report::Presence::kPresent}, facts); })), whole);
  }
  for (std::size_t n = 0; n < text.size(); ++n) Read(read, text.substr(0, n));
}

constexpr std::string_view kApk =
    "C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nS:1\nT:the musl c library\nU:https://musl.libc.org/\nL:MIT\no:musl\n"
    "m:Timo <timo@example.org>\nt:1699260243\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\n\n"
    "P:broken\nV:1\nf:s\n\n\nV:2\n\nP:one\nP:two\n";

TEST(ApkInstalledTest, PackagesAreRead) {
  EXPECT_EQ(Read(ReadApkInstalled, kApk),
            "0|musl|1.2.4-r2|x86_64|musl 1.2.4-r2|Timo <timo@example.org>||https://musl.libc.org/|MIT|"
            "the musl c library|0|\n"
            "2|broken|1||||||||0|\n0|one|||||||||0|\n0|two|||||||||0|\n"
            "unread|damaged|entries without the name of a package\n");
  ExpectSteady(ReadApkInstalled, kApk);
}

constexpr std::string_view kDesc =
    "%NAME%\nzlib\n\n%VERSION%\n1:1.3-2\n\n%BASE%\nzlib-base\n\n%DESC%\nCompression\n\n%URL%\nhttps://zlib.net/\n\n"
    "%ARCH%\nx86_64\n\n%INSTALLDATE%\n1700000000\n\n%PACKAGER%\nLevente\n\n%LICENSE%\nZlib\nMIT\n\n%DEPENDS%"
    "\nglibc\n\n";

TEST(PacmanDescTest, PackagesAreRead) {
  EXPECT_EQ(Read(ReadPacmanDesc, kDesc),
            "0|zlib|1:1.3-2|x86_64|zlib-base 1:1.3-2|Levente||https://zlib.net/|Zlib, MIT|Compression|1700000000|\n");
  EXPECT_EQ(Read(ReadPacmanDesc, "%VERSION%\n1\n"), "unread|damaged|it does not name a package\n");
  ExpectSteady(ReadPacmanDesc, kDesc);
}

TEST(FlatpakMetadataTest, NameIsInsideAndTheRestInThePath) {
  constexpr std::string_view kMetadata =
      "[Context]\nname=no\n[Application]\nname=org.gimp.GIMP\nruntime=org.gnome.Platform/x86_64/45\n[Extension "
      "x]\nname=no\n";
  const std::string path = "var/lib/flatpak/app/org.gimp.GIMP/x86_64/stable/0123/metadata";
  const auto read = [&](std::string_view metadata, std::string_view deploy) {
    MemorySource source(AsBytes(metadata));
    MemorySource other(AsBytes(deploy));
    return TextOf(FactsOf([&](Facts& facts) {
      ReadFlatpakMetadata(source, deploy.empty() ? nullptr : &other, {0, path, report::Presence::kPresent}, facts);
    }));
  };
  EXPECT_EQ(read(kMetadata, ""), "0|org.gimp.GIMP|stable|x86_64|||||||0|\n");
  // Padded to a multiple of eight before the dictionary's entry.
  std::string deploy(
      "flathub\0"
      "0123456\0",
      16);
  deploy += std::string("appdata-version\0", 16) + std::string("2.10.36\0\0s", 10);
  EXPECT_EQ(read(kMetadata, deploy), "0|org.gimp.GIMP|2.10.36|x86_64|||||||0|flathub\n");
  for (std::size_t n = 1; n < deploy.size(); ++n) read(kMetadata, deploy.substr(0, n));
  EXPECT_EQ(read("[Runtime]\nname=org.gnome.Platform\n", ""), "0|org.gnome.Platform|stable|x86_64|||||||0|\n");
  EXPECT_EQ(read("[Other]\nname=x\n", ""), "unread|damaged|it names no application and no runtime\n");
}

TEST(OsReleaseTest, ValuesAreReadAsAShellWould) {
  constexpr std::string_view kText =
      "# comment\nPRETTY_NAME=\"Debian \\\"GNU\\\"/Linux \\$12 \\n\"\nNAME='De\\bian'\nVERSION_ID=\"12\"\nID=deb\\ ian "
      "junk\n"
      "CPE_NAME=cpe:/o:debian:debian_linux:12\n NOT=x\n=y\n";
  EXPECT_EQ(Read(ReadOsRelease, kText), "deb ian|12|Debian \"GNU\"/Linux $12 \\n|cpe:/o:debian:debian_linux:12\n");
  EXPECT_EQ(Read(ReadOsRelease, "NAME='De\\bian'\n"), "||De\\bian|\n");
  EXPECT_EQ(Read(ReadOsRelease, ""), "");
  ExpectSteady(ReadOsRelease, kText);
}

std::string ReadWords(std::string_view text, std::vector<std::string> words) {
  MemorySource source(AsBytes(text));
  return TextOf(FactsOf([&](Facts& facts) { ReadText(source, {}, words, facts); }));
}

TEST(TextTest, LinesThatHaveTheWord) {
  EXPECT_EQ(ReadWords("a\n  /opt/KasperSky/kesl\nkesl\n", {"kaspersky", "kesl"}),
            "kaspersky|2|  /opt/KasperSky/kesl\nkesl|2|  /opt/KasperSky/kesl\nkesl|3|kesl\n");
  EXPECT_EQ(ReadWords("nothing\n", {"kesl"}), "");
  EXPECT_EQ(ReadWords("kesl\n", {}), "");
  EXPECT_EQ(ReadWords("kesl\n", {""}), "");
}

TEST(TextTest, WhatIsNoTextHasNoMention) {
  EXPECT_EQ(ReadWords(std::string("\0\nkesl\n", 7), {"kesl"}), "");
  EXPECT_EQ(ReadWords(std::string("abc\nde\0\nkesl\n", 13), {"kesl"}), "");
}

TEST(TextTest, AtMostTwentyMentionsAndTwoHundredBytes) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "kesl\n";
  MemorySource source(AsBytes(text));
  const std::vector<std::string> words = {"kesl"};
  EXPECT_EQ(FactsOf([&](Facts& facts) { ReadText(source, {}, words, facts); }).mentions.size(), kMaxMentions);
  const std::string line = std::string(500, 'a') + "kesl" + std::string(500, 'b');
  MemorySource other(AsBytes(line));
  const auto facts = FactsOf([&](Facts& f) { ReadText(other, {}, words, f); });
  ASSERT_EQ(facts.mentions.size(), 1u);
  EXPECT_EQ(facts.mentions[0].text.size(), kMaxMentionText);
  EXPECT_NE(facts.mentions[0].text.find("kesl"), std::string::npos);
}

}  // namespace
}  // namespace dl::extract
