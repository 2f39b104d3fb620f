#include "daylight/survey/peek.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::survey {
namespace {

Peek Of(std::string head, std::string_view name = "x") { return PeekAt(AsBytes(head), name); }

std::string Padded(std::string head, std::size_t size) {
  head.resize(size, '\0');
  return head;
}

TEST(PeekTest, ProgramsPackagesImages) {
  EXPECT_EQ(Of("\x7f"
               "ELF\2\1\1"),
            Peek::kElf);
  EXPECT_EQ(Of("MZ"), Peek::kProgram);
  EXPECT_EQ(Of("!<arch>\ndebian-binary   "), Peek::kPackage);
  EXPECT_EQ(Of("\xed\xab\xee\xdb\3\0"), Peek::kPackage);
  EXPECT_EQ(Of("\x1f\x8b\x08", "a.apk"), Peek::kPackage);
  EXPECT_EQ(Of("\x28\xb5\x2f\xfd", "a-1-1-any.pkg.tar.zst"), Peek::kPackage);
  EXPECT_EQ(Of(Padded("manifest.json", 257) + "ustar"), Peek::kTar);
  EXPECT_EQ(Of("{\"bomFormat\"", "app.cdx.json"), Peek::kSbom);
  EXPECT_EQ(Of("PK\3\4"), Peek::kContainer);
  EXPECT_EQ(Of(Padded("\xeb\x3c\x90", 510) + "\x55\xaa"), Peek::kContainer);
}

TEST(PeekTest, EverythingElseIsNothing) {
  for (const char* head : {"", "M", "#!/bin/sh\n",
                           "\x7f"
                           "EL",
                           "PK\3", "!<arch>\n", "{\"a\":1}"}) {
    EXPECT_EQ(Of(head), Peek::kNothing) << head;
  }
  EXPECT_EQ(Of(Padded("", 257) + "usta"), Peek::kNothing);
  EXPECT_EQ(Of(Padded("", 510) + "\x55"), Peek::kNothing);
}

}  // namespace
}  // namespace dl::survey
