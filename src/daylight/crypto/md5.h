// MD5 as file indicators use it: to name a list of symbols, not to protect it.
//
//   const std::optional<std::string> hash = crypto::Md5Hex(list);
//
// Safe on any thread. The first call loads OpenSSL's providers, so a process
// that will be contained makes one before the walls close.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dl::crypto {

// 32 lower-case hexadecimal digits; absent where OpenSSL refuses MD5 (FIPS).
std::optional<std::string> Md5Hex(std::string_view text);

}  // namespace dl::crypto
