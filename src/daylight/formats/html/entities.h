// Characters by name or number, and the one way in which clamscan writes them.
//
//   FindEntity("eacute") == 0xe9
//   NormalCharacter(0x20ac) == "&#x20ac;"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dl::html {

// The code of a named character (case counts), 0 for none.
std::uint16_t FindEntity(std::string_view name);
// Nothing for 0, one byte below 0xff, "." for the ideographic full stops, else
// a reference of four digits.
std::string NormalCharacter(std::uint16_t code);

}  // namespace dl::html
