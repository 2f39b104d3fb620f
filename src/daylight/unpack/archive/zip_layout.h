// What of a zip its directory does not lead to.
//
// Readers that go by the directory at the end miss the entries that only have
// a local header: those of a zip in front of another one, those that were deleted
// or hidden, and those whose local header says something else than the directory.
// Other readers, which go from header to header, do see them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

struct ZipGap {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  // What the directory calls the entry that stands there, where its local header
  // says otherwise.
  std::string name;
};

struct ZipLayout {
  std::uint64_t end = 0;     // Of the record that ends the directory, without its comment.
  std::vector<ZipGap> gaps;  // In the order of the file.
};

// By the last directory that the probe's tail ends; nothing where there is none.
std::optional<ZipLayout> ReadZipLayout(const Probe& probe);

// Whether it is the last of several volumes (4.4.19), the others being other files.
bool IsLaterZipVolume(const Probe& probe);

// Where the next local header stands in [begin, end) whose fields are plausible.
std::optional<std::uint64_t> NextLocalHeader(ObjectSource& object, std::uint64_t begin, std::uint64_t end);

}  // namespace dl::unpack
