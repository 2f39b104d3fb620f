// RFC 5280 certificates as facts, in the wording that YARA rules expect.
#include <algorithm>
#include <ctime>

#include "daylight/crypto/digest.h"
#include "daylight/formats/pe/pkcs7.h"

namespace dl::pe {

namespace {

struct OpensslFree {
  void operator()(void* memory) const { OPENSSL_free(memory); }
};

// "/C=US/O=Example": OpenSSL's one-line form. Rules are written against what
// fits into 256 bytes; newer OpenSSL versions escape a slash in a value.
std::string OneLine(const X509_NAME* name) {
  char buffer[256];
  if (X509_NAME_oneline(name, buffer, sizeof buffer) == nullptr) return {};
  std::string text(buffer);
  for (std::size_t at = text.find("\\/"); at != std::string::npos; at = text.find("\\/", at + 1)) text.erase(at, 1);
  return text;
}

// The last value of that kind, which is the closest to whom it names; in UTF-8.
std::string NamePart(const X509_NAME* name, int nid) {
  int index = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) index = at;
  if (index < 0) return {};
  unsigned char* raw = nullptr;
  const int size = ASN1_STRING_to_UTF8(&raw, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  const std::unique_ptr<unsigned char, OpensslFree> text(raw);
  constexpr int kMaxBytes = 1024;
  if (size <= 0) return {};
  return {reinterpret_cast<const char*>(text.get()), static_cast<std::size_t>(std::min(size, kMaxBytes))};
}

// The content octets of the INTEGER, with its sign byte: "00:8f:1b". RFC 5280,
// 4.1.2.2 allows 20 octets.
std::optional<std::string> SerialText(const ASN1_INTEGER* serial) {
  constexpr int kMaxOctets = 20;
  constexpr int kHeaderOctets = 2;
  unsigned char* raw = nullptr;
  const int size = i2d_ASN1_INTEGER(serial, &raw);
  const std::unique_ptr<unsigned char, OpensslFree> der(raw);
  if (size < kHeaderOctets || size > kMaxOctets + kHeaderOctets) return std::nullopt;
  std::string text;
  for (int i = kHeaderOctets; i < size; ++i) {
    if (!text.empty()) text += ':';
    text += crypto::Hex(Bytes(reinterpret_cast<const std::byte*>(der.get()) + i, 1));
  }
  return text;
}

}  // namespace

std::string OidText(const ASN1_OBJECT* object) {
  char buffer[256];
  const int size = OBJ_obj2txt(buffer, sizeof buffer, object, 1);
  return size <= 0 ? std::string() : std::string(buffer);
}

std::string AlgorithmName(const ASN1_OBJECT* object) {
  const char* name = OBJ_nid2ln(OBJ_obj2nid(object));
  return name == nullptr ? std::string() : std::string(name);
}

std::int64_t SecondsOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time != nullptr) ASN1_TIME_to_tm(time, &parts);
  return timegm(&parts);
}

std::optional<std::vector<std::byte>> DigestWith(const EVP_MD* method, Bytes bytes) {
  std::vector<std::byte> digest(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, method, nullptr) !=
      1) {
    return std::nullopt;
  }
  digest.resize(size);
  return digest;
}

Certificate DescribeCertificate(X509* certificate) {
  Certificate facts;
  unsigned char sha1[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_sha1(), sha1, &size) == 1) {
    facts.thumbprint = crypto::Hex(Bytes(reinterpret_cast<const std::byte*>(sha1), size));
  }
  facts.issuer = OneLine(X509_get_issuer_name(certificate));
  facts.subject = OneLine(X509_get_subject_name(certificate));
  facts.common_name = NamePart(X509_get_subject_name(certificate), NID_commonName);
  facts.organization = NamePart(X509_get_subject_name(certificate), NID_organizationName);
  facts.version = X509_get_version(certificate) + 1;  // Stored from zero.
  const ASN1_OBJECT* algorithm = OBJ_nid2obj(X509_get_signature_nid(certificate));
  if (algorithm != nullptr) {
    facts.algorithm = AlgorithmName(algorithm);
    facts.algorithm_oid = OidText(algorithm);
  }
  facts.serial = SerialText(X509_get0_serialNumber(certificate));
  facts.not_before = SecondsOf(X509_get0_notBefore(certificate));
  facts.not_after = SecondsOf(X509_get0_notAfter(certificate));
  return facts;
}

std::vector<Certificate> DescribeCertificates(const STACK_OF(X509) * certificates) {
  std::vector<Certificate> facts;
  for (int i = 0; i < sk_X509_num(certificates) && facts.size() < kMaxCertificates; ++i) {
    facts.push_back(DescribeCertificate(sk_X509_value(certificates, i)));
  }
  return facts;
}

std::vector<Certificate> DescribeChain(X509* signer, STACK_OF(X509) * certificates) {
  const OpensslPtr<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  const OpensslPtr<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  if (store == nullptr || context == nullptr ||
      X509_STORE_CTX_init(context.get(), store.get(), signer, certificates) != 1) {
    return {};
  }
  // Where several issuers fit, OpenSSL prefers one that is valid "now"; the
  // day that the signer's certificate was issued makes that no clock's matter.
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), SecondsOf(X509_get0_notBefore(signer)));
  // Never succeeds, since nothing is trusted; it leaves the chain behind.
  X509_verify_cert(context.get());
  return DescribeCertificates(X509_STORE_CTX_get0_chain(context.get()));
}

}  // namespace dl::pe
