#include "daylight/formats/macho/code_signature.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>
#include <pugixml.hpp>

#include "daylight/bytes/cursor.h"
#include "daylight/formats/macho/utf8.h"

namespace dl::macho {
namespace {

// <kern/cs_blobs.h>. All numbers are big-endian.
constexpr std::uint32_t kEntitlementsMagic = 0xfade7171;  // CSMAGIC_EMBEDDED_ENTITLEMENTS
constexpr std::uint32_t kCmsMagic = 0xfade0b01;           // CSMAGIC_BLOBWRAPPER
constexpr std::uint64_t kBlobHeaderBytes = 8;
constexpr std::size_t kMaxNesting = 64;

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

// The text that an element begins with, as YARA-X understands it: none when
// the element begins with another element.
std::string_view LeadingText(const pugi::xml_node& node) {
  const pugi::xml_node first = node.first_child();
  const bool is_text = first.type() == pugi::node_pcdata || first.type() == pugi::node_cdata;
  return is_text ? first.value() : std::string_view();
}

// Every text below an array, each once.
void AddArrayTexts(const pugi::xml_node& array, Limits& limits, std::vector<std::string>& entitlements) {
  std::vector<std::string_view> seen;
  struct Walker : pugi::xml_tree_walker {
    std::vector<std::string_view>* texts = nullptr;
    bool for_each(pugi::xml_node& node) override {
      if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) texts->push_back(node.value());
      return true;
    }
  } walker;
  walker.texts = &seen;
  pugi::xml_node(array).traverse(walker);
  std::vector<std::string_view> unique;
  for (const std::string_view text : seen) {
    if (IsBlank(text) || std::find(unique.begin(), unique.end(), text) != unique.end()) continue;
    if (!limits.TakeName(text.size())) return;
    unique.push_back(text);
    entitlements.emplace_back(text);
  }
}

// An XML property list: its keys, and the strings of its arrays, in order.
void ReadEntitlements(std::string_view plist, Limits& limits, std::vector<std::string>& entitlements) {
  if (!IsUtf8(plist)) return;
  pugi::xml_document document;
  constexpr unsigned kOptions = pugi::parse_default | pugi::parse_ws_pcdata;
  if (!document.load_buffer(plist.data(), plist.size(), kOptions, pugi::encoding_utf8)) return;
  struct Walker : pugi::xml_tree_walker {
    Limits* limits = nullptr;
    std::vector<std::string>* entitlements = nullptr;
    bool for_each(pugi::xml_node& node) override {
      if (static_cast<std::size_t>(depth()) > kMaxNesting) return true;
      const std::string_view name = node.name();
      if (name != "key" && name != "array") return true;
      const std::string_view text = LeadingText(node);
      if (text.data() == nullptr) return true;
      if (name == "array") {
        AddArrayTexts(node, *limits, *entitlements);
      } else if (limits->TakeName(text.size())) {
        entitlements->emplace_back(text);
      }
      return true;
    }
  } walker;
  walker.limits = &limits;
  walker.entitlements = &entitlements;
  document.traverse(walker);
}

// "C=US, O=Example, CN=Name", in the certificate's order, as YARA-X writes it.
std::string NameText(const X509_NAME* name) {
  std::string text;
  int previous_set = -1;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* const type = X509_NAME_ENTRY_get_object(entry);
    const int nid = OBJ_obj2nid(type);
    std::array<char, 80> oid{};
    OBJ_obj2txt(oid.data(), static_cast<int>(oid.size()), type, 1);
    const char* const key = nid == NID_undef ? oid.data() : nid == NID_pkcs9_emailAddress ? "Email" : OBJ_nid2sn(nid);
    unsigned char* value = nullptr;
    const int size = ASN1_STRING_to_UTF8(&value, X509_NAME_ENTRY_get_data(entry));
    const int set = X509_NAME_ENTRY_set(entry);
    if (i > 0) text += set == previous_set ? " + " : ", ";
    text += std::string(key) + '=';
    if (size > 0) text.append(reinterpret_cast<const char*>(value), static_cast<std::size_t>(size));
    OPENSSL_free(value);
    previous_set = set;
  }
  return text;
}

// RFC 5652, SignedData: the certificates that came with the signature.
void ReadCertificates(Bytes cms_bytes, Limits& limits, std::vector<Certificate>& certificates) {
  const auto* at = reinterpret_cast<const unsigned char*>(cms_bytes.data());
  const std::unique_ptr<CMS_ContentInfo, decltype(&CMS_ContentInfo_free)> cms(
      d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(cms_bytes.size())), &CMS_ContentInfo_free);
  if (cms) {
    STACK_OF(X509)* const stack = CMS_get1_certs(cms.get());
    for (int i = 0; i < sk_X509_num(stack); ++i) {
      const X509* const x509 = sk_X509_value(stack, i);
      Certificate certificate;
      certificate.issuer = NameText(X509_get_issuer_name(x509));
      certificate.subject = NameText(X509_get_subject_name(x509));
      certificate.is_self_signed = X509_NAME_cmp(X509_get_issuer_name(x509), X509_get_subject_name(x509)) == 0;
      if (!limits.TakeName(certificate.issuer.size() + certificate.subject.size())) break;
      certificates.push_back(std::move(certificate));
    }
    sk_X509_pop_free(stack, &X509_free);
  }
  ERR_clear_error();  // Malformed input is ordinary; leave no trace for the next.
}

Status ReadBlobs(Bytes superblob, Limits& limits, std::vector<std::string>& entitlements,
                 std::vector<Certificate>& certificates) {
  Cursor index(superblob);
  DL_TRY_STATUS(index.Skip(8));  // magic, length
  DL_TRY(const std::uint32_t count, index.ReadU32Be());
  for (std::uint32_t i = 0; i < count; ++i) {
    DL_TRY_STATUS(index.Skip(4));  // The slot.
    DL_TRY(const std::uint32_t offset, index.ReadU32Be());
    auto blob = Cursor(superblob).From(offset);
    if (!blob) continue;
    const auto magic = blob->ReadU32Be();
    const auto length = blob->ReadU32Be();
    if (!magic || !length || *length < kBlobHeaderBytes) continue;
    if (*magic != kEntitlementsMagic && *magic != kCmsMagic) continue;
    const auto body = blob->ReadBytes(*length - kBlobHeaderBytes);
    if (!body) continue;
    // Thousands of slots may point at the same blob.
    if (!limits.TakeBytes(body->size() + kBlobHeaderBytes)) return Fail(ErrorCode::kBudget, "signature too large");
    if (*magic == kEntitlementsMagic) {
      ReadEntitlements(AsText(*body), limits, entitlements);
    } else {
      ReadCertificates(*body, limits, certificates);
    }
  }
  return {};
}

}  // namespace

void ReadCodeSignature(Bytes superblob, Limits& limits, std::vector<std::string>& entitlements,
                       std::vector<Certificate>& certificates) {
  (void)ReadBlobs(superblob, limits, entitlements, certificates);
}

}  // namespace dl::macho
