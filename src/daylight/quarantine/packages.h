// Whether a file is what an installed package says it should be.
//
//   if (const auto package = PristinePackage("/var/lib/dpkg", "/usr/bin/ls", fd)) ...   // "coreutils"
//
// Reads the machine's own dpkg database, as text: *.md5sums, the conffiles in
// `status`, and `diversions`. It is root's, and trusted.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dl::quarantine {

struct PackageClaim {
  std::string package;
  std::string md5;  // Lowercase hexadecimal.
};

// Who says what of the file that is at `path` (absolute, without links).
std::vector<PackageClaim> PackageClaims(const std::string& database, const std::string& path);

// The package whose checksum the open file has.
std::optional<std::string> PristinePackage(const std::string& database, const std::string& path, int fd);

}  // namespace dl::quarantine
