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

enum class DigestKind : std::uint8_t { kMd5, kSha1, kSha256 };
inline constexpr std::array kDigestKinds{DigestKind::kMd5, DigestKind::kSha1, DigestKind::kSha256};
constexpr std::size_t DigestBytes(DigestKind kind) {
  return kind == DigestKind::kMd5 ? 16 : kind == DigestKind::kSha1 ? 20 : 32;
}

namespace internal {
struct ContextDeleter {
  void operator()(void* context) const;
};
using Context = std::unique_ptr<void, ContextDeleter>;
Context Start(DigestKind kind);
void Update(const Context& context, Bytes bytes);
void Finish(const Context& context, std::span<std::byte> out);
}  // namespace internal

template <DigestKind kKind>
class Digest {
 public:
  using Value = std::array<std::byte, DigestBytes(kKind)>;
  Digest() : context_(internal::Start(kKind)) {}
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

using Md5 = Digest<DigestKind::kMd5>;
using Sha1 = Digest<DigestKind::kSha1>;
using Sha256 = Digest<DigestKind::kSha256>;

// A digest whose kind is only known when the program runs.
struct AnyDigestValue {
  std::array<std::byte, 32> bytes{};
  std::size_t size = 0;
  Bytes view() const { return Bytes(bytes).first(size); }
};
class AnyDigest {
 public:
  explicit AnyDigest(DigestKind kind) : kind_(kind), context_(internal::Start(kind)) {}
  void Update(Bytes bytes) { internal::Update(context_, bytes); }
  AnyDigestValue Finish() {
    AnyDigestValue value;
    value.size = DigestBytes(kind_);
    internal::Finish(context_, std::span(value.bytes).first(value.size));
    return value;
  }
  static AnyDigestValue Of(DigestKind kind, Bytes bytes) {
    AnyDigest digest(kind);
    digest.Update(bytes);
    return digest.Finish();
  }

 private:
  DigestKind kind_;
  internal::Context context_;
};

// Lowercase hexadecimal.
std::string Hex(Bytes bytes);

}  // namespace dl::crypto
