// The names behind ordinals of Winsock and OLE automation, the two libraries
// that are commonly imported by ordinal.
//
//   KnownOrdinalName("WS2_32.dll", 115);  // "WSAStartup"
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dl::pe {

std::optional<std::string_view> KnownOrdinalName(std::string_view library, std::uint16_t ordinal);

}  // namespace dl::pe
