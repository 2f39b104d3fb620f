// Whether a ZIP file is an Office document.
//
//   const ClamType type = OfficeTypeOf(object);  // kZip, or kOoxmlWord, ...
#pragma once

#include "daylight/bytes/bytes.h"
#include "daylight/formats/filetype/clam_type.h"

namespace dl::filetype {

// `object` begins with a ZIP magic. The names of the first three local headers
// decide; where they are only typical of Office documents, those of the
// central directory do.
ClamType OfficeTypeOf(Bytes object);

}  // namespace dl::filetype
