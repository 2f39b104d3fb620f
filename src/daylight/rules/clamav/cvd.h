// ClamAV's containers: .cvd, .cld and .cud. A header of 512 bytes, then a tar
// with signature files, mostly compressed with gzip.
//
//   const FileOutcome outcome = ReadContainer("daily.cvd", bytes, settings, PublishedKeys(), sink);
//   if (!outcome.error.empty()) ...  // Nothing of it may be used.
//
// Who vouches for what depends on the kind:
// - .cvd: the header holds the MD5 of all that follows, and an RSA signature of
//   that MD5.
// - .cld: what an update made of a .cvd. The header's signature is that of the
//   file before the update; the member .info is signed, and holds SHA-256
//   digests of all members.
// - .cud: nobody.
// ClamAV 1.5's detached .sign files are not looked at.
//
// Bounded: 2 GiB of tar, one member at a time in memory. No state.
#pragma once

#include <cstdint>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/rules/clamav/reader.h"

namespace dl::clamav {

inline constexpr std::uint64_t kMaxTarBytes = std::uint64_t{2} << 30;
inline constexpr std::size_t kCvdHeaderBytes = 512;

// An RSA key in decimal digits, as ClamAV publishes it.
struct SigningKey {
  std::string_view modulus;
  std::string_view exponent;
};
struct SigningKeys {
  SigningKey header;  // Of 1024 bits, signs MD5s.
  SigningKey info;    // Of 2048 bits, signs SHA-256s, RSASSA-PSS.
};
const SigningKeys& PublishedKeys();

// "ClamAV-VDB:16 Apr 2020 07-58 -0400:25784:2267600:63:MD5:signature:builder:seconds"
struct CvdHeader {
  std::string_view time;
  std::uint32_t version = 0;
  std::uint32_t signatures = 0;
  std::uint32_t functionality_level = 0;
  std::string_view md5;
  std::string_view signature;
  std::string_view builder;
  std::uint64_t seconds = 0;
};
Result<CvdHeader> ParseCvdHeader(std::string_view text);

// `md5`: 32 hexadecimal digits.
Status VerifyMd5Signature(std::string_view md5, std::string_view signature, const SigningKey& key);
// `sha256`: 32 bytes.
Status VerifySha256Signature(Bytes sha256, std::string_view signature, const SigningKey& key);

FileOutcome ReadContainer(std::string_view name, Bytes file, const ReadSettings& settings, const SigningKeys& keys,
                          Sink& sink, std::uint64_t max_tar_bytes = kMaxTarBytes);

}  // namespace dl::clamav
