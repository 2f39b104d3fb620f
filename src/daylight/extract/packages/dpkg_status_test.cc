#include <gtest/gtest.h>

#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"

namespace dl::extract {
namespace {

constexpr std::string_view kStatus =
    "Package: libc6\n"
    "Status: install ok installed\n"
    "Priority: optional\n"
    "Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>\n"
    "Architecture: amd64\n"
    "Multi-Arch: same\n"
    "Source: glibc\n"
    "Version: 2.36-9+deb12u9\n"
    "Conffiles:\n"
    " /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab\n"
    "Description: GNU C Library: Shared libraries\n"
    " Contains the standard libraries.\n"
    " .\n"
    " Package: no\n"
    "Homepage: https://www.gnu.org/software/libc/libc.html\n"
    "\n"
    "Package: libc6\nstatus: install ok installed\nArchitecture: i386\nVersion: 2.36-9+deb12u9\nSource: glibc "
    "(1:2.36-9)\n"
    "\n\n"
    "Package: gone\r\nStatus: deinstall ok config-files\r\nArchitecture: all\r\nVersion: 1:3\r\nOrigin: Example\r\n"
    "\n"
    "Package: half\nStatus: install reinstreq half-installed\nVersion: 1\n"
    "\n"
    "Package: never\nStatus: unknown ok not-installed\n"
    "\n"
    "Package: waits\nStatus: install ok triggers-awaited\nVersion: 4";

report::SoftwareFacts Read(std::string_view text, std::string_view path = "var/lib/dpkg/status") {
  MemorySource source(AsBytes(text));
  return FactsOf([&](Facts& facts) {
    ReadDpkgStatus(source, {3, std::string(path), report::Presence::kDeleted}, facts);
  });
}

TEST(DpkgStatusTest, StanzasArePackages) {
  const report::SoftwareFacts facts = Read(kStatus);
  EXPECT_EQ(TextOf(facts),
            "0|libc6|2.36-9+deb12u9|amd64|glibc 2.36-9+deb12u9|GNU Libc Maintainers <debian-glibc@lists.debian.org>||"
            "https://www.gnu.org/software/libc/libc.html||GNU C Library: Shared libraries|0|\n"
            "0|libc6|2.36-9+deb12u9|i386|glibc 1:2.36-9||||||0|\n"
            "1|gone|1:3|all|gone 1:3||Example||||0|\n"
            "2|half|1||half 1||||||0|\n"
            "4|never|||never ||||||0|\n"
            "0|waits|4||waits 4||||||0|\n");
  ASSERT_FALSE(facts.packages.empty());
  EXPECT_EQ(facts.packages[0].place.root, 3u);
  EXPECT_EQ(facts.packages[0].place.path, "var/lib/dpkg/status");
  EXPECT_EQ(facts.packages[0].place.presence, report::Presence::kDeleted);
}

TEST(DpkgStatusTest, WindowsMayEndAnywhere) {
  const std::string whole = TextOf(Read(kStatus));
  for (std::size_t piece = 1; piece < 70; ++piece) {
    StreamSource source = InPieces(kStatus, piece);
    EXPECT_EQ(TextOf(FactsOf([&](Facts& facts) { ReadDpkgStatus(source, {}, facts); })), whole) << piece;
  }
}

TEST(DpkgStatusTest, TruncatedAnywhereTheRestIsThere) {
  for (std::size_t n = 0; n <= kStatus.size(); ++n) {
    const auto facts = Read(kStatus.substr(0, n));
    EXPECT_LE(facts.packages.size(), 6u);
    EXPECT_GE(facts.packages.size(), n > 700 ? 2u : 0u) << n;
  }
}

TEST(DpkgStatusTest, WithoutAStatusItIsInstalledInAnImageWithoutDpkg) {
  constexpr std::string_view kControl = "Package: base-files\nVersion: 12\n";
  EXPECT_EQ(Read(kControl, "var/lib/dpkg/status.d/base").packages.at(0).state, report::PackageState::kInstalled);
  EXPECT_EQ(Read(kControl).packages.at(0).state, report::PackageState::kNotInstalled);
}

TEST(DpkgStatusTest, ASecondPackageFieldBeginsAStanza) {
  const auto facts = Read("Package: a\nStatus: install ok installed\nPackage: b\nStatus: install ok installed\n");
  ASSERT_EQ(facts.packages.size(), 2u);
  EXPECT_EQ(facts.packages[1].name, "b");
}

TEST(DpkgStatusTest, WithoutANameItIsTold) {
  EXPECT_EQ(TextOf(Read("Version: 1\nStatus: install ok installed\n\n")),
            "unread|damaged|entries without the name of a package\n");
  EXPECT_EQ(TextOf(Read("\n\n  \n")), "");
}

TEST(DpkgStatusTest, LongLinesAreCut) {
  const std::string text = "Package: a\nDescription: " + std::string(300'000, 'x') + "\nVersion: 1\n";
  const auto facts = Read(text);
  ASSERT_EQ(facts.packages.size(), 1u);
  EXPECT_EQ(facts.packages[0].summary.size(), kMaxFactText);
  EXPECT_EQ(facts.packages[0].version, "1");
}

}  // namespace
}  // namespace dl::extract
