#include "daylight/crypto/digest.h"

#include <gtest/gtest.h>

namespace dl::crypto {
namespace {

// RFC 1321 A.5, RFC 3174 7.3, FIPS 180-4 examples.
TEST(DigestTest, KnownAnswers) {
  ASSERT_TRUE(Init());
  EXPECT_EQ(Hex(Md5::Of(AsBytes(""))), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Hex(Md5::Of(AsBytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Hex(Sha1::Of(AsBytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Hex(Sha256::Of(AsBytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, PartsMakeTheSameDigestAsTheWhole) {
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 digest;
    digest.Update(AsBytes(std::string_view(text).substr(0, cut)));
    digest.Update(AsBytes(std::string_view(text).substr(cut)));
    EXPECT_EQ(Hex(digest.Finish()), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
}

TEST(DigestTest, KindsOfTheRunAreTheSame) {
  const Bytes bytes = AsBytes("abc");
  EXPECT_EQ(Hex(AnyDigest::Of(DigestKind::kMd5, bytes).view()), Hex(Md5::Of(bytes)));
  EXPECT_EQ(Hex(AnyDigest::Of(DigestKind::kSha1, bytes).view()), Hex(Sha1::Of(bytes)));
  EXPECT_EQ(Hex(AnyDigest::Of(DigestKind::kSha256, bytes).view()), Hex(Sha256::Of(bytes)));
}

TEST(DigestTest, HexIsLowercaseAndKeepsZeros) {
  const std::array<std::byte, 3> bytes{std::byte{0x00}, std::byte{0xAb}, std::byte{0xff}};
  EXPECT_EQ(Hex(bytes), "00abff");
}

}  // namespace
}  // namespace dl::crypto
