// For tests: the shipped policies, and facts in few words.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daylight/policy/date.h"
#include "daylight/policy/judge.h"
#include "daylight/policy/policy_set.h"

namespace dl::policy {

inline const PolicySet& Shipped() {
  static const LoadedPolicies loaded = LoadPolicies({DAYLIGHT_SOURCE_DIR "/content/policies"});
  for (const std::string& error : loaded.errors) ADD_FAILURE() << error;
  static const LoadedPolicies nothing;
  return *loaded.set;
}

inline Question Ask(std::vector<std::string> jurisdictions, std::string role, const char* on) {
  Question question;
  question.jurisdictions = std::move(jurisdictions);
  question.role = std::move(role);
  question.on = ParseDate(on).value();
  return question;
}

inline Assessment Judged(report::SoftwareFacts facts, Question question = Ask({}, "", "2026-01-31"),
                         const char* kind = "root") {
  Judge judge(Shipped(), std::move(question));
  judge.BeginTarget({.name = "target", .kind = kind, .host = {}, .operating_system = {}, .sha256 = {}, .counts = {}});
  judge.Add(std::move(facts));
  judge.EndTarget();
  return judge.Finish();
}

inline report::FactPlace At(std::string path, std::uint32_t root = 0,
                            report::Presence presence = report::Presence::kPresent) {
  return {root, std::move(path), presence};
}

inline report::FileFact File(std::string path, std::uint32_t root = 0,
                             report::Presence presence = report::Presence::kPresent) {
  report::FileFact fact;
  fact.place = At(std::move(path), root, presence);
  return fact;
}

inline report::FileFact Folder(std::string path) {
  report::FileFact fact = File(std::move(path));
  fact.kind = report::FileKind::kFolder;
  return fact;
}

inline report::ProgramFact Elf(std::string path, std::uint32_t root = 0,
                               report::Presence presence = report::Presence::kPresent) {
  report::ProgramFact fact;
  fact.place = At(std::move(path), root, presence);
  return fact;
}

inline report::ProgramFact SignedPe(std::string path, const char* signer, bool verified) {
  report::ProgramFact fact = Elf(std::move(path));
  fact.kind = report::ProgramKind::kPe;
  report::Signer one;
  one.common_name = signer;
  one.verified = verified;
  fact.signers.push_back(one);
  return fact;
}

inline report::PackageFact Package(const char* name, const char* maintainer = "", const char* vendor = "") {
  report::PackageFact fact;
  fact.place = At("var/lib/dpkg/status");
  fact.name = name;
  fact.version = "1.0";
  fact.maintainer = maintainer;
  fact.vendor = vendor;
  return fact;
}

inline report::UnitFact Unit(const char* name, const char* program) {
  report::UnitFact fact;
  fact.place = At(std::string("etc/systemd/system/") + name);
  fact.name = name;
  if (*program != '\0') fact.programs.emplace_back(program);
  return fact;
}

inline report::RootFact RootAt(std::uint32_t id, report::RootKind kind, const char* path, std::uint32_t parent = 0) {
  report::RootFact fact;
  fact.id = id;
  fact.parent = parent;
  fact.kind = kind;
  fact.path = path;
  return fact;
}

// "product@root grade" of each finding.
inline std::vector<std::string> Lines(const Assessment& assessment) {
  std::vector<std::string> lines;
  for (const Finding& finding : assessment.findings) {
    lines.push_back(finding.product + (finding.root.empty() ? "" : "@" + finding.root) + " " +
                    std::string(Name(finding.grade)));
  }
  return lines;
}

}  // namespace dl::policy
