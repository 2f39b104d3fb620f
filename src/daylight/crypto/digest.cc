#include "daylight/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "daylight/base/check.h"

namespace dl::crypto {

namespace {

const EVP_MD* MethodOf(DigestKind kind) {
  switch (kind) {
    case DigestKind::kMd5: return EVP_md5();
    case DigestKind::kSha1: return EVP_sha1();
    case DigestKind::kSha256: return EVP_sha256();
  }
  return nullptr;
}

EVP_MD_CTX* AsContext(const internal::Context& context) { return static_cast<EVP_MD_CTX*>(context.get()); }

}  // namespace

bool Init() {
  if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_ADD_ALL_CIPHERS |
                              OPENSSL_INIT_ADD_ALL_DIGESTS | OPENSSL_INIT_LOAD_CONFIG,
                          nullptr) != 1) {
    return false;
  }
  // The first fetch activates the default provider, which is part of
  // libcrypto; fetching all that is used leaves nothing to look for later.
  static const bool loaded = [] {
    for (const char* name : {"MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"}) {
      EVP_MD* const method = EVP_MD_fetch(nullptr, name, nullptr);
      if (method == nullptr) return false;
      EVP_MD_free(method);
    }
    for (const char* name : {"RSA", "DSA", "EC"}) {
      EVP_KEYMGMT* const keys = EVP_KEYMGMT_fetch(nullptr, name, nullptr);
      if (keys == nullptr) return false;
      EVP_KEYMGMT_free(keys);
    }
    return true;
  }();
  ERR_clear_error();
  return loaded;
}

namespace internal {

void ContextDeleter::operator()(void* context) const { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context)); }

// OpenSSL refuses these only when memory or the default provider is missing;
// neither depends on input.
Context Start(DigestKind kind) {
  Context context(EVP_MD_CTX_new());
  DL_CHECK(context != nullptr);
  DL_CHECK(EVP_DigestInit_ex(AsContext(context), MethodOf(kind), nullptr) == 1);
  return context;
}

void Update(const Context& context, Bytes bytes) {
  if (bytes.empty()) return;
  DL_CHECK(EVP_DigestUpdate(AsContext(context), bytes.data(), bytes.size()) == 1);
}

void Finish(const Context& context, std::span<std::byte> out) {
  DL_CHECK(static_cast<std::size_t>(EVP_MD_CTX_get_size(AsContext(context))) == out.size());
  unsigned int size = 0;
  DL_CHECK(EVP_DigestFinal_ex(AsContext(context), reinterpret_cast<unsigned char*>(out.data()), &size) == 1);
}

}  // namespace internal

std::string Hex(Bytes bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

}  // namespace dl::crypto
