#include "daylight/formats/pe/authenticode.h"

#include <openssl/err.h>

#include <algorithm>
#include <map>

#include "daylight/crypto/digest.h"
#include "daylight/formats/pe/der.h"
#include "daylight/formats/pe/pkcs7.h"

namespace dl::pe {

X509_ATTRIBUTE* FindAttribute(const STACK_OF(X509_ATTRIBUTE) * attributes, std::string_view oid) {
  for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); ++i) {
    X509_ATTRIBUTE* attribute = sk_X509_ATTRIBUTE_value(attributes, i);
    if (OidText(X509_ATTRIBUTE_get0_object(attribute)) == oid) return attribute;
  }
  return nullptr;
}

const ASN1_TYPE* FirstValue(const STACK_OF(X509_ATTRIBUTE) * attributes, std::string_view oid) {
  X509_ATTRIBUTE* attribute = FindAttribute(attributes, oid);
  return attribute == nullptr ? nullptr : X509_ATTRIBUTE_get0_type(attribute, 0);
}

std::vector<Bytes> SequenceValues(const STACK_OF(X509_ATTRIBUTE) * attributes, std::string_view oid) {
  std::vector<Bytes> values;
  X509_ATTRIBUTE* attribute = FindAttribute(attributes, oid);
  if (attribute == nullptr) return values;
  const int count = std::min(X509_ATTRIBUTE_count(attribute), kMaxAttributeValues);
  for (int i = 0; i < count; ++i) {
    const ASN1_TYPE* value = X509_ATTRIBUTE_get0_type(attribute, i);
    if (value != nullptr && value->type == V_ASN1_SEQUENCE) values.push_back(BytesOf(value->value.sequence));
  }
  return values;
}

bool SignatureIsIntact(PKCS7* pkcs7, PKCS7_SIGNER_INFO* signer, X509* certificate, Bytes detached) {
  // OpenSSL stacks one filter for each algorithm and recurses through them.
  if (sk_X509_ALGOR_num(pkcs7->d.sign->md_algs) > kMaxDigestAlgorithms) return false;
  BioPtr content;
  if (!detached.empty()) {
    content.reset(BIO_new_mem_buf(detached.data(), static_cast<int>(detached.size())));
    if (content == nullptr) return false;
  }
  const BioPtr digests(PKCS7_dataInit(pkcs7, content.get()));
  if (digests == nullptr) return false;
  content.release();  // Now the last link of `digests`.
  char buffer[4096];
  while (BIO_read(digests.get(), buffer, sizeof buffer) > 0) {
  }
  return PKCS7_signatureVerify(digests.get(), pkcs7, signer, certificate) == 1;
}

namespace {

// No signature of a real file comes near these; nested ones are one deep.
constexpr std::size_t kMaxSignatureBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxSignatures = 32;
constexpr int kMaxDepth = 4;
constexpr std::size_t kMaxCountersignatures = 64;
// Each goes through the whole file.
constexpr std::size_t kMaxFileDigests = 8;

// "Windows Authenticode", SpcIndirectDataContent: SEQUENCE { data,
// messageDigest DigestInfo }.
struct SignedDigest {
  std::string algorithm;
  Bytes digest;
};

Result<SignedDigest> ParseIndirectData(Bytes der) {
  Cursor cursor(der);
  DL_TRY(const DerElement content, ReadDer(cursor, kDerSequence));
  Cursor inside(content.content);
  DL_TRY_STATUS(ReadDer(inside, kDerSequence));  // SpcAttributeTypeAndOptionalValue
  DL_TRY(const DerElement info, ReadDer(inside, kDerSequence));
  Cursor fields(info.content);
  DL_TRY(const DerElement algorithm, ReadDer(fields, kDerSequence));
  DL_TRY(const DerElement digest, ReadDer(fields, kDerOctetString));
  const unsigned char* data = DataOf(algorithm.content);
  const OpensslPtr<ASN1_OBJECT, ASN1_OBJECT_free> object(
      d2i_ASN1_OBJECT(nullptr, &data, static_cast<long>(algorithm.content.size())));
  if (object == nullptr) return Fail(ErrorCode::kMalformed, "digest algorithm");
  return SignedDigest{AlgorithmName(object.get()), digest.content};
}

// The text of a SpcString or SpcLink as UTF-8, up to a NUL; `type` is V_ASN1_BMPSTRING or V_ASN1_IA5STRING.
Result<std::string> TextOf(const DerElement& text, int type) {
  const OpensslPtr<ASN1_STRING, ASN1_STRING_free> string(ASN1_STRING_type_new(type));
  if (string == nullptr ||
      ASN1_STRING_set(string.get(), text.content.data(), static_cast<int>(text.content.size())) != 1) {
    return Fail(ErrorCode::kMalformed, "program name");
  }
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, string.get());
  if (size < 0) return Fail(ErrorCode::kMalformed, "program name");
  std::string result(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return result.substr(0, result.find('\0'));
}

// SpcString: CHOICE { unicode [0] IMPLICIT BMPString, ascii [1] IMPLICIT IA5String }.
Result<std::string> ReadSpcString(Cursor& choice) {
  DL_TRY(const DerElement text, ReadDer(choice));
  if (text.tag == DerContext(0, false)) return TextOf(text, V_ASN1_BMPSTRING);
  if (text.tag == DerContext(1, false)) return TextOf(text, V_ASN1_IA5STRING);
  return Fail(ErrorCode::kMalformed, "program name");
}

// SpcLink: CHOICE { url [0] IMPLICIT IA5String, moniker [1], file [2] EXPLICIT SpcString }.
Result<std::string> ReadSpcLink(Cursor& choice) {
  DL_TRY(const DerElement link, ReadDer(choice));
  if (link.tag == DerContext(0, false)) return TextOf(link, V_ASN1_IA5STRING);
  if (link.tag != DerContext(2, true)) return Fail(ErrorCode::kMalformed, "link");
  Cursor file(link.content);
  return ReadSpcString(file);
}

// SpcSpOpusInfo: SEQUENCE { programName [0] EXPLICIT SpcString OPTIONAL, moreInfo [1] EXPLICIT SpcLink OPTIONAL }.
void ParseOpusInfo(Bytes der, Signature& facts) {
  Cursor cursor(der);
  const auto info = ReadDer(cursor, kDerSequence);
  if (!info) return;
  Cursor fields(info->content);
  for (auto field = ReadDer(fields); field; field = ReadDer(fields)) {
    Cursor choice(field->content);
    if (field->tag == DerContext(0, true) && !facts.program_name) {
      if (const auto name = ReadSpcString(choice)) facts.program_name = *name;
    } else if (field->tag == DerContext(1, true) && !facts.more_info) {
      if (const auto link = ReadSpcLink(choice)) facts.more_info = *link;
    }
  }
}

// What became of a signature. libyara leaves out those that have no signer.
enum class Outcome { kLeftOut, kBroken, kIntact };

class Parser {
 public:
  explicit Parser(const pe::FileDigest& file_digest) : file_digest_(file_digest) {}

  void Parse(Bytes der, int depth, std::vector<Signature>& to) {
    if (signatures_seen_++ >= kMaxSignatures) return;
    Signature facts;
    std::vector<Signature> nested;
    const Outcome outcome = ParseOne(der, depth, facts, nested);
    if (outcome != Outcome::kLeftOut) {
      facts.verified = outcome == Outcome::kIntact && facts.digest && facts.file_digest == facts.digest;
      to.push_back(std::move(facts));
    }
    std::move(nested.begin(), nested.end(), std::back_inserter(to));
  }

 private:
  Outcome ParseOne(Bytes der, int depth, Signature& facts, std::vector<Signature>& nested) {
    const unsigned char* data = DataOf(der);
    const std::size_t size = std::min(der.size(), kMaxSignatureBytes);
    const Pkcs7Ptr pkcs7(d2i_PKCS7(nullptr, &data, static_cast<long>(size)));
    if (pkcs7 == nullptr || !PKCS7_type_is_signed(pkcs7.get()) || pkcs7->d.sign == nullptr) return Outcome::kLeftOut;
    PKCS7_SIGNED* body = pkcs7->d.sign;
    facts.certificates = DescribeCertificates(body->cert);

    const auto content = IndirectData(body->contents);
    const auto signed_digest = content ? ParseIndirectData(*content) : Fail(ErrorCode::kMalformed, "content");
    if (!signed_digest) return Outcome::kBroken;
    facts.digest_alg = signed_digest->algorithm;
    if (!signed_digest->digest.empty()) {
      facts.digest = crypto::Hex(signed_digest->digest);
      facts.file_digest = FileDigest(signed_digest->algorithm);
    }

    STACK_OF(PKCS7_SIGNER_INFO)* signers = PKCS7_get_signer_info(pkcs7.get());
    PKCS7_SIGNER_INFO* signer = sk_PKCS7_SIGNER_INFO_value(signers, 0);
    if (signer == nullptr || sk_PKCS7_SIGNER_INFO_num(signers) > kMaxSigners) return Outcome::kLeftOut;
    facts.has_signer = true;
    for (const Bytes value : SequenceValues(signer->unauth_attr, kOidNestedSignature)) {
      if (depth < kMaxDepth) Parse(value, depth + 1, nested);
    }
    ParseCountersignatures(*signer, body->cert, facts);

    const BorrowedCertificates signer_certificates(PKCS7_get0_signers(pkcs7.get(), body->cert, 0));
    X509* certificate = sk_X509_value(signer_certificates.get(), 0);
    if (certificate == nullptr) return Outcome::kLeftOut;
    facts.chain = DescribeChain(certificate, body->cert);

    const ASN1_TYPE* digest = FirstValue(signer->auth_attr, kOidMessageDigest);
    if (digest == nullptr || digest->type != V_ASN1_OCTET_STRING) return Outcome::kBroken;
    facts.signer_digest_alg = AlgorithmName(signer->digest_alg->algorithm);
    if (ASN1_STRING_length(digest->value.octet_string) > 0) {
      facts.signer_digest = crypto::Hex(BytesOf(digest->value.octet_string));
    }
    const ASN1_TYPE* opus = FirstValue(signer->auth_attr, kOidSpcOpusInfo);
    if (opus != nullptr && opus->type == V_ASN1_SEQUENCE) {
      ParseOpusInfo(BytesOf(opus->value.sequence), facts);
    }
    return SignatureIsIntact(pkcs7.get(), signer, certificate, SignedContent(*body, *content)) ? Outcome::kIntact
                                                                                               : Outcome::kBroken;
  }

  // The DER of the SpcIndirectDataContent that is signed.
  static std::optional<Bytes> IndirectData(const PKCS7* contents) {
    if (contents == nullptr || OidText(contents->type) != kOidSpcIndirectData || contents->d.other == nullptr ||
        contents->d.other->type != V_ASN1_SEQUENCE) {
      return std::nullopt;
    }
    return BytesOf(contents->d.other->value.sequence);
  }

  // RFC 2315, 7: in version 1 the digest covers the content's octets without
  // tag and length.
  static Bytes SignedContent(const PKCS7_SIGNED& body, Bytes content) {
    if (ASN1_INTEGER_get(body.version) != 1) return content;
    Cursor cursor(content);
    const auto element = ReadDer(cursor);
    return element ? element->content : content;
  }

  void ParseCountersignatures(const PKCS7_SIGNER_INFO& signer, STACK_OF(X509) * certificates, Signature& facts) {
    const Bytes enc_digest = BytesOf(signer.enc_digest);
    for (const Bytes value : SequenceValues(signer.unauth_attr, kOidCountersignature)) {
      if (countersignatures_seen_++ >= kMaxCountersignatures) return;
      facts.countersignatures.push_back(ParsePkcs9Countersignature(value, certificates, enc_digest));
    }
    for (const Bytes value : SequenceValues(signer.unauth_attr, kOidMsCountersignature)) {
      if (countersignatures_seen_++ >= kMaxCountersignatures) return;
      facts.countersignatures.push_back(ParseMsCountersignature(value, enc_digest, facts.certificates));
    }
  }

  std::optional<std::string> FileDigest(const std::string& algorithm) {
    const auto known = file_digests_.find(algorithm);
    if (known != file_digests_.end()) return known->second;
    if (file_digests_.size() >= kMaxFileDigests) return std::nullopt;
    return file_digests_[algorithm] = file_digest_(algorithm);
  }

  const pe::FileDigest& file_digest_;
  std::size_t signatures_seen_ = 0;
  std::size_t countersignatures_seen_ = 0;
  std::map<std::string, std::optional<std::string>> file_digests_;  // By algorithm.
};

// "Windows Authenticode", Calculating the PE Image Hash: all but the
// checksum, the security directory's entry, and the certificate table.
std::optional<std::string> ImageDigest(const Image& image, std::uint64_t table_offset, const std::string& algorithm) {
  const EVP_MD* method = EVP_get_digestbyname(algorithm.c_str());
  const std::uint64_t checksum = image.headers().optional_header_offset() + 64;
  const std::uint64_t entry = image.headers().optional_header_offset() + (image.headers().is_64bit ? 144 : 128);
  if (method == nullptr || entry + 8 > table_offset) return std::nullopt;
  const OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  if (context == nullptr || EVP_DigestInit_ex(context.get(), method, nullptr) != 1) return std::nullopt;
  const auto update = [&](std::uint64_t begin, std::uint64_t end) {
    const Bytes part = image.bytes().subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    return EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  };
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (!update(0, checksum) || !update(checksum + 4, entry) || !update(entry + 8, table_offset) ||
      EVP_DigestFinal_ex(context.get(), value, &size) != 1) {
    return std::nullopt;
  }
  return crypto::Hex(Bytes(reinterpret_cast<const std::byte*>(value), size));
}

// "Microsoft PE Format", 5.7: the first entry of the certificate table.
Result<Bytes> FirstEntry(const Image& image, std::uint64_t offset) {
  constexpr std::uint32_t kHeaderSize = 8;
  DL_TRY(Cursor cursor, image.At(offset));
  DL_TRY(const std::uint32_t length, cursor.ReadU32Le());
  DL_TRY_STATUS(cursor.Skip(4));  // Revision and type, which nobody checks.
  if (length <= kHeaderSize) return Fail(ErrorCode::kMalformed, "empty certificate table entry", offset);
  return cursor.ReadBytes(length - kHeaderSize);
}

}  // namespace

Authenticode ParseAuthenticode(const Image& image) {
  Authenticode facts;
  // The only directory whose address is a file offset.
  const DataDirectory& directory = image.Directory(kSecurityDirectory);
  const std::uint64_t file_size = image.bytes().size();
  if (directory.virtual_address == 0 || directory.size < 8 || directory.size > file_size ||
      directory.virtual_address + directory.size > file_size) {  // Wraps as in libyara.
    return facts;
  }
  const auto entry = FirstEntry(image, directory.virtual_address);
  if (!entry) return facts;
  return ParseSignatures(
      *entry, [&](const std::string& algorithm) { return ImageDigest(image, directory.virtual_address, algorithm); });
}

Authenticode ParseSignatures(Bytes pkcs7, const FileDigest& file_digest) {
  Authenticode facts;
  Parser(file_digest).Parse(pkcs7, 0, facts.signatures);
  facts.is_signed = std::any_of(facts.signatures.begin(), facts.signatures.end(),
                                [](const Signature& signature) { return signature.verified; });
  ERR_clear_error();  // Hostile input leaves a queue of them behind.
  return facts;
}

}  // namespace dl::pe
