#include "daylight/policy/target_findings.h"

#include <algorithm>
#include <array>
#include <functional>

#include "daylight/bytes/bytes.h"
#include "daylight/crypto/digest.h"
#include "daylight/policy/names.h"

namespace dl::policy {

namespace {

using report::Presence;

constexpr std::size_t kMaxRoots = 65536;
constexpr std::size_t kMaxRootName = 2048;
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxDetail = 300;
constexpr std::size_t kMaxPending = 1000;  // Of a root.
constexpr std::size_t kMaxMarks = 200;     // Of a root and product.
constexpr std::size_t kMaxNamed = 1000;    // Of a root.
constexpr std::size_t kMaxPresent = 4'000'000;
constexpr std::uint64_t kMaxKept = 200'000;  // Pieces of evidence of a target; of each product and root one more.
constexpr std::size_t kMaxUnitPrograms = 32;

std::string Cut(std::string_view text, std::size_t limit = kMaxDetail) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return std::string(text.substr(0, limit)) + "…";
}

std::uint64_t PathHash(std::uint32_t root, std::string_view path) {
  return std::hash<std::string_view>()(path) * 0x9e3779b97f4a7c15 + root;
}

std::string_view WithoutSlash(std::string_view path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  return path;
}

std::string Counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string Sha256Text(const report::ProgramFact& fact) {
  return fact.sha256 ? crypto::Hex(std::as_bytes(std::span(*fact.sha256))) : std::string();
}

std::string_view Name(report::PackageState state) {
  switch (state) {
    case report::PackageState::kInstalled: return "installed";
    case report::PackageState::kConfigFiles: return "removed, its settings left";
    case report::PackageState::kBroken: return "installed in part";
    case report::PackageState::kFile: return "package file";
    case report::PackageState::kNotInstalled: return "not installed";
  }
  return "";
}

}  // namespace

TargetFindings::TargetFindings(const Identifier& identifier, std::string_view kind)
    : identifier_(identifier), is_package_(kind == "package"), is_file_(kind == "file") {
  roots_.emplace(0, std::make_unique<Root>());
  order_.push_back(0);
}

// Facts may name a root that nobody spoke of, or more of them than there is room for: those are the target's.
TargetFindings::Root& TargetFindings::RootOf(std::uint32_t id) {
  const auto found = roots_.find(id);
  return found == roots_.end() ? *roots_.at(0) : *found->second;
}

std::string TargetFindings::RootName(std::uint32_t id) { return RootOf(id).name; }

void TargetFindings::AddRoot(const report::RootFact& fact) {
  if (roots_.size() >= kMaxRoots || fact.id == 0 || roots_.count(fact.id) != 0) return;
  // A parent is known before its children, so there are no loops; one that is not is the target.
  const Root& parent = RootOf(fact.parent);
  auto root = std::make_unique<Root>();
  root->id = fact.id;
  const bool is_folder = fact.kind == report::RootKind::kFolder || fact.kind == report::RootKind::kContainer;
  const std::string_view path = fact.path.empty() ? std::string_view(fact.name) : std::string_view(fact.path);
  root->on_disk = parent.on_disk && is_folder;
  root->name = parent.name;
  if (!root->name.empty() && !path.empty()) root->name += root->on_disk ? "/" : "//";
  root->name = Cut(root->name + std::string(path), kMaxRootName);
  root->folder = root->on_disk ? root->name : "";
  root->most = parent.most;
  root->note = parent.note;
  if (fact.presence == Presence::kDeleted && root->most > Grade::kRemnant) {
    root->most = Grade::kRemnant;
    root->note = "in a file that a later layer deletes";
  }
  // What a package file would install is there only when it is what was asked about.
  const bool is_target = fact.parent == 0 && (is_package_ || (is_file_ && fact.path.empty()));
  if (fact.kind == report::RootKind::kPackage && !is_target && root->most > Grade::kRemnant) {
    root->most = Grade::kRemnant;
    root->note = "in a package file";
  }
  order_.push_back(fact.id);
  roots_.emplace(fact.id, std::move(root));
}

void TargetFindings::Limit(const Root& root, Presence presence, Evidence& evidence) const {
  evidence.path = Cut(evidence.path, kMaxPath);
  evidence.detail = Cut(evidence.detail);
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
  EvidenceList& list = root.found[product];
  const std::size_t before = list.size();
  list.Add(std::move(evidence), is_file && presence == Presence::kPresent, kept_ < kMaxKept);
  if (list.size() > before) ++kept_;
  return grade;
}

void TargetFindings::AddPending(Root& root, Presence presence, Pending pending) {
  if (root.pending.size() >= kMaxPending) return;
  if (presence == Presence::kDeleted) pending.evidence.grade = std::min(pending.evidence.grade, Grade::kRemnant);
  root.pending.push_back(std::move(pending));
}

void TargetFindings::Remember(std::uint32_t root, std::string_view path) {
  if (present_.size() < kMaxPresent) present_.insert(PathHash(root, path));
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
    if (root.named.size() >= kMaxNamed || !root.named.insert(hash).second) continue;
    Say(root, hit.rule->product, presence,
        {Grade::kMention, "path", {}, std::string(path.substr(0, hit.end)), "has the vendor's name", {}});
  }
}

void TargetFindings::AddMarks(Root& root, const PathSays& says, Presence presence, std::string_view path,
                              std::string_view sha256, bool is_program) {
  for (const PathRule* const rule : says.marks) {
    const EngineMark& mark = identifier_.product(rule->product).engine[rule->mark];
    std::vector<Mark>& marks = root.marks[rule->product];
    if ((mark.program && !is_program) || marks.size() >= kMaxMarks) continue;
    Evidence evidence{Grade::kEmbedded,   "engine", {}, std::string(path), "part of an engine: " + mark.kind,
                      std::string(sha256)};
    Limit(root, presence, evidence);
    marks.push_back({mark.kind, std::move(evidence), presence == Presence::kPresent});
  }
}

void TargetFindings::AddFile(const report::FileFact& fact) {
  const PathSays& says = Read(fact.place.path);
  if (hits_.empty()) return;
  Root& root = RootOf(fact.place.root);
  const PathRule* const place = says.place != nullptr ? says.place : says.folder_at_root ? says.folder : nullptr;
  if (place == nullptr) {
    if (says.folder != nullptr) {
      // Elsewhere than at the top: whoever put it there, it is nobody's installation by itself.
      const std::uint64_t hash = PathHash(says.folder->product, "folder");
      if (root.named.insert(hash).second) {
        Say(root, says.folder->product, fact.place.presence,
            {Grade::kMention, "path", {}, fact.place.path, "in a folder called as the product's", {}});
      }
    } else {
      MentionFolders(root, says, fact.place.path, fact.place.presence);
    }
    if (fact.kind == report::FileKind::kRegular) {
      AddMarks(root, says, fact.place.presence, fact.place.path, {}, false);
    }
    return;
  }
  Folder& folder = root.folders[place];
  if (fact.kind == report::FileKind::kFolder) {
    ++folder.folders;
  } else if (fact.place.presence == Presence::kDeleted) {
    ++folder.deleted;
  } else {
    ++folder.files;
    folder.is_file = folder.is_file || fact.place.path == place->text;
    Remember(root.id, fact.place.path);
  }
}

void TargetFindings::AddProgram(const report::ProgramFact& fact) {
  const Presence presence = fact.place.presence;
  if (presence == Presence::kPresent) Remember(fact.place.root, fact.place.path);
  const PathSays& says = Read(fact.place.path);
  // Who signed it, and whom it names.
  std::uint32_t signer = kNobody;
  bool verified = false;
  const report::Signer* signature = nullptr;
  for (const report::Signer& one : fact.signers) {
    const std::uint32_t entity = identifier_.VendorOfSigner(one);
    if (entity == kNobody || (verified && !one.verified)) continue;
    signer = entity;
    verified = one.verified;
    signature = &one;
  }
  std::uint32_t named = identifier_.VendorNamed(fact.company);
  for (const std::string* const text : {&fact.company, &fact.copyright, &fact.product, &fact.description}) {
    if (named != kNobody) break;
    const std::vector<std::uint32_t> entities = identifier_.VendorsInText(*text);
    if (!entities.empty()) named = entities.front();
  }
  if (hits_.empty() && signer == kNobody && named == kNobody) return;

  Root& root = RootOf(fact.place.root);
  const std::string sha256 = Sha256Text(fact);
  const auto evidence = [&](Grade grade, std::string_view kind, std::string detail) {
    return Evidence{grade, std::string(kind), {}, fact.place.path, std::move(detail), sha256};
  };
  const bool at_root = says.folder != nullptr && says.folder_at_root;
  const PathRule* const place = says.place != nullptr ? says.place : at_root ? says.folder : nullptr;
  const bool is_data = place != nullptr && place->kind == PathRule::Kind::kData;
  if (place != nullptr) {
    Folder& folder = root.folders[place];
    if (presence == Presence::kDeleted) {
      ++folder.deleted;
    } else {
      ++folder.programs;
    }
    if (!is_data)
      Say(root, place->product, presence, evidence(Grade::kInstalled, "path", "program in the product's folder"), true);
  }
  const std::uint32_t file_product =
      says.file != nullptr && signer != kNobody && identifier_.entity_of(says.file->product) == signer
          ? says.file->product
          : kNobody;
  if (signer != kNobody) {
    const std::string who = Cut(signature->common_name.empty() ? signature->organization : signature->common_name, 100);
    const bool own_folder = says.folder != nullptr && identifier_.entity_of(says.folder->product) == signer;
    const bool own_place = place != nullptr && identifier_.entity_of(place->product) == signer;
    const std::uint32_t product = file_product != kNobody ? file_product
                                  : own_place             ? place->product
                                  : own_folder            ? says.folder->product
                                                          : identifier_.any_of(signer);
    if (!verified) {
      Say(root, product, presence, evidence(Grade::kMention, "signer", "signature of " + who + ", not intact"), true);
    } else {
      const Grade grade = own_place && is_data                                 ? Grade::kRemnant
                          : own_place || own_folder || file_product != kNobody ? Grade::kInstalled
                                                                               : Grade::kEmbedded;
      if (Say(root, product, presence, evidence(grade, "signer", "signed by " + who), true) > Grade::kMention) {
        root.vendors.insert(signer);
      }
    }
  }
  if (named != kNobody && !verified) {
    const std::string& text = fact.company.empty() ? fact.copyright : fact.company;
    const std::uint32_t product = says.file != nullptr && identifier_.entity_of(says.file->product) == named
                                      ? says.file->product
                                      : identifier_.any_of(named);
    Say(root, product, presence, evidence(Grade::kMention, "version-information", "names " + Cut(text, 200)), true);
  } else if (says.file != nullptr && place == nullptr && signer == kNobody) {
    Say(root, says.file->product, presence, evidence(Grade::kMention, "path", "called as a file of the product"), true);
  }
  if (place != nullptr) return;
  if (says.folder != nullptr && signer == kNobody) {
    Say(root, says.folder->product, presence, evidence(Grade::kMention, "path", "in a folder called as the product's"),
        true);
  }
  MentionFolders(root, says, fact.place.path, presence);
  AddMarks(root, says, presence, fact.place.path, sha256, true);
}

void TargetFindings::AddPackage(const report::PackageFact& fact) {
  if (fact.state == report::PackageState::kNotInstalled) return;
  const std::vector<NameHit> hits = identifier_.PackageNamed(fact.name);
  std::uint32_t vendor = identifier_.VendorNamed(fact.vendor);
  std::uint32_t domain = kNobody;
  const std::uint32_t maintainer = identifier_.VendorOfContact(fact.maintainer, domain);
  if (vendor == kNobody) vendor = maintainer;
  if (hits.empty() && vendor == kNobody && domain == kNobody) return;

  Root& root = RootOf(fact.place.root);
  Grade grade = Grade::kInstalled;
  if (fact.state == report::PackageState::kConfigFiles) grade = Grade::kRemnant;
  if (fact.state == report::PackageState::kFile && root.id == 0 && !is_package_ && !is_file_) grade = Grade::kRemnant;
  Evidence evidence{grade, "package", {}, fact.place.path, {}, {}};
  evidence.detail = Cut(fact.name, 100) + " " + Cut(fact.version, 60) +
                    (fact.architecture.empty() ? "" : " (" + Cut(fact.architecture, 20) + ")") + ", " +
                    std::string(Name(fact.state));
  const Presence presence = fact.place.presence;
  bool taken = false;
  for (const NameHit& hit : hits) {
    const std::uint32_t entity = identifier_.entity_of(hit.product);
    if (!hit.ambiguous || vendor == entity || domain == entity) {
      if (Say(root, hit.product, presence, evidence) > Grade::kMention) root.vendors.insert(entity);
    } else {
      Pending pending{hit.product, evidence, true, false, {}};
      AddPending(root, presence, std::move(pending));
    }
    taken = taken || entity == vendor || !hit.ambiguous;
  }
  if (taken) return;
  if (vendor != kNobody && !identifier_.IsExcepted(vendor, fact.name)) {
    if (Say(root, identifier_.any_of(vendor), presence, std::move(evidence)) > Grade::kMention) {
      root.vendors.insert(vendor);
    }
  } else if (vendor == kNobody && domain != kNobody && hits.empty()) {
    // Its maintainer works there, as those of distributions may.
    evidence.grade = Grade::kMention;
    evidence.detail += ", maintained from an address of the vendor";
    Say(root, identifier_.any_of(domain), presence, std::move(evidence));
  }
}

void TargetFindings::AddUnit(const report::UnitFact& fact) {
  std::vector<NameHit> hits = identifier_.UnitNamed(fact.name);
  std::vector<std::uint64_t> programs;
  for (const std::string& text : fact.programs) {
    if (programs.size() >= kMaxUnitPrograms) break;
    // systemd.service(5): "@", "-", ":", "+", "!" may stand in front.
    const std::string_view path =
        WithoutSlash(std::string_view(text).substr(std::min(text.find_first_not_of("@-:+!"), text.size())));
    programs.push_back(PathHash(RootOf(fact.place.root).id, path));
    const PathSays& says = Read(path);
    if (says.place == nullptr) continue;
    const std::uint32_t product = says.place->product;
    const auto same = std::find_if(hits.begin(), hits.end(), [&](const NameHit& hit) {
      return hit.product == product || identifier_.entity_of(hit.product) == identifier_.entity_of(product);
    });
    // What it starts is the product's: the name needs no other sign.
    if (same != hits.end()) {
      same->ambiguous = false;
    } else {
      hits.push_back({product, false, 0});
    }
  }
  for (const NameHit& hit : hits) {
    Pending pending{hit.product, {}, hit.ambiguous, true, programs};
    pending.evidence = {Grade::kInstalled, "unit", {}, fact.place.path, Cut(fact.name, 100), {}};
    AddPending(RootOf(fact.place.root), fact.place.presence, std::move(pending));
  }
}

void TargetFindings::AddSystem(const report::OperatingSystemFact& fact) {
  std::string product;
  const std::uint32_t vendor = identifier_.VendorOfCpe(fact.cpe, product);
  if (vendor == kNobody) return;
  Say(RootOf(fact.place.root), identifier_.any_of(vendor), fact.place.presence,
      {Grade::kInstalled, "component", {}, fact.place.path, "operating system " + Cut(fact.name, 150), {}});
}

void TargetFindings::AddImage(const report::ImageFact& fact) {
  Root& root = RootOf(fact.place.root);
  const Presence presence = fact.place.presence;
  const auto say = [&](std::uint32_t product, Grade grade, std::string detail) {
    const Grade said = Say(root, product, presence, {grade, "image", {}, fact.place.path, std::move(detail), {}});
    if (said > Grade::kMention) root.vendors.insert(identifier_.entity_of(product));
  };
  for (const std::string& name : fact.names) {
    const std::vector<NameHit> hits = identifier_.ImageNamed(name);
    for (const NameHit& hit : hits) say(hit.product, Grade::kInstalled, "image " + Cut(name, 200));
    if (!hits.empty()) continue;
    for (const std::uint32_t entity : identifier_.VendorsInText(name)) {
      say(identifier_.any_of(entity), Grade::kMention, "image " + Cut(name, 200));
    }
  }
  for (const std::string& label : fact.labels) {
    for (const std::uint32_t entity : identifier_.VendorsInText(label)) {
      say(identifier_.any_of(entity), Grade::kMention, "label " + Cut(label, 200));
    }
  }
  for (const std::string& volume : fact.volumes) {
    for (const NameHit& hit : identifier_.VolumeNamed(volume)) {
      say(hit.product, Grade::kMention, "mounts " + Cut(volume, 200));
    }
  }
  for (const std::string& variable : fact.environment) {
    for (const NameHit& hit : identifier_.EnvironmentNamed(variable)) {
      std::vector<Mark>& marks = root.marks[hit.product];
      if (marks.size() >= kMaxMarks) continue;
      Evidence evidence{Grade::kEmbedded, "engine", {}, fact.place.path, "variable " + Cut(variable, 200), {}};
      Limit(root, presence, evidence);
      marks.push_back({identifier_.product(hit.product).engine[hit.mark].kind, std::move(evidence), false});
    }
  }
}

void TargetFindings::AddComponent(const report::ComponentFact& fact) {
  const Purl purl = ParsePurl(fact.purl);
  const std::string& name = purl.name.empty() ? fact.name : purl.name;
  std::uint32_t vendor = kNobody;
  std::string by;
  const auto take = [&](std::uint32_t entity, std::string_view how, std::string_view text) {
    if (vendor != kNobody || entity == kNobody) return;
    vendor = entity;
    by = std::string(how) + " " + Cut(text, 150);
  };
  std::string cpe_product;
  for (const std::string& cpe : fact.cpes) {
    const std::uint32_t entity = identifier_.VendorOfCpe(cpe, cpe_product);
    if (entity != kNobody && !identifier_.IsExcepted(entity, cpe_product)) take(entity, "CPE", cpe);
  }
  take(identifier_.VendorNamed(fact.supplier), "supplier", fact.supplier);
  take(identifier_.VendorNamed(fact.manufacturer), "manufacturer", fact.manufacturer);
  take(identifier_.VendorNamed(fact.publisher), "publisher", fact.publisher);
  take(identifier_.VendorOfPurl(purl.name_space), "purl", fact.purl);
  if (vendor != kNobody && identifier_.IsExcepted(vendor, name)) vendor = kNobody;

  std::uint32_t product = vendor == kNobody ? kNobody : identifier_.any_of(vendor);
  for (const NameHit& hit : identifier_.PackageNamed(name)) {
    const bool same = vendor == identifier_.entity_of(hit.product);
    if (same || (vendor == kNobody && !hit.ambiguous && purl.is_distribution())) {
      product = hit.product;
      if (by.empty()) by = "package " + Cut(fact.purl, 150);
    }
  }
  Root& root = RootOf(fact.place.root);
  const std::string what = Cut(fact.name, 100) + " " + Cut(fact.version, 60);
  if (product != kNobody) {
    const Grade grade = purl.is_distribution() || fact.is_subject ? Grade::kInstalled : Grade::kEmbedded;
    const Grade said =
        Say(root, product, fact.place.presence, {grade, "component", {}, fact.place.path, what + ", by its " + by, {}});
    if (said > Grade::kMention) root.vendors.insert(identifier_.entity_of(product));
    return;
  }
  for (const NameHit& hit : identifier_.PackageNamed(name)) {
    if (!purl.is_distribution()) continue;
    Say(root, hit.product, fact.place.presence,
        {Grade::kMention, "component", {}, fact.place.path, what + ", a name that others use too", {}});
  }
  std::vector<std::uint32_t> mentioned;
  for (const std::string* const text : {&fact.name, &fact.purl, &fact.group, &fact.author, &fact.publisher,
                                        &fact.supplier, &fact.description, &fact.copyright}) {
    for (const std::uint32_t entity : identifier_.VendorsInText(*text)) {
      if (std::find(mentioned.begin(), mentioned.end(), entity) != mentioned.end()) continue;
      mentioned.push_back(entity);
      Say(root, identifier_.any_of(entity), fact.place.presence,
          {Grade::kMention, "component", {}, fact.place.path, what + ", which names it: " + Cut(*text, 150), {}});
    }
  }
}

void TargetFindings::AddMention(const report::MentionFact& fact) {
  for (const std::uint32_t entity : identifier_.VendorsOfWord(fact.word)) {
    Say(RootOf(fact.place.root), identifier_.any_of(entity), fact.place.presence,
        {Grade::kMention,
         "text",
         {},
         fact.place.path,
         "line " + std::to_string(fact.line) + ": " + Cut(fact.text, 200),
         {}},
        true);
  }
}

void TargetFindings::AddProcess(const report::ProcessFact& fact) {
  Root& root = RootOf(0);
  const std::string_view path = WithoutSlash(fact.program);
  Evidence evidence{Grade::kRunning, "process", {}, std::string(path), {}, {}};
  evidence.detail = "process " + std::to_string(fact.pid) + " " + Cut(fact.name, 60) +
                    (fact.unit.empty() ? "" : " of " + Cut(fact.unit, 100)) +
                    (fact.program_deleted ? ", its program deleted" : "");
  const PathSays& says = Read(path);
  if (says.place != nullptr) {
    root.vendors.insert(identifier_.entity_of(says.place->product));
    Say(root, says.place->product, Presence::kPresent, std::move(evidence), !fact.program_deleted);
    return;
  }
  if (fact.unit.empty()) return;
  for (const NameHit& hit : identifier_.UnitNamed(fact.unit)) {
    if (hit.ambiguous) {
      AddPending(root, Presence::kPresent, {hit.product, evidence, true, false, {}});
    } else {
      Say(root, hit.product, Presence::kPresent, evidence, !fact.program_deleted);
    }
  }
}

void TargetFindings::AddModule(const report::KernelModuleFact& fact) {
  for (const NameHit& hit : identifier_.ModuleNamed(fact.name)) {
    Say(RootOf(0), hit.product, Presence::kPresent,
        {Grade::kRunning, "module", {}, {}, "kernel module " + Cut(fact.name, 100), {}});
  }
}

void TargetFindings::Add(const report::SoftwareFacts& facts) {
  for (const auto& fact : facts.roots) AddRoot(fact);
  for (const auto& fact : facts.files) AddFile(fact);
  for (const auto& fact : facts.programs) AddProgram(fact);
  for (const auto& fact : facts.packages) AddPackage(fact);
  for (const auto& fact : facts.units) AddUnit(fact);
  for (const auto& fact : facts.operating_systems) AddSystem(fact);
  for (const auto& fact : facts.images) AddImage(fact);
  for (const auto& fact : facts.components) AddComponent(fact);
  for (const auto& fact : facts.mentions) AddMention(fact);
  for (const auto& fact : facts.processes) AddProcess(fact);
  for (const auto& fact : facts.modules) AddModule(fact);
}

// What stands in known folders: programs, or files that are left, or nothing.
void TargetFindings::FinishFolders(Root& root) {
  for (const auto& [rule, folder] : root.folders) {
    const std::uint32_t entity = identifier_.entity_of(rule->product);
    const bool is_data = rule->kind == PathRule::Kind::kData;
    const auto say = [&](Grade grade, Presence presence, std::string detail) {
      Say(root, rule->product, presence, {grade, "path", {}, rule->text, std::move(detail), {}}, folder.is_file);
    };
    // The same file comes as a file and as a program.
    const std::uint64_t files = std::max(folder.files, folder.programs);
    if (files > 0) {
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
  for (const auto& [rule, folder] : root.folders) {
    if (folder.files + folder.programs + folder.deleted > 0) continue;
    if (root.vendors.count(identifier_.entity_of(rule->product)) != 0) continue;
    Say(root, rule->product, Presence::kPresent, {Grade::kMention, "path", {}, rule->text, "an empty folder", {}});
  }
}

void TargetFindings::FinishPending(Root& root) {
  for (Pending& pending : root.pending) {
    const bool has_program = std::any_of(pending.programs.begin(), pending.programs.end(),
                                         [&](std::uint64_t hash) { return present_.count(hash) != 0; });
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
  for (auto& [product, marks] : root.marks) {
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
