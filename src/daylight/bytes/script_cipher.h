// The cipher of Microsoft's Script Encoder ("#@~^" ... "^#~@"): each character by one of
// three tables, chosen by its place modulo 64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dl {

// Says that the next character names one that the encoding could not keep: "!<", "#\r",
// "$@", "&\n" and "*>".
inline constexpr std::uint8_t kScriptEscape = 0xff;

// `position`: how many characters below 0x80 came before it. Others stay.
std::uint8_t DecipherScript(std::size_t position, std::uint8_t c);

}  // namespace dl
