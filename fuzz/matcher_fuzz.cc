// Patterns made from the input, searched for by the fast matcher and by the
// oracle in an object made from the rest of it: with each stride of the
// prefilter, one of its kernels, and in windows where the overlap is short.
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
  const std::span<const KernelInfo> kernels = AvailableKernels();
  const KernelInfo& kernel = kernels[feed.Below(static_cast<unsigned>(kernels.size()))];
  const std::size_t more = 1 + feed.Below(40);
  const std::string object = MakeObject(feed, 300);
  std::vector<std::string> slow;
  for (const Pattern& pattern : patterns) slow.push_back(Describe(FindAllSlowly(pattern, dl::AsBytes(object))));
  for (std::uint32_t stride = 1; stride <= kMaxStride; ++stride) {
    TestMatcher matcher(patterns, stride);
    const std::size_t window = matcher.matcher().overlap_bytes() + more;
    matcher.UseKernel(kernel);
    for (const std::size_t window_bytes : {std::size_t{0}, window}) {
      if (window_bytes >= object.size()) continue;
      matcher.Scan(dl::AsBytes(object), window_bytes);
      for (std::uint32_t id = 0; id < patterns.size(); ++id) {
        const std::string fast = Describe(matcher.Matches(id));
        if (fast == slow[id]) continue;
        std::fprintf(stderr, "%s stride %u window %zu: %s %s\n fast %s\n slow %s\n", kernel.name, stride, window_bytes,
                     DescribePattern(patterns[id]).c_str(), sources[id].c_str(), fast.c_str(), slow[id].c_str());
        std::abort();
      }
    }
  }
  return 0;
}
