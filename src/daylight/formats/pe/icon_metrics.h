// From an icon's pixels to its metrics. Not for other folders.
#pragma once

#include "daylight/formats/pe/icons.h"

namespace dl::pe {

// Square pictures of 0xAARRGGBB, row by row from the top.
struct IconPixels {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint32_t> values;
};

// `pixels` is a square of 16 to 32 pixels a side without transparency.
IconMetrics MeasureIcon(const IconPixels& pixels);

}  // namespace dl::pe
