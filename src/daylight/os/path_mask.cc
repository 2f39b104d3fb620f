#include "daylight/os/path_mask.h"

#include <algorithm>

namespace dl::os {

namespace {

using Element = PathMask::Element;
using Kind = PathMask::Element::Kind;

constexpr std::uint32_t kSlash = '/';
// A byte that is no part of a character stands for itself, above all code points.
constexpr std::uint32_t kLoneByte = 0x110000;

// Takes one character, or one byte that is part of none, off the front.
std::uint32_t TakeUnit(std::string_view& text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = at(0);
  std::size_t length = 1;
  std::uint32_t value = first;
  if (first >= 0xc2 && first <= 0xdf) length = 2, value = first & 0x1f;
  if (first >= 0xe0 && first <= 0xef) length = 3, value = first & 0x0f;
  if (first >= 0xf0 && first <= 0xf4) length = 4, value = first & 0x07;
  bool whole = (first < 0x80 || length > 1) && length <= text.size();
  for (std::size_t i = 1; whole && i < length; ++i) {
    whole = (at(i) & 0xc0) == 0x80;
    value = value << 6 | (at(i) & 0x3f);
  }
  // Overlong forms, surrogates, and what is past the last code point (RFC 3629, section 4).
  if (length == 3 && (value < 0x800 || (value >= 0xd800 && value <= 0xdfff))) whole = false;
  if (length == 4 && (value < 0x10000 || value > 0x10ffff)) whole = false;
  if (!whole) length = 1, value = kLoneByte + first;
  text.remove_prefix(length);
  return value;
}

// "[a-z]" at the front of `text`; nothing is taken when it is not closed.
bool TakeClass(std::string_view& text, Element& element) {
  std::string_view rest = text.substr(1);
  element = {.kind = Kind::kClass};
  if (!rest.empty() && (rest.front() == '!' || rest.front() == '^')) {
    element.negated = true;
    rest.remove_prefix(1);
  }
  const auto member = [&] {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    return TakeUnit(rest);
  };
  // A `]` right at the beginning is itself a member.
  for (bool start = true; !rest.empty() && (start || rest.front() != ']'); start = false) {
    const std::uint32_t first = member();
    std::uint32_t last = first;
    if (rest.size() > 1 && rest.front() == '-' && rest[1] != ']') {
      rest.remove_prefix(1);
      last = member();
    }
    element.ranges.push_back({first, last});
  }
  if (rest.empty()) return false;
  text = rest.substr(1);
  return true;
}

PathMask::Elements ParseElements(std::string_view text) {
  PathMask::Elements elements;
  while (!text.empty()) {
    Element element;
    if (text.front() == '*') {
      const std::size_t stars = std::min(text.find_first_not_of('*'), text.size());
      text.remove_prefix(stars);
      elements.push_back({.kind = stars > 1 ? Kind::kLongRun : Kind::kRun});
      continue;
    }
    if (text.front() == '?') {
      text.remove_prefix(1);
      elements.push_back({.kind = Kind::kAnyOne});
      continue;
    }
    if (text.front() == '[' && TakeClass(text, element)) {
      elements.push_back(std::move(element));
      continue;
    }
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    elements.push_back({.kind = Kind::kLiteral, .unit = TakeUnit(text)});
  }
  return elements;
}

bool Takes(const Element& element, std::uint32_t unit) {
  switch (element.kind) {
    case Kind::kLiteral: return element.unit == unit;
    case Kind::kAnyOne:
    case Kind::kRun: return unit != kSlash;
    case Kind::kLongRun: return true;
    case Kind::kClass: break;
  }
  if (unit == kSlash) return false;
  const bool in = std::any_of(element.ranges.begin(), element.ranges.end(),
                              [&](const PathMask::Range& range) { return range.first <= unit && unit <= range.last; });
  return in != element.negated;
}

bool IsRun(const Element& element) { return element.kind == Kind::kRun || element.kind == Kind::kLongRun; }

// All places that the mask can be at, carried along the text: no way back is ever taken, so
// time is bounded by the product of the lengths. `below`: a match up to a slash is one, too.
bool Run(const PathMask::Elements& elements, std::string_view text, bool below) {
  const std::size_t count = elements.size();
  std::vector<char> here(count + 1);
  std::vector<char> next(count + 1);
  const auto add = [&](std::vector<char>& places, std::size_t place) {
    // A run may also be empty.
    for (; places[place] == 0; ++place) {
      places[place] = 1;
      if (place == count || !IsRun(elements[place])) break;
    }
  };
  add(here, 0);
  while (!text.empty()) {
    if (below && text.front() == '/' && here[count] != 0) return true;
    const std::uint32_t unit = TakeUnit(text);
    std::fill(next.begin(), next.end(), 0);
    bool any = false;
    for (std::size_t place = 0; place < count; ++place) {
      if (here[place] == 0 || !Takes(elements[place], unit)) continue;
      add(next, IsRun(elements[place]) ? place : place + 1);
      any = true;
    }
    if (!any) return false;
    here.swap(next);
  }
  return here[count] != 0;
}

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
}

bool IsAnyName(const PathMask::Elements& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](const Element& element) { return IsRun(element); });
}

}  // namespace

Result<PathMask> PathMask::Parse(std::string_view text) {
  if (text.empty()) return Fail(ErrorCode::kMalformed, "an empty mask");
  if (text.size() > kMaxBytes) return Fail(ErrorCode::kBudget, "a mask is too long");
  if (text.find('\0') != std::string_view::npos) return Fail(ErrorCode::kMalformed, "a mask with a byte of zero");
  PathMask mask;
  const std::size_t twice = text.find("//");
  std::string_view path = text;
  if (twice != std::string_view::npos) {
    mask.shape_ = Shape::kBelow;
    const std::string_view name = text.substr(twice + 2);
    path = text.substr(0, twice);
    if (name.empty() || name.find('/') != std::string_view::npos) {
      return Fail(ErrorCode::kMalformed, "behind // there must be a mask for names");
    }
    mask.name_ = ParseElements(name);
    if (path.empty()) return mask;  // Below "/".
  } else if (text.find('/') == std::string_view::npos) {
    mask.name_ = ParseElements(text);
    return mask;
  } else {
    mask.shape_ = Shape::kPath;
  }
  if (path.front() != '/' && !path.starts_with("**")) {
    return Fail(ErrorCode::kMalformed, "a mask for paths must begin with / or **");
  }
  if (path.size() > 1 && path.back() == '/') return Fail(ErrorCode::kMalformed, "no path of a file ends with a slash");
  mask.path_ = ParseElements(path);
  return mask;
}

bool PathMask::Matches(std::string_view path) const {
  switch (shape_) {
    case Shape::kName: return Run(name_, NameOf(path), false);
    case Shape::kPath: return Run(path_, path, false);
    case Shape::kBelow: break;
  }
  return Run(name_, NameOf(path), false) && Run(path_, path, true);
}

bool PathMask::CoversAllBelow(std::string_view folder) const {
  switch (shape_) {
    case Shape::kName: return IsAnyName(name_);
    case Shape::kPath:
      // What the run at the end begins to take in the folder's own slash it goes on with.
      return path_.back().kind == Kind::kLongRun && Run(path_, std::string(folder) + "/", false);
    case Shape::kBelow: break;
  }
  return IsAnyName(name_) && Run(path_, folder == "/" ? std::string_view() : folder, true);
}

bool MaskMatches(std::string_view mask, std::string_view path) {
  const auto parsed = PathMask::Parse(mask);
  return parsed && parsed->Matches(path);
}

std::string EscapeMask(std::string_view literal) {
  std::string out;
  for (const char c : literal) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

Result<PathMasks> PathMasks::Parse(const std::vector<std::string>& exclude, const std::vector<std::string>& only) {
  PathMasks masks;
  for (const std::string& text : exclude) {
    DL_TRY(auto mask, PathMask::Parse(text));
    masks.exclude_.push_back(std::move(mask));
  }
  for (const std::string& text : only) {
    DL_TRY(auto mask, PathMask::Parse(text));
    masks.only_.push_back(std::move(mask));
  }
  return masks;
}

bool PathMasks::Counts(std::string_view path) const {
  const auto matches = [&](const PathMask& mask) { return mask.Matches(path); };
  if (std::any_of(exclude_.begin(), exclude_.end(), matches)) return false;
  return only_.empty() || std::any_of(only_.begin(), only_.end(), matches);
}

bool PathMasks::LeavesOutAllBelow(std::string_view folder) const {
  return std::any_of(exclude_.begin(), exclude_.end(),
                     [&](const PathMask& mask) { return mask.CoversAllBelow(folder); });
}

}  // namespace dl::os
