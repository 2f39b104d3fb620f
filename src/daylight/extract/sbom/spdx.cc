#include "daylight/extract/sbom/spdx.h"

#include <algorithm>

namespace dl::sbom {

namespace {

constexpr std::size_t kMaxPackages = 8'000'000;
constexpr std::size_t kMaxRelations = 1'000'000;
constexpr std::size_t kMaxRelationBytes = 128u << 20;

// FNV-1a: short, and no table of it can be made slow by choosing what goes in.
std::uint64_t DigestOf(std::string_view text) {
  std::uint64_t digest = 0xcbf29ce484222325;
  for (const char c : text) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return digest;
}

void SortOnce(std::vector<std::uint64_t>& digests) {
  std::sort(digests.begin(), digests.end());
  digests.erase(std::unique(digests.begin(), digests.end()), digests.end());
}

}  // namespace

std::string SpdxText(std::string_view text) {
  std::string trimmed = Trimmed(text);
  if (trimmed == "NOASSERTION" || trimmed == "NONE") trimmed.clear();
  return trimmed;
}

std::string SpdxActor(std::string_view text) {
  std::string trimmed = SpdxText(text);
  std::string_view name = trimmed;
  for (const std::string_view kind : {"Organization:", "Person:", "Tool:"}) {
    if (!name.starts_with(kind)) continue;
    name.remove_prefix(kind.size());
    break;
  }
  if (name.ends_with(')')) {
    const std::size_t open = name.rfind('(');
    if (open != std::string_view::npos) {
      const std::string_view mail = name.substr(open + 1, name.size() - open - 2);
      if (mail.empty() || mail.find('@') != std::string_view::npos) name = name.substr(0, open);
    }
  }
  return Trimmed(name);
}

void AddSpdxReference(std::string_view type, std::string_view locator, report::ComponentFact& package) {
  // Also as "http://spdx.org/rdf/references/cpe23Type".
  if (const std::size_t slash = type.rfind('/'); slash != std::string_view::npos) type.remove_prefix(slash + 1);
  if (type == "cpe22Type" || type == "cpe23Type") AddCpe(locator, package);
  if (type == "purl" && package.purl.empty()) package.purl = Trimmed(locator);
}

bool SpdxReader::IsPackage(IdDigest id) const { return std::binary_search(packages_.begin(), packages_.end(), id); }

bool SpdxReader::Package(report::ComponentFact&& package) {
  const IdDigest id = DigestOf(package.reference);
  if (pass_ == Pass::kIdentifiers) {
    if (packages_.size() == kMaxPackages) return limited_ = true;
    packages_.push_back(id);
  }
  if (pass_ != Pass::kPackages || !IsNamed(package)) return true;
  package.place = place_;
  package.is_subject = std::binary_search(subjects_.begin(), subjects_.end(), id);
  const auto found = std::lower_bound(within_.begin(), within_.end(), id,
                                      [](const auto& entry, IdDigest wanted) { return entry.first < wanted; });
  if (found != within_.end() && found->first == id) package.within = found->second;
  return facts_.Add(std::move(package));
}

bool SpdxReader::Within(std::string_view part, std::string_view whole) {
  const IdDigest id = DigestOf(part);
  if (part == whole || !IsPackage(id) || !IsPackage(DigestOf(whole))) return true;
  if (within_.size() == kMaxRelations || within_bytes_ > kMaxRelationBytes) return limited_ = true;
  within_bytes_ += whole.size();
  within_.emplace_back(id, Trimmed(whole));
  return true;
}

// SPDX 2.3, 11.1.
bool SpdxReader::Relation(std::string_view from, std::string_view type, std::string_view to) {
  if (pass_ != Pass::kRelations) return true;
  constexpr std::string_view kDocument = "SPDXRef-DOCUMENT";
  if (type == "DESCRIBES" && from == kDocument) return Described(to);
  if (type == "DESCRIBED_BY" && to == kDocument) return Described(from);
  if (type == "CONTAINS") return Within(to, from);
  if (type == "CONTAINED_BY" || type == "PACKAGE_OF") return Within(from, to);
  return true;
}

bool SpdxReader::Described(std::string_view id) {
  if (pass_ != Pass::kRelations) return true;
  const IdDigest digest = DigestOf(id);
  if (!IsPackage(digest)) return true;
  if (subjects_.size() == kMaxRelations) return limited_ = true;
  subjects_.push_back(digest);
  return true;
}

void SpdxReader::Read(const std::function<JsonOutcome(SpdxEvents&)>& read) {
  read(*this);
  SortOnce(packages_);
  pass_ = Pass::kRelations;
  read(*this);
  SortOnce(subjects_);
  // The first of several counts.
  std::stable_sort(within_.begin(), within_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  pass_ = Pass::kPackages;
  const JsonOutcome outcome = read(*this);
  TellOutcome(outcome, place_, facts_);
  if (limited_) facts_.Unread(place_, "max-memory", "more relations between packages than can be kept");
}

}  // namespace dl::sbom
