#include "daylight/crypto/signature.h"

#include <gtest/gtest.h>

#include <vector>

// The key of RFC 8032, 7.1, test 1, in PEM form: published long ago, it protects nothing.
namespace dl::crypto {
namespace {

constexpr std::string_view kPrivate1 =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
constexpr std::string_view kPublic1 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n";

std::vector<std::byte> FromHex(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(std::byte(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return bytes;
}

const std::vector<std::byte> kSignatureOfNothing = FromHex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
    "5141438e7a100b");

TEST(SignatureTest, KnownAnswer) {
  const auto key = SigningKey::Parse(kPrivate1);
  ASSERT_TRUE(key) << key.error().what;
  const Signature signature = key->Sign({});
  EXPECT_EQ(std::vector<std::byte>(signature.begin(), signature.end()), kSignatureOfNothing);
  EXPECT_EQ(key->public_key().Pem(), kPublic1);
  EXPECT_TRUE(key->public_key().Verify({}, signature));
}

TEST(SignatureTest, AnyChangeIsNoticed) {
  const auto key = SigningKey::Parse(kPrivate1);
  const auto public_key = VerifyingKey::Parse(kPublic1);
  ASSERT_TRUE(key && public_key);
  const std::string message = "Nothing prohibited was found.";
  const Signature signature = key->Sign(AsBytes(message));
  EXPECT_TRUE(public_key->Verify(AsBytes(message), signature));
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    std::string other = message;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(public_key->Verify(AsBytes(other), signature)) << bit;
  }
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Signature other = signature;
    other[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_FALSE(public_key->Verify(AsBytes(message), other)) << bit;
  }
  std::vector<std::byte> longer(signature.begin(), signature.end());
  longer.push_back(std::byte{0});
  for (std::size_t n = 0; n <= longer.size(); ++n) {
    EXPECT_EQ(public_key->Verify(AsBytes(message), Bytes(longer).first(n)), n == kSignatureBytes) << n;
  }
}

TEST(SignatureTest, WhatIsNoKeySaysWhat) {
  // Of `openssl genpkey`: -algorithm x25519, and -algorithm ed25519 -aes256 with a passphrase.
  constexpr std::string_view kOtherKind =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VuBCIEICBkDEmHXbV5ePzVZJzOAyJ5VyNS0Z93USmlD/KkNU5t\n"
      "-----END PRIVATE KEY-----\n";
  constexpr std::string_view kEncrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjh0gLY/YkMtgICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMz8Fq75PKVaOhkU5zHLcAEEQNPb\n"
      "LhzJ3n2rP7dtHMwNx03IRIUnLgWLQYND0ZECG4hpG2yv0ylMjqDQ2b79zsp81Qtw\n"
      "Fvoi/QgX9XVBBsRICAk=\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  const auto other = SigningKey::Parse(kOtherKind);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().what, "the key is of another kind than Ed25519");
  const auto encrypted = SigningKey::Parse(kEncrypted);
  ASSERT_FALSE(encrypted);
  EXPECT_EQ(encrypted.error().what, "the key is encrypted, and no passphrase is asked for");
  EXPECT_EQ(SigningKey::Parse("").error().what, "no private key in PEM form");
  EXPECT_EQ(SigningKey::Parse(kPublic1).error().what, "no private key in PEM form");
  EXPECT_EQ(VerifyingKey::Parse(kPrivate1).error().what, "no public key in PEM form");
  EXPECT_EQ(VerifyingKey::Parse(std::string(2 << 20, '-')).error().what, "no public key in PEM form");
}

TEST(SignatureTest, CutKeysAreNone) {
  for (std::size_t n = 0; n < kPrivate1.size(); ++n) {
    // The last newline and dashes behind the marker are missed by nobody.
    if (const auto key = SigningKey::Parse(kPrivate1.substr(0, n))) {
      EXPECT_GE(n, kPrivate1.size() - 1) << n;
    }
    if (n < kPublic1.size()) {
      if (const auto key = VerifyingKey::Parse(kPublic1.substr(0, n))) {
        EXPECT_GE(n, kPublic1.size() - 1) << n;
      }
    }
  }
}

TEST(SignatureTest, SecretsAreWiped) {
  std::string secret = "a secret that is longer than what a string keeps within itself";
  const char* const where = secret.data();
  const std::size_t size = secret.size();
  WipeSecret(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(std::string(where, size), std::string(size, '\0'));
}

}  // namespace
}  // namespace dl::crypto
