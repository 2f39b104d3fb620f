#include "daylight/policy/assessment.h"

#include <algorithm>

namespace dl::policy {

std::string_view Name(Grade grade) {
  switch (grade) {
    case Grade::kMention: return "mention";
    case Grade::kRemnant: return "remnant";
    case Grade::kEmbedded: return "embedded";
    case Grade::kInstalled: return "installed";
    case Grade::kRunning: return "running";
  }
  return "mention";
}

std::string_view Name(Nature nature) {
  switch (nature) {
    case Nature::kBanOfSale: return "ban_of_sale";
    case Nature::kBanOfUse: return "ban_of_use";
    case Nature::kBanOfProcurement: return "ban_of_procurement";
    case Nature::kAdvice: return "advice";
    case Nature::kReported: return "reported";
  }
  return "reported";
}

std::string_view Name(Standing standing) {
  switch (standing) {
    case Standing::kForbids: return "forbids";
    case Standing::kAdvises: return "advises";
    case Standing::kReported: return "reported";
    case Standing::kNotYet: return "not-yet";
    case Standing::kEnded: return "ended";
    case Standing::kNotBound: return "not-bound";
    case Standing::kOutOfScope: return "out-of-scope";
  }
  return "out-of-scope";
}

bool Finding::forbidden() const {
  // A mention is anyone's word, whatever a policy's file says.
  if (grade == Grade::kMention) return false;
  return std::any_of(clauses.begin(), clauses.end(),
                     [](const ClauseVerdict& clause) { return clause.standing == Standing::kForbids; });
}

bool Assessment::found() const {
  return fail_on && std::any_of(findings.begin(), findings.end(),
                                [this](const Finding& finding) { return finding.grade >= *fail_on; });
}

bool Assessment::forbidden() const {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.forbidden(); });
}

}  // namespace dl::policy
