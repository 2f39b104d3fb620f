// Icons of hostile PE files: metrics in their ranges, which read back as they
// are written and match themselves; and hostile lines of .idb files.
#include "daylight/base/check.h"
#include "daylight/formats/pe/icons.h"

namespace {

void CheckMetrics(const dl::pe::IconMetrics& metrics) {
  DL_CHECK(metrics.size >= 16 && metrics.size <= 32);
  DL_CHECK(metrics.colour_share <= 100);
  DL_CHECK(metrics.red <= 100 && metrics.green <= 100 && metrics.blue <= 100);
  for (const dl::pe::IconAreas* areas :
       {&metrics.colour, &metrics.grey, &metrics.bright, &metrics.dark, &metrics.edge, &metrics.no_edge}) {
    for (const dl::pe::IconArea& area : *areas) DL_CHECK(area.x < metrics.size && area.y < metrics.size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  if (const auto signature = dl::pe::ParseIdbLine(dl::AsText(bytes))) {
    const auto again = dl::pe::ParseIdbLine("N:1:2:" + dl::pe::IconHash(signature->metrics));
    DL_CHECK(again && again->metrics == signature->metrics);
  }
  const auto image = dl::pe::Image::Parse(bytes);
  if (!image) return 0;
  const auto icons = dl::pe::PeIcons(*image);
  if (!icons) return 0;
  for (const dl::pe::IconMetrics& metrics : *icons) CheckMetrics(metrics);
  return 0;
}
