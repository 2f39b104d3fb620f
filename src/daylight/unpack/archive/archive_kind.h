// Which archives an object is, by its bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

enum class ArchiveKind : std::uint8_t {
  kZip,
  kZipEntries,  // By its local headers, from one of them on.
  k7z,
  kRar,
  kRar5,
  kCab,
  kTar,
  kAr,
  kCpio,
  kLha,
  kXar,
  kIso,
  kRpm,
  kGzip,
  kBzip2,
  kXz,
  kLzma,
  kLzip,
  kZstd,
  kLz4,
  kCompress,
};

// Whether it is one file without a name, not an archive of several.
inline constexpr bool IsCompressed(ArchiveKind kind) { return kind >= ArchiveKind::kGzip; }
// Whether entries lie in it as they are, without anything that could show damage at their end.
inline constexpr bool IsStored(ArchiveKind kind) {
  return kind == ArchiveKind::kTar || kind == ArchiveKind::kAr || kind == ArchiveKind::kCpio;
}

struct FoundArchive {
  ArchiveKind kind;
  std::uint64_t offset = 0;  // Where it begins in the object, in bytes.
  // The bytes say so beyond doubt: when it cannot be read, it is damaged. Otherwise
  // they may mean something else.
  bool is_sure = true;
  std::uint64_t end = 0;  // Where it ends; 0: where the object does.
};

// What stands at the object's beginning, or is known by its end.
std::vector<FoundArchive> FindArchives(const Probe& probe);
// Anywhere in an object that is no archive itself: a program, a picture, something
// unknown that does not end as text.
// `found` is what FindArchives() gave.
std::vector<FoundArchive> FindWithin(const Probe& probe, const std::vector<FoundArchive>& found);

}  // namespace dl::unpack
