// Finds runs of encoded bytes in text, and decodes them.
//
//   FindEncoded(text, {}, [&](std::string_view bytes) { return sink.Add({}, AsBytes(bytes)); });
//
// Base64 and hexadecimal digits, escapes of JavaScript and URLs, lists of numbers
// and calls of chr(), literals that are concatenated to any of these, and scripts that
// Microsoft's Script Encoder made. Time is linear in the text, and text without such
// runs is hardly looked at: where a run of so many characters must have one, a
// character is checked that ends it.
#pragma once

#include <functional>
#include <string_view>

namespace dl::unpack {

struct RunOptions {
  // Lines of one length belong together. In mail they do, too, but that is read as mail.
  bool joins_lines = true;
  // What stands behind "base64," was taken already.
  bool skips_data_uris = false;
};

// The bytes are borrowed until it returns; false: no more is wanted.
using VisitRun = std::function<bool(std::string_view bytes)>;

// False when `visit` said so.
bool FindEncoded(std::string_view text, const RunOptions& options, const VisitRun& visit);

}  // namespace dl::unpack
