// TLSH, a locality sensitive hash: similar inputs have similar hashes.
//
//   const std::optional<std::string> hash = elf::Tlsh(bytes);
//   // "T174B012188204F00184540770331E0B111373086019509C464D0ACE88181266C09774FA"
//
// Oliver, Cheng, Chen: "TLSH - A Locality Sensitive Hash" (2013), in its usual
// form of 128 buckets and one byte of checksum, version T1. A pure function.
#pragma once

#include <optional>
#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::elf {

inline constexpr std::size_t kMinTlshBytes = 50;

// "T1" and 70 hexadecimal digits; absent when `data` is too short or too
// uniform to have a hash.
std::optional<std::string> Tlsh(Bytes data);

}  // namespace dl::elf
