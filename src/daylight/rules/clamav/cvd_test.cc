#include "daylight/rules/clamav/cvd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/rules/clamav/cvd_testing.h"
#include "daylight/rules/clamav/reader_testing.h"

namespace dl::clamav {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kNdb = "A:0:*:aabbccdd\nB:0:*:bad\n";
const std::string kHdb = "44d88612fea8a8f36de82e1278abb02f:68:C\n";

class ClamavCvdTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    header_key_ = new TestKey(1024, PublishedKeys().header.exponent);
    info_key_ = new TestKey(2048, PublishedKeys().info.exponent);
  }
  static void TearDownTestSuite() {
    delete header_key_;
    delete info_key_;
  }

  static std::vector<TestMember> Members(const TestKey* key) {
    std::vector<TestMember> members{{"x.ndb", kNdb}, {"x.hdb", kHdb}};
    members.insert(members.begin(), {"x.info", InfoOf(members, key)});
    members.insert(members.begin(), {"COPYING", "free"});
    return members;
  }
  static std::string Signed(std::string_view payload) {
    const auto md5 = crypto::Md5::Of(AsBytes(payload));
    return HeaderOf(crypto::Hex(md5), header_key_->Sign(md5)) + std::string(payload);
  }
  static std::string Cvd() { return Signed(Gzip(MakeTar(Members(info_key_)))); }
  static std::string Cld(const std::vector<TestMember>& members) {
    return HeaderOf("0123456789abcdef0123456789abcdef", "ab") + MakeTar(members);
  }

  static ReadResult Open(std::string_view name, std::string_view file, bool allow_unsigned = false,
                         std::uint64_t limit = kMaxTarBytes) {
    ReadResult result;
    ReadSettings settings;
    settings.allow_unsigned = allow_unsigned;
    result.outcome =
        ReadContainer(name, AsBytes(file), settings, {header_key_->Public(), info_key_->Public()}, result, limit);
    return result;
  }

  static TestKey* header_key_;
  static TestKey* info_key_;
};
TestKey* ClamavCvdTest::header_key_ = nullptr;
TestKey* ClamavCvdTest::info_key_ = nullptr;

// The header of a daily.cvd of April 2020, from which the published key, the
// alphabet and the missing padding can be seen to be right.
constexpr std::string_view kRealHeader =
    "ClamAV-VDB:16 Apr 2020 07-58 "
    "-0400:25784:2267600:63:92baacd59fd26e6bcf03077add78d209:4Jp9JtGJY6nUk8JHDQQpQeBwlfXqsk"
    "vhXL+vesDNqAeWCmjbudU+Hy/Nj4/BH2vl70c/R5B/VYY+eqqCQo6o7VGLqLJr/E+19gejqMp/iRcuHrtnLw6V/x3UjO3/qYVSlcJvAjtMI7FK32wj"
    "B+Sp8kaS/ZbfaFQp6trRQhisjqf:raynman:1587038339";

TEST_F(ClamavCvdTest, ThePublishedKeyVerifiesARealHeader) {
  const auto header = ParseCvdHeader(kRealHeader);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->version, 25784u);
  EXPECT_EQ(header->signatures, 2267600u);
  EXPECT_EQ(header->functionality_level, 63u);
  EXPECT_EQ(header->builder, "raynman");
  EXPECT_EQ(header->seconds, 1587038339u);
  const SigningKey& key = PublishedKeys().header;
  EXPECT_TRUE(VerifyMd5Signature(header->md5, header->signature, key));
  std::string md5(header->md5);
  md5[31] = '8';
  EXPECT_FALSE(VerifyMd5Signature(md5, header->signature, key));
  for (std::size_t i = 0; i < header->signature.size(); i += 7) {
    std::string signature(header->signature);
    signature[i] = signature[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(VerifyMd5Signature(header->md5, signature, key)) << i;
  }
  EXPECT_FALSE(VerifyMd5Signature(header->md5, "", key));
  EXPECT_FALSE(VerifyMd5Signature(header->md5, "=", key));
  EXPECT_FALSE(VerifyMd5Signature(header->md5, std::string(100000, 'b'), key));
}

TEST_F(ClamavCvdTest, ThePublishedKeysAreWhole) {
  // Of the second no signature is public that could be checked here; a test
  // beside clamscan compares it with the one that clamscan has.
  EXPECT_EQ(PublishedKeys().header.modulus.size(), 309u);
  EXPECT_EQ(PublishedKeys().info.modulus.size(), 617u);
}

TEST_F(ClamavCvdTest, ACvdIsVouchedForByItsHeader) {
  const ReadResult result = Open("x.cvd", Cvd());
  EXPECT_EQ(result.outcome.error, "");
  EXPECT_EQ(result.logical.size(), 1u);
  EXPECT_EQ(result.digests.size(), 1u);
  EXPECT_EQ(result.outcome.lines, 3u);
  EXPECT_EQ(result.outcome.malformed, 1u);
  EXPECT_THAT(result.warnings,
              ElementsAre("x.cvd//x.ndb:2: shorter than three bytes, the least for this target and offset"));
  // Not by .info, which it may lack.
  EXPECT_EQ(Open("x.cvd", Signed(MakeTar({{"x.hdb", kHdb}}))).outcome.error, "");
  EXPECT_EQ(Open("x.cvd", Signed(Gzip(MakeTar(Members(nullptr))))).outcome.error, "");
  EXPECT_TRUE(result.outcome.is_signed);
  EXPECT_TRUE(Open("x.cvd", Cvd(), true).outcome.is_signed);
  EXPECT_TRUE(Open("x.cvd", Signed(Gzip(MakeTar(Members(nullptr))))).outcome.is_signed);
}

TEST_F(ClamavCvdTest, ADamagedCvdIsAnErrorEvenWhereUnsignedOnesAreAllowed) {
  std::string damaged = Cvd();
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_THAT(Open("x.cvd", damaged, true).outcome.error, HasSubstr("damaged"));
  EXPECT_THAT(Open("x.cvd", damaged, true).logical, IsEmpty());
  // The MD5 is right, the signature is not.
  const std::string payload = MakeTar({{"x.hdb", kHdb}});
  const auto md5 = crypto::Hex(crypto::Md5::Of(AsBytes(payload)));
  EXPECT_THAT(Open("x.cvd", HeaderOf(md5, "abc") + payload, true).outcome.error, HasSubstr("signature"));
}

TEST_F(ClamavCvdTest, WhatIsNotSignedNeedsPermission) {
  const std::string payload = MakeTar(Members(nullptr));
  for (const std::string_view name : {"x.cvd", "x.cld", "x.cud"}) {
    EXPECT_THAT(Open(name, HeaderOf("X", "X") + payload).outcome.error, HasSubstr("not signed")) << name;
    const ReadResult allowed = Open(name, HeaderOf("X", "X") + payload, true);
    EXPECT_EQ(allowed.outcome.error, "") << name;
    EXPECT_EQ(allowed.digests.size(), 1u) << name;
    EXPECT_FALSE(allowed.outcome.is_signed) << name;
  }
}

TEST_F(ClamavCvdTest, ACldIsVouchedForByItsInfo) {
  EXPECT_EQ(Open("x.cld", Cld(Members(info_key_))).outcome.error, "");
  EXPECT_EQ(Open("x.cld", Cld(Members(info_key_))).digests.size(), 1u);
  EXPECT_TRUE(Open("x.cld", Cld(Members(info_key_))).outcome.is_signed);
  std::vector<TestMember> members = Members(info_key_);
  members[3].content[0] = '5';
  EXPECT_EQ(Open("x.cld", Cld(members), true).outcome.error, "x.hdb: its SHA-256 is not that of .info");
  members = Members(info_key_);
  members[3].content += '\n';
  EXPECT_EQ(Open("x.cld", Cld(members), true).outcome.error, "x.hdb: of another size than .info says");
  members = Members(info_key_);
  members[3].name = "y.hdb";
  EXPECT_EQ(Open("x.cld", Cld(members), true).outcome.error, "y.hdb: not listed in .info");
  // .info changed, with its signature as it was.
  members = Members(info_key_);
  members[3].content[0] = '5';
  const std::string signature = members[1].content.substr(members[1].content.find("DSIG:"));
  members[1].content = InfoOf({members[2], members[3]}, nullptr) + signature;
  EXPECT_THAT(Open("x.cld", Cld(members), true).outcome.error, HasSubstr("signature"));
  // Signed with another key.
  const TestKey other(2048, PublishedKeys().info.exponent);
  EXPECT_THAT(Open("x.cld", Cld(Members(&other)), true).outcome.error, HasSubstr("signature"));
  // No .info at all.
  EXPECT_EQ(Open("x.cld", Cld({{"x.hdb", kHdb}}), true).outcome.error, "no .info in it");
}

TEST_F(ClamavCvdTest, WhatAnotherKindOfContainerSignsCountsForNothing) {
  // Of a .cud nobody asks, though all of it is signed.
  const ReadResult cud = Open("x.cud", Cvd(), true);
  EXPECT_EQ(cud.outcome.error, "");
  EXPECT_FALSE(cud.outcome.is_signed);
  // .info does not vouch for a .cvd, nor the header for a .cld.
  const ReadResult cvd = Open("x.cvd", HeaderOf("X", "X") + MakeTar(Members(info_key_)), true);
  EXPECT_EQ(cvd.outcome.error, "");
  EXPECT_FALSE(cvd.outcome.is_signed);
  const ReadResult cld = Open("x.cld", Signed(MakeTar(Members(nullptr))), true);
  EXPECT_EQ(cld.outcome.error, "");
  EXPECT_FALSE(cld.outcome.is_signed);
}

TEST_F(ClamavCvdTest, KeysOfATestCountOnlyWhereItGivesThem) {
  const std::string cvd = Cvd();
  const SigningKeys keys{header_key_->Public(), info_key_->Public()};
  ReadResult with;
  ReadSettings settings;
  settings.keys = &keys;
  with.outcome = ReadFile("x.cvd", AsBytes(cvd), settings, with);
  EXPECT_EQ(with.outcome.error, "");
  EXPECT_TRUE(with.outcome.is_signed);
  const ReadResult without = Read("x.cvd", cvd);
  EXPECT_THAT(without.outcome.error, HasSubstr("signature"));
  EXPECT_FALSE(without.outcome.is_signed);
  EXPECT_FALSE(Read("x.ndb", kNdb).outcome.is_signed);
}

TEST_F(ClamavCvdTest, TheHeaderMustBeThatOfInfo) {
  std::string cld = Cld(Members(info_key_));
  cld[cld.find(":7:2:") + 1] = '8';
  EXPECT_THAT(Open("x.cld", cld).outcome.error, HasSubstr("another one than that of .info"));
}

TEST_F(ClamavCvdTest, CutOffAtEachByteItIsAnError) {
  const std::string cvd = Cvd();
  for (std::size_t size = 0; size < cvd.size(); ++size) {
    EXPECT_NE(Open("x.cvd", std::string_view(cvd).substr(0, size)).outcome.error, "") << size;
  }
  // Without the MD5 to see it at once.
  const std::string payload = Gzip(MakeTar(Members(nullptr)));
  const std::string cud = HeaderOf("X", "X") + payload;
  const std::size_t all = cud.size();
  for (std::size_t size = 0; size < all; ++size) {
    const ReadResult result = Open("x.cud", std::string_view(cud).substr(0, size), true);
    // What is missing may be no more than the zeros at the end.
    EXPECT_TRUE(!result.outcome.error.empty() || result.digests.size() == 1) << size;
  }
  const std::string plain = HeaderOf("X", "X") + MakeTar(Members(nullptr));
  for (std::size_t size = 0; size < plain.size() - 1024; size += 3) {
    EXPECT_NE(Open("x.cud", std::string_view(plain).substr(0, size), true).outcome.error, "") << size;
  }
}

TEST_F(ClamavCvdTest, EachByteChangedIsAnErrorOrHarmless) {
  const std::string cld = Cld(Members(info_key_));
  for (std::size_t at = kCvdHeaderBytes; at < cld.size(); at += 5) {
    std::string changed = cld;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    const ReadResult result = Open("x.cld", changed);
    if (!result.outcome.error.empty()) continue;
    // COPYING, padding and fields of tar that nobody reads may change, and a
    // member may lose its name: but nothing that is taken is another thing.
    for (const LogicalSignature& signature : result.logical) EXPECT_EQ(signature.name, "A") << at;
    for (const Collector::Digest& digest : result.digests) EXPECT_EQ(digest.name, "C") << at;
  }
}

TEST_F(ClamavCvdTest, BombsAreBoundedByTheWholeTar) {
  const std::string zeros(16 << 20, '#');
  const std::string bomb =
      HeaderOf("X", "X") + Gzip(MakeTar({{"x.info", InfoOf({{"x.ndb", zeros}}, nullptr)}, {"x.ndb", zeros}}), 9);
  EXPECT_LT(bomb.size(), 100000u);
  EXPECT_EQ(Open("x.cud", bomb, true).outcome.error, "");
  EXPECT_THAT(Open("x.cud", bomb, true, 8 << 20).outcome.error, HasSubstr("more than the limit"));
  EXPECT_THAT(Open("x.cud", bomb, true, (16 << 20) + 1024).outcome.error, HasSubstr("more than the limit"));
  // A size that no tar can have.
  std::string tar = MakeTar({{"x.ndb", kNdb}});
  tar.replace(124, 11, "77777777777");
  EXPECT_THAT(Open("x.cvd", HeaderOf("X", "X") + tar, true).outcome.error, HasSubstr("more than the limit"));
  tar.replace(124, 11, "07777777777");
  EXPECT_THAT(Open("x.cvd", HeaderOf("X", "X") + tar, true).outcome.error, HasSubstr("cut off"));
}

TEST_F(ClamavCvdTest, OddTars) {
  const auto error = [](const std::string& tar) { return Open("x.cvd", HeaderOf("X", "X") + tar, true).outcome.error; };
  std::string tar = MakeTar({{"x.ndb", kNdb}});
  tar[156] = '5';
  EXPECT_EQ(error(tar), "a member is no regular file");
  tar[156] = '2';
  EXPECT_EQ(error(tar), "a member is no regular file");
  tar[156] = '\0';
  EXPECT_EQ(error(tar), "");
  tar.replace(124, 11, "xxxxxxxxxxx");
  EXPECT_EQ(error(tar), "tar: a size that is no number");
  EXPECT_EQ(error(MakeTar({{"../x.ndb", kNdb}})), "a member's name has a slash");
  EXPECT_EQ(error(MakeTar({{"x.cvd", kNdb}})), "a container within a container");
  EXPECT_EQ(error(MakeTar({{"README", "x"}})), "no signature file in it");
  EXPECT_EQ(error(""), "no signature file in it");
  EXPECT_EQ(error(MakeTar({{std::string(100, 'a'), "x"}, {"x.hdb", kHdb}})), "");
  EXPECT_EQ(error(MakeTar({{"x.ndb", ""}})), "x.ndb: the file is empty");
  // gzip members one after another are one stream; what follows is ignored.
  tar = MakeTar({{"x.hdb", kHdb}});
  EXPECT_EQ(error(Gzip(tar.substr(0, 300)) + Gzip(tar.substr(300)) + "rest"), "");
}

TEST_F(ClamavCvdTest, OddHeaders) {
  EXPECT_THAT(Open("x.cvd", "").outcome.error, HasSubstr("shorter"));
  EXPECT_THAT(Open("x.cvd", std::string(512, ' ')).outcome.error, HasSubstr("ClamAV-VDB"));
  for (const std::string_view text : {"ClamAV-VDB:", "ClamAV-VDB:a:1:2:3:m:d", "ClamAV-VDB:a::2:3:m:d:b"}) {
    EXPECT_FALSE(ParseCvdHeader(text)) << text;
  }
  EXPECT_TRUE(ParseCvdHeader("ClamAV-VDB:a:1:2:3:m:d:b"));
  std::string newer = HeaderOf("X", "X") + MakeTar({{"x.hdb", kHdb}});
  newer.replace(newer.find(":90:"), 4, ":999:");
  newer.erase(kCvdHeaderBytes, 1);
  EXPECT_THAT(Open("x.cvd", newer, true).warnings, ElementsAre(HasSubstr("newer engine")));
}

}  // namespace
}  // namespace dl::clamav
