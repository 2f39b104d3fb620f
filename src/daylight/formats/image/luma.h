// What the decoders of this folder share: the picture as one plane of luma.
// Not for other folders.
#pragma once

#include <cmath>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "daylight/formats/image/image.h"

namespace dl::image {

struct Rgb {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;
};

// ITU-R BT.601 in single precision, rounded half away from zero.
inline std::uint8_t Luma(std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  constexpr float kRed = 299.0F / 1000.0F;
  constexpr float kGreen = 587.0F / 1000.0F;
  constexpr float kBlue = 114.0F / 1000.0F;
  const float sum = kRed * static_cast<float>(r) + kGreen * static_cast<float>(g) + kBlue * static_cast<float>(b);
  return static_cast<std::uint8_t>(std::lround(sum));
}
inline std::uint8_t Luma(Rgb rgb) { return Luma(rgb.r, rgb.g, rgb.b); }

// 16 bits to 8, rounded to nearest.
inline std::uint8_t To8Bits(std::uint16_t value) { return static_cast<std::uint8_t>((value + 128U) / 257U); }

class LumaPlane {
 public:
  // All zero (black).
  static Result<LumaPlane> Make(std::uint64_t width, std::uint64_t height, const Limits& limits) {
    // (GIF files may have none, and then the hash is zero.)
    if ((width == 0) != (height == 0)) width = height = 0;
    if (width > 0xffff || height > 0xffff) return Fail(ErrorCode::kBudget, "image: too wide or high");
    if (width * height > limits.max_pixels) return Fail(ErrorCode::kBudget, "image: too many pixels");
    LumaPlane plane;
    plane.width_ = static_cast<std::size_t>(width);
    plane.height_ = static_cast<std::size_t>(height);
    plane.pixels_.resize(plane.width_ * plane.height_);
    return plane;
  }

  std::size_t width() const { return width_; }
  std::size_t height() const { return height_; }
  std::span<std::uint8_t> row(std::size_t y) { return std::span(pixels_).subspan(y * width_, width_); }
  std::span<const std::uint8_t> row(std::size_t y) const { return std::span(pixels_).subspan(y * width_, width_); }

 private:
  std::size_t width_ = 0;
  std::size_t height_ = 0;
  std::vector<std::uint8_t> pixels_;
};

Result<LumaPlane> DecodeBmp(Bytes bytes, const Limits& limits);
Result<LumaPlane> DecodeGif(Bytes bytes, const Limits& limits);
Result<LumaPlane> DecodeJpeg(Bytes bytes, const Limits& limits);
Result<LumaPlane> DecodePng(Bytes bytes, const Limits& limits);
Result<LumaPlane> DecodeTiff(Bytes bytes, const Limits& limits);

// A JPEG stream's components as they are, at full size and interleaved: for
// TIFF, which says itself what colours they mean.
struct JpegSamples {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t components = 0;
  std::vector<std::uint8_t> values;
};
Result<JpegSamples> DecodeJpegSamples(Bytes bytes, const Limits& limits);

// The two steps after decoding.
inline constexpr std::size_t kSide = 32;
std::vector<std::uint8_t> Shrink(const LumaPlane& plane);         // kSide x kSide pixels.
std::uint64_t HashOf(std::span<const std::uint8_t> small_image);  // Of what Shrink() made.

}  // namespace dl::image
