// Eight or sixteen windows at a time in the filter, looked up with gathers, one
// 32-bit word a lane; 32 or 64 pairs at a time in nibble tables.
#include "daylight/match/prefilter_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <bit>

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

// Of the positions from `at` on whose bits are set in `mask`, those whose pairs
// are in the bitmap.
template <typename Mask>
std::size_t KeepPairs(const ShortTable& table, const std::uint8_t* bytes, std::size_t at, Mask mask, std::uint32_t* out,
                      std::size_t found) {
  for (; mask != 0; mask &= mask - 1) {
    const std::size_t here = at + static_cast<std::size_t>(std::countr_zero(mask));
    const std::uint32_t bit = BitOfTwo(FoldWindow(bytes[here] | std::uint32_t{bytes[here + 1]} << 8));
    out[found] = static_cast<std::uint32_t>(here);
    found += (table.bitmap[bit >> 5] >> (bit & 31)) & 1;
  }
  return found;
}

std::size_t RestOfShorts(const ShortTable& table, const std::uint8_t* bytes, std::size_t at, std::size_t count,
                         std::uint32_t* out, std::size_t found) {
  const std::size_t more = PortableShorts(table, bytes + at, count - at, out + found);
  for (std::size_t i = 0; i < more; ++i) out[found + i] += static_cast<std::uint32_t>(at);
  return found + more;
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

// The halves of 32 or 64 folded bytes.
struct Halves256 {
  __m256i low;
  __m256i high;
};
__attribute__((target("avx2"))) void Split(const std::uint8_t* bytes, Halves256& halves) {
  const __m256i half = _mm256_set1_epi8(15);
  const __m256i folded = Fold256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)));
  halves.low = _mm256_and_si256(folded, half);
  halves.high = _mm256_and_si256(_mm256_srli_epi16(folded, 4), half);
}

struct Halves512 {
  __m512i low;
  __m512i high;
};
__attribute__((target("avx512f,avx512bw"))) void Split(const std::uint8_t* bytes, Halves512& halves) {
  const __m512i half = _mm512_set1_epi8(15);
  const __m512i folded = Fold512(_mm512_loadu_si512(bytes));
  halves.low = _mm512_and_si512(folded, half);
  halves.high = _mm512_and_si512(_mm512_srli_epi16(folded, 4), half);
}

}  // namespace

std::size_t Avx2Filter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  return table.stride == 1 ? Scan8<1>(table, bytes, count, out) : Scan8<2>(table, bytes, count, out);
}

std::size_t Avx512Filter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  return table.stride == 1 ? Scan16<1>(table, bytes, count, out) : Scan16<2>(table, bytes, count, out);
}

__attribute__((target("avx2"))) std::size_t Avx2Shorts(const ShortTable& table, const std::uint8_t* bytes,
                                                       std::size_t count, std::uint32_t* out) {
  if (table.nibbles == nullptr) return PortableShorts(table, bytes, count, out);
  // In registers: what is written to `out` might be the tables, for all the compiler knows.
  Halves256 tables[kNibbleSets][kShortBytes];
  for (std::size_t set = 0; set < kNibbleSets; ++set) {
    for (std::size_t place = 0; place < kShortBytes; ++place) {
      tables[set][place] = {Twice(table.nibbles->low[set][place]), Twice(table.nibbles->high[set][place])};
    }
  }
  std::size_t found = 0;
  std::size_t at = 0;
  for (; at + 32 <= count; at += 32) {
    Halves256 halves[kShortBytes];
    for (std::size_t place = 0; place < kShortBytes; ++place) Split(bytes + at + place, halves[place]);
    __m256i any = _mm256_setzero_si256();
    for (std::size_t set = 0; set < kNibbleSets; ++set) {
      __m256i buckets = _mm256_set1_epi8(-1);
      for (std::size_t place = 0; place < kShortBytes; ++place) {
        const __m256i low = _mm256_shuffle_epi8(tables[set][place].low, halves[place].low);
        const __m256i high = _mm256_shuffle_epi8(tables[set][place].high, halves[place].high);
        buckets = _mm256_and_si256(buckets, _mm256_and_si256(low, high));
      }
      any = _mm256_or_si256(any, buckets);
    }
    const __m256i none = _mm256_cmpeq_epi8(any, _mm256_setzero_si256());
    const auto mask = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(none));
    found = KeepPairs(table, bytes, at, mask, out, found);
  }
  return RestOfShorts(table, bytes, at, count, out, found);
}

__attribute__((target("avx512f,avx512bw"))) std::size_t Avx512Shorts(const ShortTable& table, const std::uint8_t* bytes,
                                                                     std::size_t count, std::uint32_t* out) {
  if (table.nibbles == nullptr) return PortableShorts(table, bytes, count, out);
  Halves512 tables[kNibbleSets][kShortBytes];
  for (std::size_t set = 0; set < kNibbleSets; ++set) {
    for (std::size_t place = 0; place < kShortBytes; ++place) {
      tables[set][place] = {FourTimes(table.nibbles->low[set][place]), FourTimes(table.nibbles->high[set][place])};
    }
  }
  std::size_t found = 0;
  std::size_t at = 0;
  for (; at + 64 <= count; at += 64) {
    Halves512 halves[kShortBytes];
    for (std::size_t place = 0; place < kShortBytes; ++place) Split(bytes + at + place, halves[place]);
    __m512i any = _mm512_setzero_si512();
    for (std::size_t set = 0; set < kNibbleSets; ++set) {
      __m512i buckets = _mm512_set1_epi8(-1);
      for (std::size_t place = 0; place < kShortBytes; ++place) {
        const __m512i low = _mm512_shuffle_epi8(tables[set][place].low, halves[place].low);
        const __m512i high = _mm512_shuffle_epi8(tables[set][place].high, halves[place].high);
        buckets = _mm512_ternarylogic_epi64(buckets, low, high, 0x80);
      }
      any = _mm512_or_si512(any, buckets);
    }
    found = KeepPairs(table, bytes, at, std::uint64_t{_mm512_test_epi8_mask(any, any)}, out, found);
  }
  return RestOfShorts(table, bytes, at, count, out, found);
}

}  // namespace dl::match

#endif
