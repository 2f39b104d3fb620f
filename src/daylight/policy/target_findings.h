// TargetFindings gathers what the facts of one target say of products, and grades it
// when all of them are there. The rules are in docs/policy.md, "Grades".
//
//   TargetFindings findings(identifier, "root");
//   findings.Add(facts);
//   for (TargetFindings::Found& found : findings.Finish()) ...
//
// Only what matches is kept: at most some ten thousand roots, pieces of evidence of each
// kind, texts of some hundred bytes. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daylight/policy/assessment.h"
#include "daylight/policy/evidence_list.h"
#include "daylight/policy/identify.h"
#include "daylight/report/software.h"

namespace dl::policy {

class TargetFindings {
 public:
  struct Found {
    std::uint32_t product = kNobody;
    Grade grade = Grade::kMention;
    std::string root;
    std::string folder;    // Of that root within the target, where it is one of the same file system,
    bool on_disk = false;  // which this says.
    std::vector<EvidenceList::Item> evidence;
    std::uint64_t more = 0;
  };

  // `kind` as in TargetLooked.
  TargetFindings(const Identifier& identifier, std::string_view kind);
  void Add(const report::SoftwareFacts& facts);
  // Where a root is, for showing: "srv/app.tar//layer".
  std::string RootName(std::uint32_t id);
  // Once; by root, then by product.
  std::vector<Found> Finish();

 private:
  // Files in one of a product's folders.
  struct Folder {
    std::uint64_t files = 0;
    std::uint64_t programs = 0;
    std::uint64_t deleted = 0;
    std::uint64_t folders = 0;
    bool is_file = false;  // Or what is called so is a file.
  };
  // What counts only when something else does.
  struct Pending {
    std::uint32_t product = kNobody;
    Evidence evidence;  // With the grade that it has then.
    bool needs_vendor = false;
    bool is_unit = false;
    std::vector<std::uint64_t> programs;  // Of a unit: hashes of paths.
  };
  struct Mark {
    std::string kind;
    Evidence evidence;
    bool is_file = false;
  };
  struct Root {
    std::uint32_t id = 0;
    std::string name;
    std::string folder;
    bool on_disk = true;
    Grade most = Grade::kRunning;                 // That anything in it can come to.
    std::string note;                             // Why not more: "in a package file".
    std::map<std::uint32_t, EvidenceList> found;  // By product.
    std::map<const PathRule*, Folder> folders;
    std::map<std::uint32_t, std::vector<Mark>> marks;  // By product.
    std::vector<Pending> pending;
    std::unordered_set<std::uint32_t> vendors;  // Entities that are there beyond doubt.
    std::unordered_set<std::uint64_t> named;    // Folders that are mentioned: hashes.
  };
  // The strongest of what a path is.
  struct PathSays {
    const PathRule* place = nullptr;   // A known folder, from the root.
    const PathRule* folder = nullptr;  // One of Windows or macOS,
    bool folder_at_root = false;       // standing where it belongs.
    const PathRule* file = nullptr;
    std::vector<const PathRule*> marks;
    std::vector<PathHit> words;
  };

  void AddRoot(const report::RootFact& fact);
  void AddFile(const report::FileFact& fact);
  void AddProgram(const report::ProgramFact& fact);
  void AddPackage(const report::PackageFact& fact);
  void AddUnit(const report::UnitFact& fact);
  void AddSystem(const report::OperatingSystemFact& fact);
  void AddImage(const report::ImageFact& fact);
  void AddComponent(const report::ComponentFact& fact);
  void AddMention(const report::MentionFact& fact);
  void AddProcess(const report::ProcessFact& fact);
  void AddModule(const report::KernelModuleFact& fact);

  Root& RootOf(std::uint32_t id);
  bool IsNew(Root& root, std::uint64_t hash);
  const PathSays& Read(std::string_view path);
  // Adds evidence with the root's and the presence's limits; says its grade.
  Grade Say(Root& root, std::uint32_t product, report::Presence presence, Evidence evidence, bool is_file = false);
  void MentionFolders(Root& root, const PathSays& says, std::string_view path, report::Presence presence);
  void AddPending(Root& root, report::Presence presence, Pending pending);
  void AddMarks(Root& root, const PathSays& says, report::Presence presence, std::string_view path,
                std::string_view sha256, bool is_program);
  void FinishFolders(Root& root);
  void FinishPending(Root& root);
  void FinishMarks(Root& root);
  void Merge(Root& root);
  // Whose component it is, and by which of its names; kNobody for none.
  std::uint32_t VendorOfComponent(const report::ComponentFact& fact, const Purl& purl, std::string& by) const;
  void Remember(std::uint32_t root, std::string_view path);
  void Limit(const Root& root, report::Presence presence, Evidence& evidence) const;

  const Identifier& identifier_;
  const bool is_file_;  // or a file that may be one.
  std::unordered_map<std::uint32_t, std::unique_ptr<Root>> roots_;
  std::vector<std::uint32_t> order_;    // Of roots.
  std::vector<std::uint8_t> shared_;    // By their numbers, of roots beyond kMaxRoots: what they can come to, and 1.
  std::vector<std::uint64_t> present_;  // Files that units may start: hashes of root and path; sorted at the end.
  std::vector<PathHit> hits_;
  PathSays says_;
  std::uint64_t kept_ = 0;
};

}  // namespace dl::policy
