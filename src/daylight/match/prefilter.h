// The prefilter: for every position, whether an atom can begin there.
//
//   const PrefilterKernel kernel = BestKernel().kernel;
//   const std::size_t n = kernel(bitmap, bytes, count, kBitmap4, factor, candidates);
//
// A kernel folds the window of bytes at each position (byte_costs.h), hashes
// it, and looks the hash up in a bitmap that fits the first-level cache. All
// kernels give the same answer; the portable one is the reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "daylight/match/byte_costs.h"
#include "daylight/match/matcher_format.h"

namespace dl::match {

// By BitmapKind.
inline constexpr unsigned kBitmapLog2[kBitmaps] = {18, 16, 16, 16};
inline constexpr std::size_t kBitmapWords[kBitmaps] = {1u << 13, 1u << 11, 1u << 11, 1u << 11};
inline constexpr std::uint32_t kWindowMask[kBitmaps] = {0xffffffff, 0x0000ffff, 0x00ffffff, 0x0000ffff};
// The bit of a folded window, whose bytes outside of the mask are ignored.
// `factor` is the matcher's: its builder takes the one of these with which the
// most common windows share the fewest bits with atoms.
inline constexpr std::uint32_t kHashFactors[] = {0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1, 0xcc9e2d51,
                                                 0x1b873593, 0xe6546b65, 0x2545f491, 0x7feb352d, 0x846ca68b, 0x9e3779b9,
                                                 0x45d9f3b3, 0x119de1f3, 0x3c6ef373, 0xdaa66d2b};
inline constexpr std::uint32_t BitOf(std::uint32_t folded, std::size_t kind, std::uint32_t factor) {
  return ((folded & kWindowMask[kind]) * factor) >> (32 - kBitmapLog2[kind]);
}

// A kernel may read this many bytes behind the last position's first byte.
inline constexpr std::size_t kKernelSlack = 64;

// For positions [0, count): appends those whose bit is set to `out`, which has
// room for count + 16, in ascending order; returns how many. `bytes` has at least count + kKernelSlack
// readable bytes. `kind` is kBitmap4 or kBitmapShort.
using PrefilterKernel = std::size_t (*)(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t count,
                                        std::size_t kind, std::uint32_t factor, std::uint32_t* out);

std::size_t PortableKernel(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t count, std::size_t kind,
                           std::uint32_t factor, std::uint32_t* out);

struct KernelInfo {
  const char* name;
  PrefilterKernel kernel;
};
// The kernels this processor can run, the portable one first.
std::span<const KernelInfo> AvailableKernels();
const KernelInfo& BestKernel();
// The one that the environment variable DAYLIGHT_KERNEL names, if it is
// available; otherwise the best. For programs; nothing here calls it.
const KernelInfo& KernelFromEnvironment();

}  // namespace dl::match
