// Numbers as nearly all formats store them, for the containers that tests build.
#pragma once

#include <cstdint>
#include <string>

namespace dl::unpack {

// The least significant byte first; beyond the eighth they are 0.
inline std::string LittleEndian(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += i < sizeof(value) ? static_cast<char>(value >> (8 * i) & 0xff) : '\0';
  return out;
}

}  // namespace dl::unpack
