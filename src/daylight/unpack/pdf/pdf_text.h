// Text strings of PDF (ISO 32000-2, 7.9.2.2) as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace dl::unpack::pdf {

// UTF-16 of either byte order behind its mark becomes UTF-8; anything else stays as it is.
std::string ToUtf8(std::string_view text);

}  // namespace dl::unpack::pdf
