// The prefilter: for every position, whether an atom can begin there.
//
//   const PrefilterKernel kernel = BestKernel().kernel;
//   const std::size_t n = kernel({words, log2, factor, kFilter}, bytes, count, candidates);
//
// A kernel folds the window of bytes at each position (byte_costs.h), hashes
// it, and looks the hash up. All kernels give the same answer; the portable one
// is the reference.
//
// Windows of four bytes are looked up in a filter of 32-bit words. The window's
// hash chooses the word and one of its lowest eight bits; the two bytes that
// follow the window choose one of the next eight, the four that follow it one
// of the upper sixteen: a position is a candidate when all three bits are set.
// So an atom whose eight bytes are known lets one in a thousand positions pass
// that its word is chosen at, and one in a hundred of those with its window. One
// that knows less sets all bits that it knows nothing of. The filter has as many
// words as its atoms need: even half of a second-level cache is hardly slower
// than the first level, as sixteen loads at a time hide it (Zen 4: 1.5 GB/s
// with 512 KiB, 1.7 with 32).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "daylight/match/byte_costs.h"
#include "daylight/match/matcher_format.h"

namespace dl::match {

// Of kBitmapShort, kBitmap3 and kBitmap2, in bits and words.
inline constexpr unsigned kBitmapLog2 = 16;
inline constexpr std::size_t kBitmapWords = 1u << (kBitmapLog2 - 5);
inline constexpr std::uint32_t kWindowMask[kBitmaps] = {0xffffffff, 0x0000ffff, 0x00ffffff, 0x0000ffff};
// The bit of a folded window, whose bytes outside of the mask are ignored.
// `factor` is the matcher's: its builder takes the one of these with which the
// most common windows share the fewest bits with atoms.
inline constexpr std::uint32_t kHashFactors[] = {0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1, 0xcc9e2d51,
                                                 0x1b873593, 0xe6546b65, 0x2545f491, 0x7feb352d, 0x846ca68b, 0x9e3779b9,
                                                 0x45d9f3b3, 0x119de1f3, 0x3c6ef373, 0xdaa66d2b};
inline constexpr std::uint32_t BitOf(std::uint32_t folded, std::size_t kind, std::uint32_t factor) {
  return ((folded & kWindowMask[kind]) * factor) >> (32 - kBitmapLog2);
}

// log2 of the number of words that a filter can have.
inline constexpr unsigned kMinFilterLog2 = 13;
inline constexpr unsigned kMaxFilterLog2 = 17;
// Of the hash of the window: the upper bits choose the word, and this the bit.
inline constexpr unsigned kWindowBitShift = 32 - kMaxFilterLog2 - 3;
// Of the product of the next four bytes: the low half, which the first two of
// them decide, has the one choice at its upper end, all of it the other.
inline constexpr unsigned kNextTwoShift = 13;
inline constexpr unsigned kNextFourShift = 28;
inline constexpr std::uint32_t FilterBits(std::uint32_t window_hash, std::uint32_t next_hash) {
  return 1u << ((window_hash >> kWindowBitShift) & 7) | 0x100u << ((next_hash >> kNextTwoShift) & 7) |
         0x10000u << (next_hash >> kNextFourShift);
}

// What an atom sets in a filter, as MBIT has it: the upper 20 bits are those of
// the window's hash, then three for the next two bytes' choice, four for the
// next four's, and whether these are not known and all bits are set.
inline constexpr std::uint32_t kAnyNextFour = 1;
inline constexpr std::uint32_t kAnyNextTwo = 2;
// `known`: how many of the bytes of `next`, which is folded, are.
std::uint32_t FilterKey(std::uint32_t window, std::uint32_t next, std::size_t known, std::uint32_t factor);
void AddToFilter(std::uint32_t key, unsigned log2_words, std::uint32_t* words);
// How many words, as a logarithm, so many keys are worth.
unsigned FilterLog2(std::size_t keys);

// A kernel may read this many bytes behind the last position's first byte.
inline constexpr std::size_t kKernelSlack = 64;

struct PrefilterTable {
  const std::uint32_t* words = nullptr;
  std::uint32_t factor = 0;
  unsigned filter_log2 = 0;    // Of kFilter.
  std::size_t kind = kFilter;  // Or kBitmapShort.
};

// For positions [0, count): appends those whose bits are set to `out`, which has
// room for count + 16, in ascending order; returns how many. `bytes` has at
// least count + kKernelSlack readable bytes.
using PrefilterKernel = std::size_t (*)(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count,
                                        std::uint32_t* out);

std::size_t PortableKernel(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count,
                           std::uint32_t* out);

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
