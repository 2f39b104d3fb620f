// Any bytes. Meaning: every unpacker that opens them ends within what its sink
// wants, and what it gives is the same when it is asked again.
#include <cstdlib>
#include <string>

#include "daylight/unpack/all/unpackers.h"
#include "daylight/unpack/unpack_testing.h"

namespace {

constexpr std::size_t kMaxChildren = 64;
constexpr std::uint64_t kMaxBytes = 1u << 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_ready = (dl::unpack::Prepare(), true);
  static_cast<void>(is_ready);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const dl::unpack::Unpacker& unpacker : dl::unpack::Unpackers()) {
    dl::unpack::Listing once(kMaxChildren, kMaxBytes);
    if (!once.Run(unpacker, input)) continue;
    // A piece more than is wanted may be seen before it is refused.
    if (once.children().size() > kMaxChildren || once.bytes() > kMaxBytes + 4096) std::abort();
    dl::unpack::Listing again(kMaxChildren, kMaxBytes);
    again.Run(unpacker, input);
    if (again.text() != once.text() || again.children() != once.children()) std::abort();
  }
  return 0;
}
