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
std::size_t Rest(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t at, std::size_t count,
                 std::size_t kind, std::uint32_t factor, std::uint32_t* out, std::size_t found) {
  const std::size_t more = PortableKernel(bitmap, bytes + at, count - at, kind, factor, out + found);
  for (std::size_t i = 0; i < more; ++i) out[found + i] += static_cast<std::uint32_t>(at);
  return found + more;
}

}  // namespace

__attribute__((target("avx2"))) std::size_t Avx2Kernel(const std::uint32_t* bitmap, const std::uint8_t* bytes,
                                                       std::size_t count, std::size_t kind, std::uint32_t factor,
                                                       std::uint32_t* out) {
  const auto as_int = [](std::uint32_t v) { return static_cast<int>(v); };
  // Four overlapping windows from each quarter of eleven bytes.
  const __m256i spread = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6,  //
                                          0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6);
  const __m256i bit5 = _mm256_set1_epi8(0x20);
  const __m256i width = _mm256_set1_epi32(as_int(kWindowMask[kind]));
  const __m256i factors = _mm256_set1_epi32(as_int(factor));
  const __m256i low5 = _mm256_set1_epi32(31);
  const int shift = 32 - static_cast<int>(kBitmapLog2[kind]);
  const __m128i bit_shift = _mm_cvtsi32_si128(shift);
  std::size_t found = 0;
  std::size_t at = 0;
  for (; at + 8 <= count; at += 8) {
    const __m128i low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + at));
    const __m128i high = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + at + 4));
    __m256i window = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
    window = _mm256_andnot_si256(_mm256_and_si256(_mm256_srli_epi32(window, 1), bit5), window);
    window = _mm256_and_si256(window, width);
    const __m256i bit = _mm256_srl_epi32(_mm256_mullo_epi32(window, factors), bit_shift);
    const __m256i words = _mm256_i32gather_epi32(reinterpret_cast<const int*>(bitmap), _mm256_srli_epi32(bit, 5), 4);
    // The wanted bit moves to the sign, where movemask takes it.
    const __m256i moved = _mm256_sllv_epi32(words, _mm256_sub_epi32(low5, _mm256_and_si256(bit, low5)));
    auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(moved)));
    while (mask != 0) {
      out[found++] = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(std::countr_zero(mask));
      mask &= mask - 1;
    }
  }
  return Rest(bitmap, bytes, at, count, kind, factor, out, found);
}

__attribute__((target("avx512f,avx512bw"))) std::size_t Avx512Kernel(const std::uint32_t* bitmap,
                                                                     const std::uint8_t* bytes, std::size_t count,
                                                                     std::size_t kind, std::uint32_t factor,
                                                                     std::uint32_t* out) {
  const auto as_int = [](std::uint32_t v) { return static_cast<int>(v); };
  const __m512i spread = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6));
  // Doublewords i, i+1 of the load go to quarter i.
  const __m512i quarters = _mm512_setr_epi32(0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4);
  const __m512i bit5 = _mm512_set1_epi8(0x20);
  const __m512i width = _mm512_set1_epi32(as_int(kWindowMask[kind]));
  const __m512i factors = _mm512_set1_epi32(as_int(factor));
  const __m512i low5 = _mm512_set1_epi32(31);
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i bit_shift = _mm_cvtsi32_si128(32 - static_cast<int>(kBitmapLog2[kind]));
  std::size_t found = 0;
  std::size_t at = 0;
  for (; at + 16 <= count; at += 16) {
    const __m512i loaded = _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + at)));
    __m512i window = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(quarters, loaded), spread);
    // window & ~((window >> 1) & bit5)
    window = _mm512_ternarylogic_epi32(window, _mm512_srli_epi32(window, 1), bit5, 0x70);
    window = _mm512_and_si512(window, width);
    const __m512i bit = _mm512_srl_epi32(_mm512_mullo_epi32(window, factors), bit_shift);
    const __m512i words = _mm512_i32gather_epi32(_mm512_srli_epi32(bit, 5), bitmap, 4);
    const __mmask16 mask = _mm512_test_epi32_mask(words, _mm512_sllv_epi32(one, _mm512_and_si512(bit, low5)));
    const __m512i positions = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(at)));
    _mm512_storeu_si512(out + found, _mm512_maskz_compress_epi32(mask, positions));
    found += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(mask)));
  }
  return Rest(bitmap, bytes, at, count, kind, factor, out, found);
}

}  // namespace dl::match

#endif
