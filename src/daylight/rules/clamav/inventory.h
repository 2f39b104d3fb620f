// Inventory is what went into a unit and what did not: counts for `rules list`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

struct Inventory {
  std::string source_name;
  std::string licence;
  std::string path;  // Where the files were.
  struct Loaded {
    std::string kind;  // "ndb"
    std::uint64_t count = 0;
  };
  std::vector<Loaded> loaded;
  struct Skipped {
    std::string kind;
    std::string reason;
    std::uint64_t count = 0;
  };
  std::vector<Skipped> skipped;
};

std::vector<std::byte> EncodeInventory(const Inventory& inventory);
Result<Inventory> DecodeInventory(Bytes bytes);

}  // namespace dl::clamav
