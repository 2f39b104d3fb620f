// Embedded files as Windows' packager writes them, in documents and in RTF.
//
//   if (const auto package = ParsePackage(native)) sink.Add({package->name}, package->data);
//
// Borrows the bytes.
#pragma once

#include <optional>
#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::unpack {

struct Package {
  std::string name;  // What the file was called, without its folders.
  Bytes data;
  bool is_cut = false;  // It should have been longer.
};

// `native`: what follows the size in a stream "\x01Ole10Native", or an object's
// native data in RTF. Nothing where it is none (there is no specification; the
// layout is known from what packager.dll writes).
std::optional<Package> ParsePackage(Bytes native);

}  // namespace dl::unpack
