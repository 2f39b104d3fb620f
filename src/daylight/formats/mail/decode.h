// The transfer encodings of bodies (RFC 2045, 6).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daylight/formats/mail/header.h"

namespace dl::mail {

// Lines without their ends. The result has at most `limit` bytes.
std::string Decode(std::span<const std::string_view> lines, Encoding encoding, std::size_t limit);

}  // namespace dl::mail
