// Any bytes as a package file. Meaning: there is at most one root and one package, all other facts
// are in the root; members are no more than the budget; every path is plain; and it ends.
#include <string>

#include "daylight/base/check.h"
#include "daylight/extract/packages/package_archive.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"
#include "daylight/unpack/archive/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl;
  using namespace dl::extract;
  static const bool is_ready = (unpack::PrepareArchive(), true);
  static_cast<void>(is_ready);
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  const PackageFileSettings settings = {.max_bytes = 4u << 20, .max_member_bytes = 1u << 20};
  const bool is_package = IsPackageFile(input.first(std::min(size, kPackageHeadBytes)));
  std::uint64_t given = 0;
  const MemberReader member = [&](report::SurveyKind, ObjectSource& file, const report::FactPlace& place, Facts&) {
    DL_CHECK(place.root == 1 && !place.path.empty());
    DL_CHECK(*file.size() <= std::max(settings.max_member_bytes, kMaxTextBytes));
    given += *file.size();
  };
  MemorySource source(input);
  const report::SoftwareFacts facts = FactsOf([&](Facts& f) {
    ReadPackageFile(source, {0, "a", report::Presence::kPresent}, member, f, settings);
  });
  DL_CHECK(given <= settings.max_bytes);
  DL_CHECK(facts.roots.size() <= 1 && facts.packages.size() <= 1);
  DL_CHECK(facts.files.empty() || facts.roots.size() == 1);
  for (const auto& package : facts.packages) {
    DL_CHECK(package.place.root == 1 && package.state == report::PackageState::kFile && !package.name.empty());
  }
  for (const auto& file : facts.files) {
    DL_CHECK(file.place.root == 1 && file.place.path == PlainPath(file.place.path) && !file.place.path.empty());
  }
  // What is no package at all is told to be none.
  if (!is_package) DL_CHECK(!facts.unread.empty() || !facts.files.empty() || !facts.packages.empty());
  return 0;
}
