// Single files as Microsoft's COMPRESS.EXE left them on installation disks: SZDD (also
// that of QBasic) and KWAJ, told apart by their first eight bytes.
//
// Both are described with libmspack ("SZDD file format", "KWAJ file format"). KWAJ's
// method 3, LZ with Huffman codes, is not decoded.
#pragma once

#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

extern const Unpacker kSzdd;

}  // namespace dl::unpack
