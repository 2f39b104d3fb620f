#include "daylight/formats/image/image.h"

#include <gtest/gtest.h>

namespace dl::image {
namespace {

TEST(ImageTest, Magic) {
  EXPECT_EQ(Identify(AsBytes("BM")), Format::kBmp);
  EXPECT_EQ(Identify(AsBytes("B")), Format::kNone);
}

}  // namespace
}  // namespace dl::image
