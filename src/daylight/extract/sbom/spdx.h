// What SPDX 2 says, in whichever notation: packages, and how they relate. As relations stand anywhere, a document is
// read three times: for the packages' identifiers, for the relations between them, for the packages.
//
//   SpdxReader reader(place, facts);
//   reader.Read([&](SpdxEvents& events) { return ReadJson(…); });
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "daylight/extract/sbom/parts.h"

namespace dl::sbom {

// Each returns false to stop.
class SpdxEvents {
 public:
  virtual ~SpdxEvents() = default;
  virtual bool Package(report::ComponentFact&& package) = 0;
  virtual bool Relation(std::string_view from, std::string_view type, std::string_view to) = 0;
  virtual bool Described(std::string_view id) = 0;  // documentDescribes
};

class SpdxReader final : public SpdxEvents {
 public:
  SpdxReader(const report::FactPlace& place, extract::Facts& facts) : place_(place), facts_(facts) {}
  // `read` reads the document from its beginning.
  void Read(const std::function<JsonOutcome(SpdxEvents&)>& read);

  bool Package(report::ComponentFact&& package) override;
  bool Relation(std::string_view from, std::string_view type, std::string_view to) override;
  bool Described(std::string_view id) override;

 private:
  enum class Pass : std::uint8_t { kIdentifiers, kRelations, kPackages };
  // Digests, not texts: what collides by a forger's skill gets a wrong `within` in his own document, no more.
  using IdDigest = std::uint64_t;

  bool IsPackage(IdDigest id) const;
  bool Within(std::string_view part, std::string_view whole);

  const report::FactPlace& place_;
  extract::Facts& facts_;
  Pass pass_ = Pass::kIdentifiers;
  std::vector<IdDigest> packages_;  // Sorted from the second pass on, as the others from the third.
  std::vector<IdDigest> subjects_;
  std::vector<std::pair<IdDigest, std::string>> within_;
  std::size_t within_bytes_ = 0;
  bool limited_ = false;
};

// "Organization: Example (mail@example.org)" without what is not the name; nothing for NOASSERTION and NONE.
std::string SpdxActor(std::string_view text);
std::string SpdxText(std::string_view text);
// Of a package: referenceType and referenceLocator.
void AddSpdxReference(std::string_view type, std::string_view locator, report::ComponentFact& package);

}  // namespace dl::sbom
