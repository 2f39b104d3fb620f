// Runs of encoded bytes in text: scripts, macros, sources, configuration. See
// runs.h for which; each that is worth it is a child, "encoded N", once decoded.
//
// Markup and mail have readers of their own, which find what is in them. An object
// past kMaxWholeBytes is looked at in its first bytes only, as scanning all of it
// once more for what seldom is there costs more than it finds.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kEncoded;

}  // namespace dl::unpack
