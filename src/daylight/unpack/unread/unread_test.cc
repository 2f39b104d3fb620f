#include "daylight/unpack/unread/unread.h"

#include <gtest/gtest.h>

#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

TEST(UnreadTest, IsTold) {
  for (const std::string& object : {std::string("MSWIM\0\0\0 and more", 17), std::string("1234567**ACE** and more"),
                                    std::string("SIT!\0\1\0\0\0\1rLau", 14)}) {
    Listing listing;
    EXPECT_TRUE(listing.Run(kUnread, object));
    EXPECT_EQ(listing.text(), "!unsupported ");
  }
}

TEST(UnreadTest, OthersAreNot) {
  for (const std::string object : {"", "MSWIM", "SIT! and other words", "**ACE**"}) {
    Listing listing;
    EXPECT_FALSE(listing.Run(kUnread, object));
  }
}

}  // namespace
}  // namespace dl::unpack
