#include <gtest/gtest.h>

#include <algorithm>

#include "daylight/extract/packages/package_archive.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"
#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/archive/archive_testing.h"

namespace dl::extract {
namespace {

using unpack::Compress;
using unpack::Entries;
using unpack::MakeArchive;

const std::string kProgram =
    "\x7f"
    "ELF of a kind";
const std::string kControl =
    "Package: kesl\nVersion: 12.1.0-1\nArchitecture: amd64\nMaintainer: Ann\nVendor: Example\nDescription: agent\n "
    "more\n";

Entries Files() {
  return {{"./opt/", ""},
          {"./opt/kaspersky/kesl", kProgram},
          {"./etc/kesl.conf", "a = b\n"},
          {"./usr/lib/systemd/system/kesl.service", "[Service]\n"},
          {"./usr/share/doc/text", "text"}};
}

// deb(5) is an ar(5).
std::string Ar(const Entries& members) {
  std::string out = "!<arch>\n";
  const auto field = [&](std::string text, std::size_t width) {
    text.resize(width, ' ');
    out += text;
  };
  for (const auto& [name, bytes] : members) {
    field(name, 16);
    field("0", 12);
    field("0", 6);
    field("0", 6);
    field("100644", 8);
    field(std::to_string(bytes.size()), 10);
    out += "`\n" + bytes;
    if (bytes.size() % 2 != 0) out += '\n';
  }
  return out;
}
std::string Deb(const std::string& control, const std::string& data, const std::string& control_name = "control.tar.gz",
                const std::string& data_name = "data.tar.gz") {
  return Ar({{"debian-binary", "2.0\n"}, {control_name, control}, {data_name, data}});
}
std::string Tar(const Entries& entries) { return MakeArchive(ARCHIVE_FORMAT_TAR_GNUTAR, entries); }
std::string Gz(const std::string& bytes) { return Compress(ARCHIVE_FILTER_GZIP, bytes); }
std::string ExampleDeb() { return Deb(Gz(Tar({{"./md5sums", "x"}, {"./control", kControl}})), Gz(Tar(Files()))); }

struct Answer {
  std::string facts;
  std::string members;
};

Answer Read(std::string_view file, PackageFileSettings settings = {}) {
  unpack::PrepareArchive();
  const std::vector<char> exact(file.begin(), file.end());
  MemorySource source(AsBytes(std::string_view(exact.data(), exact.size())));
  Answer answer;
  const MemberReader member = [&](report::SurveyKind kind, ObjectSource& object, const report::FactPlace& place,
                                  Facts&) {
    const auto bytes = object.Whole(1u << 30);
    answer.members += std::to_string(static_cast<int>(kind)) + " " + std::to_string(place.root) + " " + place.path +
                      " " + std::to_string(bytes ? bytes->size() : 0) + ";";
  };
  answer.facts = TextOf(FactsOf([&](Facts& facts) {
    ReadPackageFile(source, {0, "srv/x.deb", report::Presence::kPresent}, member, facts, settings);
  }));
  return answer;
}

const char kExpected[] =
    "3|kesl|12.1.0-1|amd64|kesl 12.1.0-1|Ann|Example|||agent|0|\n"
    "root|srv/x.deb|kesl 12.1.0-1 amd64\n"
    "file|opt|1|0|\nfile|opt/kaspersky/kesl|0|14|\nfile|etc/kesl.conf|0|6|\n"
    "file|usr/lib/systemd/system/kesl.service|0|10|\nfile|usr/share/doc/text|0|4|\n";

TEST(PackageFileTest, ADebIsARootWithItsPackageAndFiles) {
  const std::string deb = ExampleDeb();
  EXPECT_TRUE(IsPackageFile(AsBytes(deb)));
  const Answer answer = Read(deb);
  EXPECT_EQ(answer.facts, kExpected);
  EXPECT_EQ(answer.members,
            "0 1 opt/kaspersky/kesl 14;9 1 etc/kesl.conf 6;6 1 usr/lib/systemd/system/kesl.service 10;");
  const Answer without_texts = Read(deb, {.read_texts = false});
  EXPECT_EQ(without_texts.facts, kExpected);
  EXPECT_EQ(without_texts.members, "0 1 opt/kaspersky/kesl 14;6 1 usr/lib/systemd/system/kesl.service 10;");
  const Answer short_answer = Read(deb, {.read_files = false});
  EXPECT_EQ(short_answer.facts,
            "3|kesl|12.1.0-1|amd64|kesl 12.1.0-1|Ann|Example|||agent|0|\nroot|srv/x.deb|kesl 12.1.0-1 amd64\n");
  EXPECT_EQ(short_answer.members, "");
}

TEST(PackageFileTest, InEveryCompression) {
  for (const int filter :
       {ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_LZMA, ARCHIVE_FILTER_NONE}) {
    const auto pack = [&](const std::string& tar) {
      return filter == ARCHIVE_FILTER_NONE ? tar : Compress(filter, tar);
    };
    EXPECT_EQ(Read(Deb(pack(Tar({{"control", kControl}})), pack(Tar(Files())), "control.tar", "data.tar")).facts,
              kExpected);
  }
}

TEST(PackageFileTest, TruncatedAnywhereItSaysSo) {
  const std::string deb = ExampleDeb();
  for (std::size_t n = 8; n < deb.size(); ++n) {
    EXPECT_NE(Read(std::string_view(deb).substr(0, n)).facts.find("unread|"), std::string::npos) << n;
  }
  for (std::size_t i = 8; i < deb.size(); ++i) {
    std::string changed = deb;
    changed[i] = static_cast<char>(~changed[i]);
    Read(changed);
  }
}

TEST(PackageFileTest, PartsThatAreMissingOrOther) {
  const std::string data = Gz(Tar(Files()));
  EXPECT_NE(Read(Deb("x", data, "other")).facts.find("unread|damaged|it does not say of which package it is"),
            std::string::npos);
  EXPECT_NE(Read(Deb(Gz(Tar({{"control", kControl}})), "x", "control.tar.gz", "other"))
                .facts.find("a package without its files"),
            std::string::npos);
  // The files first: they are in the root, which has no name yet.
  const std::string turned =
      Ar({{"debian-binary", "2.0\n"}, {"data.tar.gz", data}, {"control.tar.gz", Gz(Tar({{"control", kControl}}))}});
  EXPECT_NE(Read(turned).facts.find("3|kesl|"), std::string::npos);
  EXPECT_NE(Read(turned).facts.find("root|srv/x.deb|\n"), std::string::npos);
  EXPECT_NE(
      Read(Deb(Gz(Gz(Tar({{"control", kControl}}))), data)).facts.find("unread|unsupported|compressed several times"),
      std::string::npos);
}

TEST(PackageFileTest, BombsEndInTheBudget) {
  const std::string zeros(16u << 20, '\0');
  const std::string bomb = Deb(Gz(Tar({{"control", kControl}})), Gz(Tar({{"usr/zeros", zeros}, {"usr/after", "x"}})));
  ASSERT_LT(bomb.size(), 1u << 20);
  const std::string facts = Read(bomb, {.max_bytes = 2u << 20}).facts;
  EXPECT_NE(facts.find("3|kesl|"), std::string::npos);
  EXPECT_NE(facts.find("unread|budget|"), std::string::npos);
  EXPECT_EQ(facts.find("usr/after"), std::string::npos);
  EXPECT_EQ(Read(bomb).facts.find("unread|"), std::string::npos);
  // Entries without bytes cost something too.
  Entries many;
  for (int i = 0; i < 20'000; ++i) many.emplace_back("d" + std::to_string(i) + "/", "");
  EXPECT_NE(
      Read(Deb(Gz(Tar({{"control", kControl}})), Gz(Tar(many))), {.max_bytes = 1u << 20}).facts.find("unread|budget|"),
      std::string::npos);
  // Zeros instead of an archive.
  EXPECT_NE(Read(Deb(Gz(Tar({{"control", kControl}})), Gz(zeros)), {.max_bytes = 2u << 20}).facts.find("3|kesl|"),
            std::string::npos);
}

TEST(PackageFileTest, LargeProgramsAreToldAndPassed) {
  const auto read = [](std::size_t size) {
    const std::string large = "MZ" + std::string(size - 2, 'x');
    const std::string data = Gz(Tar({{"opt/large", large}, {"opt/after", "MZ"}}));
    return Read(Deb(Gz(Tar({{"control", kControl}})), data), {.max_member_bytes = 100'000});
  };
  EXPECT_EQ(read(100'000).members, "0 1 opt/large 100000;0 1 opt/after 2;");
  EXPECT_EQ(read(100'001).members, "0 1 opt/after 2;");
  const std::string facts = read(100'001).facts;
  EXPECT_NE(facts.find("unread|max-memory|"), std::string::npos);
  EXPECT_NE(facts.find("opt/after"), std::string::npos);
}

std::string Rpm(const std::string& header, const std::string& payload) {
  const std::string magic("\x8e\xad\xe8\x01\0\0\0\0", 8);
  std::string signature = magic + RpmHeaderMaker().Text(1000, "s").Make();
  signature.resize((signature.size() + 7) / 8 * 8);
  return "\xed\xab\xee\xdb" + std::string(92, '\0') + signature + magic + header + payload;
}

TEST(PackageFileTest, AnRpmHasHeaderAndPayload) {
  RpmHeaderMaker header;
  header.Text(1000, "kesl")
      .Text(1001, "12")
      .Text(1002, "3")
      .Text(1022, "x86_64")
      .Text(1044, "k-1-2.src.rpm")
      .Text(1124, "cpio");
  const std::string cpio = MakeArchive(ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, Files());
  const std::string rpm = Rpm(header.Make(), Compress(ARCHIVE_FILTER_ZSTD, cpio));
  EXPECT_TRUE(IsPackageFile(AsBytes(rpm)));
  const Answer answer = Read(rpm);
  EXPECT_EQ(answer.facts.substr(0, answer.facts.find("file|")),
            "3|kesl|12-3|x86_64|k 1-2||||||0|\nroot|srv/x.deb|kesl 12-3 x86_64\n");
  EXPECT_EQ(answer.members,
            "0 1 opt/kaspersky/kesl 14;9 1 etc/kesl.conf 6;6 1 usr/lib/systemd/system/kesl.service 10;");
  for (std::size_t n = 8; n < rpm.size(); ++n) {
    EXPECT_NE(Read(std::string_view(rpm).substr(0, n)).facts.find("unread|"), std::string::npos) << n;
  }
  RpmHeaderMaker other = header;
  EXPECT_NE(Read(Rpm(other.Number(5008, 1).Make(), cpio)).facts.find("unread|unsupported|"), std::string::npos);
  EXPECT_NE(Read(Rpm(header.Text(1124, "drpm").Make(), cpio)).facts.find("unread|unsupported|"), std::string::npos);
  // A package of sources.
  std::string source = Rpm(RpmHeaderMaker().Text(1000, "kesl").Text(1001, "1").Text(1022, "x86_64").Make(), cpio);
  source[7] = 1;
  EXPECT_NE(Read(source).facts.find("3|kesl|1|src|"), std::string::npos);
}

TEST(PackageFileTest, OnlyTarsOfPackageManagersArePackages) {
  const auto is_package = [](const Entries& entries) { return IsPackageFile(AsBytes(Gz(Tar(entries)))); };
  unpack::PrepareArchive();
  EXPECT_TRUE(is_package({{".PKGINFO", "pkgname = a\n"}}));
  EXPECT_TRUE(is_package({{".SIGN.RSA.a", "x"}, {".PKGINFO", "pkgname = a\n"}}));
  EXPECT_TRUE(is_package({{".BUILDINFO", "x"}}));
  EXPECT_FALSE(is_package({{"usr/x", "x"}, {".PKGINFO", "pkgname = a\n"}}));
  EXPECT_FALSE(is_package({{".post-install", "x"}, {"usr/x", "x"}}));
  EXPECT_FALSE(IsPackageFile(AsBytes(Gz("text"))));
  EXPECT_FALSE(IsPackageFile(AsBytes("!<arch>\nother.o/   ")));
  EXPECT_FALSE(IsPackageFile({}));
  EXPECT_EQ(Read("ADBd....").facts, "unread|unsupported|a package of apk's version 3\n");
  // Bombs are not unpacked to find out.
  EXPECT_FALSE(IsPackageFile(AsBytes(Gz(std::string(16u << 20, '\0')))));
}

TEST(PackageFileTest, PathsArePlain) {
  EXPECT_EQ(PlainPath("./usr/../opt//a/"), "opt/a");
  EXPECT_EQ(PlainPath("/../../etc/x"), "etc/x");
  EXPECT_EQ(PlainPath("./"), "");
  EXPECT_EQ(PlainPath(""), "");
  EXPECT_LE(PlainPath(std::string(100'000, 'a')).size(), 4096u);
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "a/";
  EXPECT_LE(PlainPath(deep).size(), 512u);
}

}  // namespace
}  // namespace dl::extract
