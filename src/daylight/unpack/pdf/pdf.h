// PDF (ISO 32000-1 and 32000-2): every stream, decoded; embedded files by their
// names; scripts as "javascript N.js"; what is opened or started, a line each, as
// "actions.txt".
//
// Objects are found where they stand, not by the cross-reference table: readers
// differ in how they mend a broken one, earlier revisions of an object are in none,
// and what no table names may still be meant for someone. Encrypted files are read
// with the empty password, or one that the sink knows. What images are encoded in
// is not decoded. Our own reader, as qpdf decodes object streams as far as they go
// and reads through the table alone; tests compare with it.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kPdf;

// For ciphers and digests: see Prepare().
void PreparePdf();

}  // namespace dl::unpack
