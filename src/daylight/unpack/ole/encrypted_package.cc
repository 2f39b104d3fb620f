#include "daylight/unpack/ole/encrypted_package.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

namespace {

constexpr std::size_t kBlockBytes = 16;
constexpr std::uint32_t kStandardSpins = 50'000;
// Office writes 100,000, and may ask for 10,000,000: seconds for each password.
constexpr std::uint32_t kMaxSpins = 1'000'000;
// 2.3.4.11 and 2.3.4.13: what each key is made for.
constexpr std::string_view kForVerifier("\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79", 8);
constexpr std::string_view kForVerifierHash("\xd7\xaa\x0f\x6d\x30\x61\x34\x4e", 8);
constexpr std::string_view kForKey("\x14\x6e\x0b\xe7\xab\xac\xd0\xd6", 8);

using Buffer = std::vector<std::byte>;

const unsigned char* Raw(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* Raw(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

std::array<std::byte, 4> Number(std::uint32_t n) {
  return {static_cast<std::byte>(n), static_cast<std::byte>(n >> 8), static_cast<std::byte>(n >> 16),
          static_cast<std::byte>(n >> 24)};
}

// A digest that is used many times. Looked up once: that takes longer than it does.
class Hasher {
 public:
  explicit Hasher(const std::string& name)
      : method_(::EVP_MD_fetch(nullptr, name.c_str(), nullptr)), context_(::EVP_MD_CTX_new()) {}
  bool is_usable() const { return method_ != nullptr && context_ != nullptr; }
  Buffer Of(Bytes a, Bytes b) {
    Buffer out(static_cast<std::size_t>(::EVP_MD_get_size(method_.get())));
    unsigned int size = 0;
    const bool is_done = ::EVP_DigestInit_ex2(context_.get(), method_.get(), nullptr) == 1 &&
                         ::EVP_DigestUpdate(context_.get(), a.data(), a.size()) == 1 &&
                         ::EVP_DigestUpdate(context_.get(), b.data(), b.size()) == 1 &&
                         ::EVP_DigestFinal_ex(context_.get(), Raw(std::span(out)), &size) == 1;
    if (!is_done) out.clear();
    return out;
  }

 private:
  struct Free {
    void operator()(::EVP_MD* method) const { ::EVP_MD_free(method); }
    void operator()(::EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<::EVP_MD, Free> method_;
  std::unique_ptr<::EVP_MD_CTX, Free> context_;
};

// At its place; `iv` empty: each block on its own.
bool DecryptAes(Bytes key, Bytes iv, std::span<std::byte> bytes) {
  struct Free {
    void operator()(::EVP_CIPHER_CTX* context) const { ::EVP_CIPHER_CTX_free(context); }
  };
  const bool is_chained = !iv.empty();
  const ::EVP_CIPHER* cipher = nullptr;
  if (key.size() == 16) cipher = is_chained ? ::EVP_aes_128_cbc() : ::EVP_aes_128_ecb();
  if (key.size() == 24) cipher = is_chained ? ::EVP_aes_192_cbc() : ::EVP_aes_192_ecb();
  if (key.size() == 32) cipher = is_chained ? ::EVP_aes_256_cbc() : ::EVP_aes_256_ecb();
  if (cipher == nullptr || bytes.size() % kBlockBytes != 0 || (is_chained && iv.size() < kBlockBytes)) return false;
  const std::unique_ptr<::EVP_CIPHER_CTX, Free> context(::EVP_CIPHER_CTX_new());
  int size = 0;
  // At most a few thousand bytes.
  return context != nullptr &&
         ::EVP_DecryptInit_ex(context.get(), cipher, nullptr, Raw(key), is_chained ? Raw(iv) : nullptr) == 1 &&
         ::EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
         ::EVP_DecryptUpdate(context.get(), Raw(bytes), &size, Raw(Bytes(bytes)), static_cast<int>(bytes.size())) == 1;
}

Buffer Utf16FromUtf8(std::string_view text) {
  Buffer out;
  const auto put = [&](std::uint32_t unit) {
    out.push_back(static_cast<std::byte>(unit));
    out.push_back(static_cast<std::byte>(unit >> 8));
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    unsigned more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    std::uint32_t c = more == 0 ? lead : lead & (0x3fu >> more);
    for (; more > 0 && i < text.size(); --more) c = c << 6 | (static_cast<unsigned char>(text[i++]) & 0x3fu);
    if (c >= 0x10000) {
      put(0xd800 + ((c - 0x10000) >> 10 & 0x3ff));
      put(0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
      put(c);
    }
  }
  return out;
}

// The value of an attribute of an element from its name on; empty without one.
std::string_view Attribute(std::string_view element, std::string_view name) {
  for (std::size_t at = element.find(name); at != std::string_view::npos; at = element.find(name, at + 1)) {
    const std::string_view rest = element.substr(at + name.size());
    if (at == 0 || (element[at - 1] != ' ' && element[at - 1] != '\n' && element[at - 1] != '\t')) continue;
    if (rest.size() < 2 || rest[0] != '=' || (rest[1] != '"' && rest[1] != '\'')) continue;
    return rest.substr(2, rest.find(rest[1], 2) - 2);
  }
  return {};
}

// From an element's name to its end.
std::string_view Element(std::string_view xml, std::string_view name, std::string_view with_attribute) {
  for (std::size_t at = xml.find(name); at != std::string_view::npos; at = xml.find(name, at + 1)) {
    const std::string_view element = xml.substr(at, xml.find('>', at) - at);
    if (!Attribute(element, with_attribute).empty()) return element;
  }
  return {};
}

std::uint32_t NumberOf(std::string_view text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Buffer FromBase64(std::string_view text) {
  Buffer out;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    unsigned value = 64;
    if (c >= 'A' && c <= 'Z') value = static_cast<unsigned>(c - 'A');
    if (c >= 'a' && c <= 'z') value = static_cast<unsigned>(c - 'a') + 26;
    if (c >= '0' && c <= '9') value = static_cast<unsigned>(c - '0') + 52;
    if (c == '+') value = 62;
    if (c == '/') value = 63;
    if (value == 64) continue;
    bits = (bits << 6 | value) & 0xffffff;
    if (++count % 4 != 1) out.push_back(static_cast<std::byte>(bits >> (6 - 2 * ((count - 1) % 4))));
  }
  return out;
}

// 2.3.4.10: names without the hyphen that OpenSSL knows, too.
std::string HashOf(std::string_view name) {
  for (const std::string_view known : {"SHA1", "SHA256", "SHA384", "SHA512"}) {
    if (name == known) return std::string(known);
  }
  return name == "SHA-1" ? "SHA1" : "";
}

Result<EncryptionInfo> ParseAgile(std::string_view xml) {
  const std::string_view data = Element(xml, "keyData", "saltValue");
  const std::string_view key = Element(xml, "encryptedKey", "spinCount");
  EncryptionInfo info;
  info.is_agile = true;
  for (const std::string_view element : {data, key}) {
    if (Attribute(element, "cipherAlgorithm") != "AES" || Attribute(element, "cipherChaining") != "ChainingModeCBC") {
      return Fail(ErrorCode::kUnsupported, "encrypted by another cipher than AES, or without a password");
    }
  }
  info.hash = HashOf(Attribute(key, "hashAlgorithm"));
  info.spin_count = NumberOf(Attribute(key, "spinCount"));
  info.key_bytes = NumberOf(Attribute(key, "keyBits")) / 8;
  info.salt = FromBase64(Attribute(key, "saltValue"));
  info.verifier = FromBase64(Attribute(key, "encryptedVerifierHashInput"));
  info.verifier_hash = FromBase64(Attribute(key, "encryptedVerifierHashValue"));
  info.sealed_key = FromBase64(Attribute(key, "encryptedKeyValue"));
  info.package_key_bytes = NumberOf(Attribute(data, "keyBits")) / 8;
  info.package_hash = HashOf(Attribute(data, "hashAlgorithm"));
  info.package_salt = FromBase64(Attribute(data, "saltValue"));
  return info;
}

// 2.3.2 and 2.3.3.
Result<EncryptionInfo> ParseStandard(Cursor stream) {
  constexpr std::uint32_t kAes128 = 0x660e;
  constexpr std::uint32_t kAes256 = 0x6610;
  DL_TRY_STATUS(stream.Skip(4));  // Flags.
  DL_TRY(const std::uint32_t header_size, stream.ReadU32Le());
  DL_TRY(const Bytes header_bytes, stream.ReadBytes(header_size));
  Cursor header(header_bytes);
  DL_TRY_STATUS(header.Skip(8));
  DL_TRY(const std::uint32_t algorithm, header.ReadU32Le());
  DL_TRY_STATUS(header.Skip(4));
  DL_TRY(const std::uint32_t key_bits, header.ReadU32Le());
  if (algorithm < kAes128 || algorithm > kAes256) {
    return Fail(ErrorCode::kUnsupported, "encrypted by another cipher than AES");
  }
  EncryptionInfo info;
  info.hash = "SHA1";
  info.spin_count = kStandardSpins;
  info.key_bytes = key_bits / 8;
  DL_TRY(const std::uint32_t salt_size, stream.ReadU32Le());
  DL_TRY(const Bytes salt, stream.ReadBytes(salt_size));
  DL_TRY(const Bytes verifier, stream.ReadBytes(kBlockBytes));
  DL_TRY_STATUS(stream.Skip(4));
  DL_TRY(const Bytes hash, stream.ReadBytes(2 * kBlockBytes));
  info.salt.assign(salt.begin(), salt.end());
  info.verifier.assign(verifier.begin(), verifier.end());
  info.verifier_hash.assign(hash.begin(), hash.end());
  return info;
}

bool StartsWith(Bytes bytes, Bytes prefix) {
  return !prefix.empty() && bytes.size() >= prefix.size() &&
         std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

// 2.3.4.7: a key from the password's hash.
Buffer StandardKey(Hasher& hasher, Bytes hash, std::size_t key_bytes) {
  const Buffer last = hasher.Of(hash, Number(0));
  Buffer key;
  for (const unsigned fill : {0x36u, 0x5cu}) {
    std::array<std::byte, 64> block;
    block.fill(static_cast<std::byte>(fill));
    for (std::size_t i = 0; i < std::min(last.size(), block.size()); ++i) block[i] ^= last[i];
    const Buffer half = hasher.Of(block, {});
    key.insert(key.end(), half.begin(), half.end());
  }
  key.resize(std::min(key.size(), key_bytes));
  return key;
}

// 2.3.4.11: a key for one purpose.
Buffer AgileKey(Hasher& hasher, Bytes hash, std::string_view purpose, std::size_t key_bytes) {
  Buffer key = hasher.Of(hash, AsBytes(purpose));
  key.resize(key_bytes, std::byte{0x36});
  return key;
}

}  // namespace

Result<EncryptionInfo> ParseEncryptionInfo(Bytes stream) {
  Cursor cursor(stream);
  DL_TRY(const std::uint16_t major, cursor.ReadU16Le());
  DL_TRY(const std::uint16_t minor, cursor.ReadU16Le());
  if (major == 4 && minor == 4) {
    DL_TRY_STATUS(cursor.Skip(4));
    const auto xml = cursor.ReadBytes(cursor.remaining());
    DL_TRY(EncryptionInfo info, ParseAgile(AsText(*xml)));
    if (info.package_hash.empty()) return Fail(ErrorCode::kUnsupported, "hashed in a way that is not known");
    if (info.hash.empty()) return Fail(ErrorCode::kUnsupported, "hashed in a way that is not known");
    if (info.key_bytes > 32 || info.package_key_bytes > 32) {
      return Fail(ErrorCode::kMalformed, "a key of no size there is");
    }
    if (info.spin_count > kMaxSpins) return Fail(ErrorCode::kBudget, "made too expensive to be opened");
    return info;
  }
  if (minor == 2 && major >= 2 && major <= 4) {
    DL_TRY(EncryptionInfo info, ParseStandard(cursor));
    if (info.key_bytes > 32) return Fail(ErrorCode::kMalformed, "a key of no size there is");
    return info;
  }
  return Fail(ErrorCode::kUnsupported, "encrypted in a way that is not known");
}

std::optional<Buffer> KeyOfPackage(const EncryptionInfo& info, std::string_view password) {
  Hasher hasher(info.hash);
  if (!hasher.is_usable()) return std::nullopt;
  Buffer hash = hasher.Of(info.salt, Utf16FromUtf8(password));
  for (std::uint32_t i = 0; i < info.spin_count; ++i) hash = hasher.Of(Number(i), hash);
  Buffer verifier = info.verifier;
  Buffer expected = info.verifier_hash;
  if (!info.is_agile) {
    Buffer key = StandardKey(hasher, hash, info.key_bytes);
    if (!DecryptAes(key, {}, verifier) || !DecryptAes(key, {}, expected)) return std::nullopt;
    if (!StartsWith(expected, hasher.Of(verifier, {}))) return std::nullopt;
    return key;
  }
  Buffer key = info.sealed_key;
  Buffer iv = info.salt;
  iv.resize(std::max(iv.size(), kBlockBytes), std::byte{0x36});
  if (!DecryptAes(AgileKey(hasher, hash, kForVerifier, info.key_bytes), iv, verifier) ||
      !DecryptAes(AgileKey(hasher, hash, kForVerifierHash, info.key_bytes), iv, expected) ||
      !DecryptAes(AgileKey(hasher, hash, kForKey, info.key_bytes), iv, key)) {
    return std::nullopt;
  }
  // The input has as many bytes as the salt, before it is filled up.
  verifier.resize(std::min(verifier.size(), info.salt.size()));
  if (!StartsWith(expected, hasher.Of(verifier, {})) || key.size() < info.package_key_bytes) return std::nullopt;
  key.resize(info.package_key_bytes);
  return key;
}

bool DecryptPackage(const EncryptionInfo& info, Bytes key, std::uint32_t piece_number, std::span<std::byte> piece) {
  if (!info.is_agile) return DecryptAes(key, {}, piece);
  Hasher hasher(info.package_hash);
  if (!hasher.is_usable()) return false;
  return DecryptAes(key, hasher.Of(info.package_salt, Number(piece_number)), piece);
}

void PrepareEncryptedPackage() {
  for (const char* name : {"SHA1", "SHA256", "SHA384", "SHA512"}) {
    Hasher hasher(name);
    if (hasher.is_usable()) hasher.Of({}, {});
  }
  const std::array<std::byte, 32> key{};
  for (const std::size_t n : {16u, 24u, 32u}) {
    std::array<std::byte, kBlockBytes> block{};
    DecryptAes(Bytes(key).first(n), {}, block);
    DecryptAes(Bytes(key).first(n), Bytes(key).first(kBlockBytes), block);
  }
}

}  // namespace dl::unpack
