#include "daylight/inventory/purl.h"

#include <gtest/gtest.h>

#include "daylight/inventory/inventory_testing.h"

namespace dl::inventory {
namespace {

using report::PackageSystem;

std::string UrlOf(PackageSystem system, std::string name, std::string version, std::string architecture,
                  std::string id = "", std::string version_id = "") {
  report::OperatingSystemFact os;
  os.id = std::move(id);
  os.version_id = std::move(version_id);
  return PackageUrl(testing::Package(system, std::move(name), std::move(version), std::move(architecture), ""),
                    os.id.empty() ? nullptr : &os);
}

TEST(PurlTest, EachSystemHasItsType) {
  EXPECT_EQ(UrlOf(PackageSystem::kDpkg, "bash", "5.2.15-2+b2", "amd64", "debian", "12"),
            "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12");
  EXPECT_EQ(UrlOf(PackageSystem::kApk, "musl", "1.2.4_git-r4", "x86_64", "alpine", "3.19"),
            "pkg:apk/alpine/musl@1.2.4_git-r4?arch=x86_64&distro=alpine-3.19");
  EXPECT_EQ(UrlOf(PackageSystem::kPacman, "pacman", "6.0.1-1", "x86_64", "arch"),
            "pkg:alpm/arch/pacman@6.0.1-1?arch=x86_64");
  EXPECT_EQ(UrlOf(PackageSystem::kFlatpak, "org.example.App", "1.2", "x86_64", "debian", "12"),
            "pkg:generic/org.example.App@1.2?arch=x86_64");
  EXPECT_EQ(UrlOf(PackageSystem::kSnap, "core22", "", ""), "pkg:generic/core22");
}

TEST(PurlTest, AnEpochStaysInDebsVersionAndIsAQualifierOfRpm) {
  EXPECT_EQ(UrlOf(PackageSystem::kDpkg, "libc6", "1:2.36-9", "amd64"), "pkg:deb/debian/libc6@1:2.36-9?arch=amd64");
  EXPECT_EQ(UrlOf(PackageSystem::kRpm, "Vim-X11", "2:9.0-1.el9", "x86_64", "centos", "9"),
            "pkg:rpm/centos/Vim-X11@9.0-1.el9?arch=x86_64&distro=centos-9&epoch=2");
  EXPECT_EQ(UrlOf(PackageSystem::kRpm, "gpg-pubkey", "1-2", "(none)"), "pkg:rpm/gpg-pubkey@1-2");
  EXPECT_EQ(UrlOf(PackageSystem::kRpm, "odd", "a:1", "noarch"), "pkg:rpm/odd@a:1?arch=noarch");
}

TEST(PurlTest, WhatWouldEndAPartIsEncoded) {
  EXPECT_EQ(UrlOf(PackageSystem::kDpkg, "A/b@c?d#e", "1 %\xff", "x&y", "My/OS", "1&2"),
            "pkg:deb/my%2Fos/a%2Fb%40c%3Fd%23e@1%20%25%FF?arch=x%26y&distro=my%2Fos-1%262");
  EXPECT_EQ(UrlOf(PackageSystem::kDpkg, "", "1", "all"), "");
}

}  // namespace
}  // namespace dl::inventory
