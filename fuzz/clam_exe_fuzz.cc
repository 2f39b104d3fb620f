// Any bytes as each kind of executable, the way ClamAV reads them.
#include "daylight/formats/exe/invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dl::exe::CheckInvariants(dl::Bytes(reinterpret_cast<const std::byte*>(data), size));
  return 0;
}
