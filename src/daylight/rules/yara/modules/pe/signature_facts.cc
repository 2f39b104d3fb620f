#include "daylight/rules/yara/modules/pe/signature_facts.h"

#include "daylight/rules/yara/modules/pe/pe_module.h"

namespace dl::yara::pe_module {

namespace {

// --- The types.

Value ValidOnAsBoolean(ModuleContext& context, Args args) {
  const Value valid = ValidOn(context, args);
  return valid.defined() ? Value::Boolean(valid.integer != 0) : valid;
}

void AddCertificateFields(StructType& t) {
  t.String("thumbprint").String("issuer").String("subject").Integer("version");
  t.String("algorithm").String("algorithm_oid").String("serial");
  t.Integer("not_before").Integer("not_after");
}

const StructType& CertificateType() {
  static const StructType type = [] {
    StructType t;
    AddCertificateFields(t);
    return t;
  }();
  return type;
}

const StructType& SignerInfoType() {
  static const StructType type = [] {
    StructType t;
    t.String("program_name").String("digest").String("digest_alg");
    t.Integer("length_of_chain").StructArray("chain", CertificateType());
    return t;
  }();
  return type;
}

const StructType& YaraXSignerInfoType() {
  static const StructType type = [] {
    StructType t;
    t.String("program_name").String("more_info").String("digest").String("digest_alg");
    t.StructArray("chain", CertificateType());
    return t;
  }();
  return type;
}

const StructType& CountersignatureType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("verified").Integer("sign_time").String("digest_alg").String("digest");
    t.Integer("length_of_chain").StructArray("chain", CertificateType());
    return t;
  }();
  return type;
}

const StructType& YaraXCountersignatureType() {
  static const StructType type = [] {
    StructType t;
    t.Boolean("verified").Integer("sign_time").String("digest").String("digest_alg");
    t.StructArray("chain", CertificateType());
    return t;
  }();
  return type;
}

// --- The values.

bool HasField(const StructValue& value, std::string_view field) { return value.type().Find(field).has_value(); }

void SetIfAny(StructValue& to, std::string_view field, const std::optional<std::string>& value) {
  if (value) to.SetString(field, *value);
}

void SetVerified(StructValue& to, bool verified) {
  if (to.type().fields()[*to.type().Find("verified")].kind == TypeKind::kBoolean) {
    to.SetBoolean("verified", verified);
  } else {
    to.SetInteger("verified", verified ? 1 : 0);
  }
}

void SetCertificate(const pe::Certificate& certificate, StructValue& to) {
  to.SetString("thumbprint", certificate.thumbprint);
  to.SetString("issuer", certificate.issuer);
  to.SetString("subject", certificate.subject);
  to.SetInteger("version", certificate.version);
  to.SetString("algorithm", certificate.algorithm);
  to.SetString("algorithm_oid", certificate.algorithm_oid);
  SetIfAny(to, "serial", certificate.serial);
  to.SetInteger("not_before", certificate.not_before);
  to.SetInteger("not_after", certificate.not_after);
}

void SetCertificates(const std::vector<pe::Certificate>& certificates, ArrayValue& to) {
  for (const pe::Certificate& certificate : certificates) SetCertificate(certificate, to.AppendStruct());
}

void SetChain(const std::vector<pe::Certificate>& chain, StructValue& to) {
  if (HasField(to, "length_of_chain")) to.SetInteger("length_of_chain", static_cast<std::int64_t>(chain.size()));
  SetCertificates(chain, to.Array("chain"));
}

void SetCountersignature(const pe::Countersignature& countersignature, StructValue& to) {
  SetVerified(to, countersignature.verified);
  to.SetInteger("sign_time", countersignature.sign_time);
  SetIfAny(to, "digest_alg", countersignature.digest_alg);
  SetIfAny(to, "digest", countersignature.digest);
  SetChain(countersignature.chain, to);
}

}  // namespace

const StructType& SignatureType() {
  static const StructType type = [] {
    StructType t;
    AddCertificateFields(t);  // Of the certificate that signed.
    t.Integer("verified").String("digest_alg").String("digest").String("file_digest");
    t.Integer("number_of_certificates").StructArray("certificates", CertificateType());
    t.Struct("signer_info", SignerInfoType());
    t.Integer("number_of_countersignatures").StructArray("countersignatures", CountersignatureType());
    t.Function("valid_on", "i", TypeKind::kInteger, &ValidOn);
    return t;
  }();
  return type;
}

const StructType& YaraXSignatureType() {
  static const StructType type = [] {
    StructType t;
    AddCertificateFields(t);
    t.Boolean("verified").String("digest_alg").String("digest").String("file_digest");
    t.Integer("number_of_certificates").Integer("number_of_countersignatures");
    t.Struct("signer_info", YaraXSignerInfoType()).StructArray("certificates", CertificateType());
    t.StructArray("countersignatures", YaraXCountersignatureType());
    t.Function("valid_on", "i", TypeKind::kBoolean, &ValidOnAsBoolean);
    return t;
  }();
  return type;
}

void SetSignature(const pe::Signature& signature, StructValue& to) {
  SetVerified(to, signature.verified);
  SetIfAny(to, "digest_alg", signature.digest_alg);
  SetIfAny(to, "digest", signature.digest);
  SetIfAny(to, "file_digest", signature.file_digest);
  to.SetInteger("number_of_certificates", static_cast<std::int64_t>(signature.certificates.size()));
  SetCertificates(signature.certificates, to.Array("certificates"));
  if (signature.has_signer) {
    if (!signature.chain.empty()) SetCertificate(signature.chain.front(), to);
    StructValue& signer = to.Struct("signer_info");
    SetIfAny(signer, "program_name", signature.program_name);
    if (HasField(signer, "more_info")) SetIfAny(signer, "more_info", signature.more_info);
    SetIfAny(signer, "digest", signature.signer_digest);
    SetIfAny(signer, "digest_alg", signature.signer_digest_alg);
    SetChain(signature.chain, signer);
  }
  to.SetInteger("number_of_countersignatures", static_cast<std::int64_t>(signature.countersignatures.size()));
  ArrayValue& countersignatures = to.Array("countersignatures");
  for (const pe::Countersignature& countersignature : signature.countersignatures) {
    SetCountersignature(countersignature, countersignatures.AppendStruct());
  }
}

}  // namespace dl::yara::pe_module
