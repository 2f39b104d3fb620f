// One Mach-O file: its header and load commands.
//
//   const std::optional<Image> image = ReadImage(bytes, limits);
//
// Internal to formats/macho.
#pragma once

#include "daylight/formats/macho/limits.h"
#include "daylight/formats/macho/macho.h"

namespace dl::macho {

// MH_MAGIC, MH_CIGAM and their 64-bit twins, as read big-endian.
bool IsImageMagic(std::uint32_t magic);

// Absent when the bytes are too short for a 64-bit header. Like libyara, does
// not ask for a magic that it knows, since an entry of a universal file may
// lack it; such an image is taken for a 64-bit one.
std::optional<Image> ReadImage(Bytes bytes, Limits& limits);

}  // namespace dl::macho
