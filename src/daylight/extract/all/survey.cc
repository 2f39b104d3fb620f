#include "daylight/extract/all/survey.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daylight/extract/budget.h"
#include "daylight/extract/image/archive.h"
#include "daylight/extract/image/image.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/program/program.h"
#include "daylight/extract/sbom/sbom.h"

namespace dl::extract {

namespace {

using report::SurveyKind;

class Reader {
 public:
  Reader(const report::SurveyMessage& message, Facts& facts)
      : message_(message),
        facts_(facts),
        budget_(Budget::Limits{.bytes = message.max_bytes, .depth = message.max_depth}) {}

  void Read(SurveyKind kind, std::span<ObjectSource* const> files, const report::FactPlace& place) {
    if (files.empty()) return;
    ObjectSource& file = *files.front();
    ObjectSource* const beside = files.size() > 1 ? files[1] : nullptr;
    switch (kind) {
      case SurveyKind::kAny: return ReadAny(file, place, facts_);
      case SurveyKind::kDpkgStatus: return ReadDpkgStatus(file, place, facts_);
      case SurveyKind::kRpmDatabase: return ReadRpmDatabase(file, beside, place, facts_);
      case SurveyKind::kApkInstalled: return ReadApkInstalled(file, place, facts_);
      case SurveyKind::kPacmanDesc: return ReadPacmanDesc(file, place, facts_);
      case SurveyKind::kFlatpakMetadata: return ReadFlatpakMetadata(file, beside, place, facts_);
      case SurveyKind::kUnit: return ReadUnit(file, place, facts_);
      case SurveyKind::kOsRelease: return ReadOsRelease(file, place, facts_);
      case SurveyKind::kImageFolder: return ReadFolder(files, place);
      case SurveyKind::kText: return ReadText(file, place, message_.words, facts_);
      case SurveyKind::kSettings: return;
    }
  }

 private:
  MemberReader Members() {
    return [this](SurveyKind kind, ObjectSource& file, const report::FactPlace& place, Facts& facts) {
      // An extractor may collect on its own and hand on later; so it says where to.
      Reader inner(*this, facts);
      ObjectSource* const files[] = {&file};
      inner.Read(kind, files, place);
      budget_ = inner.budget_;
    };
  }
  Reader(const Reader& outer, Facts& facts)
      : message_(outer.message_), facts_(facts), budget_(outer.budget_), is_member_(true) {}

  void ReadAny(ObjectSource& file, const report::FactPlace& place, Facts& facts) {
    std::vector<std::byte> buffer(kPackageHeadBytes);
    const auto n = file.ReadAt(0, buffer);
    if (!n) {
      facts.Unread(place, "failed", n.error().what);
      return;
    }
    const Bytes head = Bytes(buffer).first(*n);
    // What lies in a file system the trusted side can hash itself, where it matters.
    if (IsProgram(head)) return ReadProgram(file, place, /*hash=*/is_member_, facts);
    if (IsPackageFile(head)) return ReadPackage(file, place, facts);
    if (IsImage(file) && ReadImage(file, place, Members(), budget_, facts)) return;
    if (sbom::IsSbom(head) && ReadDocument(file, place, facts)) return;
    if (message_.open_archives && IsArchive(file)) return ReadArchive(file, place, Members(), budget_, facts);
    if (!message_.words.empty()) ReadText(file, place, message_.words, facts);
  }

  void ReadPackage(ObjectSource& file, const report::FactPlace& place, Facts& facts) {
    const Budget::Level level(budget_);
    if (!level.is_open()) {
      facts.Unread(place, "max-depth", "containers in containers");
      return;
    }
    PackageFileSettings settings;
    settings.read_files = message_.open_archives || is_member_;
    settings.read_texts = !message_.words.empty();
    // Many small packages that unpack to much share what the whole may cost.
    settings.max_bytes = std::min(settings.max_bytes, budget_.left_bytes());
    budget_.ChargeBytes(ReadPackageFile(file, place, Members(), facts, settings));
  }

  void ReadFolder(std::span<ObjectSource* const> files, const report::FactPlace& place) {
    std::vector<NamedFile> named;
    for (std::size_t i = 0; i < files.size(); ++i) named.push_back({message_.files[i].name, files[i]});
    if (!ReadImageFolder(named, place, Members(), budget_, facts_)) {
      facts_.Unread(place, "damaged", "an image layout without an image");
    }
  }

  // A bill of materials is a root with its components. Whether it is one shows while it is read.
  bool ReadDocument(ObjectSource& file, const report::FactPlace& place, Facts& facts) {
    std::uint32_t root = 0;
    Facts inner([&](report::SoftwareFacts&& piece, bool) {
      if (root == 0 && !(piece.components.empty() && piece.unread.empty())) {
        root = facts.AddRoot({0, place.root, report::RootKind::kSbom, place.path, {}, {}, place.presence});
      }
      for (report::ComponentFact& component : piece.components) {
        component.place = {root, {}, place.presence};
        if (!facts.Add(std::move(component))) return false;
      }
      for (report::UnreadFact& unread : piece.unread) {
        if (!facts.Unread(place, unread.reason, unread.detail)) return false;
      }
      return facts.wanted();
    });
    const bool is_one = sbom::ReadSbom(file, place, inner);
    inner.Finish();
    return is_one;
  }

  const report::SurveyMessage& message_;
  Facts& facts_;
  Budget budget_;
  bool is_member_ = false;
};

}  // namespace

void Prepare() { PrepareRpmDatabase(); }

void Answer(const report::SurveyMessage& message, std::span<ObjectSource* const> files, Facts& facts) {
  if (files.empty() || files.size() != message.files.size()) return;
  report::FactPlace place;
  if (message.kind != SurveyKind::kImageFolder) place.path = message.files.front().name;
  Reader(message, facts).Read(message.kind, files, place);
}

}  // namespace dl::extract
