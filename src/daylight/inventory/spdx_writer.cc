// SPDX 2.3 as JSON: spdx.github.io/spdx-spec/v2.3.
#include <algorithm>
#include <array>

#include "daylight/inventory/items.h"
#include "daylight/inventory/licences.h"
#include "daylight/report/json_text.h"

namespace dl::inventory {

namespace {

constexpr std::size_t kPieceBytes = 64u << 10;
constexpr std::string_view kUnknown = "NOASSERTION";

// 7.2: letters, digits, '.' and '-' only. The number makes it unique.
std::string SpdxId(const Item& item) {
  std::string id = "SPDXRef-" + std::to_string(item.number) + "-";
  for (const char c : std::string_view(item.name).substr(0, 80)) {
    const bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    id += is_alnum || c == '.' ? c : '-';
  }
  return id;
}

// 7.24; spelt as the JSON schema has them.
std::string_view PurposeOf(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kPurposes{{
      {"application", "APPLICATION"},
      {"framework", "FRAMEWORK"},
      {"library", "LIBRARY"},
      {"container", "CONTAINER"},
      {"operating-system", "OPERATING_SYSTEM"},
      {"device", "DEVICE"},
      {"firmware", "FIRMWARE"},
      {"file", "FILE"},
  }};
  for (const auto& [name, purpose] : kPurposes)
    if (name == type) return purpose;
  return "OTHER";
}

// One line: an actor is "Organization: name (mail)", 7.5.
std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return line;
}

// "Debian Bash Maintainers <x@example.org>" does not say whether it is one person; names of groups do, mostly.
std::string ActorOf(std::string_view maintainer) {
  std::string_view name = maintainer;
  std::string_view mail;
  const std::size_t open = maintainer.find('<');
  if (open != std::string_view::npos) {
    name = maintainer.substr(0, open);
    mail = maintainer.substr(open + 1);
    mail = mail.substr(0, mail.find('>'));
  }
  while (name.ends_with(' ')) name.remove_suffix(1);
  if (name.empty()) name = mail, mail = {};
  if (name.empty()) return {};
  bool is_group = false;
  for (const std::string_view word :
       {"Team",   "team",   "Maintainers", "maintainers", "Developers", "developers", "Project",
        "Group",  "Packag", "Inc",         "Ltd",         "GmbH",       "LLC",        "Foundation",
        "Debian", "Ubuntu", "Fedora",      "Red Hat",     "SUSE",       "Corporation"})
    is_group |= name.find(word) != std::string_view::npos;
  std::string actor = is_group ? "Organization: " : "Person: ";
  actor += OneLine(name);
  if (mail.find('@') != std::string_view::npos) actor += " (" + OneLine(mail) + ")";
  return actor;
}

class Writer {
 public:
  Writer(const Contents& contents, const WriteOptions& options, const Sink& sink)
      : contents_(contents), options_(options), sink_(sink), json_(text_) {}

  bool Write() {
    json_.BeginObject();
    json_.Field("spdxVersion", "SPDX-2.3");
    json_.Field("dataLicense", "CC0-1.0");
    json_.Field("SPDXID", "SPDXRef-DOCUMENT");
    json_.Field("name", contents_.places.empty() ? std::string_view("nothing") : contents_.places[0].name);
    json_.Field("documentNamespace", "urn:uuid:" + ContentUuid(contents_, options_));
    json_.Key("creationInfo");
    json_.BeginObject();
    json_.Field("created", TimeText(options_.at));
    json_.Key("creators");
    json_.BeginArray();
    // 6.8: "Tool: name-version".
    std::string tool = "Tool: " + std::string(options_.program);
    if (!options_.version.empty()) tool += "-" + std::string(options_.version);
    json_.String(tool);
    json_.EndArray();
    if (contents_.unread != 0)
      json_.Field("comment",
                  std::to_string(contents_.unread) + " objects could not be read: this is not the whole of it.");
    json_.EndObject();
    if (!Packages() || !Relations()) return false;
    json_.EndObject();
    text_ += '\n';
    return Flush();
  }

 private:
  bool Flush() {
    const bool wanted = sink_(text_);
    text_.clear();
    return wanted;
  }
  bool Piece() { return text_.size() < kPieceBytes || Flush(); }

  bool Packages() {
    json_.Key("packages");
    json_.BeginArray();
    const bool wanted = ForEachItem(contents_, [&](const Item& item) {
      ids_.push_back(SpdxId(item));
      parents_.push_back(item.parent);
      Package(item);
      return Piece();
    });
    json_.EndArray();
    return wanted;
  }

  bool Relations() {
    json_.Key("relationships");
    json_.BeginArray();
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      const bool is_target = parents_[i] == i;
      json_.BeginObject();
      json_.Field("spdxElementId", is_target ? std::string_view("SPDXRef-DOCUMENT") : ids_[parents_[i]]);
      json_.Field("relationshipType", is_target ? "DESCRIBES" : "CONTAINS");
      json_.Field("relatedSpdxElement", ids_[i]);
      json_.EndObject();
      if (!Piece()) return false;
    }
    json_.EndArray();
    return true;
  }

  void Optional(std::string_view key, std::string_view value) {
    if (!value.empty()) json_.Field(key, value);
  }

  void Package(const Item& item) {
    json_.BeginObject();
    json_.Field("SPDXID", ids_.back());
    json_.Field("name", item.group.empty() ? item.name : item.group + "/" + item.name);
    Optional("versionInfo", item.version);
    json_.Field("downloadLocation", kUnknown);
    json_.Field("filesAnalyzed", false);
    Supplier(item);
    Optional("homepage", item.homepage);
    SourceInfo(item);
    const bool is_expression = IsLicenceExpression(item.licence);
    json_.Field("licenseConcluded", kUnknown);
    json_.Field("licenseDeclared", is_expression ? std::string_view(item.licence) : kUnknown);
    if (!item.licence.empty() && !is_expression)
      json_.Field("licenseComments", "As the package has it: " + item.licence);
    json_.Field("copyrightText", item.copyright.empty() ? kUnknown : std::string_view(item.copyright));
    Optional("summary", item.description);
    json_.Field("primaryPackagePurpose", PurposeOf(item.type));
    if (!item.digest.empty()) {
      json_.Key("checksums");
      json_.BeginArray();
      json_.BeginObject();
      json_.Field("algorithm", "SHA256");
      json_.Field("checksumValue", item.digest);
      json_.EndObject();
      json_.EndArray();
    }
    References(item);
    json_.EndObject();
  }

  void Supplier(const Item& item) {
    std::string supplier;
    if (!item.supplier.empty()) supplier = "Organization: " + OneLine(item.supplier);
    if (supplier.empty()) supplier = ActorOf(item.maintainer);
    if (supplier.empty() && !item.publisher.empty()) supplier = "Organization: " + OneLine(item.publisher);
    json_.Field("supplier", supplier.empty() ? kUnknown : std::string_view(supplier));
    if (!item.author.empty()) json_.Field("originator", ActorOf(item.author).empty() ? kUnknown : ActorOf(item.author));
  }

  // 7.12: where it comes from, for people.
  void SourceInfo(const Item& item) {
    std::string info;
    for (const auto& [name, value] : item.properties) {
      if (!info.empty()) info += "; ";
      info += name;
      info += '=';
      info += value;
    }
    Optional("sourceInfo", info);
  }

  void Reference(std::string_view category, std::string_view type, std::string_view locator) {
    json_.BeginObject();
    json_.Field("referenceCategory", category);
    json_.Field("referenceType", type);
    json_.Field("referenceLocator", locator);
    json_.EndObject();
  }

  void References(const Item& item) {
    const bool has_purl = item.purl.starts_with("pkg:") && item.purl.find(' ') == std::string::npos;
    if (!has_purl &&
        std::none_of(item.cpes.begin(), item.cpes.end(), [](const std::string& cpe) { return IsCpe(cpe); }))
      return;
    json_.Key("externalRefs");
    json_.BeginArray();
    if (has_purl) Reference("PACKAGE-MANAGER", "purl", item.purl);
    for (const std::string& cpe : item.cpes)
      if (IsCpe(cpe)) Reference("SECURITY", cpe.starts_with("cpe:2.3:") ? "cpe23Type" : "cpe22Type", cpe);
    json_.EndArray();
  }

  const Contents& contents_;
  const WriteOptions& options_;
  const Sink& sink_;
  std::string text_;
  report::JsonText json_;
  std::vector<std::string> ids_;
  std::vector<std::size_t> parents_;
};

}  // namespace

bool WriteSpdx(const Contents& contents, const WriteOptions& options, const Sink& sink) {
  return Writer(contents, options, sink).Write();
}

}  // namespace dl::inventory
