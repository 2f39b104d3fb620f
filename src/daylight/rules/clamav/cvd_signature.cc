// The two signatures of ClamAV's containers, over OpenSSL's big numbers.
//
// Both are numbers written with six bits a character, least first. The header's
// is plain RSA without padding: its power is the MD5 as a number. The .info's is
// RSASSA-PSS (RFC 8017, 9.1.2) with SHA-256, MGF1 and a salt of 32 bytes.
#include <openssl/bn.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "daylight/crypto/digest.h"
#include "daylight/rules/clamav/cvd.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

struct Free {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, Free>;

constexpr std::size_t kMaxSignatureCharacters = 1024;
constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kEncodedBytes = 2048 / 8;
constexpr std::size_t kMaskedBytes = kEncodedBytes - kSha256Bytes - 1;

Number FromDecimal(std::string_view digits) {
  BIGNUM* number = nullptr;
  if (BN_dec2bn(&number, std::string(digits).c_str()) == 0) return nullptr;
  return Number(number);
}

int SixBits(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// The signature to the power of the exponent, as out.size() bytes.
Status Decode(std::string_view signature, const SigningKey& key, std::span<unsigned char> out) {
  if (signature.empty() || signature.size() > kMaxSignatureCharacters) {
    return Fail(ErrorCode::kMalformed, "the signature is empty or too long");
  }
  std::array<unsigned char, kMaxSignatureCharacters * 6 / 8 + 1> bytes{};
  for (std::size_t i = 0; i < signature.size(); ++i) {
    const int value = SixBits(signature[i]);
    if (value < 0) return Fail(ErrorCode::kMalformed, "the signature has a character that is none of base 64");
    const std::size_t bit = 6 * i;
    const unsigned shifted = static_cast<unsigned>(value) << bit % 8;
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] | (shifted & 0xff));
    bytes[bit / 8 + 1] = static_cast<unsigned char>(bytes[bit / 8 + 1] | shifted >> 8);
  }
  const Number cipher(BN_lebin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  const Number modulus = FromDecimal(key.modulus);
  const Number exponent = FromDecimal(key.exponent);
  const Number plain(BN_new());
  const std::unique_ptr<BN_CTX, Free> context(BN_CTX_new());
  if (!cipher || !modulus || !exponent || !plain || !context ||
      BN_mod_exp(plain.get(), cipher.get(), exponent.get(), modulus.get(), context.get()) == 0) {
    return Fail(ErrorCode::kMalformed, "the signature cannot be decoded");
  }
  if (BN_bn2binpad(plain.get(), out.data(), static_cast<int>(out.size())) < 0) {
    return Fail(ErrorCode::kMalformed, "the signature is not made with the published key");
  }
  return {};
}

Bytes AsByteSpan(std::span<const unsigned char> bytes) { return std::as_bytes(bytes); }

}  // namespace

const SigningKeys& PublishedKeys() {
  static constexpr SigningKeys kKeys{
      {"118640995551645342603070001658453189751527774412027743746599405743243142607464144767361060640655844749760788890"
       "022283424922762488917565551002467771109669598189410434699034532232228621591089508178591428456220796841621637175"
       "567590476666928698770143328137383952820383197532047771780196576957695822641224262693037",
       "100001027"},
      {"110888949830485454736595561066271949239289417917950476205916586974135810433227159121724968065253810558809645206"
       "184002243333205346602992339837553417406795028668299096799557343913926683783612215242053966310901051516412708572"
       "770803107343209516537005089417174191687239425078907029047027075874516216910507543078503833998653464872037984641"
       "785373922114027864813598244611972311028954150937703942166663244845939357624084685168266331921408266679234948220"
       "458053478099328484548458869717064243605586678627758760720594377033653802091016977385775154769350854694552799941"
       "13145977994084618328482151013142393373316337519977244732747977",
       "100002049"}};
  return kKeys;
}

Status VerifyMd5Signature(std::string_view md5, std::string_view signature, const SigningKey& key) {
  std::array<std::uint8_t, 16> expected{};
  if (!DecodeHex(md5, expected)) return Fail(ErrorCode::kMalformed, "the MD5 is not 32 hexadecimal digits");
  std::array<unsigned char, 16> signed_md5{};
  DL_TRY_STATUS(Decode(signature, key, signed_md5));
  if (signed_md5 != expected) return Fail(ErrorCode::kMalformed, "the signature is that of another MD5");
  return {};
}

Status VerifySha256Signature(Bytes sha256, std::string_view signature, const SigningKey& key) {
  std::array<unsigned char, kEncodedBytes> encoded{};
  DL_TRY_STATUS(Decode(signature, key, encoded));
  constexpr std::string_view kBad = "the signature is that of another text";
  if (encoded.back() != 0xbc) return Fail(ErrorCode::kMalformed, kBad);
  const std::span<const unsigned char> digest = std::span(encoded).subspan(kMaskedBytes, kSha256Bytes);
  std::array<unsigned char, kMaskedBytes> block{};
  for (std::size_t at = 0, counter = 0; at < block.size(); at += kSha256Bytes, ++counter) {
    const std::array<unsigned char, 4> index{0, 0, 0, static_cast<unsigned char>(counter)};
    crypto::Sha256 mask;
    mask.Update(AsByteSpan(digest));
    mask.Update(AsByteSpan(index));
    const auto value = mask.Finish();
    for (std::size_t i = 0; i < kSha256Bytes && at + i < block.size(); ++i) {
      block[at + i] = encoded[at + i] ^ static_cast<unsigned char>(value[i]);
    }
  }
  block[0] &= 0x7f;
  const auto salt = block.end() - kSaltBytes;
  if (*(salt - 1) != 1 || std::any_of(block.begin(), salt - 1, [](unsigned char b) { return b != 0; })) {
    return Fail(ErrorCode::kMalformed, kBad);
  }
  crypto::Sha256 all;
  constexpr std::array<unsigned char, 8> kZeros{};
  all.Update(AsByteSpan(kZeros));
  all.Update(sha256);
  all.Update(AsByteSpan({salt, block.end()}));
  const auto value = all.Finish();
  if (!std::ranges::equal(std::as_bytes(digest), value)) return Fail(ErrorCode::kMalformed, kBad);
  return {};
}

}  // namespace dl::clamav
