// Ed25519 signatures (RFC 8032) over OpenSSL, with keys in PEM form as `openssl genpkey -algorithm ed25519` writes
// them.
//
//   DL_TRY(const crypto::SigningKey key, crypto::SigningKey::Parse(pem));
//   const crypto::Signature signature = key.Sign(bytes);
//   key.public_key().Verify(bytes, signature);  // true
//
// Keys are immutable once made and may be shared by threads. No passphrase is ever asked for.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::crypto {

inline constexpr std::size_t kSignatureBytes = 64;
using Signature = std::array<std::byte, kSignatureBytes>;

class VerifyingKey {
 public:
  // PEM, "PUBLIC KEY" (RFC 8410). kMalformed for what is none, kUnsupported for a key of another kind.
  static Result<VerifyingKey> Parse(std::string_view pem);
  // False for a signature of another length, too.
  bool Verify(Bytes message, Bytes signature) const;
  // As Parse() reads it.
  std::string Pem() const;

 private:
  friend class SigningKey;
  explicit VerifyingKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;  // EVP_PKEY, which is not changed any more.
};

class SigningKey {
 public:
  // PEM, "PRIVATE KEY" (RFC 8410). kMalformed for what is none, kUnsupported for an encrypted one and for a key of
  // another kind. The caller's copy of the text is the caller's to wipe: WipeSecret().
  static Result<SigningKey> Parse(std::string_view pem);
  Signature Sign(Bytes message) const;
  VerifyingKey public_key() const;

 private:
  explicit SigningKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;
};

// Overwrites with zeros in a way that no compiler leaves out, and empties.
void WipeSecret(std::string& text);

}  // namespace dl::crypto
