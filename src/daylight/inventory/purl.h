// Package URLs, as github.com/package-url/purl-spec has them.
//
//   PackageUrl(package, system)    // "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12"
#pragma once

#include <string>

#include "daylight/report/software.h"

namespace dl::inventory {

// `system`: the operating system of the package's root; null if it does not say.
std::string PackageUrl(const report::PackageFact& package, const report::OperatingSystemFact* system);

}  // namespace dl::inventory
