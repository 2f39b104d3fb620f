// Numbers as nearly all formats store them, for the containers that tests build.
#pragma once

#include <cstdint>
#include <string>

namespace dl::unpack {

// The least significant byte first.
inline std::string LittleEndian(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

}  // namespace dl::unpack
