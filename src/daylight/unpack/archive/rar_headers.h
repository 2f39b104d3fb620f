// What of a RAR archive stays closed, by its headers alone.
//
// Libarchive reads what is encrypted as if it were not, and files that continue
// in another volume as if they ended here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

struct RarNotes {
  std::uint64_t end = 0;               // Of the archive in the object, as far as its headers lead.
  bool is_closed = false;              // Not even the names can be read without a password.
  std::vector<std::string> encrypted;  // Files.
  std::vector<std::string> split;      // Files that begin or end in another volume.
};

// Of the archive at `offset`, of either version; nothing where its first header's sum is wrong.
std::optional<RarNotes> ReadRarHeaders(ObjectSource& object, std::uint64_t offset);

}  // namespace dl::unpack
