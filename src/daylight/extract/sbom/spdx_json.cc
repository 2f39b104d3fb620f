// SPDX 2.2 and 2.3 as JSON: the names of their schema, github.com/spdx/spdx-spec, schemas/spdx-schema.json.
#include "daylight/extract/sbom/spdx.h"

namespace dl::sbom {

namespace {

enum class State : std::uint8_t {
  kDocument,  // Around the one value.
  kRoot,
  kPackages,
  kPackage,
  kReferences,
  kReference,
  kRelations,
  kRelation,
  kDescribes,
  kIgnored,
};

bool IsList(State state) {
  return state == State::kPackages || state == State::kReferences || state == State::kRelations ||
         state == State::kDescribes;
}

State Inside(State state, std::string_view key) {
  switch (state) {
    case State::kDocument: return State::kRoot;
    case State::kRoot:
      if (key == "packages") return State::kPackages;
      if (key == "relationships") return State::kRelations;
      if (key == "documentDescribes") return State::kDescribes;
      return State::kIgnored;
    case State::kPackages: return State::kPackage;
    case State::kPackage: return key == "externalRefs" ? State::kReferences : State::kIgnored;
    case State::kReferences: return State::kReference;
    case State::kRelations: return State::kRelation;
    default: return State::kIgnored;
  }
}

class Reader final : public JsonEvents {
 public:
  explicit Reader(SpdxEvents& events) : events_(events) {}

  bool BeginObject() override {
    const State state = Inside(states_.back(), key_);
    return Begin(IsList(state) ? State::kIgnored : state);
  }
  bool BeginArray() override {
    const State state = Inside(states_.back(), key_);
    return Begin(IsList(state) ? state : State::kIgnored);
  }

  bool End() override {
    const State state = states_.back();
    states_.pop_back();
    key_.clear();
    if (state == State::kReference) AddSpdxReference(type_, to_, package_);
    if (state == State::kRelation) return events_.Relation(from_, type_, to_);
    if (state == State::kPackage) {
      AddLicence();
      return events_.Package(std::move(package_));
    }
    return true;
  }

  bool Key(std::string& key) override {
    key_.assign(key, 0, 32);
    return true;
  }

  bool String(std::string& text) override {
    switch (states_.back()) {
      case State::kPackage: Take(text); break;
      case State::kReference:
        if (key_ == "referenceType") type_ = Trimmed(text);
        if (key_ == "referenceLocator") to_ = Trimmed(text);
        break;
      case State::kRelation:
        if (key_ == "spdxElementId") from_ = Trimmed(text);
        if (key_ == "relationshipType") type_ = Trimmed(text);
        if (key_ == "relatedSpdxElement") to_ = Trimmed(text);
        break;
      case State::kDescribes: return events_.Described(Trimmed(text));
      default: break;
    }
    return true;
  }

  bool Other() override { return true; }

 private:
  bool Begin(State state) {
    states_.push_back(state);
    key_.clear();
    if (state == State::kPackage) {
      package_ = {};
      declared_.clear();
    }
    if (state == State::kReference || state == State::kRelation) {
      from_.clear();
      type_.clear();
      to_.clear();
    }
    return true;
  }

  void Take(std::string_view text) {
    if (key_ == "SPDXID") package_.reference = Trimmed(text);
    if (key_ == "name") package_.name = Trimmed(text);
    if (key_ == "versionInfo") package_.version = Trimmed(text);
    if (key_ == "primaryPackagePurpose") package_.type = Trimmed(text);
    if (key_ == "supplier") package_.supplier = SpdxActor(text);
    if (key_ == "originator") package_.author = SpdxActor(text);
    if (key_ == "licenseConcluded") package_.licence = SpdxText(text);
    if (key_ == "licenseDeclared") declared_ = SpdxText(text);
    if (key_ == "copyrightText") package_.copyright = SpdxText(text);
    if (key_ == "summary" || (key_ == "description" && package_.description.empty()))
      package_.description = SpdxText(text);
  }

  void AddLicence() {
    if (package_.licence.empty()) package_.licence = declared_;
  }

  SpdxEvents& events_;
  std::vector<State> states_{State::kDocument};
  std::string key_;
  report::ComponentFact package_;
  std::string declared_;
  std::string from_, type_, to_;  // Of a relation; type and locator of a reference.
};

}  // namespace

void ReadSpdxJson(TextFeed& feed, const report::FactPlace& place, extract::Facts& facts) {
  SpdxReader spdx(place, facts);
  spdx.Read([&](SpdxEvents& events) {
    Reader reader(events);
    return ReadJson(feed, reader);
  });
}

}  // namespace dl::sbom
