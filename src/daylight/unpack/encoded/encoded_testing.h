// Encodings made in memory, for tests.
#pragma once

#include <string>
#include <string_view>

namespace dl::unpack {

inline std::string ToBase64(std::string_view bytes) {
  const std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out.push_back(at + i <= bytes.size() ? digits[bits >> (18 - 6 * i) & 63] : '=');
    }
  }
  return out;
}

}  // namespace dl::unpack
