#include "daylight/formats/image/idct.h"

#include <algorithm>

namespace dl::image {

namespace {

// The constants of the "LL&M" transform (Loeffler, Ligtenberg and Moschytz,
// 1989) with 12 bits of fraction.
constexpr std::int64_t kC0541 = 2217;
constexpr std::int64_t kC1847 = -7567;
constexpr std::int64_t kC0765 = 3135;
constexpr std::int64_t kC1175 = 4816;
constexpr std::int64_t kC0298 = 1223;
constexpr std::int64_t kC2053 = 8410;
constexpr std::int64_t kC3072 = 12586;
constexpr std::int64_t kC1501 = 6149;
constexpr std::int64_t kC0899 = -3685;
constexpr std::int64_t kC2562 = -10497;
constexpr std::int64_t kC1961 = -8034;
constexpr std::int64_t kC0390 = -1597;

// 64 bits: hostile coefficients would overflow 32.
using Line = std::array<std::int64_t, 8>;

Line Transform(const Line& in, std::int64_t rounding, int shift) {
  const std::int64_t even_sum = (in[2] + in[6]) * kC0541;
  const std::int64_t e2 = even_sum + in[6] * kC1847;
  const std::int64_t e3 = even_sum + in[2] * kC0765;
  const std::int64_t e0 = (in[0] + in[4]) * 4096;
  const std::int64_t e1 = (in[0] - in[4]) * 4096;
  const std::array<std::int64_t, 4> even{e0 + e3 + rounding, e1 + e2 + rounding, e1 - e2 + rounding,
                                         e0 - e3 + rounding};
  const std::int64_t p3 = in[7] + in[3];
  const std::int64_t p4 = in[5] + in[1];
  const std::int64_t p5 = (p3 + p4) * kC1175;
  const std::int64_t q1 = p5 + (in[7] + in[1]) * kC0899;
  const std::int64_t q2 = p5 + (in[5] + in[3]) * kC2562;
  const std::int64_t q3 = p3 * kC1961;
  const std::int64_t q4 = p4 * kC0390;
  const std::array<std::int64_t, 4> odd{in[1] * kC1501 + q1 + q4, in[3] * kC3072 + q2 + q3, in[5] * kC2053 + q2 + q4,
                                        in[7] * kC0298 + q1 + q3};
  Line out{};
  for (std::size_t i = 0; i < 4; ++i) {
    out[i] = (even[i] + odd[i]) >> shift;
    out[7 - i] = (even[i] - odd[i]) >> shift;
  }
  return out;
}

}  // namespace

void InverseDct(const std::array<std::int32_t, 64>& coefficients, std::span<std::int16_t> to, std::size_t stride) {
  if (std::all_of(coefficients.begin() + 1, coefficients.end(), [](std::int32_t c) { return c == 0; })) {
    const std::int64_t flat = (std::int64_t{coefficients[0]} + 4 + 1024) >> 3;
    const auto sample = static_cast<std::int16_t>(std::clamp<std::int64_t>(flat, 0, 255));
    for (std::size_t y = 0; y < 8; ++y) std::ranges::fill(to.subspan(y * stride, 8), sample);
    return;
  }
  std::array<Line, 8> rows{};
  for (std::size_t x = 0; x < 8; ++x) {
    Line column{};
    for (std::size_t y = 0; y < 8; ++y) column[y] = coefficients[y * 8 + x];
    const Line out = Transform(column, 512, 10);
    for (std::size_t y = 0; y < 8; ++y) rows[y][x] = out[y];
  }
  for (std::size_t y = 0; y < 8; ++y) {
    // Half of the fraction, and 128: samples are centred on zero.
    const Line out = Transform(rows[y], 512 + 65536 + (std::int64_t{128} << 17), 17);
    for (std::size_t x = 0; x < 8; ++x) {
      to[y * stride + x] = static_cast<std::int16_t>(std::clamp<std::int64_t>(out[x], 0, 255));
    }
  }
}

void UpsampleRow(std::span<const std::int16_t> from, std::span<std::int16_t> to) {
  const std::size_t n = from.size();
  to[0] = from[0];
  to[1] = Between(from[0], from[1]);
  for (std::size_t i = 1; i + 1 < n; ++i) {
    to[2 * i] = Between(from[i], from[i - 1]);
    to[2 * i + 1] = Between(from[i], from[i + 1]);
  }
  to[2 * n - 2] = Between(from[n - 1], from[n - 2]);
  to[2 * n - 1] = from[n - 1];
}

Rgb FromYcc(std::int32_t y, std::int32_t cb, std::int32_t cr) {
  cb -= 128;
  cr -= 128;
  const std::int32_t base = y * 16384 + 8191;
  const auto clamp = [](std::int32_t value) { return static_cast<std::uint8_t>(std::clamp(value >> 14, 0, 255)); };
  return {clamp(base + cr * 22970), clamp(base - cr * 11700 - cb * 5638), clamp(base + cb * 29032)};
}

}  // namespace dl::image
