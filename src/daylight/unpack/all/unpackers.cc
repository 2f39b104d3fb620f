#include "daylight/unpack/all/unpackers.h"

#include <array>

#include "daylight/unpack/archive/archive.h"
#include "daylight/unpack/arj/arj.h"
#include "daylight/unpack/chm/chm.h"
#include "daylight/unpack/disk/disk.h"
#include "daylight/unpack/embedded/embedded.h"
#include "daylight/unpack/encoded/encoded.h"
#include "daylight/unpack/html/html.h"
#include "daylight/unpack/mail/cms.h"
#include "daylight/unpack/mail/coded_text.h"
#include "daylight/unpack/mail/mail.h"
#include "daylight/unpack/mail/tnef.h"
#include "daylight/unpack/ole/ole.h"
#include "daylight/unpack/onenote/onenote.h"
#include "daylight/unpack/pdf/pdf.h"
#include "daylight/unpack/rtf/rtf.h"
#include "daylight/unpack/sealed/sealed.h"
#include "daylight/unpack/szdd/szdd.h"
#include "daylight/unpack/udf/udf.h"

namespace dl::unpack {

std::span<const Unpacker> Unpackers() {
  static const std::array kAll = {
      kArchive, kArj, kSzdd, kChm,     kUdf, kDisk,    kCms,  kCodedText, kMail,   kMbox,
      kTnef,    kOle, kRtf,  kOneNote, kPdf, kEncoded, kHtml, kEmbedded,  kSealed,
  };
  return kAll;
}

void Prepare() {
  PrepareArchive();
  PrepareOle();
  PreparePdf();
}

}  // namespace dl::unpack
