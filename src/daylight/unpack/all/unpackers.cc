#include "daylight/unpack/all/unpackers.h"

#include <array>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/arj/arj.h"
#include "daylight/unpack/szdd/szdd.h"
#include "daylight/unpack/udf/udf.h"
#include "daylight/unpack/unread/unread.h"

namespace dl::unpack {

std::span<const Unpacker> Unpackers() {
  static const std::array kAll = {
      kArchive, kArj, kSzdd, kUdf, kUnread,
  };
  return kAll;
}

void Prepare() { PrepareArchive(); }

}  // namespace dl::unpack
