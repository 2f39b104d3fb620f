#include "daylight/inventory/licences.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::inventory {
namespace {

TEST(LicencesTest, ExpressionsOfKnownLicences) {
  for (const char* text : {"MIT", "GPL-2.0-or-later", "GPL-2.0+", "MIT OR Apache-2.0", "(MIT)",
                           "GPL-2.0-or-later AND (MIT OR (Zlib AND ISC))", "GPL-2.0-only WITH Linux-syscall-note",
                           "(GPL-3.0-or-later WITH GCC-exception-3.1) AND MIT", "0BSD", "zlib-acknowledgement"})
    EXPECT_TRUE(IsLicenceExpression(text)) << text;
}

TEST(LicencesTest, AnythingElseIsAText) {
  for (const char* text :
       {"",     " ",         "GPLv2+", "MIT and Zlib",  "MIT Zlib",     "MIT AND",  "AND MIT",     "(MIT",
        "MIT)", "()",        "( )",    "MIT OR OR ISC", "MIT WITH MIT", "MIT WITH", "NOASSERTION", "LicenseRef-x",
        "mit",  "MIT, Zlib", "MIT++",  "(MIT) (ISC)"})
    EXPECT_FALSE(IsLicenceExpression(text)) << text;
  EXPECT_FALSE(IsLicenceExpression(std::string(100'000, '(')));
  EXPECT_FALSE(IsLicenceExpression(std::string("MIT\0", 4)));
}

}  // namespace
}  // namespace dl::inventory
