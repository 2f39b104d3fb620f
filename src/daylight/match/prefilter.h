// The prefilter: for every position, whether an atom can begin there.
//
//   const PrefilterKernel kernel = BestKernel();
//   const std::size_t n = kernel(bitmap, bytes, count, candidates);
//
// A kernel folds the window of bytes at each position (byte_costs.h), hashes
// it, and looks the hash up in a bitmap that fits the first-level cache. All
// kernels give the same answer; the portable one is the reference.
#pragma once

#include <cstddef>
#include <cstdint>

#include "daylight/match/byte_costs.h"
#include "daylight/match/matcher_format.h"

namespace dl::match {

// By BitmapKind.
inline constexpr unsigned kBitmapLog2[kBitmaps] = {18, 16, 16, 16};
inline constexpr std::size_t kBitmapWords[kBitmaps] = {1u << 13, 1u << 11, 1u << 11, 1u << 11};
inline constexpr std::uint32_t kWindowMask[kBitmaps] = {0xffffffff, 0x0000ffff, 0x00ffffff, 0x0000ffff};
inline constexpr std::uint32_t kHashFactor = 0x9e3779b1;
// The bit of a folded window, whose bytes outside of the mask are ignored.
inline constexpr std::uint32_t BitOf(std::uint32_t folded, std::size_t kind) {
  return ((folded & kWindowMask[kind]) * kHashFactor) >> (32 - kBitmapLog2[kind]);
}

// A kernel may read this many bytes behind the last position's first byte.
inline constexpr std::size_t kKernelSlack = 64;

// For positions [0, count): appends those whose bit is set to `out`, which has
// room for count + 16, in ascending order; returns how many. `bytes` has at least count + kKernelSlack
// readable bytes. `kind` is kBitmap4 or kBitmapShort.
using PrefilterKernel = std::size_t (*)(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t count,
                                        std::size_t kind, std::uint32_t* out);

std::size_t PortableKernel(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t count,
                           std::size_t kind, std::uint32_t* out);

struct KernelInfo {
  const char* name;
  PrefilterKernel kernel;
};
// The kernels this processor can run, the portable one first, the fastest last.
const KernelInfo* AvailableKernels(std::size_t& count);
// The fastest, unless the environment variable DAYLIGHT_KERNEL names another
// of them. Decided at the first call.
PrefilterKernel BestKernel();

}  // namespace dl::match
