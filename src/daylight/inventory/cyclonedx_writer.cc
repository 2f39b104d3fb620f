// CycloneDX 1.5 as JSON: cyclonedx.org/docs/1.5/json.
#include <algorithm>

#include "daylight/inventory/items.h"
#include "daylight/inventory/licences.h"
#include "daylight/report/json_text.h"

namespace dl::inventory {

namespace {

constexpr std::size_t kPieceBytes = 64u << 10;

class Writer {
 public:
  Writer(const Contents& contents, const WriteOptions& options, const Sink& sink)
      : contents_(contents), options_(options), sink_(sink), json_(text_) {}

  bool Write() {
    const auto targets = std::count_if(contents_.places.begin(), contents_.places.end(), [&](const Place& place) {
      return place.parent == static_cast<std::size_t>(&place - contents_.places.data());
    });
    has_subject_ = targets == 1;
    json_.BeginObject();
    json_.Field("$schema", "http://cyclonedx.org/schema/bom-1.5.schema.json");
    json_.Field("bomFormat", "CycloneDX");
    json_.Field("specVersion", "1.5");
    json_.Field("serialNumber", "urn:uuid:" + ContentUuid(contents_, options_));
    json_.Field("version", std::uint64_t{1});
    if (!Metadata() || !Components() || !Dependencies()) return false;
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

  bool Metadata() {
    json_.Key("metadata");
    json_.BeginObject();
    json_.Field("timestamp", TimeText(options_.at));
    json_.Key("tools");
    json_.BeginObject();
    json_.Key("components");
    json_.BeginArray();
    json_.BeginObject();
    json_.Field("type", "application");
    json_.Field("name", options_.program);
    if (!options_.version.empty()) json_.Field("version", options_.version);
    json_.EndObject();
    json_.EndArray();
    json_.EndObject();
    if (has_subject_) {
      json_.Key("component");
      // It is the first; no more is wanted.
      ForEachItem(contents_, [&](const Item& item) {
        Component(item);
        return false;
      });
    }
    if (contents_.unread != 0) {
      json_.Key("properties");
      json_.BeginArray();
      Property("daylight:unread", std::to_string(contents_.unread));
      json_.EndArray();
    }
    json_.EndObject();
    return Piece();
  }

  bool Components() {
    json_.Key("components");
    json_.BeginArray();
    const bool wanted = ForEachItem(contents_, [&](const Item& item) {
      ids_.push_back(item.id);
      if (item.parent != item.number) edges_.emplace_back(item.parent, item.number);
      if (has_subject_ && item.number == 0) return true;
      Component(item);
      return Piece();
    });
    json_.EndArray();
    return wanted;
  }

  // What is in what. Which package needs which is not said: that is another question than what is there.
  bool Dependencies() {
    json_.Key("dependencies");
    json_.BeginArray();
    std::sort(edges_.begin(), edges_.end());
    for (std::size_t i = 0; i < edges_.size();) {
      const std::size_t parent = edges_[i].first;
      json_.BeginObject();
      json_.Field("ref", ids_[parent]);
      json_.Key("dependsOn");
      json_.BeginArray();
      for (; i < edges_.size() && edges_[i].first == parent; ++i) {
        json_.String(ids_[edges_[i].second]);
        if (!Piece()) return false;
      }
      json_.EndArray();
      json_.EndObject();
    }
    json_.EndArray();
    return true;
  }

  void Property(std::string_view name, std::string_view value) {
    json_.BeginObject();
    json_.Field("name", name);
    json_.Field("value", value);
    json_.EndObject();
  }

  void Optional(std::string_view key, std::string_view value) {
    if (!value.empty()) json_.Field(key, value);
  }

  void Component(const Item& item) {
    json_.BeginObject();
    json_.Field("type", item.type);
    json_.Field("bom-ref", item.id);
    if (!item.supplier.empty()) {
      json_.Key("supplier");
      json_.BeginObject();
      json_.Field("name", item.supplier);
      json_.EndObject();
    }
    Optional("author", item.author);
    Optional("publisher", item.publisher);
    Optional("group", item.group);
    json_.Field("name", item.name);
    Optional("version", item.version);
    Optional("description", item.description);
    if (!item.digest.empty()) {
      json_.Key("hashes");
      json_.BeginArray();
      json_.BeginObject();
      json_.Field("alg", "SHA-256");
      json_.Field("content", item.digest);
      json_.EndObject();
      json_.EndArray();
    }
    Licence(item.licence);
    Optional("copyright", item.copyright);
    // There is room for one of them.
    const auto cpe =
        std::find_if(item.cpes.begin(), item.cpes.end(), [](const std::string& text) { return IsCpe(text); });
    if (cpe != item.cpes.end()) json_.Field("cpe", *cpe);
    Optional("purl", item.purl);
    if (!item.homepage.empty()) {
      json_.Key("externalReferences");
      json_.BeginArray();
      json_.BeginObject();
      json_.Field("type", "website");
      json_.Field("url", item.homepage);
      json_.EndObject();
      json_.EndArray();
    }
    if (!item.properties.empty() || item.cpes.size() > 1) {
      json_.Key("properties");
      json_.BeginArray();
      for (const auto& [name, value] : item.properties) Property(name, value);
      for (auto other = item.cpes.begin(); other != item.cpes.end(); ++other)
        if (other != cpe) Property("daylight:cpe", *other);
      json_.EndArray();
    }
    json_.EndObject();
  }

  void Licence(std::string_view text) {
    if (text.empty()) return;
    json_.Key("licenses");
    json_.BeginArray();
    json_.BeginObject();
    if (IsLicenceExpression(text)) {
      json_.Field("expression", text);
    } else {
      json_.Key("license");
      json_.BeginObject();
      json_.Field("name", text);
      json_.EndObject();
    }
    json_.EndObject();
    json_.EndArray();
  }

  const Contents& contents_;
  const WriteOptions& options_;
  const Sink& sink_;
  std::string text_;
  report::JsonText json_;
  bool has_subject_ = false;
  std::vector<std::string> ids_;
  std::vector<std::pair<std::size_t, std::size_t>> edges_;  // Of numbers: what is in what.
};

}  // namespace

bool WriteCycloneDx(const Contents& contents, const WriteOptions& options, const Sink& sink) {
  return Writer(contents, options, sink).Write();
}

}  // namespace dl::inventory
