// What the first bytes of a file say of whether anybody need read more of it. Nothing is parsed:
// a few bytes at fixed places are compared.
#pragma once

#include <cstddef>
#include <string_view>

#include "daylight/bytes/bytes.h"

namespace dl::survey {

inline constexpr std::size_t kPeekBytes = 512;

enum class Peek : unsigned char {
  kNothing,
  kElf,        // Told as a program as it is.
  kProgram,    // PE or Mach-O: its signers are to be read.
  kPackage,    // .deb, .rpm, and by their names .apk and .pkg.tar
  kTar,        // May be a container image.
  kSbom,       // By its name.
  kContainer,  // Any other archive, or a disk image.
};

// `name`: the last part of its path.
Peek PeekAt(Bytes head, std::string_view name);

}  // namespace dl::survey
