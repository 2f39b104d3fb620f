#include "daylight/policy/judge.h"

#include <algorithm>
#include <tuple>

#include "daylight/policy/clauses.h"
#include "daylight/policy/identify.h"
#include "daylight/policy/target_findings.h"
#include "daylight/report/escape.h"

namespace dl::policy {

namespace {

constexpr std::size_t kMaxFindings = 4000;  // With some twenty clauses each, 100 MB.
constexpr std::size_t kMaxUnread = 1000;
constexpr std::size_t kMaxText = 4096;

std::string Cut(const std::string& text) { return text.substr(0, kMaxText); }

}  // namespace

std::optional<std::string> Problem(const PolicySet& set, const Question& question) {
  const auto known = [](const auto& all) {
    std::string list;
    for (const auto& one : all) list += (list.empty() ? "" : ", ") + one.id;
    return list;
  };
  for (const std::string& jurisdiction : question.jurisdictions) {
    if (set.HasJurisdiction(jurisdiction)) continue;
    return "no policy knows the jurisdiction \"" + report::EscapeLine(jurisdiction) +
           "\"; known are: " + known(set.jurisdictions());
  }
  if (!question.role.empty() && !set.HasRole(question.role)) {
    return "no policy knows the role \"" + report::EscapeLine(question.role) + "\"; known are: " + known(set.roles());
  }
  for (const std::string& name : question.only) {
    if (set.FindProduct(name) != nullptr || set.FindEntity(name) != nullptr) continue;
    return "no policy knows a product or vendor \"" + report::EscapeLine(name) + "\" (see `daylight policy list`)";
  }
  return std::nullopt;
}

struct Judge::Impl {
  const PolicySet& set;
  Question question;
  Identifier identifier;
  Assessment assessment;
  std::unique_ptr<TargetFindings> target;
  struct Kept {
    TargetFindings::Found found;
    std::size_t target = 0;
  };
  std::vector<Kept> found;
  std::uint64_t more_findings = 0;
  report::FactPlace last_unread{~0U, {}, {}};

  std::vector<bool> is_asked_for;  // By the number of the product.

  Impl(const PolicySet& policies, Question asked) : set(policies), question(std::move(asked)), identifier(policies) {
    for (const Product& product : set.products()) is_asked_for.push_back(IsAskedFor(product));
  }

  // What no instrument names at all is of interest only to who asks for it.
  bool IsAskedFor(const Product& product) const {
    const auto& only = question.only;
    if (!only.empty()) {
      return std::any_of(only.begin(), only.end(),
                         [&](const std::string& name) { return name == product.id || name == product.entity; });
    }
    return std::any_of(set.instruments().begin(), set.instruments().end(),
                       [&](const Instrument& instrument) { return set.Concerns(instrument, product); });
  }

  void AddUnread(const report::UnreadFact& fact) {
    // A damaged file may have more than one thing to complain of: the first says enough.
    const auto place = std::tie(fact.place.root, fact.place.path);
    if (place == std::tie(last_unread.root, last_unread.path)) return;
    last_unread = fact.place;
    if (assessment.unread.size() >= kMaxUnread) {
      ++assessment.more_unread;
      return;
    }
    assessment.unread.push_back({assessment.targets.back().name, target->RootName(fact.place.root),
                                 Cut(fact.place.path), Cut(fact.reason), Cut(fact.detail)});
  }
  // The strongest of each target stay.
  void Trim() {
    if (found.size() <= kMaxFindings) return;
    std::stable_sort(found.begin(), found.end(),
                     [](const Kept& a, const Kept& b) { return b.found.grade < a.found.grade; });
    more_findings += found.size() - kMaxFindings;
    found.resize(kMaxFindings);
  }
  Finding Made(Kept& kept) const {
    const Product& product = set.products()[kept.found.product];
    const Entity& entity = set.entities()[identifier.entity_of(kept.found.product)];
    Finding finding;
    finding.grade = kept.found.grade;
    finding.product = product.id;
    finding.product_name = product.name;
    finding.entity = entity.id;
    finding.entity_name = entity.name;
    finding.target = assessment.targets[kept.target].name;
    finding.root = std::move(kept.found.root);
    for (EvidenceList::Item& item : kept.found.evidence) finding.evidence.push_back(std::move(item.evidence));
    finding.more_evidence = kept.found.more;
    finding.clauses = JudgedClauses(set, question, product, finding.grade);
    return finding;
  }
};

Judge::Judge(const PolicySet& set, Question question) : impl_(std::make_unique<Impl>(set, std::move(question))) {}
Judge::~Judge() = default;

std::vector<std::string> Judge::Words() const { return impl_->identifier.words(); }

void Judge::BeginTarget(TargetLooked looked) {
  if (impl_->target != nullptr) EndTarget();
  impl_->target = std::make_unique<TargetFindings>(impl_->identifier, looked.kind);
  impl_->last_unread = {~0U, {}, {}};
  impl_->assessment.targets.push_back(std::move(looked));
}

void Judge::Add(report::SoftwareFacts&& facts) {
  if (impl_->target == nullptr) return;
  impl_->target->Add(facts);
  for (const report::UnreadFact& fact : facts.unread) impl_->AddUnread(fact);
}

void Judge::EndTarget(TargetLooked looked) {
  if (impl_->target == nullptr) return;
  TargetLooked& known = impl_->assessment.targets.back();
  for (auto& [name, count] : looked.counts) known.counts[name] = count;
  for (const auto field : {&TargetLooked::name, &TargetLooked::kind, &TargetLooked::host,
                           &TargetLooked::operating_system, &TargetLooked::sha256}) {
    if (!(looked.*field).empty()) known.*field = std::move(looked.*field);
  }
  for (TargetFindings::Found& found : impl_->target->Finish()) {
    if (!impl_->is_asked_for[found.product]) continue;
    impl_->found.push_back({std::move(found), impl_->assessment.targets.size() - 1});
  }
  impl_->target = nullptr;
  impl_->Trim();
}

void Judge::AddFailure(std::string why) { impl_->assessment.failures.push_back(std::move(why)); }
void Judge::AddWarning(std::string why) { impl_->assessment.warnings.push_back(std::move(why)); }

std::vector<FileWanted> Judge::WantsHash() const {
  std::vector<FileWanted> wanted;
  for (std::size_t i = 0; i < impl_->found.size(); ++i) {
    const Impl::Kept& kept = impl_->found[i];
    if (!kept.found.on_disk || kept.found.grade == Grade::kMention) continue;
    for (std::size_t j = 0; j < kept.found.evidence.size(); ++j) {
      const EvidenceList::Item& item = kept.found.evidence[j];
      if (!item.is_file || !item.evidence.sha256.empty() || item.evidence.path.empty()) continue;
      const std::string& folder = kept.found.folder;
      wanted.push_back({kept.target, folder.empty() ? item.evidence.path : folder + "/" + item.evidence.path,
                        i * (kMaxEvidence + 1) + j});
    }
  }
  return wanted;
}

void Judge::SetHash(const FileWanted& file, std::string sha256) {
  const std::size_t i = file.place / (kMaxEvidence + 1);
  const std::size_t j = file.place % (kMaxEvidence + 1);
  if (i < impl_->found.size() && j < impl_->found[i].found.evidence.size()) {
    impl_->found[i].found.evidence[j].evidence.sha256 = std::move(sha256);
  }
}

Assessment Judge::Finish() {
  if (impl_->target != nullptr) EndTarget();
  Assessment& assessment = impl_->assessment;
  assessment.program = impl_->question.program;
  assessment.policy = impl_->set.version();
  assessment.at = impl_->question.at;
  assessment.on = impl_->question.on;
  assessment.jurisdictions = impl_->question.jurisdictions;
  assessment.role = impl_->question.role;
  assessment.only = impl_->question.only;
  assessment.fail_on = impl_->question.fail_on;
  std::stable_sort(impl_->found.begin(), impl_->found.end(), [](const Impl::Kept& a, const Impl::Kept& b) {
    return std::tie(b.found.grade, a.target, a.found.root, a.found.product) <
           std::tie(a.found.grade, b.target, b.found.root, b.found.product);
  });
  for (Impl::Kept& kept : impl_->found) assessment.findings.push_back(impl_->Made(kept));
  if (impl_->more_findings > 0) {
    assessment.warnings.push_back(std::to_string(impl_->more_findings) + " weaker findings are not listed");
  }
  return std::move(assessment);
}

}  // namespace dl::policy
