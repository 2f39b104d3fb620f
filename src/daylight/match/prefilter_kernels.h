// The kernels for particular processors; see prefilter.h. Private to it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dl::match {

#if defined(__x86_64__)
std::size_t Avx2Kernel(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t count, std::size_t kind,
                       std::uint32_t factor, std::uint32_t* out);
std::size_t Avx512Kernel(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t count, std::size_t kind,
                         std::uint32_t factor, std::uint32_t* out);
#endif

}  // namespace dl::match
