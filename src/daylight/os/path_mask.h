// Masks for paths in which a folder's boundary counts: `*` stays within one name, `**`
// crosses `/`, `?` is one character (of UTF-8; a byte that is none counts as one) but never
// `/`, `[a-z]` and `[!a-z]` are one such character, `\x` is a literal x.
//
//   os::MaskMatches("*.tmp", "/a/b.tmp")            // true: no slash, so the file's name
//   os::MaskMatches("/srv/*/x", "/srv/a/b/x")       // false: `*` is one name
//   os::MaskMatches("/srv/*//*.log", "/srv/a/b/c.log")   // true
//
// A mask says which *files* are meant, by their absolute paths:
//
//   NAME            the file's name
//   PATH            the whole path, when there is a slash in it
//   FOLDER//NAME    files with such a name at or anywhere below what FOLDER matches
//
// Other than glob.h's patterns, whose `*` crosses `/`, a mask never means what is below a
// folder unless it says so. Case counts. A Mask is a value, any thread may use it; matching
// is linear in mask times path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"

namespace dl::os {

class PathMask {
 public:
  static constexpr std::size_t kMaxBytes = 4096;
  // kMalformed for one that can never match anything, such as "" and "a//b//c".
  static Result<PathMask> Parse(std::string_view text);

  // `path`: absolute, without "//" and without a slash at its end.
  bool Matches(std::string_view path) const;
  // That every file that can be below this folder matches: it need not be walked.
  bool CoversAllBelow(std::string_view folder) const;

  struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };
  struct Element {
    enum class Kind : std::uint8_t { kLiteral, kAnyOne, kClass, kRun, kLongRun };
    Kind kind = Kind::kLiteral;
    char byte = 0;         // Of a literal.
    bool negated = false;  // Of a class.
    std::vector<Range> ranges = {};
  };
  using Elements = std::vector<Element>;

 private:
  enum class Shape : std::uint8_t { kName, kPath, kBelow };
  Shape shape_ = Shape::kName;
  Elements path_;  // Of kPath, and the folder of kBelow.
  Elements name_;  // Of kName and kBelow.
};

// Parse and match in one; false for a mask that is none.
bool MaskMatches(std::string_view mask, std::string_view path);
// A text as a mask that matches nothing else.
std::string EscapeMask(std::string_view literal);

// Which files count: those that no `exclude` matches and, where there is any `only`, one of
// those does.
class PathMasks {
 public:
  PathMasks() = default;
  // kMalformed when one of them is no mask.
  static Result<PathMasks> Parse(const std::vector<std::string>& exclude, const std::vector<std::string>& only);

  bool empty() const { return exclude_.empty() && only_.empty(); }
  bool Counts(std::string_view path) const;
  // That nothing below this folder counts, for one of the excluding masks covers it.
  bool LeavesOutAllBelow(std::string_view folder) const;

 private:
  std::vector<PathMask> exclude_;
  std::vector<PathMask> only_;
};

}  // namespace dl::os
