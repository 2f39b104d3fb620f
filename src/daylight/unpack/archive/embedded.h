// Archives that stand somewhere within other data: behind a picture, in a
// program that unpacks itself, among a program's resources.
//
// Their magic is looked for everywhere in one pass, and what stands behind it
// must be right too, so that a program which only knows the magic is none.
#pragma once

#include <vector>

#include "daylight/unpack/archive/archive_kind.h"

namespace dl::unpack {

// An object with more of them is a collection in some format that is not known.
inline constexpr std::size_t kMaxEmbedded = 64;

// In [begin, end) of the object; what stands inside of one of them is left to it.
// Zips are left out where `with_zip` is not set.
std::vector<FoundArchive> FindEmbedded(ObjectSource& object, std::uint64_t begin, std::uint64_t end, bool with_zip);

}  // namespace dl::unpack
