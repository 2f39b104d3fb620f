// The kernels for particular processors; see prefilter.h. Private to it.
#pragma once

#include "daylight/match/prefilter.h"

namespace dl::match {

// The references.
std::size_t PortableFilter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);
std::size_t PortableShorts(const ShortTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);

#if defined(__x86_64__)
std::size_t Avx2Filter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);
std::size_t Avx2Shorts(const ShortTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);
std::size_t Avx512Filter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);
std::size_t Avx512Shorts(const ShortTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);
// The same, which needs AVX512_VBMI2.
std::size_t Vbmi2Shorts(const ShortTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out);
#endif

}  // namespace dl::match
