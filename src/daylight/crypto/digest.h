// Digests over OpenSSL: MD5, SHA-1 and SHA-256 of a stream of bytes.
//
//   crypto::Sha256 sha256;
//   sha256.Update(part);
//   const std::string text = crypto::Hex(sha256.Finish());
//
// A digest object belongs to one thread. Init() loads what OpenSSL would
// otherwise load at the first use (providers, configuration, error texts):
// call it once before a sandbox closes.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::crypto {

// Reads OpenSSL's configuration and texts, and activates its default provider
// with the algorithms that this library and the signature parsers use.
// Idempotent and thread-safe. Returns false when that provider is not there.
bool Init();

namespace internal {
struct ContextDeleter {
  void operator()(void* context) const;
};
using Context = std::unique_ptr<void, ContextDeleter>;
enum class Algorithm { kMd5, kSha1, kSha256 };
Context Start(Algorithm algorithm);
void Update(const Context& context, Bytes bytes);
void Finish(const Context& context, std::span<std::byte> out);
}  // namespace internal

template <internal::Algorithm kAlgorithm, std::size_t kSize>
class Digest {
 public:
  using Value = std::array<std::byte, kSize>;
  Digest() : context_(internal::Start(kAlgorithm)) {}
  void Update(Bytes bytes) { internal::Update(context_, bytes); }
  // The digest of everything so far; the object is spent after that.
  Value Finish() {
    Value value;
    internal::Finish(context_, value);
    return value;
  }
  static Value Of(Bytes bytes) {
    Digest digest;
    digest.Update(bytes);
    return digest.Finish();
  }

 private:
  internal::Context context_;
};

using Md5 = Digest<internal::Algorithm::kMd5, 16>;
using Sha1 = Digest<internal::Algorithm::kSha1, 20>;
using Sha256 = Digest<internal::Algorithm::kSha256, 32>;

// Lowercase hexadecimal.
std::string Hex(Bytes bytes);

}  // namespace dl::crypto
