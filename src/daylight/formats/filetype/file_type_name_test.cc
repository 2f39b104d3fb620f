#include "daylight/formats/filetype/file_type_name.h"

#include <gtest/gtest.h>

namespace dl::filetype {
namespace {

TEST(FileTypeTest, LongerSignaturesFirst) {
  EXPECT_EQ(FileTypeName(AsBytes(std::string_view("PK\x03\x04\x14\0\x06\0", 8))), "Office");
  EXPECT_EQ(FileTypeName(AsBytes(std::string_view("PK\x03\x04\x14\0\x06", 7))), "ZIP");
  EXPECT_EQ(FileTypeName(AsBytes("#!/bin/sh")), "UNIX SCRIPT");
  EXPECT_EQ(FileTypeName(AsBytes("#! x")), "Script");
  EXPECT_EQ(FileTypeName(AsBytes("MZ")), "EXE");
}

TEST(FileTypeTest, AtAnOffset) {
  EXPECT_EQ(FileTypeName(AsBytes(std::string(257, 'a') + "ustar")), "TAR");
  EXPECT_EQ(FileTypeName(AsBytes(std::string(257, 'a') + "usta")), "UNKNOWN");
}

TEST(FileTypeTest, NothingFits) {
  EXPECT_EQ(FileTypeName({}), "UNKNOWN");
  EXPECT_EQ(FileTypeName(AsBytes("M")), "UNKNOWN");
}

}  // namespace
}  // namespace dl::filetype
