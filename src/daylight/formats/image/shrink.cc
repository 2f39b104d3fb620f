// The resampling: separable, first the columns then the rows, a Lanczos window
// of 3. All in single precision and in one fixed order, because the hash
// depends on the last bit: build with -ffp-contract=off.
#include <algorithm>
#include <numbers>

#include "daylight/formats/image/luma.h"

namespace dl::image {

namespace {

float Sinc(float t) {
  const float a = t * std::numbers::pi_v<float>;
  return t == 0.0F ? 1.0F : std::sin(a) / a;
}

float Lanczos3(float x) { return std::abs(x) < 3.0F ? Sinc(x) * Sinc(x / 3.0F) : 0.0F; }

struct Window {
  std::size_t left = 0;
  std::vector<float> weights;  // Their sum is one.
};

// Which of `size` pixels make pixel `out` of kSide, and how much of each.
Window MakeWindow(std::size_t size, std::size_t out) {
  const float ratio = static_cast<float>(size) / static_cast<float>(kSide);
  const float scale = ratio < 1.0F ? 1.0F : ratio;
  const float support = 3.0F * scale;
  const float centre = (static_cast<float>(out) + 0.5F) * ratio;
  const auto limit = static_cast<std::int64_t>(size);
  const auto left = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(centre - support)), 0, limit - 1);
  const auto right = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(centre + support)), left + 1, limit);
  // A pixel is where its middle is.
  const float middle = centre - 0.5F;
  Window window;
  window.left = static_cast<std::size_t>(left);
  float sum = 0.0F;
  for (std::int64_t i = left; i < right; ++i) {
    const float weight = Lanczos3((static_cast<float>(i) - middle) / scale);
    window.weights.push_back(weight);
    sum += weight;
  }
  for (float& weight : window.weights) weight /= sum;
  return window;
}

}  // namespace

std::vector<std::uint8_t> Shrink(const LumaPlane& plane) {
  std::vector<std::uint8_t> small_image(kSide * kSide);
  if (plane.width() == 0 || plane.height() == 0) return small_image;
  if (plane.width() == kSide && plane.height() == kSide) {
    for (std::size_t y = 0; y < kSide; ++y)
      std::ranges::copy(plane.row(y), small_image.begin() + static_cast<std::ptrdiff_t>(y * kSide));
    return small_image;
  }
  std::vector<Window> columns;
  for (std::size_t x = 0; x < kSide; ++x) columns.push_back(MakeWindow(plane.width(), x));
  std::vector<float> line(plane.width());
  for (std::size_t y = 0; y < kSide; ++y) {
    const Window rows = MakeWindow(plane.height(), y);
    std::ranges::fill(line, 0.0F);
    for (std::size_t i = 0; i < rows.weights.size(); ++i) {
      const std::span<const std::uint8_t> row = plane.row(rows.left + i);
      const float weight = rows.weights[i];
      for (std::size_t x = 0; x < line.size(); ++x) line[x] += static_cast<float>(row[x]) * weight;
    }
    for (std::size_t x = 0; x < kSide; ++x) {
      const Window& window = columns[x];
      float sum = 0.0F;
      for (std::size_t i = 0; i < window.weights.size(); ++i) sum += line[window.left + i] * window.weights[i];
      small_image[y * kSide + x] = static_cast<std::uint8_t>(std::lround(std::clamp(sum, 0.0F, 255.0F)));
    }
  }
  return small_image;
}

}  // namespace dl::image
