// The inverse transform and the filters of JPEG, in the integer arithmetic of
// ClamAV's decoder: other decoders' samples differ by one here and there.
// Not for other folders.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "daylight/formats/image/luma.h"

namespace dl::image {

// 64 dequantized coefficients, row by row, to samples of 0 to 255; sample
// (x, y) goes to to[y * stride + x].
void InverseDct(const std::array<std::int32_t, 64>& coefficients, std::span<std::int16_t> to, std::size_t stride);

// Twice as many samples, each three parts of its own and one of its neighbour.
void UpsampleRow(std::span<const std::int16_t> from, std::span<std::int16_t> to);

// One sample between two rows: three parts near, one part far.
inline std::int16_t Between(std::int16_t near, std::int16_t far) {
  return static_cast<std::int16_t>((3 * near + 2 + far) >> 2);
}

// ITU-R BT.601 full range, 14 bits of fraction.
Rgb FromYcc(std::int32_t y, std::int32_t cb, std::int32_t cr);

// a * b / 255, rounded.
inline std::uint8_t Multiply(std::int32_t a, std::int32_t b) {
  const std::int32_t t = a * b + 128;
  return static_cast<std::uint8_t>((t + (t >> 8)) >> 8);
}

}  // namespace dl::image
