#include "daylight/unpack/all/unpackers.h"

#include <array>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/mail/cms.h"
#include "daylight/unpack/mail/coded_text.h"
#include "daylight/unpack/mail/mail.h"
#include "daylight/unpack/mail/tnef.h"

namespace dl::unpack {

std::span<const Unpacker> Unpackers() {
  static const std::array kAll = {
      kArchive, kMail, kMbox, kCodedText, kTnef, kCms,
  };
  return kAll;
}

void Prepare() { PrepareArchive(); }

}  // namespace dl::unpack
