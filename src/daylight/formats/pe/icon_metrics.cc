#include "daylight/formats/pe/icon_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace dl::pe {

namespace {

std::uint32_t Red(std::uint32_t pixel) { return pixel >> 16 & 0xff; }
std::uint32_t Green(std::uint32_t pixel) { return pixel >> 8 & 0xff; }
std::uint32_t Blue(std::uint32_t pixel) { return pixel & 0xff; }
std::uint32_t Distance(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : b - a; }

// Hue, saturation and value, as far as they are needed.
struct Colour {
  std::uint32_t saturation = 0;
  std::uint32_t value = 0;
  std::uint32_t spread = 0;  // The largest channel less the smallest.

  explicit Colour(std::uint32_t pixel) {
    const auto [low, high] = std::minmax({Red(pixel), Green(pixel), Blue(pixel)});
    value = high;
    spread = high - low;
    saturation = spread == 0 ? 0 : 255 * spread / high;
  }
  std::uint32_t Colourfulness() const { return static_cast<std::uint32_t>(std::sqrt(saturation * saturation * value)); }
  bool IsStrong() const { return saturation > 85 && value > 85; }
};

// CIE L*a*b* of sRGB, D65. The single-precision constants widened to double
// are what the signatures were made with.
struct Lab {
  double l;
  double a;
  double b;

  explicit Lab(std::uint32_t pixel) {
    const double red = Linear(Red(pixel));
    const double green = Linear(Green(pixel));
    const double blue = Linear(Blue(pixel));
    const double x = Curve((red * 0.4124F + green * 0.3576F + blue * 0.1805F) / 95.047F);
    const double y = Curve((red * 0.2126F + green * 0.7152F + blue * 0.0722F) / 100.0F);
    const double z = Curve((red * 0.0193F + green * 0.1192F + blue * 0.9505F) / 108.883F);
    l = 116.0F * y - 16.0F;
    a = 500.0F * (x - y);
    b = 200.0F * (y - z);
  }

 private:
  static double Linear(std::uint32_t channel) {
    const double value = static_cast<double>(channel) / 255.0F;
    const double linear =
        value > 0.04045F ? std::pow((value + 0.055F) / 1.055F, static_cast<double>(2.4F)) : value / 12.92F;
    return linear * 100.0F;
  }
  static double Curve(double value) {
    if (value > 0.008856F) return std::pow(value, static_cast<double>(1.0F / 3.0F));
    return 7.787F * value + 16.0F / 116.0F;
  }
};

// How far from a middle grey a colour is.
double DistanceFromGrey(std::uint32_t pixel) {
  constexpr double kL = 53.192777691077211F;
  constexpr double kA = 0.0031420942181448197F;
  constexpr double kB = -0.0062075877844014471F;
  const Lab lab(pixel);
  return std::sqrt(std::pow(kL - lab.l, 2.0) + std::pow(kA - lab.a, 2.0) + std::pow(kB - lab.b, 2.0));
}

// One number a pixel.
class Plane {
 public:
  explicit Plane(std::uint32_t side) : side_(side), values_(std::size_t{side} * side) {}
  std::uint32_t side() const { return side_; }
  std::uint32_t& At(std::uint32_t x, std::uint32_t y) { return values_[std::size_t{y} * side_ + x]; }
  std::uint32_t At(std::uint32_t x, std::uint32_t y) const { return values_[std::size_t{y} * side_ + x]; }

  // The sum over the square of `square` pixels a side at each place.
  Plane Sums(std::uint32_t square) const {
    Plane across(side_);
    Plane sums(side_);
    for (std::uint32_t y = 0; y < side_; ++y) {
      for (std::uint32_t x = 0; x + square <= side_; ++x) {
        for (std::uint32_t i = 0; i < square; ++i) across.At(x, y) += At(x + i, y);
      }
    }
    for (std::uint32_t y = 0; y + square <= side_; ++y) {
      for (std::uint32_t x = 0; x + square <= side_; ++x) {
        for (std::uint32_t i = 0; i < square; ++i) sums.At(x, y) += across.At(x, y + i);
      }
    }
    return sums;
  }

 private:
  std::uint32_t side_;
  std::vector<std::uint32_t> values_;
};

// The squares with the largest (or smallest) sums that do not overlap those
// before them; the first of equals. The last places of each row and column are
// never looked at. A sum of nothing is no square: then (0, 0) with `none`.
std::vector<IconArea> BestSquares(const Plane& sums, std::uint32_t square, std::size_t count, bool largest) {
  std::vector<IconArea> best;
  const std::uint32_t none = largest ? 0 : 0xffffffff;
  for (std::size_t i = 0; i < count; ++i) {
    IconArea area{none, 0, 0};
    for (std::uint32_t y = 0; y + square < sums.side(); ++y) {
      for (std::uint32_t x = 0; x + square + 1 < sums.side(); ++x) {
        const std::uint32_t sum = sums.At(x, y);
        if (largest ? sum <= area.average : sum >= area.average) continue;
        const bool overlaps = std::any_of(best.begin(), best.end(), [&](const IconArea& other) {
          return x + square > other.x && x < other.x + square && y + square > other.y && y < other.y + square;
        });
        if (!overlaps) area = {sum, x, y};
      }
    }
    best.push_back(area);
  }
  return best;
}

IconAreas Averages(std::span<const IconArea> squares, std::uint32_t square) {
  IconAreas areas;
  for (std::size_t i = 0; i < areas.size(); ++i)
    areas[i] = {squares[i].average / (square * square), squares[i].x, squares[i].y};
  return areas;
}

void MeasureColours(const IconPixels& pixels, IconMetrics& metrics) {
  const std::uint32_t side = pixels.width;
  const std::uint32_t square = side / 4;
  Plane colourful(side);
  Plane light(side);
  std::uint32_t strong = 0;
  for (std::uint32_t y = 0; y < side; ++y) {
    for (std::uint32_t x = 0; x < side; ++x) {
      const std::uint32_t pixel = pixels.values[std::size_t{y} * side + x];
      const Colour colour(pixel);
      colourful.At(x, y) = colour.Colourfulness();
      light.At(x, y) = colour.value;
      if (!colour.IsStrong()) continue;
      ++strong;
      metrics.red += 100 - 100 * Distance(Green(pixel), Blue(pixel)) / colour.spread;
      metrics.green += 100 - 100 * Distance(Red(pixel), Blue(pixel)) / colour.spread;
      metrics.blue += 100 - 100 * Distance(Red(pixel), Green(pixel)) / colour.spread;
    }
  }
  const Plane colour_sums = colourful.Sums(square);
  const Plane light_sums = light.Sums(square);
  metrics.colour = Averages(BestSquares(colour_sums, square, 3, true), square);
  metrics.grey = Averages(BestSquares(colour_sums, square, 3, false), square);
  metrics.bright = Averages(BestSquares(light_sums, square, 3, true), square);
  metrics.dark = Averages(BestSquares(light_sums, square, 3, false), square);
  metrics.colour_share = strong * 100 / side / side;
  if (metrics.colour_share > 5) {
    metrics.red /= strong;
    metrics.green /= strong;
    metrics.blue /= strong;
  } else {
    metrics.red = metrics.green = metrics.blue = metrics.colour_share = 0;
  }
}

// Sobel's operator on the distances from grey, scaled to 255; nothing at the
// borders. A picture without any edge keeps its blue channel instead.
Plane Edges(const IconPixels& pixels) {
  const std::uint32_t side = pixels.width;
  std::vector<double> distance(pixels.values.size());
  std::transform(pixels.values.begin(), pixels.values.end(), distance.begin(), DistanceFromGrey);
  const auto at = [&](std::uint32_t x, std::uint32_t y) { return distance[std::size_t{y} * side + x]; };
  Plane gradients(side);
  std::uint32_t most = 0;
  for (std::uint32_t y = 1; y + 1 < side; ++y) {
    for (std::uint32_t x = 1; x + 1 < side; ++x) {
      // In this order, for the last bit's sake.
      double across = at(x - 1, y - 1);
      across += at(x - 1, y) * 2;
      across += at(x - 1, y + 1);
      across -= at(x + 1, y - 1);
      across -= at(x + 1, y) * 2;
      across -= at(x + 1, y + 1);
      double down = at(x - 1, y - 1);
      down += at(x, y - 1) * 2;
      down += at(x + 1, y - 1);
      down -= at(x - 1, y + 1);
      down -= at(x, y + 1) * 2;
      down -= at(x + 1, y + 1);
      gradients.At(x, y) = static_cast<std::uint32_t>(std::sqrt(across * across + down * down));
      most = std::max(most, gradients.At(x, y));
    }
  }
  for (std::uint32_t y = 1; y + 1 < side; ++y) {
    for (std::uint32_t x = 1; x + 1 < side; ++x) {
      std::uint32_t& value = gradients.At(x, y);
      value = most != 0 ? value * 255 / most : Blue(pixels.values[std::size_t{y} * side + x]);
    }
  }
  return gradients;
}

// A blur of one, two and one parts, along the rows and then down the columns,
// where the pixel above is already blurred.
Plane Blur(const Plane& plane) {
  const std::uint32_t side = plane.side();
  Plane blurred(side);
  for (std::uint32_t y = 1; y + 1 < side; ++y) {
    for (std::uint32_t x = 1; x + 1 < side; ++x) {
      blurred.At(x, y) = (plane.At(x - 1, y) + 2 * plane.At(x, y) + plane.At(x + 1, y)) / 4;
    }
  }
  for (std::uint32_t y = 1; y + 1 < side; ++y) {
    for (std::uint32_t x = 1; x + 1 < side; ++x) {
      blurred.At(x, y) = (blurred.At(x, y - 1) + 2 * blurred.At(x, y) + blurred.At(x, y + 1)) / 4;
    }
  }
  return blurred;
}

}  // namespace

IconMetrics MeasureIcon(const IconPixels& pixels) {
  IconMetrics metrics;
  metrics.size = pixels.width;
  MeasureColours(pixels, metrics);
  const std::uint32_t square = pixels.width / 4;
  const Plane sums = Blur(Edges(pixels)).Sums(square);
  const bool is_grey = metrics.colour_share == 0;
  const std::size_t count = is_grey ? 6 : 3;
  const std::vector<IconArea> edge = BestSquares(sums, square, count, true);
  const std::vector<IconArea> no_edge = BestSquares(sums, square, count, false);
  metrics.edge = Averages(edge, square);
  metrics.no_edge = Averages(no_edge, square);
  if (is_grey) {
    metrics.colour = Averages(std::span(edge).subspan(3), square);
    metrics.grey = Averages(std::span(no_edge).subspan(3), square);
    // Their places are those of the edges, in all signatures ever made.
    for (std::size_t i = 0; i < 3; ++i) {
      metrics.grey[i].x = edge[i + 3].x;
      metrics.grey[i].y = edge[i + 3].y;
    }
  }
  return metrics;
}

}  // namespace dl::pe
