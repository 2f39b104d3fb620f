// All unpackers there are.
#pragma once

#include <span>

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

std::span<const Unpacker> Unpackers();

// What libraries read from files at their first use is read, and what they would
// ask the system later (time zones, character sets) is settled. Before any walls.
void Prepare();

}  // namespace dl::unpack
