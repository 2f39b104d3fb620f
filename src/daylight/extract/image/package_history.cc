#include "daylight/extract/image/package_history.h"

#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

// Packages of all versions of a system's database; a large system has some thousand.
constexpr std::size_t kMaxOlder = 200'000;

bool IsPackageDatabase(report::SurveyKind kind) {
  switch (kind) {
    case report::SurveyKind::kDpkgStatus:
    case report::SurveyKind::kRpmDatabase:
    case report::SurveyKind::kApkInstalled:
    case report::SurveyKind::kPacmanDesc: return true;
    default: return false;
  }
}

bool IsThere(const report::PackageFact& fact) {
  return fact.state == report::PackageState::kInstalled || fact.state == report::PackageState::kBroken;
}

}  // namespace

bool PackageHistory::Take(report::SurveyKind kind, ObjectSource& file, const report::FactPlace& place, bool is_replaced,
                          const MemberReader& reader, Facts& facts) {
  if (!IsPackageDatabase(kind)) return false;
  const bool is_older = is_replaced || place.presence == report::Presence::kDeleted;
  Facts seen([&](report::SoftwareFacts&& piece, bool) {
    for (report::PackageFact& package : piece.packages) {
      if (!is_older) {
        if (IsThere(package)) installed_.emplace(package.system, package.name);
        facts.Add(std::move(package));
      } else if (older_.size() < kMaxOlder) {
        if (IsThere(package)) older_.push_back(std::move(package));
      } else {
        is_cut_ = true;
      }
    }
    for (const report::UnreadFact& unread : piece.unread) facts.Unread(unread.place, unread.reason, unread.detail);
    return facts.wanted();
  });
  reader(kind, file, place, seen);
  seen.Finish();
  return true;
}

void PackageHistory::AddGone(Facts& facts) {
  std::set<std::pair<Key, std::string>> told;
  for (report::PackageFact& package : older_) {
    const Key key(package.system, package.name);
    if (installed_.count(key) != 0 || !told.emplace(key, package.version).second) continue;
    package.place.presence = report::Presence::kDeleted;
    if (is_cut_ || facts.wanted()) facts.Add(std::move(package));
  }
  if (is_cut_) facts.Unread({}, unpack::kTooLarge, "more packages are in older databases than are compared");
  older_.clear();
}

}  // namespace dl::extract
