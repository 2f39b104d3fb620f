// Whether bytes are UTF-8, as names in a Mach-O file are meant to be.
//
//   if (IsUtf8(name)) exports.push_back(name);
//
// Internal to formats/macho. A pure function.
#pragma once

#include <string_view>

namespace dl::macho {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
inline bool IsUtf8(std::string_view text) {
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  while (i < text.size()) {
    const unsigned lead = byte(i);
    const std::size_t tail = lead < 0x80                   ? 0
                             : lead >= 0xc2 && lead < 0xe0 ? 1
                             : lead >= 0xe0 && lead < 0xf0 ? 2
                             : lead >= 0xf0 && lead < 0xf5 ? 3
                                                           : text.size();
    if (tail > text.size() - i - 1) return false;
    for (std::size_t k = 1; k <= tail; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    if (tail > 0) {
      const unsigned second = byte(i + 1);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) || (lead == 0xf0 && second < 0x90) ||
          (lead == 0xf4 && second >= 0x90)) {
        return false;
      }
    }
    i += tail + 1;
  }
  return true;
}

}  // namespace dl::macho
