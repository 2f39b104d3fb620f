// Words of a mail that may be the password of what it carries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dl::unpack::mail {

// What stands behind "password", "code", "Kennwort" and the like, in lines or beside
// colons, the likeliest first. At most `limit` words; looks at kMaxPasswordText of a
// text. `is_html`: what is between < and > is left out.
inline constexpr std::size_t kMaxPasswordText = 64u << 10;
std::vector<std::string> FindPasswords(std::string_view text, bool is_html, std::size_t limit);

}  // namespace dl::unpack::mail
