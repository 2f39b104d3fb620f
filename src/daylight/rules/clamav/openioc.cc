// OpenIOC (.ioc): XML whose IndicatorItems name digests of files. Each becomes a
// digest signature of any size, named after the file and the digest.
//
//   <Indicator><IndicatorItem>
//     <Context document="FileItem" search="FileItem/Md5sum"/>
//     <Content type="md5">d41d8cd98f00b204e9800998ecf8427e</Content>
//   </IndicatorItem></Indicator>
#include <pugixml.hpp>
#include <string>

#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

std::string_view LocalName(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool EqualsIgnoringCase(std::string_view text, std::string_view small) {
  if (text.size() != small.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != small[i]) return false;
  }
  return true;
}

bool IsDigestContext(const pugi::xml_node& node) {
  const std::string_view search = node.attribute("search").value();
  return std::string_view(node.attribute("document").value()) == "FileItem" &&
         (search == "FileItem/Md5sum" || search == "FileItem/Sha1sum" || search == "FileItem/Sha256sum");
}

bool IsDigestType(std::string_view type) {
  return EqualsIgnoringCase(type, "md5") || EqualsIgnoringCase(type, "sha1") || EqualsIgnoringCase(type, "sha256");
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// The name of the file with what is awkward in names replaced.
std::string SafeName(std::string_view name) {
  std::string safe(name);
  for (char& c : safe) {
    if (IsSpace(c) || std::string_view("\\/?%*:|\"<>").find(c) != std::string_view::npos) c = '_';
  }
  return safe;
}

// Walks without recursion, whatever the depth of the document.
class Walker : public pugi::xml_tree_walker {
 public:
  Walker(std::string_view name, std::string_view shown, const LineContext& context, FileOutcome& outcome)
      : shown_(shown), prefix_(SafeName(name) + '.'), context_(context), outcome_(outcome) {}

  bool for_each(pugi::xml_node& node) override {
    if (node.type() != pugi::node_element) return true;
    if (indicator_ >= 0 && depth() <= indicator_) indicator_ = -1;
    if (item_ >= 0 && depth() <= item_) item_ = -1;
    const std::string_view local = LocalName(node);
    if (indicator_ < 0) {
      if (local == "Indicator") indicator_ = depth();
    } else if (item_ < 0) {
      if (local == "IndicatorItem") {
        item_ = depth();
        has_digest_context_ = false;
      }
    } else if (local == "Context") {
      has_digest_context_ = IsDigestContext(node);
    } else if (local == "Content" && (has_digest_context_ || IsDigestType(node.attribute("type").value()))) {
      if (const pugi::xml_node text = node.first_child(); text.type() == pugi::node_pcdata) Add(Trimmed(text.value()));
    }
    return true;
  }

 private:
  void Add(std::string_view text) {
    if (text.empty()) return;
    ++outcome_.lines;
    DigestSignature signature;
    switch (text.size()) {
      case 32: signature.kind = DigestKind::kMd5; break;
      case 40: signature.kind = DigestKind::kSha1; break;
      case 64: signature.kind = DigestKind::kSha256; break;
      default: Refuse("digest is not 32, 40 or 64 digits long"); return;
    }
    if (!DecodeHex(text, std::span(signature.digest).first(text.size() / 2))) {
      Refuse("digest is not hexadecimal");
      return;
    }
    std::string full = prefix_;
    full += text;
    context_.sink.AddDigest(context_.kind, text, StripName(full), signature);
  }

  void Refuse(std::string_view what) {
    constexpr std::uint64_t kMaxWarnings = 100;
    if (++outcome_.malformed <= kMaxWarnings) context_.sink.Warn(shown_, 0, what);
    context_.sink.Skip(context_.kind, "malformed");
  }

  std::string_view shown_;
  std::string prefix_;
  const LineContext& context_;
  FileOutcome& outcome_;
  int indicator_ = -1;
  int item_ = -1;
  bool has_digest_context_ = false;
};

}  // namespace

FileOutcome ReadOpenIoc(std::string_view name, std::string_view shown, Bytes file, const LineContext& context) {
  FileOutcome outcome;
  pugi::xml_document document;
  const pugi::xml_parse_result result =
      document.load_buffer(file.data(), file.size(), pugi::parse_escapes | pugi::parse_eol);
  Walker walker(name, shown, context, outcome);
  document.traverse(walker);
  if (!result) {
    context.sink.Warn(shown, 0, "not well-formed XML");
    if (outcome.lines == 0) outcome.error = "not well-formed XML, and no digest before the error";
  } else if (outcome.lines == 0) {
    context.sink.Warn(shown, 0, "no digests of files in it");
  }
  return outcome;
}

}  // namespace dl::clamav
