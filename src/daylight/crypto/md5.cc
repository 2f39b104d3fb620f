#include "daylight/crypto/md5.h"

#include <openssl/evp.h>

#include <array>

namespace dl::crypto {

std::optional<std::string> Md5Hex(std::string_view text) {
  // Fetched once: looking a provider up costs more than hashing a short list.
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (md5 == nullptr || EVP_Digest(text.data(), text.size(), digest.data(), &size, md5, nullptr) != 1) {
    return std::nullopt;
  }
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

}  // namespace dl::crypto
