#include "daylight/rules/yara/modules/hash/hash.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "daylight/rules/yara/module.h"
#include "daylight/rules/yara/modules/range.h"

namespace dl::yara {
namespace {

enum class Algorithm : std::uint8_t { kMd5, kSha1, kSha256, kChecksum32, kCrc32 };

// Fetched once: EVP_md5() and its like look the provider up at every use.
struct Digests {
  EVP_MD* md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  EVP_MD* sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
};
const Digests& FetchedDigests() {
  static const Digests digests;  // Never freed: as long-lived as the library.
  return digests;
}

class Digest {
 public:
  explicit Digest(const EVP_MD* kind) : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    ok_ = kind != nullptr && context_ != nullptr && EVP_DigestInit_ex(context_.get(), kind, nullptr) == 1;
  }
  void Add(Bytes bytes) { ok_ = ok_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1; }
  // Lowercase hexadecimal; nullopt where OpenSSL refuses the algorithm (FIPS).
  std::optional<std::string> Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (!ok_ || EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) return std::nullopt;
    std::string hex;
    hex.reserve(std::size_t{2} * size);
    for (unsigned i = 0; i < size; ++i) {
      hex += "0123456789abcdef"[digest[i] >> 4];
      hex += "0123456789abcdef"[digest[i] & 15];
    }
    return hex;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool ok_ = false;
};

// The sum of all bytes, modulo 2^32.
class Checksum32 {
 public:
  void Add(Bytes bytes) {
    for (const std::byte b : bytes) sum_ += std::to_integer<std::uint32_t>(b);
  }
  std::int64_t Finish() const { return sum_; }

 private:
  std::uint32_t sum_ = 0;
};

class Crc32 {
 public:
  void Add(Bytes bytes) { crc_ = crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()); }
  std::int64_t Finish() const { return static_cast<std::int64_t>(crc_); }

 private:
  uLong crc_ = 0;
};

// Results by algorithm and range. A loop in a rule can ask for any number of
// ranges; past the limit they are computed anew each time.
struct Cache {
  static constexpr std::size_t kMaxEntries = 4096;
  std::map<std::tuple<Algorithm, std::int64_t, std::int64_t>, Value> values;
};

template <typename Compute>
Value Cached(ModuleContext& context, Algorithm algorithm, std::span<const Value> args, Compute&& compute) {
  if (!context.state) context.state = std::make_shared<Cache>();
  auto& values = static_cast<Cache*>(context.state.get())->values;
  const std::tuple key{algorithm, args[0].integer, args[1].integer};
  if (const auto known = values.find(key); known != values.end()) return known->second;
  const Value value = compute();
  if (values.size() < Cache::kMaxEntries) values.emplace(key, value);
  return value;
}

Value DigestValue(ModuleContext& context, Digest& digest) {
  const auto hex = digest.Finish();
  return hex ? Value::String(context.arena().Copy(*hex)) : Value::Undefined();
}

template <Algorithm kAlgorithm, EVP_MD* Digests::*kKind>
Value DigestOfRange(ModuleContext& context, std::span<const Value> args) {
  return Cached(context, kAlgorithm, args, [&] {
    Digest digest(FetchedDigests().*kKind);
    const bool defined =
        ReadRange(context, args[0].integer, args[1].integer, [&digest](Bytes block) { digest.Add(block); });
    return defined ? DigestValue(context, digest) : Value::Undefined();
  });
}

template <EVP_MD* Digests::*kKind>
Value DigestOfString(ModuleContext& context, std::span<const Value> args) {
  Digest digest(FetchedDigests().*kKind);
  digest.Add(AsBytes(args[0].string));
  return DigestValue(context, digest);
}

template <Algorithm kAlgorithm, typename Sum>
Value SumOfRange(ModuleContext& context, std::span<const Value> args) {
  return Cached(context, kAlgorithm, args, [&] {
    Sum sum;
    const bool defined = ReadRange(context, args[0].integer, args[1].integer, [&sum](Bytes block) { sum.Add(block); });
    return defined ? Value::Integer(sum.Finish()) : Value::Undefined();
  });
}

template <typename Sum>
Value SumOfString(ModuleContext&, std::span<const Value> args) {
  Sum sum;
  sum.Add(AsBytes(args[0].string));
  return Value::Integer(sum.Finish());
}

const StructType& HashType() {
  static const StructType type = [] {
    StructType t;
    t.Function("md5", "ii", TypeKind::kString, &DigestOfRange<Algorithm::kMd5, &Digests::md5>);
    t.Function("md5", "s", TypeKind::kString, &DigestOfString<&Digests::md5>);
    t.Function("sha1", "ii", TypeKind::kString, &DigestOfRange<Algorithm::kSha1, &Digests::sha1>);
    t.Function("sha1", "s", TypeKind::kString, &DigestOfString<&Digests::sha1>);
    t.Function("sha256", "ii", TypeKind::kString, &DigestOfRange<Algorithm::kSha256, &Digests::sha256>);
    t.Function("sha256", "s", TypeKind::kString, &DigestOfString<&Digests::sha256>);
    t.Function("checksum32", "ii", TypeKind::kInteger, &SumOfRange<Algorithm::kChecksum32, Checksum32>);
    t.Function("checksum32", "s", TypeKind::kInteger, &SumOfString<Checksum32>);
    t.Function("crc32", "ii", TypeKind::kInteger, &SumOfRange<Algorithm::kCrc32, Crc32>);
    t.Function("crc32", "s", TypeKind::kInteger, &SumOfString<Crc32>);
    return t;
  }();
  return type;
}

void Load(ModuleContext&, StructValue&) {}

}  // namespace

void PrepareHash() { static_cast<void>(FetchedDigests()); }

extern const ModuleInfo module_hash;
const ModuleInfo module_hash = {"hash", &HashType, &Load};

}  // namespace dl::yara
