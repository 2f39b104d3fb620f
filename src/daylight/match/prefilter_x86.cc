// Eight or sixteen positions at a time. The bitmap is looked up with gathers,
// one 32-bit word a lane.
#include "daylight/match/prefilter_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <bit>

#include "daylight/match/prefilter.h"

namespace dl::match {

namespace {

// Which kernel does the positions that are left over: always the reference.
std::size_t Rest(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t at, std::size_t count,
                 std::uint32_t* out, std::size_t found) {
  const std::size_t more = PortableKernel(table, bytes + at, count - at, out + found);
  for (std::size_t i = 0; i < more; ++i) out[found + i] += static_cast<std::uint32_t>(at);
  return found + more;
}

int AsInt(std::uint32_t value) { return static_cast<int>(value); }

template <std::size_t kKind>
__attribute__((target("avx2"))) std::size_t Scan8(const PrefilterTable& table, const std::uint8_t* bytes,
                                                  std::size_t count, std::uint32_t* out) {
  // Four overlapping windows from each half of eleven bytes.
  const __m256i spread = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6,  //
                                          0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6);
  const __m256i bit5 = _mm256_set1_epi8(0x20);
  const __m256i factors = _mm256_set1_epi32(AsInt(table.factor));
  const __m256i width = _mm256_set1_epi32(AsInt(kWindowMask[kKind]));
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i low3 = _mm256_set1_epi32(7);
  const __m256i low5 = _mm256_set1_epi32(31);
  const __m128i word_shift = _mm_cvtsi32_si128(AsInt(32 - table.filter_log2));
  const auto* words = reinterpret_cast<const int*>(table.words);
  std::size_t found = 0;
  std::size_t at = 0;
  for (; at + 8 <= count; at += 8) {
    // Bytes 0 to 7 and 4 to 11, and for what follows the windows 4 to 11 and 8 to 15.
    __m256i loaded = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at)));
    loaded = _mm256_andnot_si256(_mm256_and_si256(_mm256_srli_epi32(loaded, 1), bit5), loaded);
    const __m256i windows = _mm256_permutevar8x32_epi32(loaded, _mm256_setr_epi32(0, 1, 2, 3, 1, 2, 3, 4));
    const __m256i window = _mm256_and_si256(_mm256_shuffle_epi8(windows, spread), width);
    const __m256i hash = _mm256_mullo_epi32(window, factors);
    __m256i index;
    __m256i bits;
    if constexpr (kKind == kFilter) {
      const __m256i behind = _mm256_permutevar8x32_epi32(loaded, _mm256_setr_epi32(1, 2, 3, 0, 2, 3, 0, 1));
      const __m256i next = _mm256_mullo_epi32(_mm256_shuffle_epi8(behind, spread), factors);
      const __m256i first = _mm256_and_si256(_mm256_srli_epi32(hash, kWindowBitShift), low3);
      const __m256i second = _mm256_and_si256(_mm256_srli_epi32(next, kNextTwoShift), low3);
      const __m256i third = _mm256_srli_epi32(next, kNextFourShift);
      index = _mm256_srl_epi32(hash, word_shift);
      bits = _mm256_or_si256(_mm256_sllv_epi32(one, first),
                             _mm256_or_si256(_mm256_sllv_epi32(_mm256_set1_epi32(0x100), second),
                                             _mm256_sllv_epi32(_mm256_set1_epi32(0x10000), third)));
    } else {
      const __m256i bit = _mm256_srli_epi32(hash, 32 - kBitmapLog2);
      index = _mm256_srli_epi32(bit, 5);
      bits = _mm256_sllv_epi32(one, _mm256_and_si256(bit, low5));
    }
    const __m256i missing = _mm256_andnot_si256(_mm256_i32gather_epi32(words, index, 4), bits);
    const __m256i passes = _mm256_cmpeq_epi32(missing, _mm256_setzero_si256());
    auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(passes)));
    while (mask != 0) {
      out[found++] = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(std::countr_zero(mask));
      mask &= mask - 1;
    }
  }
  return Rest(table, bytes, at, count, out, found);
}

template <std::size_t kKind>
__attribute__((target("avx512f,avx512bw"))) std::size_t Scan16(const PrefilterTable& table, const std::uint8_t* bytes,
                                                               std::size_t count, std::uint32_t* out) {
  const __m512i spread = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6));
  // Doublewords i, i+1 of the load go to quarter i, and i+1, i+2 for what follows.
  const __m512i quarters = _mm512_setr_epi32(0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4);
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i behind = _mm512_add_epi32(quarters, one);
  const __m512i bit5 = _mm512_set1_epi8(0x20);
  const __m512i factors = _mm512_set1_epi32(AsInt(table.factor));
  const __m512i width = _mm512_set1_epi32(AsInt(kWindowMask[kKind]));
  const __m512i low3 = _mm512_set1_epi32(7);
  const __m512i low5 = _mm512_set1_epi32(31);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i word_shift = _mm_cvtsi32_si128(AsInt(32 - table.filter_log2));
  std::size_t found = 0;
  std::size_t at = 0;
  for (; at + 16 <= count; at += 16) {
    __m512i loaded = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + at)));
    // loaded & ~((loaded >> 1) & bit5)
    loaded = _mm512_ternarylogic_epi32(loaded, _mm512_srli_epi32(loaded, 1), bit5, 0x70);
    const __m512i window =
        _mm512_and_si512(_mm512_shuffle_epi8(_mm512_permutexvar_epi32(quarters, loaded), spread), width);
    const __m512i hash = _mm512_mullo_epi32(window, factors);
    __m512i index;
    __m512i bits;
    if constexpr (kKind == kFilter) {
      const __m512i after = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(behind, loaded), spread);
      const __m512i next = _mm512_mullo_epi32(after, factors);
      const __m512i first = _mm512_and_si512(_mm512_srli_epi32(hash, kWindowBitShift), low3);
      const __m512i second = _mm512_and_si512(_mm512_srli_epi32(next, kNextTwoShift), low3);
      const __m512i third = _mm512_srli_epi32(next, kNextFourShift);
      index = _mm512_srl_epi32(hash, word_shift);
      bits = _mm512_or_si512(_mm512_sllv_epi32(one, first),
                             _mm512_or_si512(_mm512_sllv_epi32(_mm512_set1_epi32(0x100), second),
                                             _mm512_sllv_epi32(_mm512_set1_epi32(0x10000), third)));
    } else {
      const __m512i bit = _mm512_srli_epi32(hash, 32 - kBitmapLog2);
      index = _mm512_srli_epi32(bit, 5);
      bits = _mm512_sllv_epi32(one, _mm512_and_si512(bit, low5));
    }
    const __m512i missing = _mm512_andnot_si512(_mm512_i32gather_epi32(index, table.words, 4), bits);
    const __mmask16 mask = _mm512_testn_epi32_mask(missing, missing);
    const __m512i positions = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(at)));
    _mm512_storeu_si512(out + found, _mm512_maskz_compress_epi32(mask, positions));
    found += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(mask)));
  }
  return Rest(table, bytes, at, count, out, found);
}

}  // namespace

std::size_t Avx2Kernel(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  return table.kind == kFilter ? Scan8<kFilter>(table, bytes, count, out)
                               : Scan8<kBitmapShort>(table, bytes, count, out);
}

std::size_t Avx512Kernel(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count,
                         std::uint32_t* out) {
  return table.kind == kFilter ? Scan16<kFilter>(table, bytes, count, out)
                               : Scan16<kBitmapShort>(table, bytes, count, out);
}

}  // namespace dl::match

#endif
