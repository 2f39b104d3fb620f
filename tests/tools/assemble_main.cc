// daylight_assemble SAMPLE OUT: turns a readable sample (NAME.hex: a hex dump;
// anything else: a description as in support/assemble.h) into the file it is.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "assemble.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: daylight_assemble SAMPLE OUT\n");
    return 2;
  }
  const std::string path = argv[1];
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto result = path.ends_with(".hex") ? dl::testing::AssembleHex(text) : dl::testing::AssembleText(text);
  if (!in || !result.error.empty()) {
    std::fprintf(stderr, "%s: %s\n", argv[1], in ? result.error.c_str() : "cannot read");
    return 1;
  }
  std::ofstream out(argv[2], std::ios::binary);
  out.write(reinterpret_cast<const char*>(result.bytes.data()), static_cast<std::streamsize>(result.bytes.size()));
  return out.flush() ? 0 : 1;
}
