// One header of RPM's: what a database has of an installed package, and what a package file
// begins with (rpm's docs/manual/format_header.md, LSB 5.0 core, 25.2).
//
//   DL_TRY(const RpmHeader header, RpmHeader::Parse(blob));
//   const report::PackageFact fact = PackageOf(header);
//
// Borrows the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/report/software.h"

namespace dl::extract {

class RpmHeader {
 public:
  // As rpm's own limits (lib/header.cc).
  static constexpr std::uint32_t kMaxEntries = 0xffff;
  static constexpr std::uint32_t kMaxDataBytes = 256u << 20;

  // From its count of entries on, as databases have it: no magic. All of `blob` belongs to it.
  static Result<RpmHeader> Parse(Bytes blob);
  // The length of a header with its magic, as package files have it: from the first 16 bytes.
  static Result<std::uint64_t> LengthInFile(Bytes head);
  static constexpr std::size_t kMagicBytes = 8;

  // The last entry of this tag that is of a fitting type: what was added after the package was
  // built stands behind, and is meant instead.
  std::optional<std::string_view> Text(std::uint32_t tag) const;  // The first of several.
  std::optional<std::uint32_t> Number(std::uint32_t tag) const;   // The first of several.
  // Whether there is one, of whatever type.
  bool Has(std::uint32_t tag) const;

 private:
  struct Entry {
    std::uint32_t type = 0;
    std::uint32_t offset = 0;
    std::uint32_t count = 0;
  };
  template <typename Fits>
  std::optional<Entry> Find(std::uint32_t tag, Fits fits) const;

  Bytes index_;
  Bytes data_;
};

// As `rpm -q` shows it; without place and state. Its name is empty where the header has none.
report::PackageFact PackageOf(const RpmHeader& header);

inline constexpr std::uint32_t kRpmTagPayloadFormat = 1124;

}  // namespace dl::extract
