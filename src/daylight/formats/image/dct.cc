// The transform and the bits. A DCT-II of 32 values is split into one of 16
// (sums) and two of 8 (rotated differences), those of 16 and 8 in the same way
// down to 2 ("split radix"). ClamAV's result is reproduced to the last bit, so
// the order of the operations and their single precision matter: build with
// -ffp-contract=off.
#include <algorithm>
#include <array>
#include <numbers>

#include "daylight/formats/image/luma.h"

namespace dl::image {

namespace {

struct Twiddle {
  float cosine;
  float sine;
};

// For the i-th pair of a transform of `n` values.
Twiddle TwiddleOf(std::size_t i, std::size_t n) {
  const double angle = std::numbers::pi * 2.0 / static_cast<double>(n * 4) * static_cast<double>(2 * i + 1);
  return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

// All twiddles of one size.
template <std::size_t kN>
const std::array<Twiddle, kN / 4>& Twiddles() {
  static const auto kTable = [] {
    std::array<Twiddle, kN / 4> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = TwiddleOf(i, kN);
    return table;
  }();
  return kTable;
}

template <std::size_t kN>
void Dct2(std::span<float, kN> values) {
  constexpr std::size_t kHalf = kN / 2;
  constexpr std::size_t kQuarter = kN / 4;
  std::array<float, kHalf> sums{};
  std::array<float, kQuarter> even{};
  std::array<float, kQuarter> odd{};
  for (std::size_t i = 0; i < kQuarter; ++i) {
    const float bottom = values[i];
    const float top = values[kN - i - 1];
    const float half_bottom = values[kHalf - i - 1];
    const float half_top = values[kHalf + i];
    sums[i] = top + bottom;
    sums[kHalf - i - 1] = half_bottom + half_top;
    const float lower = bottom - top;
    const float upper = half_bottom - half_top;
    const Twiddle twiddle = Twiddles<kN>()[i];
    even[i] = lower * twiddle.cosine + upper * twiddle.sine;
    const float sine = upper * twiddle.cosine - lower * twiddle.sine;
    odd[kQuarter - i - 1] = i % 2 == 0 ? sine : -sine;
  }
  Dct2<kHalf>(sums);
  Dct2<kQuarter>(even);
  Dct2<kQuarter>(odd);
  values[0] = sums[0];
  values[1] = even[0];
  values[2] = sums[1];
  for (std::size_t i = 1; i < kQuarter; ++i) {
    const float cosine = even[i];
    const float sine = (i + kQuarter) % 2 == 0 ? -odd[kQuarter - i] : odd[kQuarter - i];
    values[i * 4 - 1] = cosine + sine;
    values[i * 4] = sums[i * 2];
    values[i * 4 + 1] = cosine - sine;
    values[i * 4 + 2] = sums[i * 2 + 1];
  }
  values[kN - 1] = -odd[0];
}

template <>
void Dct2<1>(std::span<float, 1> /*values*/) {}

template <>
void Dct2<2>(std::span<float, 2> values) {
  const float sum = values[0] + values[1];
  constexpr float kCosine45 = 0.70710678118654752440F;
  values[1] = (values[0] - values[1]) * kCosine45;
  values[0] = sum;
}

using Square = std::array<float, kSide * kSide>;

void Transpose(Square& square) {
  for (std::size_t y = 0; y < kSide; ++y) {
    for (std::size_t x = 0; x < y; ++x) std::swap(square[y * kSide + x], square[x * kSide + y]);
  }
}

void TransformRows(Square& square) {
  for (std::size_t y = 0; y < kSide; ++y) Dct2<kSide>(std::span<float, kSide>(square.data() + y * kSide, kSide));
  for (float& value : square) value *= 2.0F;
}

}  // namespace

std::uint64_t HashOf(std::span<const std::uint8_t> small_image) {
  Square square{};
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = static_cast<float>(small_image[i]) / 255.0F;
  Transpose(square);
  TransformRows(square);
  Transpose(square);
  TransformRows(square);

  std::array<float, 64> low{};
  for (std::size_t i = 0; i < low.size(); ++i) low[i] = square[i / 8 * kSide + i % 8];
  std::array<float, 64> sorted = low;
  std::ranges::sort(sorted);
  const float median = (sorted[31] + sorted[32]) / 2.0F;
  std::uint64_t hash = 0;
  for (const float value : low) hash = hash << 1 | (value > median ? 1U : 0U);
  return hash;
}

}  // namespace dl::image
