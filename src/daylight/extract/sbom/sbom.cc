#include "daylight/extract/sbom/sbom.h"

#include <algorithm>
#include <optional>

#include "daylight/bytes/utf16.h"
#include "daylight/extract/sbom/parts.h"

namespace dl::sbom {

namespace {

enum class Format : std::uint8_t {
  kNone,
  kCycloneDx,
  kSpdx,
  kSpdx3,
};

// The keys of the outermost object that tell what it is; reading ends with the first of them.
class FormatFinder final : public JsonEvents {
 public:
  bool BeginObject() override {
    is_object_ |= depth_ == 0;
    return Deeper();
  }
  bool BeginArray() override { return Deeper(); }
  bool End() override {
    --depth_;
    return true;
  }
  bool Key(std::string& key) override {
    if (depth_ == 1) key_.assign(key, 0, 32);
    return true;
  }
  bool String(std::string& text) override {
    if (depth_ != 1 || !is_object_) return true;
    if (key_ == "bomFormat" && text == "CycloneDX") format_ = Format::kCycloneDx;
    if (key_ == "spdxVersion" && text.starts_with("SPDX-")) format_ = Format::kSpdx;
    if (key_ == "@context" && text.find("spdx.org/rdf/3") != std::string::npos) format_ = Format::kSpdx3;
    return format_ == Format::kNone;
  }
  bool Other() override { return true; }
  Format format() const { return format_; }

 private:
  bool Deeper() {
    ++depth_;
    return depth_ > 1 || is_object_;
  }

  std::size_t depth_ = 0;
  bool is_object_ = false;
  std::string key_;
  Format format_ = Format::kNone;
};

enum class Notation : std::uint8_t { kOther, kJson, kXml, kTags, kYaml };

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool HasLine(std::string_view text, std::string_view beginning) {
  if (text.starts_with(beginning)) return true;
  for (std::size_t at = text.find(beginning); at != std::string_view::npos; at = text.find(beginning, at + 1))
    if (text[at - 1] == '\n') return true;
  return false;
}

std::string_view WithoutSpace(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

Notation NotationOf(std::string_view head) {
  head = WithoutSpace(head);
  if (head.starts_with('{')) return Notation::kJson;
  if (head.starts_with('<')) return Notation::kXml;
  if (HasLine(head, "SPDXVersion:")) return Notation::kTags;
  if (HasLine(head, "spdxVersion:") || HasLine(head, "\"spdxVersion\":")) return Notation::kYaml;
  return Notation::kOther;
}

bool IsSpdxRdf(std::string_view head) { return Contains(head, "spdx.org/rdf/terms") && Contains(head, "RDF"); }

std::string HeadOf(TextFeed& feed) {
  std::string head;
  while (head.size() < kHeadBytes) {
    const auto piece = feed.Next();
    if (!piece || piece->empty()) break;
    head += piece->substr(0, kHeadBytes - head.size());
  }
  return head;
}

}  // namespace

bool IsSbom(Bytes bytes) {
  MemorySource source(bytes.first(std::min(bytes.size(), kHeadBytes)));
  TextFeed feed(source);
  if (!feed.Restart()) return false;
  const std::string head = HeadOf(feed);
  switch (NotationOf(head)) {
    case Notation::kOther: return false;
    case Notation::kTags:
    case Notation::kYaml: return true;
    case Notation::kXml: return Contains(head, "cyclonedx.org/schema/bom") || IsSpdxRdf(head);
    case Notation::kJson: break;
  }
  // The words that one of them has near its beginning, whatever the order of its keys.
  for (const std::string_view word : {"\"bomFormat\"", "\"spdxVersion\"", "\"bom-ref\"", "\"SPDXID\"", "\"purl\"",
                                      "cyclonedx.org/schema", "spdx.org/rdf/3"})
    if (Contains(head, word)) return true;
  return false;
}

bool ReadSbom(ObjectSource& source, const report::FactPlace& place, extract::Facts& facts) {
  TextFeed feed(source);
  if (const Status begun = feed.Restart(); !begun) {
    const bool is_large = begun.error().code == ErrorCode::kBudget;
    facts.Unread(place, is_large ? "max-memory" : "damaged", "could not be read from its beginning");
    return true;
  }
  const std::string head = HeadOf(feed);
  switch (NotationOf(head)) {
    case Notation::kOther: return false;
    case Notation::kTags: ReadSpdxTags(feed, place, facts); return true;
    case Notation::kYaml: facts.Unread(place, "unsupported", "SPDX as YAML"); return true;
    case Notation::kXml:
      if (IsSpdxRdf(head)) {
        facts.Unread(place, "unsupported", "SPDX as RDF");
        return true;
      }
      if (!Contains(head, "cyclonedx.org/schema/bom")) return false;
      return ReadCycloneDxXml(feed, place, facts);
    case Notation::kJson: break;
  }
  FormatFinder finder;
  const JsonOutcome outcome = ReadJson(feed, finder);
  switch (finder.format()) {
    case Format::kCycloneDx: ReadCycloneDxJson(feed, place, facts); return true;
    case Format::kSpdx: ReadSpdxJson(feed, place, facts); return true;
    case Format::kSpdx3: facts.Unread(place, "unsupported", "SPDX 3"); return true;
    case Format::kNone: break;
  }
  // What would have told may have been behind the damage.
  if (outcome == JsonOutcome::kRead || outcome == JsonOutcome::kStopped || !IsSbom(AsBytes(head))) return false;
  TellOutcome(outcome, place, facts);
  return true;
}

}  // namespace dl::sbom
