// The picture hash: hostile pictures of every format end in an error or in a
// hash, the same one each time, within limits that are small here.
#include "daylight/base/check.h"
#include "daylight/formats/image/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  dl::image::Limits limits;
  limits.max_pixels = 1U << 20;
  limits.max_decoder_bytes = 1U << 24;
  const auto hash = dl::image::FuzzyHash(bytes, limits);
  DL_CHECK(!hash || dl::image::IsHashed(bytes));
  if (hash) {
    const auto again = dl::image::FuzzyHash(bytes, limits);
    DL_CHECK(again && *again == *hash);
    DL_CHECK(dl::image::HashText(*hash).size() == 16);
  }
  return 0;
}
