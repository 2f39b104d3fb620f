// Where an object ends by its own account, and what was appended to it begins.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

// Of PE and ELF programs, PNG pictures and RIFF files; 0 where that cannot be told.
std::uint64_t EndOfContent(const Probe& probe);

}  // namespace dl::unpack
