// What the `pe` module keeps for its functions beside the facts themselves.
// Lives in ModuleContext::state, for one object.
#pragma once

#include <optional>
#include <string>

#include "daylight/formats/pe/pe.h"

namespace dl::yara::pe_module {

struct PeState {
  pe::PeFile file;  // Borrows the object's bytes, which the context holds.
  std::optional<std::string> imphash;
};

}  // namespace dl::yara::pe_module
