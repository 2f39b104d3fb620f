// How each kind of fact is graded: docs/policy.md, "Grades".
#include <algorithm>

#include "daylight/bytes/bytes.h"
#include "daylight/crypto/digest.h"
#include "daylight/policy/target_findings.h"
#include "daylight/policy/target_limits.h"

namespace dl::policy {

namespace {

using report::Presence;

std::string_view WithoutSlash(std::string_view path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  return path;
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

void TargetFindings::AddFile(const report::FileFact& fact) {
  const PathSays& says = Read(fact.place.path);
  if (hits_.empty()) return;
  Root& root = RootOf(fact.place.root);
  const PathRule* const place = says.place != nullptr ? says.place : says.folder_at_root ? says.folder : nullptr;
  if (place == nullptr) {
    if (says.folder != nullptr) {
      // Elsewhere than at the top: whoever put it there, it is nobody's installation by itself.
      const std::uint64_t hash = PathHash(says.folder->product, "folder");
      if (IsNew(root, hash)) {
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
  if (presence == Presence::kPresent) Remember(RootOf(fact.place.root).id, fact.place.path);
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
    const std::string who =
        CutText(signature->common_name.empty() ? signature->organization : signature->common_name, 100);
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
    Say(root, product, presence, evidence(Grade::kMention, "version-information", "names " + CutText(text, 200)), true);
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
  // Nobody else says that it is his: then a name that others use as well has to do.
  const bool is_nobodys = fact.vendor.empty() && fact.maintainer.empty() && fact.homepage.empty();
  std::uint32_t domain = kNobody;
  const std::uint32_t maintainer = identifier_.VendorOfContact(fact.maintainer, domain);
  if (vendor == kNobody) vendor = maintainer;
  if (hits.empty() && vendor == kNobody && domain == kNobody) return;

  Root& root = RootOf(fact.place.root);
  Grade grade = Grade::kInstalled;
  if (fact.state == report::PackageState::kConfigFiles) grade = Grade::kRemnant;
  if (fact.state == report::PackageState::kFile && root.id == 0 && !is_file_) grade = Grade::kRemnant;
  Evidence evidence{grade, "package", {}, fact.place.path, {}, {}};
  evidence.detail = CutText(fact.name, 100) + " " + CutText(fact.version, 60) +
                    (fact.architecture.empty() ? "" : " (" + CutText(fact.architecture, 20) + ")") + ", " +
                    std::string(Name(fact.state));
  const Presence presence = fact.place.presence;
  bool taken = false;
  for (const NameHit& hit : hits) {
    const std::uint32_t entity = identifier_.entity_of(hit.product);
    if (!hit.ambiguous || vendor == entity || domain == entity || is_nobodys) {
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
    pending.evidence = {Grade::kInstalled, "unit", {}, fact.place.path, CutText(fact.name, 100), {}};
    AddPending(RootOf(fact.place.root), fact.place.presence, std::move(pending));
  }
}

void TargetFindings::AddSystem(const report::OperatingSystemFact& fact) {
  const std::uint32_t vendor = identifier_.VendorOfCpe(fact.cpe).entity;
  if (vendor == kNobody) return;
  Say(RootOf(fact.place.root), identifier_.any_of(vendor), fact.place.presence,
      {Grade::kInstalled, "component", {}, fact.place.path, "operating system " + CutText(fact.name, 150), {}});
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
    for (const NameHit& hit : hits) say(hit.product, Grade::kInstalled, "image " + CutText(name, 200));
    if (!hits.empty()) continue;
    for (const std::uint32_t entity : identifier_.VendorsInText(name)) {
      say(identifier_.any_of(entity), Grade::kMention, "image " + CutText(name, 200));
    }
  }
  for (const std::string& label : fact.labels) {
    for (const std::uint32_t entity : identifier_.VendorsInText(label)) {
      say(identifier_.any_of(entity), Grade::kMention, "label " + CutText(label, 200));
    }
  }
  for (const std::string& volume : fact.volumes) {
    for (const NameHit& hit : identifier_.VolumeNamed(volume)) {
      say(hit.product, Grade::kInstalled, "mounts " + CutText(volume, 200));
    }
  }
  for (const std::string& variable : fact.environment) {
    for (const NameHit& hit : identifier_.EnvironmentNamed(variable)) {
      std::vector<Mark>& marks = root.marks[hit.product];
      if (marks.size() >= kMaxMarks || (kept_ >= kMaxKept && marks.size() > 1)) continue;
      ++kept_;
      Evidence evidence{Grade::kEmbedded, "engine", {}, fact.place.path, "variable " + CutText(variable, 200), {}};
      Limit(root, presence, evidence);
      marks.push_back({identifier_.product(hit.product).engine[hit.mark].kind, std::move(evidence), false});
    }
  }
}

std::uint32_t TargetFindings::VendorOfComponent(const report::ComponentFact& fact, const Purl& purl,
                                                std::string& by) const {
  const std::string& name = purl.name.empty() ? fact.name : purl.name;
  std::uint32_t vendor = kNobody;
  const auto take = [&](std::uint32_t entity, std::string_view how, std::string_view text, std::string_view of) {
    if (vendor != kNobody || entity == kNobody) return;
    vendor = entity;
    by = std::string(how) + " " + CutText(text, 150);
    if (identifier_.IsUnverified(entity, of)) by += ", a form of the vendor's name that is not verified";
  };
  for (const bool may_be_unverified : {false, true}) {
    for (const std::string& cpe : fact.cpes) {
      const Identifier::Cpe said = identifier_.VendorOfCpe(cpe);
      if (said.entity == kNobody || identifier_.IsExcepted(said.entity, said.product)) continue;
      if (may_be_unverified || !identifier_.IsUnverified(said.entity, said.vendor)) {
        take(said.entity, "CPE", cpe, said.vendor);
      }
    }
  }
  take(identifier_.VendorNamed(fact.supplier), "supplier", fact.supplier, fact.supplier);
  take(identifier_.VendorNamed(fact.manufacturer), "manufacturer", fact.manufacturer, fact.manufacturer);
  take(identifier_.VendorNamed(fact.publisher), "publisher", fact.publisher, fact.publisher);
  take(identifier_.VendorOfPurl(purl.name_space), "purl", fact.purl, purl.name_space);
  if (purl.type == "generic") take(identifier_.VendorInFront(purl.name), "purl", fact.purl, purl.name);
  return vendor != kNobody && identifier_.IsExcepted(vendor, name) ? kNobody : vendor;
}

void TargetFindings::AddComponent(const report::ComponentFact& fact) {
  const Purl purl = ParsePurl(fact.purl);
  const std::string& name = purl.name.empty() ? fact.name : purl.name;
  std::string by;
  const std::uint32_t vendor = VendorOfComponent(fact, purl, by);
  std::uint32_t product = vendor == kNobody ? kNobody : identifier_.any_of(vendor);
  // "kesl" of npm is anyone's.
  const bool may_name = purl.is_distribution() || purl.is_generic();
  const std::vector<NameHit> named = purl.is_image() ? identifier_.ImageNamed(name) : identifier_.PackageNamed(name);
  for (const NameHit& hit : named) {
    const bool same = vendor == identifier_.entity_of(hit.product);
    if (same || (vendor == kNobody && !hit.ambiguous && (may_name || purl.is_image()))) {
      product = hit.product;
      if (by.empty()) by = fact.purl.empty() ? "name" : "package " + CutText(fact.purl, 150);
    }
  }
  Root& root = RootOf(fact.place.root);
  const std::string what = CutText(fact.name, 100) + " " + CutText(fact.version, 60);
  if (product != kNobody) {
    const Grade grade = purl.is_distribution() || fact.is_subject ? Grade::kInstalled : Grade::kEmbedded;
    const Grade said =
        Say(root, product, fact.place.presence, {grade, "component", {}, fact.place.path, what + ", by its " + by, {}});
    if (said > Grade::kMention) root.vendors.insert(identifier_.entity_of(product));
    return;
  }
  for (const NameHit& hit : named) {
    if (!may_name) continue;
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
          {Grade::kMention, "component", {}, fact.place.path, what + ", which names it: " + CutText(*text, 150), {}});
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
         "line " + std::to_string(fact.line) + ": " + CutText(fact.text, 200),
         {}},
        true);
  }
}

void TargetFindings::AddProcess(const report::ProcessFact& fact) {
  Root& root = RootOf(0);
  const std::string_view path = WithoutSlash(fact.program);
  Evidence evidence{Grade::kRunning, "process", {}, std::string(path), {}, {}};
  evidence.detail = "process " + std::to_string(fact.pid) + " " + CutText(fact.name, 60) +
                    (fact.unit.empty() ? "" : " of " + CutText(fact.unit, 100)) +
                    (fact.program_deleted ? ", its program deleted" : "");
  const PathSays& says = Read(path);
  if (says.place != nullptr && fact.by_own_word) {
    // Anybody can be called so: another sign has to confirm it.
    evidence.detail += ", by its own word";
    return AddPending(root, Presence::kPresent, {says.place->product, std::move(evidence), true, false, {}});
  }
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
        {Grade::kRunning, "module", {}, {}, "kernel module " + CutText(fact.name, 100), {}});
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

}  // namespace dl::policy
