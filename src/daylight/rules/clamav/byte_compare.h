// Byte comparison subsignatures: a number read from the object near another
// subsignature's match, compared.
//
//   if (Holds(compare, bytes, reference_offset)) ...
#pragma once

#include "daylight/bytes/bytes.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

// `reference`: where the referenced subsignature matched last, in bytes.
bool Holds(const ByteCompare& compare, Bytes bytes, std::uint64_t reference);

}  // namespace dl::clamav
