// The kernels for particular processors; see prefilter.h. Private to it.
#pragma once

#include "daylight/match/prefilter.h"

namespace dl::match {

#if defined(__x86_64__)
std::size_t Avx2Kernel(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);
std::size_t Avx512Kernel(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);
#endif

}  // namespace dl::match
