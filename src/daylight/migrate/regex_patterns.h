// An extended regular expression over paths (POSIX.1-2017, XBD 9.4) as patterns of Daylight
// that mean exactly the same, where there are such.
//
//   const auto said = PatternsOf("^/srv/[^/]*/cache/", Anchors::kFolders);
//   said.masks          // "/srv/*/cache//*"   (os/path_mask.h)
//   said.globs          // as os/glob.h has them
//   said.problem        // why it cannot be said, when it cannot
//
// The expression is searched for anywhere in an absolute path, byte for byte. Bounded: at
// most 64 alternatives of 256 elements.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dl::migrate {

enum class Anchors : std::uint8_t {
  // It is held against files and folders; what is below a folder that matches is left out.
  // One that ends with a slash is held against the path with a slash behind it (clamd).
  kFolders,
  kFiles,  // It is held against files only (grep -E -v over a list of them).
};

struct RegexPatterns {
  std::vector<std::string> globs;
  std::vector<std::string> masks;
  std::string problem;
};

RegexPatterns PatternsOf(std::string_view regex, Anchors anchors);
// A text that may stand anywhere in a path.
RegexPatterns PatternsOfPart(std::string_view literal);

}  // namespace dl::migrate
