#include <gtest/gtest.h>

#include "daylight/report/software.h"

namespace dl::report {
namespace {

TEST(SoftwarePathsTest, FilesOfASystemAreKnownByTheirPath) {
  const std::pair<std::string_view, SurveyKind> kPaths[] = {
      {"var/lib/dpkg/status", SurveyKind::kDpkgStatus},
      {"var/lib/dpkg/status.d/base-files", SurveyKind::kDpkgStatus},
      {"var/lib/rpm/rpmdb.sqlite", SurveyKind::kRpmDatabase},
      {"var/lib/rpm/Packages", SurveyKind::kRpmDatabase},
      {"usr/lib/sysimage/rpm/Packages.db", SurveyKind::kRpmDatabase},
      {"usr/share/rpm/rpmdb.sqlite", SurveyKind::kRpmDatabase},
      {"lib/apk/db/installed", SurveyKind::kApkInstalled},
      {"usr/lib/apk/db/installed", SurveyKind::kApkInstalled},
      {"var/lib/pacman/local/zlib-1:1.3-2/desc", SurveyKind::kPacmanDesc},
      {"var/lib/flatpak/app/org.a.B/x86_64/stable/0123/metadata", SurveyKind::kFlatpakMetadata},
      {"var/lib/flatpak/runtime/org.a.B/x86_64/stable/0123/metadata", SurveyKind::kFlatpakMetadata},
      {"home/ann/.local/share/flatpak/app/org.a.B/x86_64/stable/0123/metadata", SurveyKind::kFlatpakMetadata},
      {"root/.local/share/flatpak/app/org.a.B/x86_64/stable/0123/metadata", SurveyKind::kFlatpakMetadata},
      {"etc/os-release", SurveyKind::kOsRelease},
      {"usr/lib/os-release", SurveyKind::kOsRelease},
      {"etc/systemd/system/kesl.service", SurveyKind::kUnit},
      {"lib/systemd/system/getty@.service", SurveyKind::kUnit},
      {"usr/lib/systemd/user/a.socket", SurveyKind::kUnit},
      {"run/systemd/generator.late/a.service", SurveyKind::kUnit},
      {"home/ann/.config/systemd/user/a.service", SurveyKind::kUnit},
      {"root/.config/systemd/user/a.timer", SurveyKind::kUnit},
      {"etc/amavis/conf.d/15-av_scanners", SurveyKind::kText},
      {"usr/local/etc/a.conf", SurveyKind::kText},
      {"etc/systemd/system/kesl.service.d/override.conf", SurveyKind::kText},
      {"etc/init.d/kesl", SurveyKind::kText},
  };
  for (const auto& [path, kind] : kPaths) EXPECT_EQ(SurveyKindOfPath(path), kind) << path;
}

TEST(SoftwarePathsTest, AllOthersTellNothing) {
  for (const std::string_view path : {"",
                                      "/",
                                      "/etc/os-release",
                                      "etc",
                                      "etc/",
                                      "var/lib/dpkg/status.d/a.md5sums",
                                      "var/lib/dpkg/status.d/",
                                      "var/lib/dpkg/status.d/a/b",
                                      "var/lib/dpkg/status-old",
                                      "var/lib/rpm/Packages/x",
                                      "var/lib/rpm/rpmdb.sqlite-wal",
                                      "var/lib/pacman/local//desc",
                                      "var/lib/pacman/local/a/b/desc",
                                      "root/metadata",
                                      "home",
                                      "home/metadata",
                                      "metadata",
                                      "var/metadata",
                                      "usr/lib/systemd/system/a.service.d/x.conf",
                                      "usr/lib/systemd/system/a.wants/b.service",
                                      "usr/lib/systemd/system/README",
                                      "usr/lib/systemd/x.service",
                                      "home/ann/a.service",
                                      "etc/shadow",
                                      "etc/shadow-",
                                      "etc/ssl/private/a.conf",
                                      "etc/ssh/ssh_host_rsa_key",
                                      "srv/etc/os-release",
                                      "opt/kaspersky/kesl"}) {
    EXPECT_EQ(SurveyKindOfPath(path), std::nullopt) << path;
  }
  EXPECT_EQ(SurveyKindOfPath(std::string(100'000, '/')), std::nullopt);
}

TEST(SoftwarePathsTest, SnapsAreToldByTheirFile) {
  const auto snap = PackageOfPath("var/lib/snapd/snaps/core20_1234.snap");
  ASSERT_TRUE(snap);
  EXPECT_EQ(snap->system, PackageSystem::kSnap);
  EXPECT_EQ(snap->name, "core20");
  EXPECT_EQ(snap->version, "1234");
  EXPECT_EQ(snap->place.path, "var/lib/snapd/snaps/core20_1234.snap");
  EXPECT_EQ(PackageOfPath("var/lib/snapd/snaps/a_second_x1.snap")->name, "a_second");
  for (const std::string_view path :
       {"", "var/lib/snapd/snaps/.snap", "var/lib/snapd/snaps/_1.snap", "var/lib/snapd/snaps/a_.snap",
        "var/lib/snapd/snaps/a.snap", "var/lib/snapd/snaps/a/b_1.snap", "var/lib/snapd/a_1.snap", "a_1.snap"}) {
    EXPECT_FALSE(PackageOfPath(path)) << path;
  }
}

}  // namespace
}  // namespace dl::report
