// What a hostile client, opener or child may send: any packet. Whatever decodes must
// encode to the very same bytes.
#include <cstdint>

#include "daylight/base/check.h"
#include "daylight/opener/messages.h"

using namespace dl::opener;

namespace {

template <typename... Messages>
void CheckAll(const Header& header, std::string_view packet) {
  const auto check = [&]<typename T>(const T*) {
    const auto value = Decode<T>(header, packet);
    if (value) DL_CHECK(Encode(header.id, *value) == packet);
  };
  (check(static_cast<const Messages*>(nullptr)), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  if (const auto header = ParseHeader(packet)) {
    CheckAll<WalkRequest, WalkStarted, WalkFile, WalkEnd, AccessEvent, Verdict, Generation, GenerationDone, TakeRequest,
             Taken, Hello, Notice>(*header, packet);
  }
  return 0;
}
