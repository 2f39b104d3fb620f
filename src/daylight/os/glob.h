// File name patterns: `*` any bytes (also `/`), `?` one byte, `[a-z]`, `[!a-z]`,
// `\x` a literal x.
//
//   os::GlobMatches("*.tmp", "cache.tmp")          // true
//   os::Excluded("build/*", "src/build/x", "x")    // false: compared whole
//
// Linear in pattern times text, whatever either says.
#pragma once

#include <string_view>

namespace dl::os {

bool GlobMatches(std::string_view pattern, std::string_view text);

// --exclude: a pattern with a slash is held against the whole path as it is
// shown, one without against the last name.
bool Excluded(std::string_view pattern, std::string_view path, std::string_view name);

}  // namespace dl::os
