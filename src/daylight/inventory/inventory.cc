#include "daylight/inventory/inventory.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "daylight/os/paths.h"

namespace dl::inventory {

namespace {

TargetKind KindOf(report::RootKind kind) {
  switch (kind) {
    case report::RootKind::kFolder: return TargetKind::kFolder;
    case report::RootKind::kContainer:
    case report::RootKind::kImage: return TargetKind::kImage;
    case report::RootKind::kPackage: return TargetKind::kPackage;
    case report::RootKind::kDisk: return TargetKind::kDisk;
    case report::RootKind::kSbom: return TargetKind::kSbom;
    case report::RootKind::kArchive: break;
  }
  return TargetKind::kFile;
}

auto PackageKey(const report::PackageFact& package) {
  return std::tie(package.system, package.name, package.architecture, package.version, package.state,
                  package.place.path, package.place.presence);
}
auto SystemKey(const report::OperatingSystemFact& system) {
  return std::tie(system.id, system.version_id, system.name, system.cpe, system.place.path);
}

template <typename Facts, typename Key>
void SortOnce(Facts& facts, const Key& key) {
  std::stable_sort(facts.begin(), facts.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  facts.erase(std::unique(facts.begin(), facts.end(), [&](const auto& a, const auto& b) { return key(a) == key(b); }),
              facts.end());
}

}  // namespace

bool IsThere(const report::PackageFact& package) {
  if (package.place.presence == report::Presence::kDeleted) return false;
  switch (package.state) {
    case report::PackageState::kInstalled:
    case report::PackageState::kBroken:
    case report::PackageState::kFile: return true;
    case report::PackageState::kConfigFiles:
    case report::PackageState::kNotInstalled: break;
  }
  return false;
}

void Inventory::BeginTarget(std::string name, TargetKind kind) {
  target_ = contents_.places.size();
  by_root_.assign(1, target_);
  Place place;
  place.name = std::move(name);
  place.kind = kind;
  place.parent = target_;
  contents_.places.push_back(std::move(place));
}

std::size_t Inventory::PlaceOf(std::uint32_t root) const { return root < by_root_.size() ? by_root_[root] : target_; }

void Inventory::Add(const report::SoftwareFacts& facts) {
  report::SoftwareFacts copy;
  copy.roots = facts.roots;
  copy.packages = facts.packages;
  copy.operating_systems = facts.operating_systems;
  copy.images = facts.images;
  copy.components = facts.components;
  copy.unread = facts.unread;
  Add(std::move(copy));
}

void Inventory::Add(report::SoftwareFacts&& facts) {
  if (by_root_.empty()) return;
  for (report::RootFact& root : facts.roots) {
    // They come in the order of their numbers; others would be somebody's lie, and are not given a place.
    if (root.id != by_root_.size()) continue;
    Place& target = contents_.places[target_];
    const bool is_file_itself = root.parent == 0 && target.kind != TargetKind::kMachine &&
                                target.kind != TargetKind::kFolder && root.path == os::BaseName(target.name);
    // A file that was named, and the package or archive that it is, are one place; an image has a name of its own.
    if (is_file_itself && root.kind != report::RootKind::kImage && target.title.empty() && target.digest.empty()) {
      target.title = std::move(root.name);
      target.digest = std::move(root.digest);
      by_root_.push_back(target_);
      continue;
    }
    Place place;
    place.parent = PlaceOf(root.parent);
    place.name = contents_.places[place.parent].name;
    if (is_file_itself) {
      if (!root.name.empty()) place.name += "//" + root.name;
    } else if (!root.path.empty()) {
      place.name += (root.parent == 0 ? "/" : "//") + root.path;
    }
    place.title = std::move(root.name);
    place.digest = std::move(root.digest);
    place.kind = KindOf(root.kind);
    by_root_.push_back(contents_.places.size());
    contents_.places.push_back(std::move(place));
  }
  const auto give = [&](auto& from, auto member) {
    for (auto& fact : from) (contents_.places[PlaceOf(fact.place.root)].*member).push_back(std::move(fact));
  };
  give(facts.packages, &Place::packages);
  give(facts.operating_systems, &Place::systems);
  give(facts.images, &Place::images);
  give(facts.components, &Place::components);
  contents_.unread += facts.unread.size();
}

Contents Inventory::Finish() {
  for (Place& place : contents_.places) {
    SortOnce(place.packages, PackageKey);
    SortOnce(place.systems, SystemKey);
    // An SBOM's own order stays: the first of several with one reference is what others refer to.
  }
  by_root_.clear();
  target_ = 0;
  return std::exchange(contents_, {});
}

}  // namespace dl::inventory
