// The built-in magic table as rows; MagicTable::Default() compiles it.
#pragma once

#include <span>
#include <string_view>

#include "daylight/formats/filetype/magic.h"

namespace dl::filetype {

struct DefaultMagic {
  MagicKind kind;
  std::string_view offset, pattern, name;
  ClamType from, type;
};

std::span<const DefaultMagic> DefaultMagicRows();

}  // namespace dl::filetype
