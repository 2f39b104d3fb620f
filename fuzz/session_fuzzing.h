// What the fuzz targets of sessions over heads and bodies share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dl::daemon {

// The first two bytes say how: options, and how large the pieces are that the rest comes in.
struct SessionInput {
  SessionInput(const std::uint8_t* data, std::size_t size)
      : how(data[0]),
        piece(data[1] < 128 ? data[1] + 1u : (data[1] - 127u) * 512u),
        bytes(reinterpret_cast<const char*>(data) + 2, size - 2) {}
  unsigned how;
  std::size_t piece;
  std::string_view bytes;
};

// No session answers more requests than there are ends of heads.
inline std::size_t CountHeads(std::string_view text) {
  std::size_t heads = 0;
  for (std::size_t at = 0; (at = text.find("\r\n\r\n", at)) != std::string_view::npos; at += 2) ++heads;
  return heads;
}

}  // namespace dl::daemon
