#include "daylight/crypto/md5.h"

#include <gtest/gtest.h>

namespace dl::crypto {
namespace {

// RFC 1321, appendix A.5.
TEST(Md5Test, TestSuiteOfTheStandard) {
  EXPECT_EQ(Md5Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Md5Hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

}  // namespace
}  // namespace dl::crypto
