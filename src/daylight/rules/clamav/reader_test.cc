#include "daylight/rules/clamav/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/rules/clamav/file_kinds.h"
#include "daylight/rules/clamav/reader_testing.h"

namespace dl::clamav {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kDigest = "44d88612fea8a8f36de82e1278abb02f";

TEST(ClamavReaderTest, KindsByTheEndOfTheName) {
  EXPECT_EQ(KindOf("daily.NDB"), FileKind::kNdb);
  EXPECT_EQ(KindOf("a.ldu"), FileKind::kLdb);
  EXPECT_EQ(KindOf("a.db"), FileKind::kDb);
  EXPECT_EQ(KindOf("ndb"), FileKind::kUnknown);
  EXPECT_EQ(KindOf("a.txt"), FileKind::kUnknown);
  EXPECT_EQ(KindName(FileKind::kIgn2), "ign2");
  EXPECT_EQ(KindName(FileKind::kYara), "yara");
  EXPECT_EQ(KindName(FileKind::kUnknown), "unknown");
}

TEST(ClamavReaderTest, AMalformedLineIsAWarningAndTheOthersAreRead) {
  const ReadResult result = Read("x.hdb", "# comment\n" + kDigest + ":1:A\nrubbish\r\n\n" + kDigest + ":2:B");
  EXPECT_EQ(result.digests.size(), 2u);
  EXPECT_THAT(result.warnings, ElementsAre("x.hdb:3: fewer than three fields", "x.hdb:4: empty line"));
  EXPECT_EQ(result.outcome.lines, 3u);
  EXPECT_EQ(result.outcome.malformed, 1u);
  EXPECT_EQ(result.outcome.error, "");
}

TEST(ClamavReaderTest, MoreThanATenthMalformedIsAnError) {
  const auto read = [](int good, int bad) {
    std::string text;
    for (int i = 0; i < good; ++i) text += kDigest + ":1:A\n";
    for (int i = 0; i < bad; ++i) text += "bad\n";
    return Read("x.hdb", text).outcome.error;
  };
  EXPECT_EQ(read(0, 9), "");
  EXPECT_EQ(read(0, 10), "10 of 10 lines are malformed");
  EXPECT_EQ(read(90, 10), "");
  EXPECT_EQ(read(89, 10), "10 of 99 lines are malformed");
}

TEST(ClamavReaderTest, WarningsAreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "bad\n";
  const ReadResult result = Read("x.hdb", text);
  EXPECT_EQ(result.warnings.size(), 101u);
  EXPECT_EQ(result.warnings.back(), "x.hdb:0: 900 more warnings are not shown");
  EXPECT_EQ(result.outcome.malformed, 1000u);
}

TEST(ClamavReaderTest, EmptyFiles) {
  EXPECT_EQ(Read("x.ndb", "").outcome.error, "the file is empty");
  EXPECT_EQ(Read("x.ndb", "#\n").outcome.error, "");
  EXPECT_EQ(Read("x.pdb", "").outcome.error, "");
  EXPECT_EQ(Read("x.ftm", "#\n").outcome.error, "the file defines nothing");
}

TEST(ClamavReaderTest, LinesAreCStrings) {
  using std::string_literals::operator""s;
  EXPECT_EQ(Read("x.hdb", kDigest + ":1:A\r\r\n").digests.at(0).name, "A");
  EXPECT_EQ(Read("x.hdb", kDigest + ":1:A\0rest\n"s).digests.at(0).name, "A");
}

TEST(ClamavReaderTest, LinesHaveAGreatestLength) {
  const std::string name(kMaxLineBytes - kDigest.size() - 3, 'n');
  EXPECT_EQ(Read("x.hdb", kDigest + ":1:" + name + "\n").Summary(), "taken");
  EXPECT_THAT(Read("x.hdb", kDigest + ":1:" + name + "n\n").Summary(), HasSubstr("longer than clamscan reads"));
  const std::string head = "A;Target:0;0;";
  const std::string longest(kMaxLogicalLineBytes - head.size(), 'a');
  EXPECT_EQ(Read("x.ldb", head + longest + "\n").Summary(), "taken");
  EXPECT_THAT(Read("x.ldb", head + longest + "aa\n").Summary(), HasSubstr("longer than clamscan reads"));
  // A megabyte, and a good line after it.
  EXPECT_EQ(Read("x.hdb", std::string(1 << 20, ':') + "\n" + kDigest + ":1:A\n").digests.size(), 1u);
}

TEST(ClamavReaderTest, WhatIsNotWantedIsCounted) {
  EXPECT_THAT(Read("x.ndu", "A:0:*:aabbcc\nB:0:*:aabbcc\n").skipped,
              ElementsAre("potentially unwanted applications are not asked for",
                          "potentially unwanted applications are not asked for"));
  EXPECT_TRUE(Read("x.ndu", "A:0:*:aabbcc\n", {.pua = true}).logical.at(0).is_pua);
  const ReadResult bytecode = Read("x.cbc", "ClamBC anything\nat all");
  EXPECT_THAT(bytecode.skipped, ElementsAre("bytecode is never executed"));
  EXPECT_EQ(bytecode.outcome.lines, 1u);
  EXPECT_EQ(Read("x.cfg", "PE:0x1\nELF:0x1\n").skipped.size(), 2u);
  EXPECT_THAT(Read("x.cvd.sign", "x").skipped, ElementsAre("detached signatures are not used"));
  EXPECT_THAT(Read("x.txt", "x").skipped, ElementsAre("not a kind of file that ClamAV reads"));
  EXPECT_THAT(Read("x.info", "x").skipped, ElementsAre("has a meaning only inside of .cvd, .cld and .cud"));
}

TEST(ClamavReaderTest, WholeFilesGoOn) {
  EXPECT_THAT(Read("a.yar", "rule a {}\n").yara, ElementsAre("a.yar|rule a {}\n"));
  EXPECT_THAT(Read("a.cat", "binary").lines, ElementsAre("binary"));
}

TEST(ClamavReaderTest, OpenIoc) {
  const std::string sha1 = "3395856ce81f2b7382dee72602f798b642f14140";
  const ReadResult result = Read("my list.ioc", R"(<?xml version="1.0"?><i:ioc xmlns:i="urn:x"><definition>
    <i:Indicator operator="OR"><Indicator><IndicatorItem>
      <Context document="FileItem" search="FileItem/Md5sum"/><i:Content type="string"> )" +
                                                    kDigest + R"(
      </i:Content></IndicatorItem></Indicator>
      <IndicatorItem><Context document="Other" search="x"/><Content type="SHA1">)" +
                                                    sha1 + R"(</Content></IndicatorItem>
      <IndicatorItem><Context document="Other" search="x"/><Content type="string">name.exe</Content></IndicatorItem>
      <IndicatorItem><Content type="md5">xyz</Content></IndicatorItem>
    </i:Indicator><Content type="md5">)" + kDigest + R"(</Content></definition></i:ioc>)");
  ASSERT_EQ(result.digests.size(), 2u);
  EXPECT_EQ(result.digests[0].name, "my_list.ioc." + kDigest);
  EXPECT_FALSE(result.digests[0].signature.size);
  EXPECT_EQ(result.digests[1].signature.kind, DigestKind::kSha1);
  EXPECT_EQ(result.outcome.lines, 3u);
  EXPECT_EQ(result.outcome.malformed, 1u);
}

TEST(ClamavReaderTest, OpenIocThatIsDamaged) {
  const std::string good =
      "<ioc><Indicator><IndicatorItem><Content type='md5'>" + kDigest + "</Content></IndicatorItem></Indicator></ioc>";
  EXPECT_EQ(Read("x.ioc", good).digests.size(), 1u);
  EXPECT_THAT(Read("x.ioc", good.substr(0, good.size() - 5)).warnings, ElementsAre("x.ioc:0: not well-formed XML"));
  EXPECT_THAT(Read("x.ioc", "no XML").outcome.error, HasSubstr("not well-formed"));
  EXPECT_THAT(Read("x.ioc", "<ioc/>").warnings, ElementsAre("x.ioc:0: no digests of files in it"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<Indicator>";
  EXPECT_THAT(Read("x.ioc", deep).digests, IsEmpty());
}

}  // namespace
}  // namespace dl::clamav
