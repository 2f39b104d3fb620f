// data: addresses (RFC 2397), wherever they stand in a text.
//
//   ForEachDataUri(text, [&](const DataUri& uri) { return sink.Add({"x." + uri.ending}, AsBytes(uri.bytes)); });
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace dl::unpack::html {

struct DataUri {
  std::size_t begin = 0;  // In the text.
  std::size_t end = 0;
  std::string ending;  // By its media type: "png", "bin".
  std::string bytes;
};

// False when `visit` said so.
bool ForEachDataUri(std::string_view text, const std::function<bool(const DataUri& uri)>& visit);

}  // namespace dl::unpack::html
