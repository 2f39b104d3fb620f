// PeIcons measures the icons of a PE file as ClamAV's .idb signatures do:
// where an icon of 16, 24 or 32 pixels is colourful, grey, bright, dark, full
// of edges or empty. Matches() says whether two icons look alike by that.
//
//   DL_TRY(const IconSignature signature, ParseIdbLine("Name:G1:*:20a1b..."));
//   DL_TRY(const std::vector<IconMetrics> icons, PeIcons(image));
//   const bool found = AnyIconMatches(icons, signature);
//
// Borrows nothing once it has returned; any number of threads may call it.
// At most kMaxIcons icons of 256x256 pixels are looked at.
//
// IN LOGICAL SIGNATURES (libclamav 1.4): `IconGroup1:` and `IconGroup2:` are
// looked at last, when the expression is true and the object is a PE file with
// resources. They hold when some signature of the .idb files that is in both
// groups matches some icon. A group that is not named, or "*", is every group;
// a group that no .idb line has is none. Without any .idb line they never hold.
#pragma once

#include <array>
#include <string>

#include "daylight/formats/pe/image.h"

namespace dl::pe {

// ClamAV's default of max-iconspe.
inline constexpr std::size_t kMaxIcons = 100;

// A square, a quarter of the icon wide, by its upper left corner.
struct IconArea {
  std::uint32_t average = 0;
  std::uint32_t x = 0;
  std::uint32_t y = 0;
  friend bool operator==(const IconArea&, const IconArea&) = default;
};
using IconAreas = std::array<IconArea, 3>;  // The best first, apart from each other.

struct IconMetrics {
  // Pixels a side: 16, 24 or 32 in signatures. Icons of 72 or 160 pixels and
  // the like end between, and are compared with the size below.
  std::uint32_t size = 0;
  // For icons without colour (colour_share 0) `colour` holds the next three
  // areas with the most edges and `grey` the next three with the fewest.
  IconAreas colour;  // Averages of saturation and value, to 4072.
  IconAreas grey;
  IconAreas bright;  // The other averages are from 0 to 255.
  IconAreas dark;
  IconAreas edge;
  IconAreas no_edge;
  // How red, green and blue the coloured pixels are, and how many per cent of
  // the pixels are coloured.
  std::uint32_t red = 0;
  std::uint32_t green = 0;
  std::uint32_t blue = 0;
  std::uint32_t colour_share = 0;
  friend bool operator==(const IconMetrics&, const IconMetrics&) = default;
};

struct IconSignature {
  std::string name;
  std::string group1;
  std::string group2;
  IconMetrics metrics;
};

// The icons of the first icon group, in the order in which ClamAV looks at
// them; what it passes over (PNG icons, odd sizes, damaged ones) is not here.
// Empty without resources. kMalformed when `image` has headers that ClamAV
// does not take for a PE file's.
Result<std::vector<IconMetrics>> PeIcons(const Image& image);

// "NAME:GROUP1:GROUP2:HASH" with 124 hexadecimal digits.
Result<IconSignature> ParseIdbLine(std::string_view line);
// The 124 digits, as ParseIdbLine reads them.
std::string IconHash(const IconMetrics& metrics);

bool Matches(const IconMetrics& icon, const IconMetrics& signature);
inline bool Matches(const IconMetrics& icon, const IconSignature& signature) {
  return Matches(icon, signature.metrics);
}
inline bool AnyIconMatches(std::span<const IconMetrics> icons, const IconSignature& signature) {
  for (const IconMetrics& icon : icons) {
    if (Matches(icon, signature)) return true;
  }
  return false;
}

// Whether a signature's group is one that a logical signature asks for.
inline bool IsInIconGroup(std::string_view group, std::optional<std::string_view> wanted) {
  return !wanted || *wanted == "*" || *wanted == group;
}

}  // namespace dl::pe
