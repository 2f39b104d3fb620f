// A program made from the input, run over bytes made from the rest of it: the
// automaton answers as the simulators do.
#include <cstdio>
#include <cstdlib>

#include "daylight/match/lazy_dfa_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string difference = dl::match::CompareAutomata({reinterpret_cast<const char*>(data), size});
  if (difference.empty()) return 0;
  std::fprintf(stderr, "%s\n", difference.c_str());
  std::abort();
}
