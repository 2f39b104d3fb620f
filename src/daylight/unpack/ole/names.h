// Names as compound files store them, made fit for reports.
//
//   PrintableName(u"\x05SummaryInformation")  // "_05_SummaryInformation"
//   PrintableName(u"\x4840\x3f3f\x4577...")   // "!Property", a table of an installer
#pragma once

#include <string>
#include <string_view>

#include "daylight/bytes/bytes.h"

namespace dl::unpack {

// `utf16le`: without the NUL. Control characters become "_XX_", slashes "_", and
// what installers pack into characters of the range U+3800 to U+4840 is unpacked.
std::string PrintableName(Bytes utf16le);

// Whether they are the same to a compound file, by ASCII ([MS-CFB] 2.6.4 folds more).
bool IsSameName(std::string_view a, std::string_view b);

}  // namespace dl::unpack
