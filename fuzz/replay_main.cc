// Replays a fuzz target over stored inputs, in builds without libFuzzer, each
// input from an allocation of exactly its size so that a sanitizer sees every
// byte read past it. Then over every prefix of each small input, since
// truncation is what parsers get wrong most often.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void RunExact(const std::vector<char>& input, std::size_t size) {
  const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[size]);
  if (size > 0) std::memcpy(exact.get(), input.data(), size);
  LLVMFuzzerTestOneInput(exact.get(), size);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::size_t kPrefixLimit = 4096;
  std::size_t inputs = 0;
  RunExact({}, 0);
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      std::fprintf(stderr, "replay: no corpus folder %s\n", argv[i]);
      return 1;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> input{std::istreambuf_iterator<char>(file), {}};
      RunExact(input, input.size());
      for (std::size_t n = 0; n < input.size() && n < kPrefixLimit; ++n) RunExact(input, n);
      ++inputs;
    }
  }
  std::printf("replayed %zu inputs\n", inputs);
  return inputs == 0 ? 1 : 0;
}
