// Discs with a UDF file system, also those that have an ISO 9660 one beside it: the
// two need not show the same files.
//
// After ECMA-167 3rd edition and OSTA UDF 1.02 to 2.01: plain and sparable partitions.
// Virtual and metadata partitions (1.50 and 2.50) are told as unsupported.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kUdf;

}  // namespace dl::unpack
