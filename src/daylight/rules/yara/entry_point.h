// The deprecated `entrypoint` keyword: where execution starts, as an offset in
// the file, for PE and ELF.
#pragma once

#include <optional>

#include "daylight/bytes/bytes.h"

namespace dl::yara {

// From the first four bytes: whether it is worth loading the whole object.
bool MayHaveEntryPoint(Bytes head);
std::optional<std::uint64_t> EntryPointOffset(Bytes object);

}  // namespace dl::yara
