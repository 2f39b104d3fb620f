#include "daylight/os/passwd.h"

#include <gtest/gtest.h>

namespace dl::os {
namespace {

TEST(PasswdTest, FirstEntryCountsAndBrokenLinesDoNot) {
  const OwnerNames owners =
      OwnerNames::Parse("root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:\n\nbroken\n:x:7:\nbad:x:-1:1:\nlast:x:1000:1000");
  EXPECT_EQ(owners.Name(0), "root");
  EXPECT_EQ(owners.Name(1000), "last");
  EXPECT_EQ(owners.Name(7), "7");
  EXPECT_EQ(owners.Name(4294967295u), "4294967295");
}

TEST(PasswdTest, MissingFileHasNoNames) { EXPECT_EQ(OwnerNames::Load("/nonexistent/passwd").Name(5), "5"); }

}  // namespace
}  // namespace dl::os
