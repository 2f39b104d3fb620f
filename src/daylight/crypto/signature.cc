#include "daylight/crypto/signature.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <limits>

#include "daylight/base/check.h"

namespace dl::crypto {

namespace {

constexpr std::string_view kOtherKind = "the key is of another kind than Ed25519";

EVP_PKEY* AsKey(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioDeleter>;

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

// Null for texts that no key is as long as.
Bio Reader(std::string_view text) {
  constexpr std::size_t kMost = 1 << 20;
  if (text.size() > kMost) return nullptr;
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Asked for when a key is encrypted. Without it OpenSSL would ask the terminal.
int NoPassphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

std::shared_ptr<void> Own(EVP_PKEY* key) {
  return {key, [](void* pointer) { EVP_PKEY_free(static_cast<EVP_PKEY*>(pointer)); }};
}

bool IsEd25519(const std::shared_ptr<void>& key) { return EVP_PKEY_is_a(AsKey(key), "ED25519") == 1; }

const unsigned char* Data(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

}  // namespace

Result<VerifyingKey> VerifyingKey::Parse(std::string_view pem) {
  const Bio bio = Reader(pem);
  if (bio == nullptr) return Fail(ErrorCode::kMalformed, "no public key in PEM form");
  bool was_asked = false;
  const std::shared_ptr<void> key = Own(PEM_read_bio_PUBKEY(bio.get(), nullptr, NoPassphrase, &was_asked));
  ERR_clear_error();
  if (key == nullptr) return Fail(ErrorCode::kMalformed, "no public key in PEM form");
  if (!IsEd25519(key)) return Fail(ErrorCode::kUnsupported, kOtherKind);
  return VerifyingKey(key);
}

bool VerifyingKey::Verify(Bytes message, Bytes signature) const {
  if (signature.size() != kSignatureBytes) return false;
  const Context context(EVP_MD_CTX_new());
  DL_CHECK(context != nullptr);
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, AsKey(key_)) == 1 &&
      EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

std::string VerifyingKey::Pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  DL_CHECK(bio != nullptr && PEM_write_bio_PUBKEY(bio.get(), AsKey(key_)) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<SigningKey> SigningKey::Parse(std::string_view pem) {
  const Bio bio = Reader(pem);
  if (bio == nullptr) return Fail(ErrorCode::kMalformed, "no private key in PEM form");
  bool was_asked = false;
  const std::shared_ptr<void> key = Own(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, &was_asked));
  ERR_clear_error();
  if (key == nullptr && was_asked)
    return Fail(ErrorCode::kUnsupported, "the key is encrypted, and no passphrase is asked for");
  if (key == nullptr) return Fail(ErrorCode::kMalformed, "no private key in PEM form");
  if (!IsEd25519(key)) return Fail(ErrorCode::kUnsupported, kOtherKind);
  return SigningKey(key);
}

// RFC 8032, 5.1.6: the message is signed as it is, in one go. OpenSSL refuses only when memory or the default provider
// is missing; neither depends on the message.
Signature SigningKey::Sign(Bytes message) const {
  const Context context(EVP_MD_CTX_new());
  DL_CHECK(context != nullptr);
  DL_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, AsKey(key_)) == 1);
  Signature signature{};
  std::size_t size = signature.size();
  DL_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, Data(message),
                          message.size()) == 1);
  DL_CHECK(size == signature.size());
  return signature;
}

VerifyingKey SigningKey::public_key() const {
  std::array<unsigned char, 32> raw{};
  std::size_t size = raw.size();
  DL_CHECK(EVP_PKEY_get_raw_public_key(AsKey(key_), raw.data(), &size) == 1);
  const std::shared_ptr<void> key = Own(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, raw.data(), size));
  DL_CHECK(key != nullptr);
  return VerifyingKey(key);
}

void WipeSecret(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace dl::crypto
