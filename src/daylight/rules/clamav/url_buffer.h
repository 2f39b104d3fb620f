// The text of a URL while it is brought into a clean form in place; see
// url_text.h. Its end is the last byte, not one behind it, and what a step has
// moved away from stays there and may be looked at by the next, as in clamscan.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dl::clamav {

class UrlBuffer {
 public:
  explicit UrlBuffer(std::string_view text);

  std::ptrdiff_t begin() const { return begin_; }
  std::string text() const;
  bool StartsAt(std::ptrdiff_t at, std::string_view what) const;

  void ClearHighBits();
  // False when less than two bytes are left.
  bool TrimWhiteSpace();
  void TrimSpaces();
  void Replace(char from, char to);
  // What stands behind the host goes; the host becomes lower case.
  void CutBehindHost();
  void Strip(std::string_view what);
  // %xx to bytes, until nothing changes. %00 becomes 1.
  void Unescape();
  void FixSpaces();

 private:
  char At(std::ptrdiff_t i) const;
  void Set(std::ptrdiff_t i, char c);
  // [from, last] to `to`.
  void Move(std::ptrdiff_t to, std::ptrdiff_t from, std::ptrdiff_t last);

  std::string bytes_;
  std::ptrdiff_t begin_ = 0;
  std::ptrdiff_t last_ = -1;
};

}  // namespace dl::clamav
