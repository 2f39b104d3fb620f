// Compound files: Office's binary documents, installers (.msi), Outlook's messages
// (.msg), and the projects of macros within newer documents.
//
//   if (kOle.opens(probe)) kOle.unpack(probe, self, sink);
//
// Children are all streams, under their paths; the source of each module of Visual
// Basic ("Macros/VBA/Module1.vba"); the formulas of macro sheets (Excel 4, XLM) as
// "Workbook/macros.txt"; files that were embedded, and attachments, under the names
// they had; texts of messages as body.txt, body.html and body.rtf; and a newer
// document within an encrypted one, where Excel's own or one of the first passwords
// opens it. The container must fit in memory.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kOle;

// Loads what OpenSSL would load at its first use.
void PrepareOle();

}  // namespace dl::unpack
