// Countersignatures: RFC 2985, 5.3.6 (PKCS #9, over the signature value, with
// a signing time) and Microsoft's attribute that holds an RFC 3161 time stamp.
#include <algorithm>

#include "daylight/crypto/digest.h"
#include "daylight/formats/pe/der.h"
#include "daylight/formats/pe/pkcs7.h"

namespace dl::pe {

namespace {

bool Equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

const EVP_MD* MethodOf(const ASN1_OBJECT* algorithm) { return EVP_get_digestbynid(OBJ_obj2nid(algorithm)); }

// What the signer's key makes of the signature value: the digest, bare or in
// a DigestInfo (RFC 8017, A.2.4). Both occur.
bool RecoversTo(X509* certificate, Bytes signature, Bytes digest) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return false;
  const OpensslPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new(key, nullptr));
  if (context == nullptr || EVP_PKEY_verify_recover_init(context.get()) != 1) return false;
  std::size_t size = 0;
  if (EVP_PKEY_verify_recover(context.get(), nullptr, &size, DataOf(signature), signature.size()) != 1) return false;
  std::vector<std::byte> recovered(size);
  if (EVP_PKEY_verify_recover(context.get(), reinterpret_cast<unsigned char*>(recovered.data()), &size,
                              DataOf(signature), signature.size()) != 1) {
    return false;
  }
  recovered.resize(std::min(size, recovered.size()));
  if (Equal(recovered, digest)) return true;
  Cursor cursor{Bytes(recovered)};
  const auto info = ReadDer(cursor, kDerSequence);
  if (!info) return false;
  Cursor inside(info->content);
  if (!ReadDer(inside, kDerSequence)) return false;  // The algorithm.
  const auto stored = ReadDer(inside, kDerOctetString);
  return stored && Equal(stored->content, digest);
}

// RFC 2315, 9.3: signed attributes are signed as a SET OF.
std::vector<std::byte> SignedAttributes(const PKCS7_SIGNER_INFO* signer) {
  unsigned char* raw = nullptr;
  const int size =
      ASN1_item_i2d(reinterpret_cast<const ASN1_VALUE*>(signer->auth_attr), &raw, ASN1_ITEM_rptr(PKCS7_ATTR_VERIFY));
  std::vector<std::byte> der;
  if (raw != nullptr && size > 0) {
    const auto* begin = reinterpret_cast<const std::byte*>(raw);
    der.assign(begin, begin + size);
  }
  OPENSSL_free(raw);
  return der;
}

}  // namespace

Countersignature ParsePkcs9Countersignature(Bytes der, STACK_OF(X509) * certificates, Bytes enc_digest) {
  Countersignature facts;
  const unsigned char* data = DataOf(der);
  const SignerInfoPtr signer(d2i_PKCS7_SIGNER_INFO(nullptr, &data, static_cast<long>(der.size())));
  if (signer == nullptr) return facts;
  facts.digest_alg = AlgorithmName(signer->digest_alg->algorithm);
  const ASN1_TYPE* time = FirstValue(signer->auth_attr, kOidSigningTime);
  if (time == nullptr || (time->type != V_ASN1_UTCTIME && time->type != V_ASN1_GENERALIZEDTIME)) return facts;
  facts.sign_time = SecondsOf(time->value.utctime);

  X509* certificate = X509_find_by_issuer_and_serial(certificates, signer->issuer_and_serial->issuer,
                                                     signer->issuer_and_serial->serial);
  if (certificate == nullptr) return facts;
  facts.chain = DescribeChain(certificate, certificates);

  const ASN1_TYPE* digest = FirstValue(signer->auth_attr, kOidMessageDigest);
  if (digest == nullptr || digest->type != V_ASN1_OCTET_STRING) return facts;
  const Bytes signed_digest = BytesOf(digest->value.octet_string);
  const EVP_MD* method = MethodOf(signer->digest_alg->algorithm);
  if (signed_digest.empty() || method == nullptr) return facts;
  facts.digest = crypto::Hex(signed_digest);

  const auto of_attributes = DigestWith(method, SignedAttributes(signer.get()));
  const auto of_signature = DigestWith(method, enc_digest);
  facts.verified = of_attributes && of_signature &&
                   RecoversTo(certificate, BytesOf(signer->enc_digest), *of_attributes) &&
                   Equal(*of_signature, signed_digest);
  return facts;
}

namespace {

// A time stamp token, in whichever of its two forms OpenSSL can read. PKCS #7
// is tried first; CMS can name its signer by key identifier.
class Token {
 public:
  explicit Token(Bytes der) {
    const unsigned char* data = DataOf(der);
    pkcs7_.reset(d2i_PKCS7(nullptr, &data, static_cast<long>(der.size())));
    if (pkcs7_ != nullptr) {
      if (!PKCS7_type_is_signed(pkcs7_.get()) || pkcs7_->d.sign == nullptr ||
          sk_PKCS7_SIGNER_INFO_num(pkcs7_->d.sign->signer_info) > kMaxSigners) {
        pkcs7_.reset();
      }
      return;
    }
    data = DataOf(der);
    cms_.reset(d2i_CMS_ContentInfo(nullptr, &data, static_cast<long>(der.size())));
    if (cms_ == nullptr) return;
    const STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms_.get());
    if (signers == nullptr || sk_CMS_SignerInfo_num(signers) > kMaxSigners) {
      cms_.reset();
      return;
    }
    cms_certificates_.reset(CMS_get1_certs(cms_.get()));
  }

  TstInfoPtr TimeStamp() const {
    if (pkcs7_ != nullptr) return TstInfoPtr(PKCS7_to_TS_TST_INFO(pkcs7_.get()));
    if (cms_ == nullptr || OidText(CMS_get0_eContentType(cms_.get())) != kOidTstInfo) return nullptr;
    ASN1_OCTET_STRING** content = CMS_get0_content(cms_.get());
    if (content == nullptr || *content == nullptr) return nullptr;
    const unsigned char* data = ASN1_STRING_get0_data(*content);
    return TstInfoPtr(d2i_TS_TST_INFO(nullptr, &data, ASN1_STRING_length(*content)));
  }

  STACK_OF(X509) * Certificates() const { return pkcs7_ != nullptr ? pkcs7_->d.sign->cert : cms_certificates_.get(); }

  // Of the first signer; null when it did not come along.
  X509* SignerCertificate() const {
    if (pkcs7_ != nullptr) {
      const BorrowedCertificates signers(PKCS7_get0_signers(pkcs7_.get(), pkcs7_->d.sign->cert, 0));
      return sk_X509_value(signers.get(), 0);
    }
    const STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms_.get());
    for (int i = 0; i < sk_CMS_SignerInfo_num(signers); ++i) {
      for (int j = 0; j < sk_X509_num(cms_certificates_.get()); ++j) {
        X509* certificate = sk_X509_value(cms_certificates_.get(), j);
        if (CMS_SignerInfo_cert_cmp(sk_CMS_SignerInfo_value(signers, i), certificate) == 0) return certificate;
      }
    }
    return nullptr;
  }

  bool IsIntact(X509* certificate) const {
    if (pkcs7_ != nullptr) {
      PKCS7_SIGNER_INFO* signer = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(pkcs7_.get()), 0);
      return signer != nullptr && SignatureIsIntact(pkcs7_.get(), signer, certificate, {});
    }
    return CmsIsIntact(certificate);
  }

 private:
  // RFC 5652, 5.4 to 5.6, for a signer with signed attributes, as RFC 3161
  // demands.
  bool CmsIsIntact(X509* certificate) const {
    CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms_.get()), 0);
    ASN1_OCTET_STRING** content = CMS_get0_content(cms_.get());
    if (signer == nullptr || content == nullptr || *content == nullptr) return false;
    X509_ALGOR* digest_algorithm = nullptr;
    CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &digest_algorithm, nullptr);
    const EVP_MD* method = digest_algorithm == nullptr ? nullptr : MethodOf(digest_algorithm->algorithm);
    const auto* stored = static_cast<const ASN1_OCTET_STRING*>(
        CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING));
    if (method == nullptr || stored == nullptr) return false;
    const auto computed = DigestWith(method, BytesOf(*content));
    if (!computed || !Equal(*computed, BytesOf(stored))) return false;
    CMS_SignerInfo_set1_signer_cert(signer, certificate);
    return CMS_SignerInfo_verify(signer) == 1;
  }

  Pkcs7Ptr pkcs7_;
  CmsPtr cms_;
  OwnedCertificates cms_certificates_;
};

}  // namespace

Countersignature ParseMsCountersignature(Bytes der, Bytes enc_digest, std::vector<Certificate>& certificates) {
  Countersignature facts;
  const Token token(der);
  const TstInfoPtr stamp = token.TimeStamp();
  if (stamp == nullptr) return facts;
  const ASN1_GENERALIZEDTIME* time = TS_TST_INFO_get_time(stamp.get());
  if (time == nullptr) return facts;
  facts.sign_time = SecondsOf(time);

  X509* certificate = token.SignerCertificate();
  if (certificate == nullptr) return facts;
  for (Certificate& description : DescribeCertificates(token.Certificates())) {
    if (certificates.size() < kMaxCertificates) certificates.push_back(std::move(description));
  }
  facts.chain = DescribeChain(certificate, token.Certificates());

  // RFC 3161, 2.4.2: the imprint is the digest of what is stamped, here the
  // signature value.
  TS_MSG_IMPRINT* imprint = TS_TST_INFO_get_msg_imprint(stamp.get());
  if (imprint == nullptr) return facts;
  const ASN1_OBJECT* algorithm = TS_MSG_IMPRINT_get_algo(imprint)->algorithm;
  facts.digest_alg = AlgorithmName(algorithm);
  const Bytes stamped = BytesOf(TS_MSG_IMPRINT_get_msg(imprint));
  if (stamped.empty()) return facts;
  facts.digest = crypto::Hex(stamped);
  const EVP_MD* method = MethodOf(algorithm);
  if (method == nullptr) return facts;
  const auto computed = DigestWith(method, enc_digest);
  facts.verified =
      computed && Equal(*computed, stamped) && TS_TST_INFO_get_version(stamp.get()) == 1 && token.IsIntact(certificate);
  return facts;
}

}  // namespace dl::pe
