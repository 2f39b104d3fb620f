// Goldens: what a parser found in a sample, as text under version control.
//
//   testing::ExpectGolden("elf/program_64le.facts", context.Dump());
//
// With DAYLIGHT_UPDATE_GOLDENS set in the environment the files are rewritten
// instead; read the difference before you commit it. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "daylight/formats/hex_sample.h"

namespace dl::testing {

// The path of a file under tests/golden.
inline std::string GoldenPath(const std::string& name) { return DAYLIGHT_SOURCE_DIR "/tests/golden/" + name; }

inline void ExpectGolden(const std::string& name, const std::string& actual) {
  if (std::getenv("DAYLIGHT_UPDATE_GOLDENS") != nullptr) {
    std::ofstream(GoldenPath(name), std::ios::binary) << actual;
    return;
  }
  EXPECT_EQ(actual, ReadTextFile(GoldenPath(name))) << name;
}

}  // namespace dl::testing
