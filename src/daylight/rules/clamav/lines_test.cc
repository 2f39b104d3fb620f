#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/reader_testing.h"

namespace dl::clamav {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kMd5 = "44d88612fea8a8f36de82e1278abb02f";
const std::string kSha1 = "3395856ce81f2b7382dee72602f798b642f14140";
const std::string kSha256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f";

std::string One(std::string_view kind, std::string_view line) {
  return Read("x." + std::string(kind), std::string(line) + "\n", {.pua = true}).Summary();
}

TEST(ClamavLinesTest, Digests) {
  const ReadResult result = Read("x.hsb", kMd5 + ":68:A\n" + kSha1 + ":*:B (Clam):73\n" + kSha256 + ":4294967294:C\n");
  ASSERT_EQ(result.digests.size(), 3u);
  EXPECT_EQ(result.digests[0].name, "A");
  EXPECT_EQ(result.digests[0].signature.kind, DigestKind::kMd5);
  EXPECT_EQ(result.digests[0].signature.digest[0], 0x44);
  EXPECT_EQ(result.digests[0].signature.size, 68u);
  EXPECT_EQ(result.digests[1].name, "B");
  EXPECT_EQ(result.digests[1].signature.kind, DigestKind::kSha1);
  EXPECT_FALSE(result.digests[1].signature.size);
  EXPECT_EQ(result.digests[2].signature.size, 4294967294u);
  EXPECT_EQ(result.digests[2].signature.digest[31], 0x0f);
}

TEST(ClamavLinesTest, DigestsOfSectionsImportsAndAllowLists) {
  EXPECT_EQ(Read("x.mdb", "512:" + kMd5 + ":A\n").digests.at(0).signature.of, DigestSignature::Of::kSection);
  EXPECT_EQ(Read("x.imp", kMd5 + ":*:A\n").digests.at(0).signature.of, DigestSignature::Of::kImports);
  EXPECT_EQ(Read("x.sfp", kSha256 + ":1:A\n").digests.at(0).signature.of, DigestSignature::Of::kAllowed);
  EXPECT_TRUE(Read("x.mdu", "512:" + kMd5 + ":A\n", {.pua = true}).digests.at(0).signature.is_pua);
}

TEST(ClamavLinesTest, DigestSizesAndLevels) {
  EXPECT_THAT(One("hdb", kMd5 + ":0:A"), StartsWith("refused: size"));
  EXPECT_THAT(One("hdb", kMd5 + ":4294967295:A"), StartsWith("refused: size"));
  EXPECT_THAT(One("hdb", kMd5 + ":*:A:72"), StartsWith("refused: size *"));
  EXPECT_EQ(One("hdb", kMd5 + ":*:A:73"), "taken");
  EXPECT_EQ(One("hdb", kMd5 + ":68:A:216"), "taken");
  EXPECT_EQ(One("hdb", kMd5 + ":68:A:217"), "skipped: functionality level");
  EXPECT_EQ(One("hdb", kMd5 + ":68:A:0:216"), "taken");
  EXPECT_EQ(One("hdb", kMd5 + ":68:A:0:215"), "skipped: functionality level");
  EXPECT_THAT(One("hdb", kMd5 + "0:68:A"), HasSubstr("32, 40 or 64"));
  EXPECT_THAT(One("hdb", kMd5 + ":68:"), HasSubstr("no name"));
}

TEST(ClamavLinesTest, BodySignatures) {
  const ReadResult result = Read("x.ndb", "A.B:1:EP+3,4:4d5a??90:51:255\n");
  ASSERT_EQ(result.logical.size(), 1u);
  const LogicalSignature& signature = result.logical[0];
  EXPECT_EQ(signature.name, "A.B");
  EXPECT_EQ(signature.target, 1u);
  EXPECT_EQ(signature.expression, "0");
  EXPECT_TRUE(signature.is_plain);
  EXPECT_EQ(signature.subsignatures.at(0).body.offset.kind, OffsetKind::kEntryPlus);
  EXPECT_EQ(signature.subsignatures[0].body.patterns.size(), 1u);
  EXPECT_EQ(Read("x.db", "A=aabbcc\n").logical.at(0).name, "A");
  EXPECT_EQ(One("db", "A==aabbcc"), "skipped: == in place of =");
  EXPECT_EQ(One("ndb", "A:15:*:aabbcc"), "skipped: target type that does not exist");
  EXPECT_EQ(One("ndb", "A:14:*:aabbcc"), "taken");
  // A level that is not ours hides what is wrong with the rest.
  EXPECT_EQ(One("ndb", "A:x:*:zz:217"), "skipped: functionality level");
}

TEST(ClamavLinesTest, LogicalSignatures) {
  const ReadResult result = Read("x.ldb",
                                 "A;Engine:51-255,Target:1,FileSize:1-100,NumberOfSections:2-3,Container:CL_TYPE_ZIP,"
                                 "Intermediates:CL_TYPE_ZIP>CL_TYPE_ANY,IconGroup1:g,HandlerType:CL_TYPE_PDF;"
                                 "(0|1)&2>1&(3|4|5);4d5a::iw;EP+0:aabb;${1-9}3$;0(<<0x10#ile4#=0xff,>3);"
                                 "EOF-9:0&1/a;b:c\\/d/is;fuzzy_img#af2ad01ed42993c7#0\n");
  ASSERT_EQ(result.logical.size(), 1u) << result.Summary();
  const LogicalSignature& signature = result.logical[0];
  EXPECT_EQ(signature.file_size->max, 100u);
  EXPECT_EQ(signature.sections->min, 2u);
  EXPECT_EQ(signature.container, "CL_TYPE_ZIP");
  EXPECT_THAT(signature.intermediates, ElementsAre("CL_TYPE_ZIP", "CL_TYPE_ANY"));
  EXPECT_EQ(signature.icon_group_1, "g");
  EXPECT_EQ(signature.handler_type, "CL_TYPE_PDF");
  EXPECT_EQ(signature.expression, "(0|1)&2>1&(3|4|5)");
  ASSERT_EQ(signature.subsignatures.size(), 6u);
  EXPECT_TRUE(signature.subsignatures[0].body.patterns[0].is_wide);
  EXPECT_EQ(signature.subsignatures[1].body.offset.kind, OffsetKind::kEntryPlus);
  EXPECT_EQ(signature.subsignatures[2].macro.max, 9u);
  EXPECT_EQ(signature.subsignatures[2].macro.group, 3u);
  const ByteCompare& compare = signature.subsignatures[3].byte_compare;
  EXPECT_EQ(compare.offset, -16);
  EXPECT_TRUE(compare.is_little_endian && compare.is_exact);
  EXPECT_EQ(compare.comparisons.size(), 2u);
  EXPECT_EQ(compare.comparisons[0].value, 255);
  const Regexp& regexp = signature.subsignatures[4].regexp;
  EXPECT_EQ(regexp.trigger, "0&1");
  EXPECT_EQ(regexp.pattern, "a;b:c\\/d");
  EXPECT_EQ(regexp.flags, "is");
  EXPECT_EQ(regexp.offset.kind, OffsetKind::kEofMinus);
  EXPECT_EQ(signature.subsignatures[5].image_hash.hash[0], 0xaf);
}

TEST(ClamavLinesTest, WarningsNameTheSubsignature) {
  EXPECT_EQ(Read("x.ldb", "# comment\nA;Target:0;0&1;aabb;aabbc\n").warnings.at(0),
            "x.ldb:2: subsignature 1: odd number of hexadecimal digits");
}

TEST(ClamavLinesTest, ExpressionsNameAllSubsignaturesOfTheLine) {
  EXPECT_EQ(One("ldb", "A;Target:0;0&1;aabb;aabb"), "taken");
  EXPECT_THAT(One("ldb", "A;Target:0;0;aabb;aabb"), HasSubstr("is not the last one"));
  EXPECT_THAT(One("ldb", "A;Target:0;0&2;aabb;aabb"), HasSubstr("is not the last one"));
  EXPECT_THAT(One("ldb", "A;Target:0;0&;aabb"), HasSubstr("operator without right side"));
  EXPECT_EQ(One("ldb", "A;Target:0;" + std::string(400, '(') + "0" + std::string(400, ')') + ";aabb"), "taken");
  std::string flat = "0";
  for (int i = 1; i < 4096; ++i) flat += "|0";
  EXPECT_EQ(One("ldb", "A;Target:0;" + flat + ";aabb"), "taken");
  EXPECT_THAT(One("ldb", "A;Target:0;" + flat + "|0;aabb"), HasSubstr("too many terms"));
}

TEST(ClamavLinesTest, Containers) {
  const ReadResult result = Read("x.cdb", "A:CL_TYPE_ZIP:1-2:\\.exe$:3:0-4:1:5-0:*:*:73\nB:*:*:*:*:*:*:*:*:*\n");
  ASSERT_EQ(result.containers.size(), 2u) << result.Summary();
  const ContainerSignature& first = result.containers[0];
  EXPECT_EQ(first.container, "CL_TYPE_ZIP");
  EXPECT_EQ(first.file_name, "\\.exe$");
  EXPECT_EQ(first.container_size->max, 2u);
  EXPECT_EQ(first.size_in_container->min, 3u);
  EXPECT_EQ(first.size_in_container->max, 3u);
  EXPECT_EQ(first.real_size->max, 4u);
  EXPECT_TRUE(*first.is_encrypted);
  EXPECT_EQ(first.position->min, 5u);
  EXPECT_EQ(first.position->max, kUnbounded);
  EXPECT_TRUE(result.containers[1].container.empty());
  EXPECT_FALSE(result.containers[1].is_encrypted);
}

TEST(ClamavLinesTest, ArchivesOfTheOldKind) {
  const ReadResult result = Read("x.zmd", "A:0:a\\.exe:100:50:0A0b0c0d:8:1:*\nB:2:*:*:*:00:*:*:*\n");
  ASSERT_EQ(result.containers.size(), 2u) << result.Summary();
  EXPECT_EQ(result.containers[0].container, "CL_TYPE_ZIP");
  EXPECT_EQ(result.containers[0].checksum, "0a0b0c0d");
  EXPECT_EQ(result.containers[0].real_size->min, 100u);
  EXPECT_EQ(result.containers[0].size_in_container->min, 50u);
  EXPECT_EQ(result.containers[1].checksum, "");
  EXPECT_FALSE(result.containers[1].is_encrypted);
  EXPECT_THAT(One("rmd", "A:*:*:*:*:ffffffff:*:*:*"), StartsWith("refused"));
}

TEST(ClamavLinesTest, IgnoreLists) {
  const ReadResult result = Read("x.ign2", "A.B\nC:" + kMd5 + "\nC\ndaily:12:D\n");
  EXPECT_THAT(result.ignored, ElementsAre("A.B|", "C|" + kMd5, "C|", "D|"));
  EXPECT_EQ(result.warnings.size(), 0u);
}

TEST(ClamavLinesTest, LinesOfOtherRooms) {
  EXPECT_THAT(Read("x.ftm", "0:0:4d5a:MZ:CL_TYPE_ANY:CL_TYPE_MSEXE\n").lines,
              ElementsAre("0:0:4d5a:MZ:CL_TYPE_ANY:CL_TYPE_MSEXE"));
  EXPECT_EQ(One("pdb", "H:example.com:217-"), "skipped: functionality level");
  EXPECT_EQ(One("pdb", "H:example.com:216-"), "taken");
  EXPECT_EQ(One("pdb", "H:example.com:1-215"), "skipped: functionality level");
  EXPECT_THAT(One("wdb", "R:a:b"), StartsWith("refused"));
  EXPECT_EQ(One("pwdb", "A;Engine:81-255,Container:CL_TYPE_ZIP;0;secret"), "taken");
  EXPECT_EQ(One("crb", "A;1;" + kSha1 + ";;aabb;010001;1;0;1;0;x"), "taken");
  EXPECT_EQ(One("idb", "A:1:2:" + std::string("20") + std::string(122, '0')), "taken");
  EXPECT_THAT(One("idb", "A:1:2:" + std::string("22") + std::string(122, '0')), StartsWith("refused"));
  ReadResult refused;
  refused.refuses_lines = true;
  refused.outcome = ReadFile("x.pdb", AsBytes("H:a\n"), {}, refused);
  EXPECT_THAT(refused.warnings, ElementsAre("x.pdb:1: refused by the test"));
}

TEST(ClamavLinesTest, ExtendedExpressions) {
  EXPECT_EQ(One("cdb", "A:*:*:(a|b)+\\.exe$:*:*:*:*:*:*"), "taken");
  EXPECT_EQ(One("cdb", "A:*:*:a):*:*:*:*:*:*"), "taken");
  EXPECT_THAT(One("cdb", "A:*:*:a|:*:*:*:*:*:*"), StartsWith("refused: expression"));
  EXPECT_THAT(One("zmd", "A:0:a**:100:50:0a0b0c0d:8:1:*"), StartsWith("refused: expression"));
}

}  // namespace
}  // namespace dl::clamav
