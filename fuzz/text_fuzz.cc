// Normalised text is never longer, holds only what may stand in it, and is its
// own normal form (within one buffer).
#include <cstdint>

#include "daylight/base/check.h"
#include "daylight/formats/text/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const std::string once = dl::text::NormaliseText(bytes);
  DL_CHECK(once.size() <= size);
  for (const char c : once) DL_CHECK(c >= ' ' && !(c >= 'A' && c <= 'Z'));
  if (size <= 131072) DL_CHECK(dl::text::NormaliseText(dl::AsBytes(once)) == once);
  return 0;
}
