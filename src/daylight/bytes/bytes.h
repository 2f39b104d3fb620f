// Bytes is how all of Daylight passes raw memory: a borrowed, read-only view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dl {

using Bytes = std::span<const std::byte>;

// The same memory seen as characters, and back. Neither copies.
inline std::string_view AsText(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes AsBytes(std::string_view text) { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }

}  // namespace dl
