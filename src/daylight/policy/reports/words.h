// What the reports for people say in the same words, and the numbering of clauses. Of this library only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/policy/assessment.h"

namespace dl::policy {

enum class Answer : std::uint8_t { kProhibited, kFound, kIncomplete, kNothing };
Answer AnswerOf(const Assessment& assessment);
std::string_view Name(Answer answer);  // "prohibited", "incomplete", "nothing-prohibited"

// The first line: "Prohibited on 2024-09-29: 2 findings".
std::string Headline(const Assessment& assessment);
// What has to be said with it; none, or some whole sentences.
std::vector<std::string> Remarks(const Assessment& assessment);
// "all", "US, DE"; "anyone", "reseller".
std::string JurisdictionsAsked(const Assessment& assessment);
std::string RoleAsked(const Assessment& assessment);

// A mention is forbidden by nothing, whatever its clauses say (Finding::forbidden()).
Standing StandingOf(const Finding& finding, const ClauseVerdict& clause);
std::string_view Words(Standing standing);  // "not yet in force"
std::string_view Words(Nature nature);      // "ban of sale"
std::string_view Explain(Grade grade);      // What the grade means, in a few words.
// "since 2024-09-29", "from 2025-01-01 until 2026-12-31"
std::string When(const ClauseVerdict& clause, Date on);
// Why one should not rely on it; none, or whole sentences.
std::vector<std::string> Caveats(const ClauseVerdict& clause);
std::vector<std::string_view> ShortCaveats(const ClauseVerdict& clause);  // "not verified", "secondary source"

// The address as a URI that may be followed (RFC 3986), empty for what is neither http nor https, or has no plain host:
// a policy's file is its author's, and a report is no place for javascript:.
std::string WebUri(std::string_view url);

std::string PolicyLine(const PolicyVersion& policy);  // "3 instruments, 40 products, as of 2026-11-01"
inline constexpr std::string_view kNotAdvice =
    "This report says what software was recognised and which published rules name it. It is not legal advice.";

std::string Number(std::uint64_t value);  // "300,000"
// "1 finding", "2 findings"
std::string Count(std::uint64_t value, std::string_view singular, std::string_view plural);
std::string Joined(const std::vector<std::string>& parts, std::string_view between);
std::string Time(std::int64_t seconds);       // "2026-11-30T13:00:00Z"
std::string ShownTime(std::int64_t seconds);  // "2026-11-30 13:00:00 UTC"
std::size_t ForbiddenFindings(const Assessment& assessment);

// Where things are. A target's kind says how its paths are to be written.
class Places {
 public:
  explicit Places(const Assessment& assessment);
  // "this machine", "/mnt/root, in srv/app.tar//sha256:…"
  std::string Of(const Finding& finding) const;
  // Within the finding's root, as its system would write it; with the root before it where that is another one.
  std::string Path(const Finding& finding, const Evidence& evidence) const;
  // From outside: "/mnt/root/opt/kaspersky", "/mnt/root/srv/app.tar//opt/kaspersky".
  std::string Full(const std::string& target, const std::string& root, const std::string& path) const;

 private:
  std::string_view KindOf(const std::string& target) const;
  std::map<std::string, std::string> kinds_;
};

// Each clause once, numbered in the order in which findings name them: a clause says the same of all findings, only
// its standing and the reason differ.
class ClauseList {
 public:
  explicit ClauseList(const Assessment& assessment);
  // From 0.
  std::size_t IndexOf(const ClauseVerdict& clause) const;
  const std::vector<const ClauseVerdict*>& clauses() const { return clauses_; }

 private:
  static std::string KeyOf(const ClauseVerdict& clause);
  std::map<std::string, std::size_t> indexes_;
  std::vector<const ClauseVerdict*> clauses_;
};

}  // namespace dl::policy
