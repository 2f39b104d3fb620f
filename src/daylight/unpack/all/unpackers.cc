#include "daylight/unpack/all/unpackers.h"

#include <array>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/ole/ole.h"
#include "daylight/unpack/onenote/onenote.h"
#include "daylight/unpack/rtf/rtf.h"

namespace dl::unpack {

std::span<const Unpacker> Unpackers() {
  static const std::array kAll = {
      kArchive,
      kOle,
      kOneNote,
      kRtf,
  };
  return kAll;
}

void Prepare() {
  PrepareArchive();
  PrepareOle();
}

}  // namespace dl::unpack
