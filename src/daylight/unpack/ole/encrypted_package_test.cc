#include "daylight/unpack/ole/encrypted_package.h"

#include <gtest/gtest.h>

#include "daylight/unpack/ole/encrypted_testing.h"

namespace dl::unpack {
namespace {

std::string Opened(const EncryptedDocument& document, std::string_view password) {
  const auto info = ParseEncryptionInfo(AsBytes(document.info));
  if (!info) return std::string(info.error().what);
  const auto key = KeyOfPackage(*info, password);
  if (!key) return "closed";
  std::string out;
  for (std::size_t at = 8, number = 0; at < document.package.size(); at += kPieceBytes, ++number) {
    std::string piece = document.package.substr(at, kPieceBytes);
    EXPECT_TRUE(
        DecryptPackage(*info, *key, static_cast<std::uint32_t>(number), std::as_writable_bytes(std::span(piece))));
    out += piece;
  }
  return out;
}

TEST(EncryptedPackageTest, AgileAndStandard) {
  PrepareEncryptedPackage();
  std::string content;
  while (content.size() < 16 * 600) content += std::to_string(content.size()) + ";";
  content.resize(16 * 600);
  for (const bool is_agile : {true, false}) {
    const EncryptedDocument document = MakeEncrypted(is_agile, "p\u00e4ss", content);
    EXPECT_EQ(Opened(document, "p\u00e4ss"), content);
    EXPECT_EQ(Opened(document, "pass"), "closed");
    EXPECT_EQ(Opened(document, ""), "closed");
  }
}

TEST(EncryptedPackageTest, WhatIsNotOpened) {
  const EncryptedDocument document = MakeEncrypted(true, "x", "");
  const auto with = [&](const std::string& from, const std::string& to) {
    EncryptedDocument other = document;
    other.info.replace(other.info.find(from), from.size(), to);
    return Opened(other, "x");
  };
  EXPECT_EQ(with("spinCount=\"1000\"", "spinCount=\"10000000\""), "made too expensive to be opened");
  EXPECT_EQ(with("\"SHA512\"", "\"MD5\""), "hashed in a way that is not known");
  EXPECT_EQ(with("\"AES\"", "\"RC4\""), "encrypted by another cipher than AES, or without a password");
  EXPECT_EQ(with("keyBits=\"256\"", "keyBits=\"255555\""), "a key of no size there is");
  EXPECT_EQ(with("keyBits=\"256\"", "keyBits=\"8\""), "");
}

TEST(EncryptedPackageTest, TruncatedAtEveryByteAndFlipped) {
  for (const bool is_agile : {true, false}) {
    const EncryptedDocument document = MakeEncrypted(is_agile, "x", "");
    for (std::size_t n = 0; n < document.info.size(); ++n) {
      static_cast<void>(ParseEncryptionInfo(AsBytes(document.info).first(n)));
      std::string flipped = document.info;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << (n % 8)));
      auto info = ParseEncryptionInfo(AsBytes(flipped));
      if (!info) continue;
      info->spin_count = 1;
      static_cast<void>(KeyOfPackage(*info, "x"));
    }
  }
}

}  // namespace
}  // namespace dl::unpack
