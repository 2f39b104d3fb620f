// What Outlook packs attachments into, winmail.dat ([MS-OXTNEF]).
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

// Children: the attachments under their long names, embedded messages and objects,
// and the bodies: body.txt, body.html, body.rtf (decompressed, [MS-OXRTFCP]).
extern const Unpacker kTnef;

}  // namespace dl::unpack
