// Judge makes an Assessment of facts: which of them speak of a product that a policy
// knows, how strongly, and what each clause says of that on the day in question.
//
//   policy::Judge judge(set, {.jurisdictions = {"US"}, .role = "reseller", .on = *policy::ParseDate("2024-07-20")});
//   judge.BeginTarget({.name = "/srv/root", .kind = "root"});
//   for (report::SoftwareFacts& facts : answers) judge.Add(std::move(facts));
//   judge.EndTarget();
//   for (const policy::FileWanted& file : judge.WantsHash()) judge.SetHash(file, Sha256Of(file.path));
//   const policy::Assessment assessment = judge.Finish();
//
// Facts are untrusted: whatever they say costs bounded memory and time. Only what matches
// is kept, so a million files cost little. The rules of grading are in docs/policy.md. Keeps
// a reference to the set. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/policy/assessment.h"
#include "daylight/policy/policy_set.h"
#include "daylight/report/software.h"

namespace dl::policy {

struct Question {
  std::vector<std::string> jurisdictions;  // Empty: all.
  std::string role;                        // Empty: whoever any clause binds.
  Date on;
  std::int64_t at = 0;  // Now, seconds since 1970.
  std::string program;  // "daylight 0.7.0"
  // Products and vendors to report, by their identifiers; empty: all that an instrument names.
  std::vector<std::string> only;
  std::optional<Grade> fail_on;  // See Assessment.
};

// What is wrong with the question: a role, jurisdiction, product or vendor that no policy knows. For people.
std::optional<std::string> Problem(const PolicySet& set, const Question& question);

// A file that is evidence and whose digest is not known: one on a file system that the caller walked.
struct FileWanted {
  std::size_t target = 0;  // By the order of BeginTarget, from 0.
  std::string path;        // Within the target, without a leading slash.
  std::size_t place = 0;   // The judge's own.
};

class Judge {
 public:
  Judge(const PolicySet& set, Question question);
  ~Judge();
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // What texts of targets are searched for: MentionFact::word is one of them. Lower case, sorted.
  std::vector<std::string> Words() const;

  // `looked.kind` decides what a package file is: the target itself ("package", "file") or something
  // that lies in it.
  void BeginTarget(TargetLooked looked);
  void Add(report::SoftwareFacts&& facts);
  // Replaces the counts, and the rest where it is not empty.
  void EndTarget(TargetLooked looked = {});
  // A target that could not be looked at.
  void AddFailure(std::string why);
  void AddWarning(std::string why);

  // Of all targets that have ended; to be answered before another one ends. At most as many as findings list.
  std::vector<FileWanted> WantsHash() const;
  void SetHash(const FileWanted& file, std::string sha256);

  // Once.
  Assessment Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::policy
