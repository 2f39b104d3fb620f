#include "daylight/report/walls.h"

#include <gtest/gtest.h>

namespace dl::report {
namespace {

TEST(WallsTest, NamesAndBack) {
  for (WallSet walls = 0; walls <= kAllWalls; ++walls) EXPECT_EQ(ParseWalls(WallNames(walls)), walls);
  EXPECT_EQ(WallNames(Bit(Wall::kSeccomp) | Bit(Wall::kPrivileges)), "privileges,seccomp");
  for (const char* wrong : {"all", "seccomp;limits", "seccomp,,limits", "seccomp,seccomp", ","}) {
    EXPECT_FALSE(ParseWalls(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace dl::report
