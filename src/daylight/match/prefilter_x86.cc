// Eight or sixteen windows at a time in the filter, looked up with gathers, one
// 32-bit word a lane; 32 or 64 pairs at a time in nibble tables.
#include "daylight/match/prefilter_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace dl::match {

namespace {

int AsInt(std::uint32_t value) { return static_cast<int>(value); }

// The references do the positions that are left over.
std::size_t Rest(const FilterTable& table, const std::uint8_t* bytes, std::size_t at, std::size_t count,
                 std::uint32_t* out, std::size_t found) {
  const std::size_t more = PortableFilter(table, bytes + at, count - at, out + found);
  for (std::size_t i = 0; i < more; ++i) out[found + i] += static_cast<std::uint32_t>(at);
  return found + more;
}

// Appends the positions from `at` on whose bits are set in `mask`. Mostly there
// are few: four are written whether they are there or not, since a loop whose
// turns cannot be predicted takes longer.
template <typename Mask>
std::size_t AppendBits(std::size_t at, Mask mask, std::uint32_t* out, std::size_t found) {
  const auto count = static_cast<std::size_t>(std::popcount(mask));
  const auto next = [&] {
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(mask));
    mask &= mask - 1;
    return static_cast<std::uint32_t>(at) + bit;
  };
  for (std::size_t i = 0; i < 4; ++i) out[found + i] = next();
  for (std::size_t i = 4; i < count; ++i) out[found + i] = next();
  return found + count;
}

// Of the first `found` positions those whose pairs are in the bitmap, and what
// the reference finds from `at` on.
std::size_t KeepPairs(const ShortTable& table, const std::uint8_t* bytes, std::size_t at, std::size_t count,
                      std::uint32_t* out, std::size_t found) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found; ++i) {
    const std::uint32_t here = out[i];
    const std::uint32_t bit = BitOfTwo(FoldWindow(bytes[here] | std::uint32_t{bytes[here + 1]} << 8));
    out[kept] = here;
    kept += (table.bitmap[bit >> 5] >> (bit & 31)) & 1;
  }
  const std::size_t more = PortableShorts(table, bytes + at, count - at, out + kept);
  for (std::size_t i = 0; i < more; ++i) out[kept + i] += static_cast<std::uint32_t>(at);
  return kept + more;
}

__attribute__((target("avx2"))) __m256i Fold256(__m256i bytes) {
  const __m256i bit5 = _mm256_set1_epi8(0x20);
  return _mm256_andnot_si256(_mm256_and_si256(_mm256_srli_epi32(bytes, 1), bit5), bytes);
}

__attribute__((target("avx2"))) __m256i Twice(const std::uint8_t* bytes) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

__attribute__((target("avx512f,avx512bw"))) __m512i FourTimes(const std::uint8_t* bytes) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

// For a shuffle: four bytes each from four positions on, the first at `first`.
using Bytes16 = std::array<std::uint8_t, 16>;
constexpr Bytes16 Spread(std::uint32_t stride, std::size_t first) {
  Bytes16 bytes = {};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(first + i / 4 * stride + i % 4);
  return bytes;
}

template <std::uint32_t kStride>
__attribute__((target("avx2"))) std::size_t Scan8(const FilterTable& table, const std::uint8_t* bytes,
                                                  std::size_t count, std::uint32_t* out) {
  constexpr std::size_t kHalf = 4 * kStride;  // Bytes from the first window of a half to that of the next.
  // Four windows, and what is behind them, from each half.
  constexpr Bytes16 kWindows = Spread(kStride, 0);
  constexpr Bytes16 kBehind = Spread(kStride, WindowBytes(kStride));
  const __m256i windows = Twice(kWindows.data());
  const __m256i behind = Twice(kBehind.data());
  const __m256i factors = _mm256_set1_epi32(AsInt(table.factor));
  const __m256i width = _mm256_set1_epi32(AsInt(WindowMask(kStride)));
  const __m256i low3 = _mm256_set1_epi32(7);
  const __m128i word_shift = _mm_cvtsi32_si128(AsInt(32 - table.log2));
  const auto* words = reinterpret_cast<const int*>(table.words);
  std::size_t found = 0;
  std::size_t at = 0;
  for (; at + 2 * kHalf <= count; at += 2 * kHalf) {
    const __m128i lower = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
    const __m128i upper = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at + kHalf));
    const __m256i loaded = Fold256(_mm256_inserti128_si256(_mm256_castsi128_si256(lower), upper, 1));
    const __m256i window = _mm256_and_si256(_mm256_shuffle_epi8(loaded, windows), width);
    const __m256i hash = _mm256_mullo_epi32(window, factors);
    const __m256i next = _mm256_mullo_epi32(_mm256_shuffle_epi8(loaded, behind), factors);
    const __m256i first = _mm256_and_si256(_mm256_srli_epi32(hash, kWindowBitShift), low3);
    const __m256i second = _mm256_and_si256(_mm256_srli_epi32(next, SecondShift(kStride)), low3);
    const __m256i third = _mm256_srli_epi32(next, kThirdShift);
    const __m256i bits = _mm256_or_si256(_mm256_sllv_epi32(_mm256_set1_epi32(1), first),
                                         _mm256_or_si256(_mm256_sllv_epi32(_mm256_set1_epi32(0x100), second),
                                                         _mm256_sllv_epi32(_mm256_set1_epi32(0x10000), third)));
    const __m256i index = _mm256_srl_epi32(hash, word_shift);
    const __m256i missing = _mm256_andnot_si256(_mm256_i32gather_epi32(words, index, 4), bits);
    const __m256i passes = _mm256_cmpeq_epi32(missing, _mm256_setzero_si256());
    auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(passes)));
    if (table.skips_zeros) {
      // The factor is odd: a product is zero where its bytes are.
      const __m256i zeros = _mm256_cmpeq_epi32(_mm256_or_si256(hash, next), _mm256_setzero_si256());
      mask &= ~static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(zeros)));
    }
    for (; mask != 0; mask &= mask - 1) {
      out[found++] = static_cast<std::uint32_t>(at + kStride * static_cast<std::size_t>(std::countr_zero(mask)));
    }
  }
  return Rest(table, bytes, at, count, out, found);
}

__attribute__((target("avx512f,avx512bw"))) __m512i Fold512(__m512i bytes) {
  // bytes & ~((bytes >> 1) & bit5)
  return _mm512_ternarylogic_epi32(bytes, _mm512_srli_epi32(bytes, 1), _mm512_set1_epi8(0x20), 0x70);
}

// Sixteen windows and what is behind them, folded.
template <std::uint32_t kStride>
__attribute__((target("avx512f,avx512bw"))) void Load16(const std::uint8_t* bytes, __m512i& window, __m512i& behind) {
  if constexpr (kStride == 1) {
    const __m512i spread = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6));
    // Doublewords i, i+1 of the load go to quarter i, and i+1, i+2 for what follows.
    const __m512i quarters = _mm512_setr_epi32(0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4);
    const __m512i next = _mm512_setr_epi32(1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5);
    const __m512i loaded = Fold512(_mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes))));
    window = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(quarters, loaded), spread);
    behind = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(next, loaded), spread);
  } else {
    // Words i and i + 1 of the load, and i + 1 and i + 2 of one a byte further.
    const __m512i words = _mm512_set_epi16(16, 15, 15, 14, 14, 13, 13, 12, 12, 11, 11, 10, 10, 9, 9, 8,  //
                                           8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0);
    const __m512i next = _mm512_add_epi16(words, _mm512_set1_epi16(1));
    const __m512i here = Fold512(_mm512_loadu_si512(bytes));
    const __m512i further = Fold512(_mm512_loadu_si512(bytes + 1));
    window = _mm512_and_si512(_mm512_permutexvar_epi16(words, here), _mm512_set1_epi32(AsInt(WindowMask(kStride))));
    behind = _mm512_permutexvar_epi16(next, further);
  }
}

template <std::uint32_t kStride>
__attribute__((target("avx512f,avx512bw"))) std::size_t Scan16(const FilterTable& table, const std::uint8_t* bytes,
                                                               std::size_t count, std::uint32_t* out) {
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i factors = _mm512_set1_epi32(AsInt(table.factor));
  const __m512i low3 = _mm512_set1_epi32(7);
  const __m512i lanes = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                           _mm512_set1_epi32(AsInt(kStride)));
  const __m128i word_shift = _mm_cvtsi32_si128(AsInt(32 - table.log2));
  const __m512i zeros = table.skips_zeros ? _mm512_setzero_si512() : one;
  constexpr std::size_t kStep = 16 * kStride;
  std::size_t found = 0;
  std::size_t at = 0;
  for (; at + kStep <= count; at += kStep) {
    __m512i window;
    __m512i behind;
    Load16<kStride>(bytes + at, window, behind);
    const __m512i hash = _mm512_mullo_epi32(window, factors);
    const __m512i next = _mm512_mullo_epi32(behind, factors);
    const __m512i first = _mm512_and_si512(_mm512_srli_epi32(hash, kWindowBitShift), low3);
    const __m512i second = _mm512_and_si512(_mm512_srli_epi32(next, SecondShift(kStride)), low3);
    const __m512i third = _mm512_srli_epi32(next, kThirdShift);
    const __m512i bits = _mm512_or_si512(_mm512_sllv_epi32(one, first),
                                         _mm512_or_si512(_mm512_sllv_epi32(_mm512_set1_epi32(0x100), second),
                                                         _mm512_sllv_epi32(_mm512_set1_epi32(0x10000), third)));
    const __m512i index = _mm512_srl_epi32(hash, word_shift);
    const __m512i missing = _mm512_andnot_si512(_mm512_i32gather_epi32(index, table.words, 4), bits);
    // The factor is odd: a product is zero where its bytes are.
    const __mmask16 is_looked_at =
        _mm512_cmpneq_epi32_mask(_mm512_or_si512(hash, _mm512_or_si512(next, zeros)), _mm512_setzero_si512());
    const __mmask16 mask = _mm512_mask_testn_epi32_mask(is_looked_at, missing, missing);
    const __m512i positions = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(at)));
    _mm512_storeu_si512(out + found, _mm512_maskz_compress_epi32(mask, positions));
    found += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(mask)));
  }
  return Rest(table, bytes, at, count, out, found);
}

// The halves of 32 or 64 folded bytes, or the tables by them.
struct Halves256 {
  __m256i low;
  __m256i high;
};
__attribute__((target("avx2"))) inline Halves256 Tables256(const std::uint8_t* low, const std::uint8_t* high) {
  return {Twice(low), Twice(high)};
}
__attribute__((target("avx2"))) inline Halves256 Split256(const std::uint8_t* bytes) {
  const __m256i half = _mm256_set1_epi8(15);
  const __m256i folded = Fold256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)));
  return {_mm256_and_si256(folded, half), _mm256_and_si256(_mm256_srli_epi16(folded, 4), half)};
}
__attribute__((target("avx2"))) inline __m256i Buckets(const Halves256& tables, const Halves256& halves) {
  return _mm256_and_si256(_mm256_shuffle_epi8(tables.low, halves.low), _mm256_shuffle_epi8(tables.high, halves.high));
}

struct Halves512 {
  __m512i low;
  __m512i high;
};
__attribute__((target("avx512f,avx512bw"))) inline Halves512 Tables512(const std::uint8_t* low,
                                                                       const std::uint8_t* high) {
  return {FourTimes(low), FourTimes(high)};
}
__attribute__((target("avx512f,avx512bw"))) inline Halves512 Split512(const std::uint8_t* bytes) {
  const __m512i half = _mm512_set1_epi8(15);
  const __m512i folded = Fold512(_mm512_loadu_si512(bytes));
  return {_mm512_and_si512(folded, half), _mm512_and_si512(_mm512_srli_epi16(folded, 4), half)};
}
__attribute__((target("avx512f,avx512bw"))) inline __m512i Buckets(const Halves512& tables, const Halves512& halves) {
  return _mm512_and_si512(_mm512_shuffle_epi8(tables.low, halves.low), _mm512_shuffle_epi8(tables.high, halves.high));
}

// Of the first positions that are given, a bit for each whether it passes two
// sets of the tables, set in addition to those that are; as many positions as
// `masks` has bits. Written out, not looped over: arrays of registers would
// live in memory.
__attribute__((target("avx512f,avx512bw"))) void AddMasks(const NibbleTables& n, std::size_t set,
                                                          const std::uint8_t* bytes, std::span<std::uint64_t> masks) {
  const Halves512 a0 = Tables512(n.low[set][0], n.high[set][0]);
  const Halves512 a1 = Tables512(n.low[set][1], n.high[set][1]);
  const Halves512 a2 = Tables512(n.low[set][2], n.high[set][2]);
  const Halves512 b0 = Tables512(n.low[set + 1][0], n.high[set + 1][0]);
  const Halves512 b1 = Tables512(n.low[set + 1][1], n.high[set + 1][1]);
  const Halves512 b2 = Tables512(n.low[set + 1][2], n.high[set + 1][2]);
  for (std::uint64_t& mask : masks) {
    const Halves512 h0 = Split512(bytes);
    const Halves512 h1 = Split512(bytes + 1);
    const Halves512 h2 = Split512(bytes + 2);
    const __m512i a = _mm512_and_si512(_mm512_and_si512(Buckets(a0, h0), Buckets(a1, h1)), Buckets(a2, h2));
    const __m512i b = _mm512_and_si512(_mm512_and_si512(Buckets(b0, h0), Buckets(b1, h1)), Buckets(b2, h2));
    const __m512i any = _mm512_or_si512(a, b);
    mask |= _mm512_test_epi8_mask(any, any);
    bytes += 64;
  }
}

__attribute__((target("avx2"))) void AddMasks(const NibbleTables& n, std::size_t set, const std::uint8_t* bytes,
                                              std::span<std::uint32_t> masks) {
  const Halves256 a0 = Tables256(n.low[set][0], n.high[set][0]);
  const Halves256 a1 = Tables256(n.low[set][1], n.high[set][1]);
  const Halves256 a2 = Tables256(n.low[set][2], n.high[set][2]);
  const Halves256 b0 = Tables256(n.low[set + 1][0], n.high[set + 1][0]);
  const Halves256 b1 = Tables256(n.low[set + 1][1], n.high[set + 1][1]);
  const Halves256 b2 = Tables256(n.low[set + 1][2], n.high[set + 1][2]);
  for (std::uint32_t& mask : masks) {
    const Halves256 h0 = Split256(bytes);
    const Halves256 h1 = Split256(bytes + 1);
    const Halves256 h2 = Split256(bytes + 2);
    const __m256i a = _mm256_and_si256(_mm256_and_si256(Buckets(a0, h0), Buckets(a1, h1)), Buckets(a2, h2));
    const __m256i b = _mm256_and_si256(_mm256_and_si256(Buckets(b0, h0), Buckets(b1, h1)), Buckets(b2, h2));
    const __m256i none = _mm256_cmpeq_epi8(_mm256_or_si256(a, b), _mm256_setzero_si256());
    mask |= ~static_cast<std::uint32_t>(_mm256_movemask_epi8(none));
    bytes += 32;
  }
}

// So many masks at a time, which stay in the first level of cache.
constexpr std::size_t kMasks = 64;

// The masks of the first positions that are given, as many as there are whole
// ones of; the last argument is their memory.
template <typename Mask>
std::span<const Mask> ShortMasks(const NibbleTables& nibbles, const std::uint8_t* bytes, std::size_t count,
                                 Mask (&memory)[kMasks]) {
  const std::span<Mask> masks(memory, std::min(count / (8 * sizeof(Mask)), kMasks));
  std::fill(masks.begin(), masks.end(), Mask{0});
  for (std::size_t set = 0; set < nibbles.sets; set += 2) AddMasks(nibbles, set, bytes, masks);
  return masks;
}

template <typename Mask>
std::size_t ShortsByMasks(const ShortTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  if (table.nibbles == nullptr) return PortableShorts(table, bytes, count, out);
  constexpr std::size_t kBits = 8 * sizeof(Mask);
  std::size_t found = 0;
  std::size_t at = 0;
  while (count - at >= kBits) {
    Mask memory[kMasks];
    for (const Mask mask : ShortMasks(*table.nibbles, bytes + at, count - at, memory)) {
      found = AppendBits(at, mask, out, found);
      at += kBits;
    }
  }
  return KeepPairs(table, bytes, at, count, out, found);
}

constexpr std::array<std::uint8_t, 64> kNumbers = [] {
  std::array<std::uint8_t, 64> numbers = {};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::uint8_t>(i);
  return numbers;
}();

}  // namespace

std::size_t Avx2Filter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  return table.stride == 1 ? Scan8<1>(table, bytes, count, out) : Scan8<2>(table, bytes, count, out);
}

std::size_t Avx512Filter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  return table.stride == 1 ? Scan16<1>(table, bytes, count, out) : Scan16<2>(table, bytes, count, out);
}

std::size_t Avx2Shorts(const ShortTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  return ShortsByMasks<std::uint32_t>(table, bytes, count, out);
}

std::size_t Avx512Shorts(const ShortTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  return ShortsByMasks<std::uint64_t>(table, bytes, count, out);
}

__attribute__((target("avx512f,avx512bw,avx512vbmi2"))) std::size_t Vbmi2Shorts(const ShortTable& table,
                                                                                const std::uint8_t* bytes,
                                                                                std::size_t count, std::uint32_t* out) {
  if (table.nibbles == nullptr) return PortableShorts(table, bytes, count, out);
  const __m512i numbers = _mm512_loadu_si512(kNumbers.data());
  std::size_t found = 0;
  std::size_t at = 0;
  while (count - at >= 64) {
    std::uint64_t memory[kMasks];
    for (const std::uint64_t mask : ShortMasks(*table.nibbles, bytes + at, count - at, memory)) {
      const __m512i set = _mm512_maskz_compress_epi8(mask, numbers);
      const __m512i first =
          _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(set)), _mm512_set1_epi32(static_cast<int>(at)));
      _mm512_storeu_si512(out + found, first);
      const auto bits = static_cast<std::size_t>(std::popcount(mask));
      if (bits > 16) [[unlikely]]
        AppendBits(at, mask, out, found);
      found += bits;
      at += 64;
    }
  }
  return KeepPairs(table, bytes, at, count, out, found);
}

}  // namespace dl::match

#endif
