#include "daylight/policy/reports/words.h"

#include <algorithm>
#include <array>

#include "daylight/os/paths.h"
#include "daylight/policy/date.h"
#include "daylight/report/escape.h"

namespace dl::policy {

Answer AnswerOf(const Assessment& assessment) {
  if (assessment.forbidden()) return Answer::kProhibited;
  if (assessment.found()) return Answer::kFound;
  return assessment.complete() ? Answer::kNothing : Answer::kIncomplete;
}

std::string_view Name(Answer answer) {
  switch (answer) {
    case Answer::kProhibited: return "prohibited";
    case Answer::kFound: return "found";
    case Answer::kIncomplete: return "incomplete";
    case Answer::kNothing: return "nothing-prohibited";
  }
  return "incomplete";
}

std::size_t ForbiddenFindings(const Assessment& assessment) {
  return static_cast<std::size_t>(std::count_if(assessment.findings.begin(), assessment.findings.end(),
                                                [](const Finding& finding) { return finding.forbidden(); }));
}

std::string Headline(const Assessment& assessment) {
  const std::string day = Text(assessment.on);
  switch (AnswerOf(assessment)) {
    case Answer::kProhibited:
      return "Prohibited on " + day + ": " + Count(ForbiddenFindings(assessment), "finding", "findings");
    case Answer::kFound: return "Found, though no clause forbids it on " + day;
    case Answer::kIncomplete: return "Could not be checked completely for " + day;
    case Answer::kNothing:
      // What was asked is whether it is gone, which says more than the law does.
      if (assessment.fail_on)
        return "Nothing was found in the grade " + std::string(Name(*assessment.fail_on)) + " or above";
      return "Nothing prohibited on " + day + " was found";
  }
  return {};
}

std::vector<std::string> Remarks(const Assessment& assessment) {
  std::vector<std::string> remarks;
  if (!assessment.only.empty()) {
    std::string names;
    for (const std::string& name : assessment.only) names += (names.empty() ? "" : ", ") + name;
    remarks.push_back("Only this was asked about: " + report::EscapeLine(names) + ".");
  }
  if (assessment.fail_on) {
    remarks.push_back("Asked besides: whether it is there in the grade " + std::string(Name(*assessment.fail_on)) +
                      " or a stronger one.");
  }
  if (AnswerOf(assessment) == Answer::kIncomplete) {
    remarks.emplace_back("Nothing prohibited on that day was found in what could be read.");
  }
  if (const std::size_t others = assessment.findings.size() - ForbiddenFindings(assessment); others > 0) {
    remarks.push_back(Count(others, "finding is", "findings are") +
                      " listed that nothing forbids, for the day, the jurisdictions and the role asked about.");
  }
  if (!assessment.failures.empty()) {
    remarks.push_back(Count(assessment.failures.size(), "target", "targets") + " could not be looked at.");
  }
  if (const std::uint64_t unread = assessment.unread.size() + assessment.more_unread; unread > 0) {
    remarks.push_back(Count(unread, "place", "places") +
                      " could not be read: software may be there that is not listed.");
  }
  return remarks;
}

std::string JurisdictionsAsked(const Assessment& assessment) {
  return assessment.jurisdictions.empty() ? "all" : Joined(assessment.jurisdictions, ", ");
}

std::string RoleAsked(const Assessment& assessment) { return assessment.role.empty() ? "anyone" : assessment.role; }

Standing StandingOf(const Finding& finding, const ClauseVerdict& clause) {
  const bool mention = finding.grade == Grade::kMention && clause.standing == Standing::kForbids;
  return mention ? Standing::kOutOfScope : clause.standing;
}

std::string_view Words(Standing standing) {
  switch (standing) {
    case Standing::kForbids: return "forbids";
    case Standing::kAdvises: return "advises against it";
    case Standing::kReported: return "only reported";
    case Standing::kNotYet: return "not yet in force";
    case Standing::kEnded: return "no longer in force";
    case Standing::kNotBound: return "binds others";
    case Standing::kOutOfScope: return "does not reach this";
  }
  return {};
}

std::string_view Words(Nature nature) {
  switch (nature) {
    case Nature::kBanOfSale: return "ban of sale";
    case Nature::kBanOfUse: return "ban of use";
    case Nature::kBanOfProcurement: return "ban of procurement";
    case Nature::kAdvice: return "advice";
    case Nature::kReported: return "reported only";
  }
  return {};
}

std::string_view Explain(Grade grade) {
  switch (grade) {
    case Grade::kMention: return "only named, which anyone could do";
    case Grade::kRemnant: return "left behind: data, settings or a copy";
    case Grade::kEmbedded: return "part of something else";
    case Grade::kInstalled: return "installed";
    case Grade::kRunning: return "running";
  }
  return {};
}

std::string When(const ClauseVerdict& clause, Date on) {
  const bool over = clause.until && *clause.until < on;
  std::string text = clause.effective <= on && !over ? "since " : "from ";
  text += Text(clause.effective);
  if (clause.until) text += " until " + Text(*clause.until);
  return text;
}

std::vector<std::string> Caveats(const ClauseVerdict& clause) {
  std::vector<std::string> caveats;
  if (!clause.verified)
    caveats.emplace_back("Not verified: nobody has compared this entry with the text that it cites.");
  if (clause.secondary_source) caveats.emplace_back("Secondary source: taken from what others wrote about it.");
  return caveats;
}

std::vector<std::string_view> ShortCaveats(const ClauseVerdict& clause) {
  std::vector<std::string_view> caveats;
  if (!clause.verified) caveats.emplace_back("not verified");
  if (clause.secondary_source) caveats.emplace_back("secondary source");
  return caveats;
}

std::string WebUri(std::string_view url) {
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  constexpr std::string_view kPlain = "-._~:/?#@!$&'()*+,;=";
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  // A name and a port, and nobody's password: what stands before an @ is there to mislead.
  const std::string_view host = url.substr(scheme, url.find_first_of("/?#", scheme) - scheme);
  const auto is_host = [&](char c) { return is_letter(c) || c == '.' || c == '-' || c == ':'; };
  if (scheme == 0 || host.empty() || !is_letter(host[0]) || !std::all_of(host.begin(), host.end(), is_host)) return {};
  std::string uri;
  for (std::size_t i = 0; i < url.size(); ++i) {
    const char c = url[i];
    const bool encoded = c == '%' && i + 2 < url.size() && is_hex(url[i + 1]) && is_hex(url[i + 2]);
    if (encoded || is_letter(c) || kPlain.find(c) != kPlain.npos) {
      uri += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += kHex[byte >> 4];
      uri += kHex[byte & 15];
    }
  }
  return uri;
}

std::string PolicyLine(const PolicyVersion& policy) {
  return Count(policy.instruments, "instrument", "instruments") + ", " + Count(policy.products, "product", "products") +
         ", as of " + Text(policy.as_of);
}

std::string Number(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string Count(std::uint64_t value, std::string_view singular, std::string_view plural) {
  return Number(value) + " " + std::string(value == 1 ? singular : plural);
}

std::string Joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

std::string Time(std::int64_t seconds) {
  constexpr std::int64_t kDay = 86400;
  const std::int64_t of_day = ((seconds % kDay) + kDay) % kDay;
  const auto two = [](std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return Text(DayOf(seconds)) + "T" + two(of_day / 3600) + ":" + two(of_day / 60 % 60) + ":" + two(of_day % 60) + "Z";
}

std::string ShownTime(std::int64_t seconds) {
  std::string text = Time(seconds);
  text[text.size() - 10] = ' ';
  text.replace(text.size() - 1, 1, " UTC");
  return text;
}

Places::Places(const Assessment& assessment) {
  for (const TargetLooked& target : assessment.targets) kinds_.emplace(target.name, target.kind);
}

std::string_view Places::KindOf(const std::string& target) const {
  const auto place = kinds_.find(target);
  return place == kinds_.end() ? std::string_view() : std::string_view(place->second);
}

std::string Places::Of(const Finding& finding) const {
  const std::string target = finding.target.empty() ? std::string(KindOf(finding.target)) : finding.target;
  return finding.root.empty() ? target : target + ", in " + finding.root;
}

std::string Places::Path(const Finding& finding, const Evidence& evidence) const {
  if (evidence.path.empty()) return evidence.root == finding.root ? std::string() : evidence.root;
  if (evidence.root != finding.root && !evidence.root.empty()) return evidence.root + "//" + evidence.path;
  const std::string_view kind = KindOf(finding.target);
  const bool is_system = kind == "this machine" || kind == "root" || kind == "image" || !evidence.root.empty();
  return is_system && !evidence.path.starts_with('/') ? "/" + evidence.path : evidence.path;
}

std::string Places::Full(const std::string& target, const std::string& root, const std::string& path) const {
  const std::string_view kind = KindOf(target);
  const bool is_machine = kind == "this machine";
  const bool is_tree = kind == "root" || kind == "folder";
  std::string full = is_machine ? "" : target;
  const auto append = [&full, is_machine](const std::string& part, std::string_view between) {
    if (part.empty()) return;
    if (!(is_machine && full.empty() && part.starts_with('/')) && !(between == "/" && full.ends_with('/')))
      full += between;
    full += part;
  };
  const std::string_view first = is_machine || is_tree ? "/" : "//";
  append(root, first);
  // A file that was asked about is no place within itself.
  if (!is_machine && !is_tree && root.empty() && os::BaseName(target) == path) return full;
  append(path, root.empty() ? first : "//");
  return full.empty() ? "/" : full;
}

ClauseList::ClauseList(const Assessment& assessment) {
  for (const Finding& finding : assessment.findings) {
    for (const ClauseVerdict& clause : finding.clauses) {
      if (indexes_.emplace(KeyOf(clause), clauses_.size()).second) clauses_.push_back(&clause);
    }
  }
}

std::size_t ClauseList::IndexOf(const ClauseVerdict& clause) const {
  const auto place = indexes_.find(KeyOf(clause));
  return place == indexes_.end() ? 0 : place->second;
}

// Each part with its length before it, so that no two clauses have the same key.
std::string ClauseList::KeyOf(const ClauseVerdict& clause) {
  std::string key;
  const auto add = [&key](std::string_view part) { key.append(std::to_string(part.size())).append(":").append(part); };
  for (const std::string_view part :
       {std::string_view(clause.instrument), std::string_view(clause.clause), std::string_view(clause.title),
        std::string_view(clause.jurisdiction), std::string_view(clause.citation), std::string_view(clause.url),
        std::string_view(clause.what), std::string_view(clause.required)}) {
    add(part);
  }
  for (const std::int64_t value : std::array<std::int64_t, 6>{
           clause.as_of.days, clause.effective.days, clause.until ? clause.until->days : std::int64_t{1} << 40,
           clause.verified ? 1 : 0, clause.secondary_source ? 1 : 0, static_cast<std::int64_t>(clause.nature)}) {
    key += std::to_string(value) + ",";
  }
  for (const auto* list : {&clause.binds, &clause.exempt}) {
    key += std::to_string(list->size()) + "[";
    for (const std::string& part : *list) add(part);
  }
  return key;
}

}  // namespace dl::policy
