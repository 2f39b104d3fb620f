// A header field's value with its parameters, and names in any character set.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dl::unpack::mail {

// `text/plain; charset=utf-8; name*0*=UTF-8''a%20; name*1=b` (RFC 2045, 5.1; RFC 2231).
struct FieldValue {
  std::string value;  // Before the first parameter; in lower case.
  // Names in lower case; values decoded, put together of their pieces.
  std::vector<std::pair<std::string, std::string>> parameters;

  // Empty where there is none.
  std::string_view Get(std::string_view name) const;
};
// `text`: unfolded. Of kMaxParameters, and in as many pieces.
inline constexpr std::size_t kMaxParameters = 256;
FieldValue ParseFieldValue(std::string_view text);

// Encoded words (RFC 2047) as UTF-8, where they are of UTF-8, US-ASCII, ISO-8859-1
// or windows-1252's common part; others stay as they are.
std::string DecodeWords(std::string_view text);

}  // namespace dl::unpack::mail
