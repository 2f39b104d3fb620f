// Encrypted documents made in memory, for tests.
//
//   const auto [info, package] = MakeEncrypted(/*is_agile=*/true, "password", content);
#pragma once

#include <openssl/evp.h>

#include <string>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/unpack/ole/compound_testing.h"

namespace dl::unpack {

struct EncryptedDocument {
  std::string info;
  std::string package;
};

namespace encrypted_testing {

inline std::string Hash(const ::EVP_MD* method, const std::string& bytes) {
  std::string out(static_cast<std::size_t>(::EVP_MD_get_size(method)), '\0');
  DL_CHECK(::EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, method,
                        nullptr) == 1);
  return out;
}

inline std::string Encrypt(const ::EVP_CIPHER* cipher, const std::string& key, const std::string& iv,
                           const std::string& bytes) {
  std::string out(bytes.size(), '\0');
  int size = 0;
  ::EVP_CIPHER_CTX* context = ::EVP_CIPHER_CTX_new();
  DL_CHECK(::EVP_EncryptInit_ex(context, cipher, nullptr, reinterpret_cast<const unsigned char*>(key.data()),
                                reinterpret_cast<const unsigned char*>(iv.data())) == 1);
  ::EVP_CIPHER_CTX_set_padding(context, 0);
  DL_CHECK(::EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                               reinterpret_cast<const unsigned char*>(bytes.data()),
                               static_cast<int>(bytes.size())) == 1);
  ::EVP_CIPHER_CTX_free(context);
  return out;
}

inline std::string Base64(const std::string& bytes) {
  std::string out(bytes.size() * 2 + 8, '\0');
  out.resize(static_cast<std::size_t>(::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                        reinterpret_cast<const unsigned char*>(bytes.data()),
                                                        static_cast<int>(bytes.size()))));
  return out;
}

inline std::string Wide(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    // Letters of two bytes are all that tests have.
    std::uint32_t unit = c;
    if (c >= 0x80) unit = (c & 0x1fu) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fu);
    out += CompoundWriter::U16(unit);
  }
  return out;
}

}  // namespace encrypted_testing

// `content`: of a multiple of 16 bytes. Agile: a thousand spins; AES-256 and SHA-512.
// Standard: AES-128.
inline EncryptedDocument MakeEncrypted(bool is_agile, const std::string& password, const std::string& content) {
  namespace t = encrypted_testing;
  constexpr auto U32 = CompoundWriter::U32;
  const std::string salt = "0123456789abcdef";
  const std::string verifier = "a verifier of 16";
  const ::EVP_MD* method = is_agile ? ::EVP_sha512() : ::EVP_sha1();
  std::string hash = t::Hash(method, salt + t::Wide(password));
  for (std::uint32_t i = 0; i < (is_agile ? 1000u : 50'000u); ++i) hash = t::Hash(method, U32(i) + hash);
  EncryptedDocument out;
  out.package = U32(static_cast<std::uint32_t>(content.size())) + U32(0);
  if (!is_agile) {
    std::string block(64, '\x36');
    const std::string last = t::Hash(method, hash + U32(0));
    for (std::size_t i = 0; i < last.size(); ++i) block[i] = static_cast<char>(block[i] ^ last[i]);
    const std::string key = t::Hash(method, block).substr(0, 16);
    const auto encrypt = [&](const std::string& bytes) { return t::Encrypt(::EVP_aes_128_ecb(), key, "", bytes); };
    const std::string header = U32(0x24) + U32(0) + U32(0x660e) + U32(0x8004) + U32(128) + U32(0x18) + U32(0) + U32(0) +
                               t::Wide("Provider") + CompoundWriter::U16(0);
    out.info = CompoundWriter::U16(4) + CompoundWriter::U16(2) + U32(0x24);
    out.info += U32(static_cast<std::uint32_t>(header.size())) + header + U32(16) + salt + encrypt(verifier) + U32(20);
    out.info += encrypt(t::Hash(method, verifier) + std::string(12, '\0'));
    out.package += encrypt(content);
    return out;
  }
  const auto encrypt_for = [&](const std::string& purpose, const std::string& bytes) {
    return t::Base64(t::Encrypt(::EVP_aes_256_cbc(), t::Hash(method, hash + purpose).substr(0, 32), salt, bytes));
  };
  const std::string key = "a key of thirty-two bytes, no less";
  const std::string package_salt = "fedcba9876543210";
  const std::string common =
      "blockSize=\"16\" keyBits=\"256\" hashSize=\"64\" cipherAlgorithm=\"AES\" "
      "cipherChaining=\"ChainingModeCBC\" hashAlgorithm=\"SHA512\" ";
  out.info = CompoundWriter::U16(4) + CompoundWriter::U16(4) + U32(0x40);
  out.info += "<?xml version=\"1.0\"?>\r\n<encryption><keyData saltSize=\"16\" " + common + "saltValue=\"" +
              t::Base64(package_salt) + "\"/><keyEncryptors><keyEncryptor><p:encryptedKey spinCount=\"1000\" " +
              common + "saltValue=\"" + t::Base64(salt) + "\" encryptedVerifierHashInput=\"" +
              encrypt_for("\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79", verifier) + "\" encryptedVerifierHashValue=\"" +
              encrypt_for("\xd7\xaa\x0f\x6d\x30\x61\x34\x4e", t::Hash(method, verifier)) + "\" encryptedKeyValue=\"" +
              encrypt_for("\x14\x6e\x0b\xe7\xab\xac\xd0\xd6", key.substr(0, 32)) +
              "\"/></keyEncryptor></keyEncryptors></encryption>";
  for (std::size_t at = 0, number = 0; at < content.size(); at += 4096, ++number) {
    const std::string iv = t::Hash(method, package_salt + U32(static_cast<std::uint32_t>(number))).substr(0, 16);
    out.package += t::Encrypt(::EVP_aes_256_cbc(), key.substr(0, 32), iv, content.substr(at, 4096));
  }
  return out;
}

}  // namespace dl::unpack
