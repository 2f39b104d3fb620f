// Encodings made in memory, for tests.
#pragma once

#include <string>
#include <string_view>

#include "daylight/bytes/script_cipher.h"

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

// As Microsoft's Script Encoder writes it; its length and sum are any.
inline std::string ToEncodedScript(std::string_view script) {
  constexpr std::string_view kKept = "<!\r#@$\n&>*";
  std::string out = "#@~^DgAAAA==";
  std::size_t position = 0;
  for (const char c : script) {
    const std::size_t kept = kKept.find(c);
    if (kept != std::string_view::npos && kept % 2 == 0) {
      out += {'@', kKept[kept + 1]};
      ++position;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      out.push_back(c);
    } else {
      for (int code = 9; code < 0x80; ++code) {
        if (code == '\n' || code == '\r' || code == '<' || code == '>' || code == '@') continue;
        if (dl::DecipherScript(position, static_cast<std::uint8_t>(code)) != static_cast<unsigned char>(c)) continue;
        out.push_back(static_cast<char>(code));
        break;
      }
      ++position;
    }
  }
  return out + "JqAQAA==^#~@";
}

}  // namespace dl::unpack
