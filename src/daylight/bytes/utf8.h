// Characters as UTF-8.
#pragma once

#include <cstdint>
#include <string>

namespace dl {

// Appends the code point, at most 0x10ffff; surrogates are written as they are.
void AppendUtf8(std::uint32_t code, std::string& out);

}  // namespace dl
