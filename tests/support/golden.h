// Goldens: expected texts beside the samples they describe.
//
//   EXPECT_EQ(ExpectedText(path, actual), actual);
//
// With DAYLIGHT_UPDATE_GOLDENS=1 in the environment the expected text is
// written instead of read; look at the difference before committing it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "assemble.h"

namespace dl::testing {

inline std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string ExpectedText(const std::filesystem::path& path, const std::string& actual) {
  if (std::getenv("DAYLIGHT_UPDATE_GOLDENS") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    return actual;
  }
  return ReadText(path);
}

// A sample of the tree as bytes: NAME.hex is a hex dump, all else a
// description.
inline Assembled LoadSample(const std::filesystem::path& path) {
  const std::string text = ReadText(path);
  if (text.empty()) return {{}, "cannot read " + path.string()};
  return path.extension() == ".hex" ? AssembleHex(text) : AssembleText(text);
}

}  // namespace dl::testing
