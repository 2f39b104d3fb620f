// Containers of a test's own: keys, signatures and tars.
#pragma once

#include <openssl/bn.h>
#include <zlib.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/crypto/digest.h"
#include "daylight/rules/clamav/cvd.h"

namespace dl::clamav {

// An RSA key pair that signs as ClamAV does.
class TestKey {
 public:
  TestKey(int bits, std::string_view exponent) : exponent_(exponent) {
    const std::unique_ptr<BN_CTX, Free> context(BN_CTX_new());
    const Number e = Make();
    BIGNUM* raw_e = e.get();
    BN_dec2bn(&raw_e, exponent_.c_str());
    const Number p = Make();
    const Number q = Make();
    const Number phi = Make();
    do {
      BN_generate_prime_ex(p.get(), bits / 2, 0, nullptr, nullptr, nullptr);
      BN_generate_prime_ex(q.get(), bits / 2, 0, nullptr, nullptr, nullptr);
      BN_mul(modulus_.get(), p.get(), q.get(), context.get());
      BN_sub_word(p.get(), 1);
      BN_sub_word(q.get(), 1);
      BN_mul(phi.get(), p.get(), q.get(), context.get());
    } while (BN_num_bits(modulus_.get()) != bits ||
             BN_mod_inverse(secret_.get(), e.get(), phi.get(), context.get()) == nullptr);
    char* const digits = BN_bn2dec(modulus_.get());
    modulus_digits_ = digits;
    OPENSSL_free(digits);
  }

  SigningKey Public() const { return {modulus_digits_, exponent_}; }

  // Of a number without padding: the header's signature.
  std::string Sign(Bytes number) const {
    const std::unique_ptr<BN_CTX, Free> context(BN_CTX_new());
    const Number value(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(number.data()), static_cast<int>(number.size()), nullptr));
    BN_mod_exp(value.get(), value.get(), secret_.get(), modulus_.get(), context.get());
    constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";
    std::string text;
    while (!BN_is_zero(value.get())) {
      text += kAlphabet[BN_mod_word(value.get(), 64)];
      BN_rshift(value.get(), value.get(), 6);
    }
    return text;
  }

  // RSASSA-PSS of a SHA-256: the .info's signature.
  std::string SignPss(Bytes sha256) const {
    const std::string salt(32, 's');
    crypto::Sha256 all;
    all.Update(AsBytes(std::string(8, '\0')));
    all.Update(sha256);
    all.Update(AsBytes(salt));
    const auto digest = all.Finish();
    std::string block(256 - 32 - 1, '\0');
    block[block.size() - 33] = 1;
    block.replace(block.size() - 32, 32, salt);
    for (std::size_t at = 0; at < block.size(); ++at) {
      const char counter[4] = {0, 0, 0, static_cast<char>(at / 32)};
      crypto::Sha256 mask;
      mask.Update(digest);
      mask.Update(AsBytes(std::string_view(counter, 4)));
      block[at] = static_cast<char>(block[at] ^ static_cast<char>(mask.Finish()[at % 32]));
    }
    block[0] = static_cast<char>(block[0] & 0x7f);
    block += AsText(digest);
    block += '\xbc';
    return Sign(AsBytes(block));
  }

 private:
  struct Free {
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  };
  using Number = std::unique_ptr<BIGNUM, Free>;
  static Number Make() { return Number(BN_new()); }

  std::string exponent_;
  Number modulus_ = Make();
  Number secret_ = Make();
  std::string modulus_digits_;
};

struct TestMember {
  std::string name;
  std::string content;
};

inline std::string MakeTar(const std::vector<TestMember>& members) {
  std::string tar;
  for (const TestMember& member : members) {
    std::string header(512, '\0');
    header.replace(0, member.name.size(), member.name);
    char size[13];
    std::snprintf(size, sizeof(size), "%011o", static_cast<unsigned>(member.content.size()));
    header.replace(124, 11, size, 11);
    header[156] = '0';
    tar += header + member.content;
    tar.resize((tar.size() + 511) / 512 * 512);
  }
  return tar + std::string(1024, '\0');
}

inline std::string Gzip(std::string_view text, int level = 6) {
  z_stream stream{};
  deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string HeaderOf(std::string_view md5, std::string_view signature) {
  std::string header = "ClamAV-VDB:16 Apr 2020 07-58 -0400:7:2:90:" + std::string(md5) + ":" + std::string(signature) +
                       ":tester:1587038339";
  header.resize(kCvdHeaderBytes, ' ');
  return header;
}

inline std::string InfoOf(const std::vector<TestMember>& members, const TestKey* key) {
  std::string info = "ClamAV-VDB:16 Apr 2020 07-58 -0400:7:2:90:X:X:tester:1587038339\n";
  for (const TestMember& member : members) {
    info += member.name + ":" + std::to_string(member.content.size()) + ":" +
            crypto::Hex(crypto::Sha256::Of(AsBytes(member.content))) + "\n";
  }
  if (key != nullptr) info += "DSIG:" + key->SignPss(crypto::Sha256::Of(AsBytes(info))) + "\n";
  return info;
}

}  // namespace dl::clamav
