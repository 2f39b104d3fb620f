#include "daylight/policy/clauses.h"

#include <algorithm>

#include "daylight/policy/date.h"

namespace dl::policy {

namespace {

std::string Listed(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 == names.size() ? " and " : ", ";
    list += names[i];
  }
  return list;
}

// "on 2024-07-20"; where no day is recorded "in 2017-12 (the day is not recorded)".
std::string When(const Clause& clause) {
  return clause.exact ? "on " + clause.effective_text : "in " + clause.effective_text + " (the day is not recorded)";
}

std::string OutOfScope(const Instrument& instrument, const Clause& clause, Grade grade) {
  switch (grade) {
    case Grade::kMention: return "a name alone is not the software";
    case Grade::kRemnant:
      return "leftovers are not the software itself: remove them" +
             (clause.required.empty() ? std::string() : "; required is: " + clause.required);
    case Grade::kEmbedded:
      if (!instrument.embedded) return "the record does not say whether embedded code is meant";
      if (!*instrument.embedded) return "does not reach embedded code";
      break;
    case Grade::kInstalled:
    case Grade::kRunning: break;
  }
  if (clause.grades.empty()) return "is about dealings with the vendor: nothing follows for software that is found";
  return "does not reach software that is " + std::string(Name(grade));
}

void Decide(const PolicySet& set, const Question& question, const Instrument& instrument, const Clause& clause,
            Grade grade, ClauseVerdict& verdict) {
  const auto say = [&](Standing standing, std::string reason) {
    verdict.standing = standing;
    verdict.reason = std::move(reason);
  };
  const bool reaches =
      grade != Grade::kMention && std::find(clause.grades.begin(), clause.grades.end(), grade) != clause.grades.end();
  if (!reaches) return say(Standing::kOutOfScope, OutOfScope(instrument, clause, grade));
  if (!question.role.empty() && !clause.binds.empty() && !set.IsBound(question.role, clause.binds)) {
    return say(Standing::kNotBound, "binds " + Listed(clause.binds) + ", not " + question.role);
  }
  if (question.on < clause.effective) return say(Standing::kNotYet, "takes effect " + When(clause));
  if (clause.until && *clause.until < question.on) return say(Standing::kEnded, "ended on " + Text(*clause.until));
  std::string reason = (clause.exact ? "in force since " + clause.effective_text
                                     : "in force since " + clause.effective_text + " (the day is not recorded)") +
                       (clause.until ? ", until " + Text(*clause.until) : "");
  if (clause.binds.empty()) reason += "; whom it binds is not recorded";
  if (!instrument.verified) reason += "; not verified";
  if (instrument.secondary_source) reason += "; from a secondary source";
  if (instrument.nature == Nature::kReported) {
    reason = "known from reports only; nothing follows from it";
    return say(Standing::kReported, std::move(reason));
  }
  say(instrument.nature == Nature::kAdvice ? Standing::kAdvises : Standing::kForbids, std::move(reason));
}

}  // namespace

std::vector<ClauseVerdict> JudgedClauses(const PolicySet& set, const Question& question, const Product& product,
                                         Grade grade) {
  std::vector<ClauseVerdict> verdicts;
  for (const Instrument& instrument : set.instruments()) {
    const auto& asked = question.jurisdictions;
    if (!asked.empty() && std::find(asked.begin(), asked.end(), instrument.jurisdiction) == asked.end()) continue;
    if (!set.Concerns(instrument, product)) continue;
    for (const Clause& clause : instrument.clauses) {
      ClauseVerdict verdict;
      verdict.instrument = instrument.id;
      verdict.title = instrument.title;
      verdict.jurisdiction = instrument.jurisdiction;
      verdict.citation = instrument.citation;
      verdict.url = instrument.url;
      verdict.as_of = instrument.as_of;
      verdict.verified = instrument.verified;
      verdict.secondary_source = instrument.secondary_source;
      verdict.nature = instrument.nature;
      verdict.clause = clause.id;
      verdict.what = clause.what;
      verdict.required = clause.required;
      verdict.binds = clause.binds;
      verdict.effective = clause.effective;
      verdict.until = clause.until;
      verdict.exempt = instrument.exempt;
      Decide(set, question, instrument, clause, grade, verdict);
      verdicts.push_back(std::move(verdict));
    }
  }
  std::stable_sort(verdicts.begin(), verdicts.end(),
                   [](const ClauseVerdict& a, const ClauseVerdict& b) { return a.standing < b.standing; });
  return verdicts;
}

}  // namespace dl::policy
