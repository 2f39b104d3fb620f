#include "daylight/unpack/all/unpackers.h"

#include <array>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/encoded/encoded.h"
#include "daylight/unpack/html/html.h"
#include "daylight/unpack/pdf/pdf.h"

namespace dl::unpack {

std::span<const Unpacker> Unpackers() {
  static const std::array kAll = {
      kArchive,
      kPdf,
      kHtml,
      kEncoded,
  };
  return kAll;
}

void Prepare() {
  PrepareArchive();
  PreparePdf();
}

}  // namespace dl::unpack
