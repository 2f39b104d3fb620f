#include "daylight/policy/target_findings.h"

#include <algorithm>

#include "daylight/policy/target_limits.h"

namespace dl::policy {

namespace {

using report::Presence;

std::string Counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// Of the root that stands for many; no other has such a number.
std::uint32_t SharedId(std::uint8_t number) { return ~std::uint32_t{0} - number; }

}  // namespace

TargetFindings::TargetFindings(const Identifier& identifier, std::string_view kind)
    : identifier_(identifier), is_file_(kind != "this machine" && kind != "root" && kind != "folder") {
  roots_.emplace(0, std::make_unique<Root>());
  order_.push_back(0);
}

// Facts may name a root that nobody spoke of: those are the target's.
TargetFindings::Root& TargetFindings::RootOf(std::uint32_t id) {
  if (id < shared_.size() && shared_[id] != 0) id = SharedId(shared_[id]);
  const auto found = roots_.find(id);
  return found == roots_.end() ? *roots_.at(0) : *found->second;
}

// Of what has the vendor's name.
bool TargetFindings::IsNew(Root& root, std::uint64_t hash) {
  if (root.named.size() >= kMaxNamed || (kept_ >= kMaxKept && !root.named.empty())) return false;
  return root.named.insert(hash).second;
}

std::string TargetFindings::RootName(std::uint32_t id) { return RootOf(id).name; }

void TargetFindings::AddRoot(const report::RootFact& fact) {
  if (fact.id == 0 || roots_.count(fact.id) != 0) return;
  // A parent is known before its children, so there are no loops; one that is not is the target.
  const Root& parent = RootOf(fact.parent);
  auto root = std::make_unique<Root>();
  root->id = fact.id;
  const bool is_folder = fact.kind == report::RootKind::kFolder || fact.kind == report::RootKind::kContainer;
  // A file that was asked about and the package or archive that it is have one name; an image has its own.
  const bool is_file_itself = is_file_ && fact.parent == 0;
  std::string_view path = fact.path.empty() || is_file_itself ? fact.name : fact.path;
  if (is_file_itself && fact.kind != report::RootKind::kImage) path = {};
  root->on_disk = parent.on_disk && is_folder;
  root->name = parent.name;
  if (!root->name.empty() && !path.empty()) root->name += root->on_disk ? "/" : "//";
  root->name = CutText(root->name + std::string(path), kMaxRootName);
  root->folder = root->on_disk ? root->name : "";
  root->most = parent.most;
  root->note = parent.note;
  if (fact.presence == Presence::kDeleted && root->most > Grade::kRemnant) {
    root->most = Grade::kRemnant;
    root->note = "in a file that a later layer deletes";
  }
  // What a package file would install is there only when it is what was asked about.
  if (fact.kind == report::RootKind::kPackage && !is_file_itself && root->most > Grade::kRemnant) {
    root->most = Grade::kRemnant;
    root->note = "in a package file";
  }
  // What a document says of some product, which need not be here.
  if (fact.kind == report::RootKind::kSbom && !is_file_itself) {
    root->most = Grade::kMention;
    root->note = "in a document that lies here";
  }
  std::uint32_t id = fact.id;
  if (roots_.size() >= kMaxRoots) {
    // Some thousand packages in a mirror are no reason to take what is in one more for the target's own: those that can
    // come to the same share a root.
    if (id >= kMaxMoreRoots) return;
    if (shared_.size() <= id) shared_.resize(std::size_t{id} + 1);
    shared_[id] = static_cast<std::uint8_t>(static_cast<unsigned>(root->most) + 1);
    id = root->id = SharedId(shared_[fact.id]);
    if (roots_.count(id) != 0) return;
    root->name = "one of more than " + std::to_string(kMaxRoots) + " roots";
    root->folder.clear();
    root->on_disk = false;
  }
  order_.push_back(id);
  roots_.emplace(id, std::move(root));
}

void TargetFindings::Limit(const Root& root, Presence presence, Evidence& evidence) const {
  evidence.path = CutText(evidence.path, kMaxPath);
  evidence.detail = CutText(evidence.detail);
  evidence.root = root.name;
  if (evidence.grade > root.most) {
    evidence.grade = root.most;
    evidence.detail += evidence.detail.empty() ? root.note : ", " + root.note;
  }
  if (presence == Presence::kDeleted) {
    evidence.grade = std::min(evidence.grade, Grade::kRemnant);
    evidence.detail += evidence.detail.empty() ? "deleted in a later layer" : ", deleted in a later layer";
  }
}

Grade TargetFindings::Say(Root& root, std::uint32_t product, Presence presence, Evidence evidence, bool is_file) {
  Limit(root, presence, evidence);
  const Grade grade = evidence.grade;
  if (grade > Grade::kMention && !identifier_.product(product).verified) {
    evidence.detail += evidence.detail.empty() ? "" : ", ";
    evidence.detail += "by a description of the product that is not verified";
  }
  EvidenceList& list = root.found[product];
  if (list.Add(std::move(evidence), is_file && presence == Presence::kPresent, kept_ < kMaxKept)) ++kept_;
  return grade;
}

void TargetFindings::AddPending(Root& root, Presence presence, Pending pending) {
  if (root.pending.size() >= kMaxPending || (kept_ >= kMaxKept && !root.pending.empty())) return;
  ++kept_;
  if (presence == Presence::kDeleted) pending.evidence.grade = std::min(pending.evidence.grade, Grade::kRemnant);
  root.pending.push_back(std::move(pending));
}

void TargetFindings::Remember(std::uint32_t root, std::string_view path) {
  if (present_.size() < kMaxPresent) present_.push_back(PathHash(root, path));
}

const TargetFindings::PathSays& TargetFindings::Read(std::string_view path) {
  identifier_.paths().Match(path, hits_);
  says_.place = says_.folder = says_.file = nullptr;
  says_.folder_at_root = false;
  says_.marks.clear();
  says_.words.clear();
  std::size_t deepest = 0;
  for (const PathHit& hit : hits_) {
    switch (hit.rule->kind) {
      case PathRule::Kind::kPrograms:
      case PathRule::Kind::kData:
        if (hit.end > deepest) {
          says_.place = hit.rule;
          deepest = hit.end;
        }
        break;
      case PathRule::Kind::kFolder:
        says_.folder = hit.rule;
        says_.folder_at_root = says_.folder_at_root || hit.begin == 0;
        break;
      case PathRule::Kind::kFile: says_.file = hit.rule; break;
      case PathRule::Kind::kEngine: says_.marks.push_back(hit.rule); break;
      case PathRule::Kind::kWord: says_.words.push_back(hit); break;
    }
  }
  return says_;
}

// A folder of the vendor's name where none of its products belongs.
void TargetFindings::MentionFolders(Root& root, const PathSays& says, std::string_view path, Presence presence) {
  for (const PathHit& hit : says.words) {
    const std::uint64_t hash = PathHash(hit.rule->product, path.substr(0, hit.end));
    if (!IsNew(root, hash)) continue;
    Say(root, hit.rule->product, presence,
        {Grade::kMention, "path", {}, std::string(path.substr(0, hit.end)), "has the vendor's name", {}});
  }
}

void TargetFindings::AddMarks(Root& root, const PathSays& says, Presence presence, std::string_view path,
                              std::string_view sha256, bool is_program) {
  for (const PathRule* const rule : says.marks) {
    const EngineMark& mark = identifier_.product(rule->product).engine[rule->mark];
    std::vector<Mark>& marks = root.marks[rule->product];
    if ((mark.program && !is_program) || marks.size() >= kMaxMarks || (kept_ >= kMaxKept && marks.size() > 1)) continue;
    ++kept_;
    Evidence evidence{Grade::kEmbedded,   "engine", {}, std::string(path), "part of an engine: " + mark.kind,
                      std::string(sha256)};
    Limit(root, presence, evidence);
    marks.push_back({mark.kind, std::move(evidence), presence == Presence::kPresent});
  }
}

// What stands in known folders: programs, or files that are left, or nothing.
void TargetFindings::FinishFolders(Root& root) {
  std::vector<std::pair<const PathRule*, std::uint64_t>> vague;
  for (const auto& one : root.folders) {
    const PathRule* const rule = one.first;
    const Folder& folder = one.second;
    const std::uint32_t entity = identifier_.entity_of(rule->product);
    const bool is_data = rule->kind == PathRule::Kind::kData;
    const auto say = [&](Grade grade, Presence presence, std::string detail) {
      Say(root, rule->product, presence, {grade, "path", {}, rule->text, std::move(detail), {}}, folder.is_file);
    };
    // The same file comes as a file and as a program.
    const std::uint64_t files = std::max(folder.files, folder.programs);
    // No product is known to stand right here: somebody's own texts in a folder of the vendor's name are as likely.
    const bool is_vague = !is_data && folder.programs == 0 && identifier_.product(rule->product).any;
    if (files > 0 && is_vague) {
      vague.emplace_back(rule, files);
    } else if (files > 0) {
      root.vendors.insert(entity);
      if (folder.programs > 0 && !is_data) {
        say(Grade::kInstalled, Presence::kPresent,
            Counted(files, "file") + ", " + Counted(folder.programs, "program") + " among them");
      } else {
        say(Grade::kRemnant, Presence::kPresent, Counted(files, "file") + (is_data ? "" : ", no program among them"));
      }
    }
    if (folder.deleted > 0) say(Grade::kRemnant, Presence::kDeleted, Counted(folder.deleted, "file"));
  }
  for (const auto& [rule, files] : vague) {
    const bool is_there = root.vendors.count(identifier_.entity_of(rule->product)) != 0;
    Say(root, rule->product, Presence::kPresent,
        {is_there ? Grade::kRemnant : Grade::kMention,
         "path",
         {},
         rule->text,
         Counted(files, "file") + ", no program among them" + (is_there ? "" : ", in no product's folder"),
         {}});
  }
  for (const auto& [rule, folder] : root.folders) {
    if (folder.files + folder.programs + folder.deleted > 0) continue;
    if (root.vendors.count(identifier_.entity_of(rule->product)) != 0) continue;
    Say(root, rule->product, Presence::kPresent, {Grade::kMention, "path", {}, rule->text, "an empty folder", {}});
  }
}

void TargetFindings::FinishPending(Root& root) {
  for (Pending& pending : root.pending) {
    const bool has_program = std::any_of(pending.programs.begin(), pending.programs.end(), [&](std::uint64_t hash) {
      return std::binary_search(present_.begin(), present_.end(), hash);
    });
    if (pending.is_unit) {
      pending.evidence.detail += has_program ? ", its program is there" : ", without its program";
      if (!has_program) pending.evidence.grade = std::min(pending.evidence.grade, Grade::kRemnant);
    }
    if (pending.needs_vendor && root.vendors.count(identifier_.entity_of(pending.product)) == 0) {
      pending.evidence.grade = Grade::kMention;
      pending.evidence.detail += ", a name that others use too";
    }
    Say(root, pending.product, Presence::kPresent, std::move(pending.evidence));
  }
}

void TargetFindings::FinishMarks(Root& root) {
  for (auto& one : root.marks) {
    const std::uint32_t product = one.first;
    std::vector<Mark>& marks = one.second;
    const bool is_engine =
        std::any_of(marks.begin(), marks.end(), [&](const Mark& mark) { return mark.kind != marks.front().kind; });
    for (Mark& mark : marks) {
      if (!is_engine) mark.evidence.grade = Grade::kMention;
      // Its limits are in it already.
      Say(root, product, Presence::kPresent, std::move(mark.evidence), mark.is_file);
    }
  }
}

// What is the vendor's, and nothing more is known of, goes with a product of its that is there at least as surely.
void TargetFindings::Merge(Root& root) {
  for (auto any = root.found.begin(); any != root.found.end();) {
    const std::uint32_t entity = identifier_.entity_of(any->first);
    auto best = root.found.end();
    for (auto one = root.found.begin(); one != root.found.end(); ++one) {
      if (one->first == any->first || identifier_.entity_of(one->first) != entity) continue;
      if (best == root.found.end() || best->second.grade() < one->second.grade()) best = one;
    }
    if (!identifier_.product(any->first).any || best == root.found.end() ||
        best->second.grade() < any->second.grade()) {
      ++any;
      continue;
    }
    best->second.Merge(std::move(any->second));
    any = root.found.erase(any);
  }
}

std::vector<TargetFindings::Found> TargetFindings::Finish() {
  std::vector<Found> all;
  std::sort(present_.begin(), present_.end());
  for (const std::uint32_t id : order_) {
    Root& root = *roots_.at(id);
    FinishFolders(root);
    FinishMarks(root);
    FinishPending(root);
    Merge(root);
    for (auto& [product, list] : root.found) {
      Found found;
      found.product = product;
      found.grade = list.grade();
      found.root = root.name;
      found.folder = root.folder;
      found.on_disk = root.on_disk;
      found.more = list.more();
      found.evidence = list.Take();
      all.push_back(std::move(found));
    }
  }
  return all;
}

}  // namespace dl::policy
