// Handmade facts: for the unit tests, and for the documents that validators are given.
#pragma once

#include <string>
#include <utility>

#include "daylight/inventory/inventory.h"

namespace dl::inventory::testing {

inline report::PackageFact Package(report::PackageSystem system, std::string name, std::string version,
                                   std::string architecture, std::string path) {
  report::PackageFact package;
  package.place.path = std::move(path);
  package.system = system;
  package.name = std::move(name);
  package.version = std::move(version);
  package.architecture = std::move(architecture);
  return package;
}

inline report::SoftwareFacts MachineFacts() {
  report::SoftwareFacts facts;
  report::OperatingSystemFact system;
  system.place.path = "etc/os-release";
  system.id = "debian";
  system.version_id = "12";
  system.name = "Debian GNU/Linux 12 (bookworm)";
  system.cpe = "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*";
  facts.operating_systems.push_back(system);
  report::PackageFact bash =
      Package(report::PackageSystem::kDpkg, "bash", "5.2.15-2+b2", "amd64", "var/lib/dpkg/status");
  bash.maintainer = "Matthias Klose <doko@debian.org>";
  bash.homepage = "http://tiswww.case.edu/php/chet/bash/bashtop.html";
  bash.summary = "GNU Bourne Again SHell";
  bash.licence = "GPL-3.0-or-later";
  bash.source = "bash 5.2.15-2";
  bash.installed_at = 1'700'000'000;
  facts.packages.push_back(bash);
  facts.packages.push_back(
      Package(report::PackageSystem::kDpkg, "libc6", "1:2.36-9+deb12u4", "amd64", "var/lib/dpkg/status"));
  facts.packages.push_back(
      Package(report::PackageSystem::kDpkg, "libc6", "1:2.36-9+deb12u4", "i386", "var/lib/dpkg/status"));
  facts.packages.push_back(Package(report::PackageSystem::kDpkg, "gone", "1.0", "all", "var/lib/dpkg/status"));
  facts.packages.back().state = report::PackageState::kConfigFiles;
  facts.packages.push_back(Package(report::PackageSystem::kDpkg, "torn", "2.0", "amd64", "var/lib/dpkg/status"));
  facts.packages.back().state = report::PackageState::kBroken;
  report::PackageFact rpm =
      Package(report::PackageSystem::kRpm, "Vim-X11", "2:9.0-1.el9", "x86_64", "var/lib/rpm/rpmdb.sqlite");
  rpm.vendor = "Example Linux";
  rpm.licence = "Vim and MIT";
  facts.packages.push_back(rpm);
  facts.packages.push_back(Package(report::PackageSystem::kFlatpak, "org.example.App", "1.2", "x86_64",
                                   "var/lib/flatpak/app/org.example.App/x86_64/stable/1/metadata"));
  facts.packages.back().distribution = "flathub";
  return facts;
}

inline Contents Machine() {
  Inventory inventory;
  inventory.BeginTarget("this machine", TargetKind::kMachine);
  inventory.Add(MachineFacts());
  return inventory.Finish();
}

// An image with a package that a later layer deletes, and a package file within it.
inline Contents Image() {
  report::SoftwareFacts facts;
  report::ImageFact image;
  image.names = {"registry.example/app:1.2"};
  image.digest = "sha256:" + std::string(64, 'a');
  image.architecture = "amd64";
  facts.images.push_back(image);
  report::OperatingSystemFact system;
  system.place.path = "etc/os-release";
  system.id = "alpine";
  system.version_id = "3.19.1";
  system.name = "Alpine Linux v3.19";
  facts.operating_systems.push_back(system);
  facts.packages.push_back(
      Package(report::PackageSystem::kApk, "musl", "1.2.4_git20230717-r4", "x86_64", "lib/apk/db/installed"));
  facts.packages.push_back(Package(report::PackageSystem::kApk, "deleted", "1-r0", "x86_64", "lib/apk/db/installed"));
  facts.packages.back().place.presence = report::Presence::kDeleted;
  report::RootFact root;
  root.id = 1;
  root.kind = report::RootKind::kPackage;
  root.path = "srv/tool.deb";
  root.name = "tool 1.0 all";
  facts.roots.push_back(root);
  facts.packages.push_back(Package(report::PackageSystem::kDpkg, "tool", "1.0", "all", "srv/tool.deb"));
  facts.packages.back().place.root = 1;
  facts.packages.back().state = report::PackageState::kFile;
  Inventory inventory;
  inventory.BeginTarget("app.tar", TargetKind::kImage);
  inventory.Add(std::move(facts));
  return inventory.Finish();
}

// Names that are no UTF-8, that look like markup, that are empty, that are there twice; components in circles.
inline Contents Hostile() {
  report::SoftwareFacts facts;
  const std::string texts[] = {"",
                               "\xff\xfe",
                               "a\nb\x1b[31m",
                               "\"},{\"",
                               "</text>",
                               "\xe2\x80\xae"
                               "evil",
                               "x y%z?#",
                               "pkg:deb/a",
                               std::string(5000, 'n'),
                               std::string("a\0b", 3)};
  for (const std::string& text : texts) {
    report::PackageFact package = Package(report::PackageSystem::kDpkg, text, text, text, text);
    package.licence = package.vendor = package.maintainer = package.homepage = package.summary = package.source = text;
    facts.packages.push_back(package);
    package.system = report::PackageSystem::kRpm;
    package.homepage = "https://example.org:" + text;
    package.maintainer = text + " <" + text + "@example.org>";
    facts.packages.push_back(package);
    package.place.path += "other";
    facts.packages.push_back(package);
    report::ComponentFact component;
    component.reference = component.within = component.name = component.type = component.version = text;
    component.group = component.supplier = component.publisher = component.author = component.purl = text;
    component.licence = component.description = component.copyright = text;
    component.cpes = {text, "cpe:/a:example:x", "cpe:2.3:a:example:x:1:*:*:*:*:*:*:*", "cpe:2.3:a:short"};
    facts.components.push_back(component);
    facts.components.push_back(component);
    report::OperatingSystemFact system;
    system.id = system.name = system.version_id = system.cpe = text;
    facts.operating_systems.push_back(system);
    report::ImageFact image;
    image.names = {text};
    image.digest = text;
    facts.images.push_back(image);
  }
  for (const auto& [self, within] : {std::pair("a", "b"), std::pair("b", "a"), std::pair("c", "c")}) {
    report::ComponentFact component;
    component.reference = component.name = self;
    component.within = within;
    facts.components.push_back(component);
  }
  report::RootFact root;
  root.id = 7;  // Out of order.
  facts.roots.push_back(root);
  root.id = 1;
  root.parent = 1;  // Of itself.
  root.name = root.path = root.digest = "\xff\n";
  facts.roots.push_back(root);
  report::PackageFact stray = Package(report::PackageSystem::kSnap, "stray", "1", "", "");
  stray.place.root = 4'000'000'000;
  stray.installed_at = INT64_MAX;
  facts.packages.push_back(stray);
  facts.unread.push_back({{}, "damaged", "\xff"});
  Inventory inventory;
  inventory.BeginTarget("\xff\n\x1b", TargetKind::kSbom);
  inventory.Add(std::move(facts));
  return inventory.Finish();
}

// Several targets, of which one is empty.
inline Contents Many() {
  Inventory inventory;
  inventory.BeginTarget("/srv/root", TargetKind::kFolder);
  inventory.Add(MachineFacts());
  inventory.BeginTarget("empty", TargetKind::kFolder);
  inventory.BeginTarget("copy", TargetKind::kDisk);
  inventory.Add(MachineFacts());
  return inventory.Finish();
}

}  // namespace dl::inventory::testing
