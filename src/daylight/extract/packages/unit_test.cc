#include <gtest/gtest.h>

#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"

namespace dl::extract {
namespace {

std::string Read(std::string_view text) {
  MemorySource source(AsBytes(text));
  return TextOf(FactsOf([&](Facts& facts) {
    ReadUnit(source, {0, "etc/systemd/system/kesl.service", report::Presence::kPresent}, facts);
  }));
}

TEST(UnitTest, ProgramsOfAllCommands) {
  EXPECT_EQ(
      Read("[Unit]\nDescription=An agent\n[Service]\nExecStartPre=-/bin/mkdir /run/a\nExecStart=/opt/a/bin/agent -x\n"
           "ExecStop=+/opt/a/bin/stop\nExecStopPost=!!/opt/a/bin/post\nExecReload=:/bin/kill -HUP $MAINPID\n"
           "[Install]\nExecStart=/not/here\n"),
      "kesl.service|An agent|opt/a/bin/agent|bin/mkdir|bin/kill|opt/a/bin/stop|opt/a/bin/post\n");
}

TEST(UnitTest, PrefixesQuotationAndEscapes) {
  EXPECT_EQ(Read("[Service]\nExecStart=@-/opt/a name\nExecStart=\"/opt/with blank/b\" x\nExecStart='/opt/c'\n"
                 "ExecStart=/opt/\\x64\\040e\\\\f\nExecStart=|/opt/g\nExecStart=name-only\n"),
            "kesl.service||opt/a|opt/with blank/b|opt/c|opt/d e\\f|opt/g|name-only\n");
}

TEST(UnitTest, SeveralCommandsOnALine) {
  EXPECT_EQ(Read("[Service]\nType=oneshot\nExecStart=/bin/a 1 ; /bin/b 2 \\; /bin/c ; -/bin/d\n"),
            "kesl.service||bin/a|bin/b|bin/d\n");
}

TEST(UnitTest, LinesThatGoOn) {
  EXPECT_EQ(Read("[Service]\nExecStart=/bin/a ; \\\n# a comment within\n; another \\\n /bin/b\nExecStop=\\\n/bin/c"),
            "kesl.service||bin/a|bin/b|bin/c\n");
  // At the end of the file there is nothing to go on with.
  EXPECT_EQ(Read("[Service]\nExecStart=/bin/a \\"), "kesl.service||bin/a\n");
}

TEST(UnitTest, AnEmptyOneTakesBackWhatStoodBefore) {
  EXPECT_EQ(Read("[Service]\nExecStart=/bin/a\nExecStartPre=/bin/p\nExecStart=\nExecStart=/bin/b\n"),
            "kesl.service||bin/b|bin/p\n");
}

TEST(UnitTest, WhatAShellIsToldToRun) {
  EXPECT_EQ(Read("[Service]\nExecStart=/bin/sh -c 'test -x /opt/k/kesl && exec /opt/k/kesl --x=/etc/k'\n"),
            "kesl.service||bin/sh|opt/k/kesl|etc/k\n");
  EXPECT_EQ(Read("[Service]\nExecStart=/usr/bin/env A=b /opt/k/x\n"), "kesl.service||usr/bin/env|opt/k/x\n");
  EXPECT_EQ(Read("[Service]\nExecStart=/opt/k/x /opt/data\n"), "kesl.service||opt/k/x\n");
}

TEST(UnitTest, OfSocketsAndMountsToo) {
  EXPECT_EQ(Read("[Socket]\nExecStartPre=/bin/a\n"), "kesl.service||bin/a\n");
  EXPECT_EQ(Read("[Timer]\nExecStart=/bin/a\n"), "kesl.service|\n");
  EXPECT_EQ(Read(""), "kesl.service|\n");
}

TEST(UnitTest, HostileOnesEnd) {
  std::string many = "[Service]\nExecStart=/bin/sh -c \"";
  for (int i = 0; i < 100'000; ++i) many += "/p" + std::to_string(i) + " ";
  MemorySource source(AsBytes(many));
  const auto facts = FactsOf([&](Facts& f) { ReadUnit(source, {}, f); });
  ASSERT_EQ(facts.units.size(), 1u);
  EXPECT_LE(facts.units[0].programs.size(), 100u);
  std::string longest = "[Service]\n";
  for (int i = 0; i < 300; ++i) longest += std::string(10'000, 'x') + "\\\n";
  EXPECT_EQ(Read(longest), "kesl.service|\nunread|unsupported|a line longer than systemd reads\n");
  constexpr std::string_view kUnit = "[Service]\nExecStart=@-\"/a\\x41\\101\" ; '/b' \\\n x\n";
  for (std::size_t n = 0; n <= kUnit.size(); ++n) {
    const std::string whole = Read(kUnit.substr(0, n));
    for (const std::size_t piece : {1u, 2u, 3u, 7u}) {
      StreamSource pieces = InPieces(kUnit.substr(0, n), piece);
      EXPECT_EQ(TextOf(FactsOf([&](Facts& f) {
                  ReadUnit(pieces, {0, "kesl.service", report::Presence::kPresent}, f);
                })),
                whole);
    }
  }
}

}  // namespace
}  // namespace dl::extract
