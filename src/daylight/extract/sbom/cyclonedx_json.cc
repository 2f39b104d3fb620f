// CycloneDX as JSON: cyclonedx.org/docs/1.6/json; the same shape since 1.2.
#include <utility>
#include <vector>

#include "daylight/extract/sbom/parts.h"

namespace dl::sbom {

namespace {

using report::ComponentFact;

// Nested components wait for the bom-ref of what they are in, if that stands after them.
constexpr std::size_t kMaxWaiting = 100'000;
constexpr std::size_t kMaxWaitingBytes = 64u << 20;

enum class State : std::uint8_t {
  kDocument,  // Around the one value.
  kRoot,
  kMetadata,
  kComponents,
  kComponent,
  kSupplier,
  kManufacturer,
  kSubjectSupplier,  // metadata.supplier: of the component that the document describes.
  kSubjectManufacturer,
  kAuthors,
  kAuthor,
  kLicences,
  kLicenceChoice,
  kLicence,
  kIgnored,  // With everything in it: tools, pedigree, evidence, compositions, services.
};

// What a value in a container in that state is, by its key.
State Inside(State state, std::string_view key) {
  switch (state) {
    case State::kDocument: return State::kRoot;
    case State::kRoot:
      if (key == "metadata") return State::kMetadata;
      if (key == "components") return State::kComponents;
      return State::kIgnored;
    case State::kMetadata:
      if (key == "component") return State::kComponent;
      if (key == "supplier") return State::kSubjectSupplier;
      if (key == "manufacture") return State::kSubjectManufacturer;
      return State::kIgnored;
    case State::kComponents: return State::kComponent;
    case State::kComponent:
      if (key == "components") return State::kComponents;
      if (key == "supplier") return State::kSupplier;
      if (key == "manufacturer" || key == "manufacture") return State::kManufacturer;
      if (key == "authors") return State::kAuthors;
      if (key == "licenses") return State::kLicences;
      return State::kIgnored;
    case State::kAuthors: return State::kAuthor;
    case State::kLicences: return State::kLicenceChoice;
    case State::kLicenceChoice: return key == "license" ? State::kLicence : State::kIgnored;
    default: return State::kIgnored;
  }
}

class Reader final : public JsonEvents {
 public:
  Reader(const report::FactPlace& place, extract::Facts& facts) : place_(place), facts_(facts) {}

  bool BeginObject() override {
    const State state = Inside(states_.back(), key_);
    Push(state == State::kComponents || state == State::kAuthors || state == State::kLicences ? State::kIgnored
                                                                                              : state);
    if (states_.back() == State::kComponent) {
      open_.emplace_back();
      open_.back().fact.place = place_;
    }
    return true;
  }

  bool BeginArray() override {
    const State state = Inside(states_.back(), key_);
    const bool is_list = state == State::kComponents || state == State::kAuthors || state == State::kLicences;
    Push(is_list ? state : State::kIgnored);
    return true;
  }

  bool End() override {
    const State state = states_.back();
    states_.pop_back();
    key_.clear();
    if (state == State::kComponent) return EndComponent();
    if (state == State::kMetadata || state == State::kRoot) return TellSubject();
    return true;
  }

  bool Key(std::string& key) override {
    // No key that means something is longer.
    key_.assign(key, 0, 32);
    return true;
  }

  bool String(std::string& text) override {
    switch (states_.back()) {
      case State::kComponent: Take(text); break;
      case State::kSupplier:
        if (key_ == "name") open_.back().fact.supplier = Trimmed(text);
        break;
      case State::kManufacturer:
        if (key_ == "name") open_.back().fact.manufacturer = Trimmed(text);
        break;
      case State::kSubjectSupplier:
        if (key_ == "name") subject_supplier_ = Trimmed(text);
        break;
      case State::kSubjectManufacturer:
        if (key_ == "name") subject_manufacturer_ = Trimmed(text);
        break;
      case State::kAuthor:
        if (key_ == "name") AddToList(text, open_.back().fact.author);
        break;
      case State::kLicence:
        if (key_ == "id" || key_ == "name") AddToList(text, open_.back().fact.licence);
        break;
      case State::kLicenceChoice:
        if (key_ == "expression") AddToList(text, open_.back().fact.licence);
        break;
      default: break;
    }
    return true;
  }

  bool Other() override { return true; }

  // Of what is damaged: what waits for something that will not come.
  void Flush() {
    for (Open& open : open_) {
      for (ComponentFact& fact : open.waiting) facts_.Add(std::move(fact));
      open.waiting.clear();
    }
    TellSubject();
  }

 private:
  struct Open {
    ComponentFact fact;
    std::vector<ComponentFact> waiting;
  };

  void Push(State state) {
    states_.push_back(state);
    key_.clear();
  }

  void Take(std::string_view text) {
    ComponentFact& fact = open_.back().fact;
    if (key_ == "bom-ref") fact.reference = Trimmed(text);
    if (key_ == "type") fact.type = Trimmed(text);
    if (key_ == "name") fact.name = Trimmed(text);
    if (key_ == "version") fact.version = Trimmed(text);
    if (key_ == "group") fact.group = Trimmed(text);
    if (key_ == "publisher") fact.publisher = Trimmed(text);
    if (key_ == "author") AddToList(text, fact.author);
    if (key_ == "purl") fact.purl = Trimmed(text);
    if (key_ == "cpe") AddCpe(text, fact);
    if (key_ == "description") fact.description = Trimmed(text);
    if (key_ == "copyright") fact.copyright = Trimmed(text);
  }

  bool EndComponent() {
    Open open = std::move(open_.back());
    open_.pop_back();
    for (ComponentFact& fact : open.waiting) {
      --waiting_;
      waiting_bytes_ -= SizeOf(fact);
      fact.within = open.fact.reference;
      if (!facts_.Add(std::move(fact))) return false;
    }
    if (!IsNamed(open.fact)) return true;
    if (open_.empty() && states_.back() == State::kMetadata) {
      subject_ = std::move(open.fact);
      subject_.is_subject = true;
      has_subject_ = true;
      return true;
    }
    if (!open_.empty()) {
      Open& around = open_.back();
      const std::size_t size = SizeOf(open.fact);
      if (around.fact.reference.empty() && waiting_ < kMaxWaiting && waiting_bytes_ + size < kMaxWaitingBytes) {
        ++waiting_;
        waiting_bytes_ += size;
        around.waiting.push_back(std::move(open.fact));
        return true;
      }
      open.fact.within = around.fact.reference;
    }
    return facts_.Add(std::move(open.fact));
  }

  bool TellSubject() {
    if (!std::exchange(has_subject_, false)) return true;
    if (subject_.supplier.empty()) subject_.supplier = subject_supplier_;
    if (subject_.manufacturer.empty()) subject_.manufacturer = subject_manufacturer_;
    return facts_.Add(std::move(subject_));
  }

  static std::size_t SizeOf(const ComponentFact& fact) {
    std::size_t size = sizeof fact + fact.reference.size() + fact.name.size() + fact.description.size() +
                       fact.licence.size() + fact.author.size() + fact.purl.size() + fact.copyright.size() +
                       fact.supplier.size() + fact.manufacturer.size() + fact.publisher.size() + fact.version.size() +
                       fact.place.path.size();
    for (const std::string& cpe : fact.cpes) size += sizeof cpe + cpe.size();
    return size;
  }

  const report::FactPlace& place_;
  extract::Facts& facts_;
  std::vector<State> states_{State::kDocument};
  std::string key_;
  std::vector<Open> open_;  // Components that have not ended, the outermost first.
  std::size_t waiting_ = 0;
  std::size_t waiting_bytes_ = 0;
  ComponentFact subject_;  // Until its supplier is known.
  bool has_subject_ = false;
  std::string subject_supplier_;
  std::string subject_manufacturer_;
};

}  // namespace

void ReadCycloneDxJson(TextFeed& feed, const report::FactPlace& place, extract::Facts& facts) {
  Reader reader(place, facts);
  const JsonOutcome outcome = ReadJson(feed, reader);
  reader.Flush();
  TellOutcome(outcome, place, facts);
}

}  // namespace dl::sbom
