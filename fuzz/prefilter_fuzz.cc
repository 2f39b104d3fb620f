// Tables of the prefilter and bytes made from the input: every kernel that this
// processor can run gives the answer that follows from the tables.
#include <cstdio>
#include <cstdlib>

#include "daylight/match/prefilter_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string difference = dl::match::CompareKernelsOn({reinterpret_cast<const char*>(data), size});
  if (difference.empty()) return 0;
  std::fprintf(stderr, "%s\n", difference.c_str());
  std::abort();
}
