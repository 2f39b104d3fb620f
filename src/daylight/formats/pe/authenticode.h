// Authenticode: who signed a PE file, read from its certificate table; and the
// same of other files that carry such signatures.
//
//   const Authenticode authenticode = ParseAuthenticode(image);
//   for (const Signature& signature : authenticode.signatures) ...
//
// `verified` means: the signature is intact and covers this very file. It says
// nothing about trust: no root store is consulted, no clock is read and
// nothing is fetched. Needs crypto::Init() before a sandbox closes.
//
// "Windows Authenticode Portable Executable Signature Format" (2008), RFC 2315
// (PKCS #7), RFC 3161 (time stamps).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daylight/formats/pe/image.h"

namespace dl::pe {

struct Certificate {
  std::string thumbprint;  // SHA-1 of the DER form, lowercase hexadecimal.
  std::string issuer;      // "/C=US/O=Example/CN=Example CA"
  std::string subject;
  // Of the subject, in UTF-8: within `subject` a name can look like the next one.
  std::string common_name;
  std::string organization;
  std::int64_t version = 0;  // 3 for X.509v3.
  std::string algorithm;     // "sha256WithRSAEncryption"
  std::string algorithm_oid;
  std::optional<std::string> serial;  // "0a:1b"; absent when longer than X.509 allows.
  std::int64_t not_before = 0;        // Seconds since 1970.
  std::int64_t not_after = 0;
};

struct Countersignature {
  bool verified = false;
  std::int64_t sign_time = 0;  // Seconds since 1970.
  std::optional<std::string> digest_alg;
  std::optional<std::string> digest;  // Lowercase hexadecimal, as below.
  std::vector<Certificate> chain;     // The signer's certificate first.
};

struct Signature {
  bool verified = false;
  std::optional<std::string> digest_alg;   // "sha256", by its OpenSSL long name.
  std::optional<std::string> digest;       // Of the file, as signed.
  std::optional<std::string> file_digest;  // Of the file, as it is.
  std::vector<Certificate> certificates;

  bool has_signer = false;
  std::optional<std::string> program_name;
  std::optional<std::string> more_info;  // An address.
  std::optional<std::string> signer_digest;
  std::optional<std::string> signer_digest_alg;
  std::vector<Certificate> chain;  // The signer's certificate first.

  std::vector<Countersignature> countersignatures;
};

struct Authenticode {
  std::vector<Signature> signatures;  // Nested signatures follow the outer one.
  bool is_signed = false;             // Whether any signature is verified.
};

Authenticode ParseAuthenticode(const Image& image);

// The digest of the file that is signed, without the signature itself, by the algorithm of that OpenSSL name; lowercase
// hexadecimal. Asked once for each algorithm, and for few.
using FileDigest = std::function<std::optional<std::string>(const std::string& algorithm)>;

// The signatures of a PKCS #7 block, wherever it stood.
Authenticode ParseSignatures(Bytes pkcs7, const FileDigest& file_digest);

}  // namespace dl::pe
