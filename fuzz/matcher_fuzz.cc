// Patterns made from the input, searched for by the fast matcher and by the
// oracle in an object made from the rest of it.
#include <cstdio>
#include <cstdlib>

#include "daylight/match/matcher_testing.h"
#include "daylight/match/random_patterns.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl::match;
  ByteFeed feed({reinterpret_cast<const char*>(data), size});
  std::vector<Pattern> patterns;
  std::vector<std::string> sources;
  for (unsigned n = 1 + feed.Below(3); n > 0; --n) {
    sources.emplace_back();
    patterns.push_back(MakePattern(feed, &sources.back()));
  }
  const std::string object = MakeObject(feed, 120);
  TestMatcher matcher(patterns);
  matcher.Scan(dl::AsBytes(object));
  for (std::uint32_t id = 0; id < patterns.size(); ++id) {
    const std::string fast = Describe(matcher.Matches(id));
    const std::string slow = Describe(FindAllSlowly(patterns[id], dl::AsBytes(object)));
    if (fast == slow) continue;
    std::fprintf(stderr, "%s %s\n fast %s\n slow %s\n", DescribePattern(patterns[id]).c_str(), sources[id].c_str(),
                 fast.c_str(), slow.c_str());
    std::abort();
  }
  return 0;
}
