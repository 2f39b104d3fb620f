// The prefilter: for every position, whether an atom can begin there.
//
//   const KernelInfo& kernel = BestKernel();
//   std::size_t n = kernel.filter({words, log2, factor, stride}, bytes, count, candidates);
//   n = kernel.shorts({bitmap, &nibbles}, bytes, count, candidates);
//
// Kernels fold the bytes at each position (byte_costs.h). All of them give the
// same answer; the portable ones are the reference.
//
// Windows of three or four bytes are looked up in a filter of 32-bit words. The
// window's hash chooses the word and one of its lowest eight bits; the first
// bytes behind the window choose one of the next eight, the four behind it one
// of the upper sixteen: a position is a candidate when all three bits are set.
// So an atom whose bytes are all known lets one in a thousand positions pass
// that its word is chosen at, and one in a hundred of those with its window. One
// that knows less sets all bits that it knows nothing of. The filter has as many
// words as its atoms need: even half of a second-level cache is hardly slower
// than the first level, as sixteen loads at a time hide it.
//
// Looking words up is what takes the time. With a stride of two, windows are
// looked up at every other position only, and every pattern has two atoms, one a
// byte behind the other: one of them stands at an even position. Their windows
// are of three bytes, so that a pattern with four known bytes has two.
//
// Shorter atoms are sought at every position, by their first two bytes, in a
// bitmap of all pairs. There are few of them: most positions are ruled out by
// looking up the halves of three bytes in registers first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "daylight/match/byte_costs.h"
#include "daylight/match/matcher_format.h"

namespace dl::match {

// Of all bitmaps, in bits and words.
inline constexpr unsigned kBitmapLog2 = 16;
inline constexpr std::size_t kBitmapWords = 1u << (kBitmapLog2 - 5);
// `factor` is the matcher's: its builder takes the one of these with which the
// most common windows share the fewest bits with atoms.
inline constexpr std::uint32_t kHashFactors[] = {0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1, 0xcc9e2d51,
                                                 0x1b873593, 0xe6546b65, 0x2545f491, 0x7feb352d, 0x846ca68b, 0x9e3779b9,
                                                 0x45d9f3b3, 0x119de1f3, 0x3c6ef373, 0xdaa66d2b};
// The bit of a folded window of two bytes: itself; of three: a hash.
inline constexpr std::uint32_t BitOfTwo(std::uint32_t folded) { return folded & 0xffff; }
inline constexpr std::uint32_t BitOfThree(std::uint32_t folded, std::uint32_t factor) {
  return ((folded & 0xffffff) * factor) >> (32 - kBitmapLog2);
}

// Where a filter looks, by its stride: 1 or 2.
inline constexpr std::uint32_t kMaxStride = 2;
inline constexpr std::size_t WindowBytes(std::uint32_t stride) { return stride == 1 ? 4 : 3; }
inline constexpr std::uint32_t WindowMask(std::uint32_t stride) { return stride == 1 ? 0xffffffff : 0xffffff; }
// How many bytes behind the window make the second choice.
inline constexpr std::size_t SecondBytes(std::uint32_t stride) { return stride == 1 ? 2 : 1; }

// log2 of the number of words that a filter can have.
inline constexpr unsigned kMinFilterLog2 = 13;
inline constexpr unsigned kMaxFilterLog2 = 17;
// Of the hash of the window: the upper bits choose the word, and this the bit.
inline constexpr unsigned kWindowBitShift = 32 - kMaxFilterLog2 - 3;
// Of the product of the next four bytes: its lowest two bytes or its lowest one,
// which just as many of them decide, have the second choice at their upper end;
// all of it has the third.
inline constexpr unsigned SecondShift(std::uint32_t stride) { return stride == 1 ? 13 : 5; }
inline constexpr unsigned kThirdShift = 28;
inline constexpr std::uint32_t FilterBits(std::uint32_t window_hash, std::uint32_t next_hash, std::uint32_t stride) {
  return 1u << ((window_hash >> kWindowBitShift) & 7) | 0x100u << ((next_hash >> SecondShift(stride)) & 7) |
         0x10000u << (next_hash >> kThirdShift);
}

// What an atom sets in a filter, as MBIT has it: the upper 20 bits are those of
// the window's hash, then three for the second choice, four for the third, and
// whether these are not known and all bits are set.
inline constexpr std::uint32_t kAnyThird = 1;
inline constexpr std::uint32_t kAnySecond = 2;
// `known`: how many of the bytes of `next`, which is folded, are.
std::uint32_t FilterKey(std::uint32_t window, std::uint32_t next, std::size_t known, std::uint32_t factor,
                        std::uint32_t stride);
void AddToFilter(std::uint32_t key, unsigned log2_words, std::uint32_t* words);
// How many words, as a logarithm, so many keys are worth.
unsigned FilterLog2(std::size_t keys);

// The filter's candidates are looked up in a bitmap before the tables of atoms,
// which are far larger than any cache: by hashes of the window and of as many
// bytes behind it as an atom knows, of which there are three kinds.
struct ConfirmHashes {
  std::uint32_t all;     // Atoms that know four bytes behind the window.
  std::uint32_t first;   // One to three: the first counts.
  std::uint32_t window;  // None.
};
inline constexpr ConfirmHashes HashesOf(std::uint32_t window, std::uint32_t next) {
  const auto hash = [](std::uint64_t bytes) { return static_cast<std::uint32_t>((bytes * 0x9e3779b97f4a7c15) >> 32); };
  const std::uint64_t upper = std::uint64_t{window} << 32;
  return {hash(upper | next), hash(upper | (next & 0xff)) ^ 0x5bd1e995, hash(upper) ^ 0xc2b2ae35};
}
// As MBIT has it. `known`: how many of the bytes of `next` are.
inline constexpr std::uint32_t ConfirmKey(std::uint32_t window, std::uint32_t next, std::size_t known) {
  const ConfirmHashes hashes = HashesOf(window, next);
  return known == 4 ? hashes.all : known > 0 ? hashes.first : hashes.window;
}
// How many bits so many keys are worth, as a logarithm: some sixteen each.
unsigned ConfirmLog2(std::size_t keys);

struct FilterTable {
  const std::uint32_t* words = nullptr;
  unsigned log2 = 0;
  std::uint32_t factor = 0;
  std::uint32_t stride = 1;
  // No atom can stand where the window and the four bytes behind it are all
  // zero, so such positions, which are common, are no candidates.
  bool skips_zeros = false;
};

// A short atom's window: one to three folded bytes, the first the lowest.
struct ShortWindow {
  std::uint32_t bytes = 0;
  std::uint32_t length = 0;
};

// Which three folded bytes can be a short atom and what is behind it, by the
// halves of the bytes: bit b of low[s][i][lower half] & high[s][i][upper half] is
// set when byte i of some window of bucket b of set s has these. Says yes too
// often, never no.
inline constexpr std::size_t kShortBytes = 3;
inline constexpr std::size_t kNibbleSets = 4;
struct NibbleTables {
  std::size_t sets = 2;  // That are used: 2 or 4, as many windows need more buckets to be told apart.
  std::uint8_t low[kNibbleSets][kShortBytes][16] = {};
  std::uint8_t high[kNibbleSets][kShortBytes][16] = {};
};
// False where they would let too many positions pass to be of use.
bool MakeNibbleTables(std::span<const ShortWindow> windows, NibbleTables& tables);

struct ShortTable {
  const std::uint32_t* bitmap = nullptr;  // By BitOfTwo.
  const NibbleTables* nibbles = nullptr;  // If they are of use: of the same windows.
};

// A kernel may read this many bytes behind the last position's first byte.
inline constexpr std::size_t kKernelSlack = 80;

// For positions [0, count), of these every stride-th: appends the candidates to
// `out`, which has room for count + 16, in ascending order; returns how many.
// `bytes` has at least count + kKernelSlack readable bytes.
using FilterKernel = std::size_t (*)(const FilterTable& table, const std::uint8_t* bytes, std::size_t count,
                                     std::uint32_t* out);
// Where two kernels are given nibble tables, both rule out the same positions.
using ShortKernel = std::size_t (*)(const ShortTable& table, const std::uint8_t* bytes, std::size_t count,
                                    std::uint32_t* out);

struct KernelInfo {
  const char* name;
  FilterKernel filter;
  ShortKernel shorts;
};
// The kernels this processor can run, the portable one first.
std::span<const KernelInfo> AvailableKernels();
const KernelInfo& BestKernel();
// The one that the environment variable DAYLIGHT_KERNEL names, if it is
// available; otherwise the best. For programs; nothing here calls it.
const KernelInfo& KernelFromEnvironment();

}  // namespace dl::match
