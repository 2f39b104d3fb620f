// Any bytes as the texts in which systems keep what is installed: dpkg's status, apk's and
// pacman's databases, flatpak's metadata, os-release, texts. The first byte says how long the
// windows are. Meaning: it is the same however windows fall; every package has a name, and no
// text is longer than texts of facts are.
#include <string>

#include "daylight/base/check.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"

namespace {

using namespace dl;
using namespace dl::extract;

template <typename Read>
void Compare(std::string_view input, std::size_t piece, Read read) {
  MemorySource whole(AsBytes(input));
  const report::SoftwareFacts facts = FactsOf([&](Facts& f) { read(whole, f); });
  StreamSource pieces = InPieces(input, piece);
  DL_CHECK(TextOf(FactsOf([&](Facts& f) { read(pieces, f); })) == TextOf(facts));
  DL_CHECK(facts.packages.size() <= input.size());
  for (const auto& package : facts.packages) {
    DL_CHECK(!package.name.empty());
    DL_CHECK(package.name.size() <= kMaxFactText && package.summary.size() <= kMaxFactText);
  }
  DL_CHECK(facts.mentions.size() <= kMaxMentions);
  for (const auto& mention : facts.mentions) DL_CHECK(mention.text.size() <= kMaxMentionText);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::size_t piece = 1 + static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  const report::FactPlace place = {1, "var/lib/flatpak/app/A/x/b/c/metadata", report::Presence::kPresent};
  const std::vector<std::string> words = {"a", "Ab"};
  Compare(input, piece, [&](ObjectSource& s, Facts& f) { ReadDpkgStatus(s, place, f); });
  Compare(input, piece, [&](ObjectSource& s, Facts& f) { ReadApkInstalled(s, place, f); });
  Compare(input, piece, [&](ObjectSource& s, Facts& f) { ReadPacmanDesc(s, place, f); });
  Compare(input, piece, [&](ObjectSource& s, Facts& f) {
    MemorySource deploy(AsBytes(input));
    ReadFlatpakMetadata(s, &deploy, place, f);
  });
  Compare(input, piece, [&](ObjectSource& s, Facts& f) { ReadOsRelease(s, place, f); });
  Compare(input, piece, [&](ObjectSource& s, Facts& f) { ReadText(s, place, words, f); });
  return 0;
}
