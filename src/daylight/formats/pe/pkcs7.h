// What the Authenticode parser's parts share over OpenSSL. Not for other
// folders: nothing else includes OpenSSL's headers through this one.
#pragma once

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

#include "daylight/formats/pe/authenticode.h"

namespace dl::pe {

template <auto kFree>
struct OpensslDeleter {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
template <typename T, auto kFree>
using OpensslPtr = std::unique_ptr<T, OpensslDeleter<kFree>>;

using Pkcs7Ptr = OpensslPtr<PKCS7, PKCS7_free>;
using CmsPtr = OpensslPtr<CMS_ContentInfo, CMS_ContentInfo_free>;
using SignerInfoPtr = OpensslPtr<PKCS7_SIGNER_INFO, PKCS7_SIGNER_INFO_free>;
using TstInfoPtr = OpensslPtr<TS_TST_INFO, TS_TST_INFO_free>;
using BioPtr = OpensslPtr<BIO, BIO_free_all>;

inline void FreeX509Stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
inline void FreeX509StackOnly(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using OwnedCertificates = OpensslPtr<STACK_OF(X509), FreeX509Stack>;
using BorrowedCertificates = OpensslPtr<STACK_OF(X509), FreeX509StackOnly>;

// Bounds where a hostile signature could be made of a million little parts.
// libyara: 16 values of one attribute; the others are ours.
inline constexpr int kMaxAttributeValues = 16;
inline constexpr int kMaxDigestAlgorithms = 16;
inline constexpr int kMaxSigners = 16;
inline constexpr std::size_t kMaxCertificates = 1024;

inline Bytes BytesOf(const ASN1_STRING* string) {
  return {reinterpret_cast<const std::byte*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}
inline const unsigned char* DataOf(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

// "1.3.6.1.4.1.311.2.1.4"
std::string OidText(const ASN1_OBJECT* object);
// OpenSSL's long name of an algorithm: "sha256", "sha256WithRSAEncryption".
std::string AlgorithmName(const ASN1_OBJECT* object);

// The attribute `oid` in `attributes` (may be null), or null.
X509_ATTRIBUTE* FindAttribute(const STACK_OF(X509_ATTRIBUTE) * attributes, std::string_view oid);
// Its first value, if of that type, or null.
const ASN1_TYPE* FirstValue(const STACK_OF(X509_ATTRIBUTE) * attributes, std::string_view oid);
// The DER of up to kMaxAttributeValues SEQUENCE values of an attribute.
std::vector<Bytes> SequenceValues(const STACK_OF(X509_ATTRIBUTE) * attributes, std::string_view oid);

inline constexpr std::string_view kOidMessageDigest = "1.2.840.113549.1.9.4";
inline constexpr std::string_view kOidSigningTime = "1.2.840.113549.1.9.5";
inline constexpr std::string_view kOidCountersignature = "1.2.840.113549.1.9.6";
inline constexpr std::string_view kOidTstInfo = "1.2.840.113549.1.9.16.1.4";
inline constexpr std::string_view kOidSpcIndirectData = "1.3.6.1.4.1.311.2.1.4";
inline constexpr std::string_view kOidSpcOpusInfo = "1.3.6.1.4.1.311.2.1.12";
inline constexpr std::string_view kOidNestedSignature = "1.3.6.1.4.1.311.2.4.1";
inline constexpr std::string_view kOidMsCountersignature = "1.3.6.1.4.1.311.3.3.1";

// The certificate's facts; `certificate` may be any that OpenSSL decoded.
Certificate DescribeCertificate(X509* certificate);
std::vector<Certificate> DescribeCertificates(const STACK_OF(X509) * certificates);
// The chain from `signer` up, as far as `certificates` reach.
std::vector<Certificate> DescribeChain(X509* signer, STACK_OF(X509) * certificates);

std::int64_t SecondsOf(const ASN1_TIME* time);
// The digest, or absent when OpenSSL has no such algorithm.
std::optional<std::vector<std::byte>> DigestWith(const EVP_MD* method, Bytes bytes);

// Whether `signer` signed the content of `pkcs7` (or `detached`, if not empty)
// with the key of `certificate`.
bool SignatureIsIntact(PKCS7* pkcs7, PKCS7_SIGNER_INFO* signer, X509* certificate, Bytes detached);

// Both kinds that a PE signature may carry; `enc_digest` is the signature
// value that is countersigned.
Countersignature ParsePkcs9Countersignature(Bytes der, STACK_OF(X509) * certificates, Bytes enc_digest);
// Appends the certificates that came with the time stamp.
Countersignature ParseMsCountersignature(Bytes der, Bytes enc_digest, std::vector<Certificate>& certificates);

}  // namespace dl::pe
