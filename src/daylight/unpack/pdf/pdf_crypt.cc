#include "daylight/unpack/pdf/pdf_crypt.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "daylight/crypto/digest.h"

namespace dl::unpack::pdf {

namespace {

// ISO 32000-1, algorithm 2: what passwords are filled up with.
constexpr std::string_view kPadding(
    "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08"
    "\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A",
    32);

std::string Text(Bytes bytes) { return std::string(AsText(bytes)); }
std::string Md5(std::string_view text) { return Text(crypto::Md5::Of(AsBytes(text))); }

// Algorithm 1 for RC4 is the same both ways.
std::string Rc4(std::string_view key, std::string_view text) {
  std::array<std::uint8_t, 256> s;
  std::iota(s.begin(), s.end(), std::uint8_t{0});
  if (key.empty()) return std::string(text);
  std::uint8_t j = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    j = static_cast<std::uint8_t>(j + s[i] + static_cast<std::uint8_t>(key[i % key.size()]));
    std::swap(s[i], s[j]);
  }
  std::string out(text);
  std::uint8_t i = 0;
  j = 0;
  for (char& c : out) {
    i = static_cast<std::uint8_t>(i + 1);
    j = static_cast<std::uint8_t>(j + s[i]);
    std::swap(s[i], s[j]);
    c = static_cast<char>(static_cast<std::uint8_t>(c) ^ s[static_cast<std::uint8_t>(s[i] + s[j])]);
  }
  return out;
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { ::EVP_CIPHER_CTX_free(context); }
};

// CBC over whole blocks, without padding; empty when OpenSSL refuses.
std::string Aes(bool encrypts, std::string_view key, std::string_view iv, std::string_view text) {
  text = text.substr(0, text.size() / 16 * 16);
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(::EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = key.size() == 32 ? ::EVP_aes_256_cbc() : ::EVP_aes_128_cbc();
  if (context == nullptr || iv.size() != 16 || (key.size() != 16 && key.size() != 32)) return "";
  const auto* key_bytes = reinterpret_cast<const unsigned char*>(key.data());
  const auto* iv_bytes = reinterpret_cast<const unsigned char*>(iv.data());
  if (::EVP_CipherInit_ex(context.get(), cipher, nullptr, key_bytes, iv_bytes, encrypts ? 1 : 0) != 1) return "";
  ::EVP_CIPHER_CTX_set_padding(context.get(), 0);
  std::string out(text.size() + 16, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const std::size_t n = std::min<std::size_t>(text.size() - done, 1u << 20);
    int written = 0;
    if (::EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(out.data()) + done, &written,
                           reinterpret_cast<const unsigned char*>(text.data()) + done, static_cast<int>(n)) != 1) {
      return "";
    }
    done += n;
  }
  out.resize(text.size());
  return out;
}

std::string Sha2(const EVP_MD* method, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned n = 0;
  if (::EVP_Digest(text.data(), text.size(), out.data(), &n, method, nullptr) != 1) return "";
  return {reinterpret_cast<const char*>(out.data()), n};
}

// ISO 32000-2, algorithm 2.B; revision 5, before it, was one digest.
std::string Hash(std::int64_t revision, std::string_view password, std::string_view salt, std::string_view user) {
  std::string k = Sha2(::EVP_sha256(), std::string(password) + std::string(salt) + std::string(user));
  if (revision < 6) return k;
  for (int round = 0;; ++round) {
    std::string part = std::string(password) + k + std::string(user);
    std::string k1;
    k1.reserve(part.size() * 64);
    for (int i = 0; i < 64; ++i) k1 += part;
    const std::string e = Aes(true, k.substr(0, 16), k.substr(16, 16), k1);
    if (e.size() < 16) return "";
    unsigned sum = 0;
    for (std::size_t i = 0; i < 16; ++i) sum += static_cast<unsigned char>(e[i]);
    k = Sha2(sum % 3 == 0 ? ::EVP_sha256() : sum % 3 == 1 ? ::EVP_sha384() : ::EVP_sha512(), e);
    if (k.size() < 32) return "";
    // 64 rounds, and as many more as the last byte says: at most 287.
    if (round >= 63 && static_cast<unsigned char>(e.back()) <= static_cast<unsigned>(round - 31)) break;
    if (round > 400) break;
  }
  return k.substr(0, 32);
}

std::string_view TextOf(const Value& dictionary, std::string_view key) {
  const Value* value = dictionary.Find(key);
  return value != nullptr ? std::string_view(value->text) : std::string_view();
}

std::int64_t NumberOf(const Value& dictionary, std::string_view key, std::int64_t otherwise) {
  const Value* value = dictionary.Find(key);
  return value != nullptr && value->Is(Value::Kind::kNumber) ? value->number : otherwise;
}

}  // namespace

std::unique_ptr<Decryptor> Decryptor::Open(const Value& encrypt, std::string_view id,
                                           std::span<const std::string> passwords) {
  auto opened = std::make_unique<Decryptor>();
  Decryptor& self = *opened;
  self.encrypt_ = encrypt;
  self.id_ = id;
  self.version_ = NumberOf(encrypt, "V", 0);
  self.revision_ = NumberOf(encrypt, "R", 0);
  if (TextOf(encrypt, "Filter") != "Standard" || self.revision_ < 2 || self.revision_ > 6) return nullptr;
  const std::int64_t bits = NumberOf(encrypt, "Length", 40);
  self.key_bytes_ = self.version_ == 1 || bits < 40 || bits > 128 ? 5 : static_cast<std::size_t>(bits) / 8;
  if (self.version_ == 4) self.key_bytes_ = 16;
  const Value* metadata = encrypt.Find("EncryptMetadata");
  self.encrypts_metadata_ = metadata == nullptr || metadata->text != "false";
  if (self.version_ >= 4) {
    const auto method = [&](std::string_view key, CryptMethod otherwise) {
      const Value* name = encrypt.Find(key);
      return name != nullptr ? self.MethodOf(name->text) : otherwise;
    };
    self.stream_ = method("StmF", CryptMethod::kNone);
    self.string_ = method("StrF", CryptMethod::kNone);
    self.file_ = method("EFF", self.stream_);
  }
  if (self.TryPassword("")) return opened;
  for (const std::string& password : passwords) {
    if (self.TryPassword(password)) return opened;
  }
  return nullptr;
}

CryptMethod Decryptor::MethodOf(std::string_view filter) const {
  if (filter == "Identity") return CryptMethod::kNone;
  const Value* filters = encrypt_.Find("CF");
  const Value* found = filters != nullptr ? filters->Find(filter) : nullptr;
  if (found == nullptr) return CryptMethod::kUnknown;
  const std::string_view method = TextOf(*found, "CFM");
  if (method.empty() || method == "None") return CryptMethod::kNone;
  if (method == "V2") return CryptMethod::kRc4;
  if (method == "AESV2") return CryptMethod::kAes128;
  if (method == "AESV3") return CryptMethod::kAes256;
  return CryptMethod::kUnknown;
}

bool Decryptor::TryPassword(std::string_view password) {
  return revision_ >= 5 ? TryNew(password.substr(0, 127)) : TryOld(password);
}

// Algorithm 2.
std::string Decryptor::KeyOf(std::string_view password) const {
  std::string text = (std::string(password.substr(0, 32)) + std::string(kPadding)).substr(0, 32);
  text += TextOf(encrypt_, "O").substr(0, 32);
  const auto permissions = static_cast<std::uint32_t>(NumberOf(encrypt_, "P", 0));
  for (unsigned i = 0; i < 4; ++i) text.push_back(static_cast<char>(permissions >> (8 * i)));
  text += id_;
  if (revision_ >= 4 && !encrypts_metadata_) text += "\xff\xff\xff\xff";
  std::string key = Md5(text);
  if (revision_ >= 3) {
    for (int i = 0; i < 50; ++i) key = Md5(key.substr(0, key_bytes_));
  }
  return key.substr(0, key_bytes_);
}

// Algorithms 4 and 5; of the latter the 16 bytes that mean something.
std::string Decryptor::UserEntry(std::string_view key) const {
  if (revision_ == 2) return Rc4(key, kPadding);
  std::string text = Rc4(key, Md5(std::string(kPadding) + id_));
  for (unsigned i = 1; i < 20; ++i) {
    std::string other(key);
    for (char& c : other) c = static_cast<char>(static_cast<unsigned char>(c) ^ i);
    text = Rc4(other, text);
  }
  return text;
}

// Algorithms 6 and 7: as the user's password, and as the owner's.
bool Decryptor::TryOld(std::string_view password) {
  const std::string_view user = TextOf(encrypt_, "U");
  const auto opens = [&](std::string_view tried) {
    const std::string key = KeyOf(tried);
    const std::string entry = UserEntry(key);
    if (user.size() < 16 || !user.starts_with(entry.substr(0, std::min(entry.size(), user.size())))) return false;
    key_ = key;
    return true;
  };
  if (opens(password)) return true;
  std::string key = Md5((std::string(password.substr(0, 32)) + std::string(kPadding)).substr(0, 32));
  if (revision_ >= 3) {
    for (int i = 0; i < 50; ++i) key = Md5(key);
  }
  key.resize(key_bytes_);
  std::string text(TextOf(encrypt_, "O").substr(0, 32));
  if (revision_ == 2) {
    text = Rc4(key, text);
  } else {
    for (unsigned i = 20; i > 0; --i) {
      std::string other = key;
      for (char& c : other) c = static_cast<char>(static_cast<unsigned char>(c) ^ (i - 1));
      text = Rc4(other, text);
    }
  }
  return opens(text);
}

// ISO 32000-2, algorithm 2.A.
bool Decryptor::TryNew(std::string_view password) {
  const std::string_view owner = TextOf(encrypt_, "O").substr(0, 48);
  const std::string_view user = TextOf(encrypt_, "U").substr(0, 48);
  if (owner.size() < 48 || user.size() < 48) return false;
  const std::string_view iv("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  const auto opens = [&](std::string_view entry, std::string_view bound_to, std::string_view wrapped) {
    if (Hash(revision_, password, entry.substr(32, 8), bound_to) != entry.substr(0, 32)) return false;
    key_ = Aes(false, Hash(revision_, password, entry.substr(40, 8), bound_to), iv, wrapped.substr(0, 32));
    return key_.size() == 32;
  };
  return opens(user, "", TextOf(encrypt_, "UE")) || opens(owner, user, TextOf(encrypt_, "OE"));
}

std::string Decryptor::Decrypt(CryptMethod method, std::int64_t number, std::int64_t generation,
                               std::string_view text) const {
  if (method == CryptMethod::kNone || method == CryptMethod::kUnknown) return std::string(text);
  std::string key = key_;
  if (method != CryptMethod::kAes256) {
    for (unsigned i = 0; i < 3; ++i) key.push_back(static_cast<char>(number >> (8 * i)));
    for (unsigned i = 0; i < 2; ++i) key.push_back(static_cast<char>(generation >> (8 * i)));
    if (method == CryptMethod::kAes128) key += "sAlT";
    key = Md5(key).substr(0, std::min<std::size_t>(key_.size() + 5, 16));
  }
  if (method == CryptMethod::kRc4) return Rc4(key, text);
  if (text.size() < 32) return "";
  std::string out = Aes(false, key, text.substr(0, 16), text.substr(16));
  const auto padding = out.empty() ? std::size_t{0} : std::size_t{static_cast<unsigned char>(out.back())};
  if (padding >= 1 && padding <= 16 && padding <= out.size()) out.resize(out.size() - padding);
  return out;
}

void PrepareCrypt() {
  static_cast<void>(crypto::Init());
  const std::string block(16, '\0');
  static_cast<void>(Aes(true, block, block, block));
  static_cast<void>(Aes(false, block + block, block, block));
  static_cast<void>(Hash(6, "", "", ""));
}

}  // namespace dl::unpack::pdf
