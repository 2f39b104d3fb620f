// CycloneDX as XML: cyclonedx.org/docs/1.6/xml. The library knows no entities but XML's own five and no external ones,
// so there is nothing to switch off.
#include <algorithm>
#include <pugixml.hpp>

#include "daylight/extract/sbom/parts.h"

namespace dl::sbom {

namespace {

constexpr std::uint64_t kMaxXmlBytes = 256u << 20;
// What the tree would take: 64 bytes an element or text, of which there is at most one of each for a '<', and 40 an
// attribute, besides the text itself.
constexpr std::uint64_t kMaxTreeBytes = 640u << 20;

std::string_view LocalName(const pugi::xml_node& node) {
  std::string_view name = node.name();
  if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
  return name;
}

class Reader {
 public:
  Reader(const report::FactPlace& place, extract::Facts& facts) : place_(place), facts_(facts) {}

  bool Document(const pugi::xml_node& bom) {
    for (const pugi::xml_node& node : bom.children()) {
      const std::string_view name = LocalName(node);
      if (name == "metadata" && !Metadata(node)) return false;
      if (name == "components" && !Components(node, {}, 1)) return false;
    }
    return true;
  }
  bool too_deep() const { return too_deep_; }

 private:
  static std::string NameIn(const pugi::xml_node& organization) {
    for (const pugi::xml_node& node : organization.children())
      if (LocalName(node) == "name") return Trimmed(node.child_value());
    return {};
  }

  bool Metadata(const pugi::xml_node& metadata) {
    report::ComponentFact defaults;  // What the document says of its subject beside it.
    for (const pugi::xml_node& node : metadata.children()) {
      if (LocalName(node) == "supplier") defaults.supplier = NameIn(node);
      if (LocalName(node) == "manufacture") defaults.manufacturer = NameIn(node);
    }
    for (const pugi::xml_node& node : metadata.children())
      if (LocalName(node) == "component" && !Component(node, {}, 1, &defaults)) return false;
    return true;
  }

  bool Components(const pugi::xml_node& list, std::string_view within, std::size_t depth) {
    if (depth > kMaxDepth) {
      too_deep_ = true;
      return false;
    }
    for (const pugi::xml_node& node : list.children())
      if (LocalName(node) == "component" && !Component(node, within, depth, nullptr)) return false;
    return true;
  }

  bool Component(const pugi::xml_node& node, std::string_view within, std::size_t depth,
                 const report::ComponentFact* subject_defaults) {
    report::ComponentFact fact;
    fact.place = place_;
    fact.within = within;
    fact.reference = Trimmed(node.attribute("bom-ref").value());
    fact.type = Trimmed(node.attribute("type").value());
    for (const pugi::xml_node& child : node.children()) Take(child, fact);
    if (subject_defaults) {
      fact.is_subject = true;
      if (fact.supplier.empty()) fact.supplier = subject_defaults->supplier;
      if (fact.manufacturer.empty()) fact.manufacturer = subject_defaults->manufacturer;
    }
    const std::string reference = fact.reference;
    if (IsNamed(fact) && !facts_.Add(std::move(fact))) return false;
    for (const pugi::xml_node& child : node.children())
      if (LocalName(child) == "components" && !Components(child, reference, depth + 1)) return false;
    return true;
  }

  static void Take(const pugi::xml_node& child, report::ComponentFact& fact) {
    const std::string_view name = LocalName(child);
    const std::string_view text = child.child_value();
    if (name == "name") fact.name = Trimmed(text);
    if (name == "version") fact.version = Trimmed(text);
    if (name == "group") fact.group = Trimmed(text);
    if (name == "publisher") fact.publisher = Trimmed(text);
    if (name == "author") AddToList(text, fact.author);
    if (name == "purl") fact.purl = Trimmed(text);
    if (name == "cpe") AddCpe(text, fact);
    if (name == "description") fact.description = Trimmed(text);
    if (name == "copyright") fact.copyright = Trimmed(text);
    if (name == "supplier") fact.supplier = NameIn(child);
    if (name == "manufacturer" || name == "manufacture") fact.manufacturer = NameIn(child);
    if (name == "authors")
      for (const pugi::xml_node& author : child.children()) AddToList(NameIn(author), fact.author);
    if (name != "licenses") return;
    for (const pugi::xml_node& licence : child.children()) {
      if (LocalName(licence) == "expression") AddToList(licence.child_value(), fact.licence);
      if (LocalName(licence) != "license") continue;
      for (const pugi::xml_node& part : licence.children())
        if (LocalName(part) == "id" || LocalName(part) == "name") AddToList(part.child_value(), fact.licence);
    }
  }

  const report::FactPlace& place_;
  extract::Facts& facts_;
  bool too_deep_ = false;
};

// The namespace of the element itself, whichever prefix it has.
bool IsBom(const pugi::xml_node& node) {
  if (LocalName(node) != "bom") return false;
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if ((name == "xmlns" || name.starts_with("xmlns:")) &&
        std::string_view(attribute.value()).find("cyclonedx.org/schema/bom") != std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace

bool ReadCycloneDxXml(TextFeed& feed, const report::FactPlace& place, extract::Facts& facts) {
  const auto whole = feed.Whole(kMaxXmlBytes);
  if (!whole) {
    const bool is_large = whole.error().code == ErrorCode::kBudget;
    facts.Unread(place, is_large ? "max-memory" : "damaged",
                 is_large ? "XML of more than 256 MiB" : "could not be read to its end");
    return true;
  }
  std::uint64_t tree_bytes = whole->size() * 2;
  for (const std::byte byte : *whole) tree_bytes += byte == std::byte{'<'} ? 128 : byte == std::byte{'='} ? 40 : 0;
  if (tree_bytes > kMaxTreeBytes) {
    facts.Unread(place, "max-memory", "XML with more elements than are held in memory");
    return true;
  }
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(whole->data(), whole->size());
  const pugi::xml_node bom = document.document_element();
  if (!IsBom(bom)) {
    if (parsed) return false;
    // So little of it that even its first element is not there.
    facts.Unread(place, "damaged", "not XML to its end");
    return true;
  }
  Reader reader(place, facts);
  const bool complete = reader.Document(bom);
  if (reader.too_deep()) facts.Unread(place, "damaged", "nested more than 1000 levels deep");
  if (complete && !parsed) facts.Unread(place, "damaged", "not XML to its end");
  return true;
}

}  // namespace dl::sbom
