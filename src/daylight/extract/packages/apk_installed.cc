// apk-tools' "installed" database: lines of a letter, a colon and a value; an empty line ends a package.
#include <utility>

#include "daylight/extract/packages/line_reader.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

void ReadApkInstalled(ObjectSource& file, const report::FactPlace& place, Facts& facts) {
  constexpr std::size_t kMaxLine = 64u << 10;
  LineReader lines(file, kMaxLine);
  report::PackageFact fact;
  bool is_empty = true;
  std::uint64_t nameless = 0;
  const auto finish = [&] {
    if (std::exchange(is_empty, true)) return true;
    report::PackageFact done = std::exchange(fact, {});
    if (done.name.empty()) {
      ++nameless;
      return true;
    }
    done.place = place;
    done.system = report::PackageSystem::kApk;
    if (!done.source.empty()) done.source += " " + done.version;
    return facts.Add(std::move(done));
  };
  while (const auto line = lines.Next()) {
    if (line->empty()) {
      if (!finish()) return;
      continue;
    }
    if (line->size() < 2 || (*line)[1] != ':') continue;
    const std::string_view value = line->substr(2);
    if ((*line)[0] == 'P' && !fact.name.empty() && !finish()) return;
    is_empty = false;
    switch ((*line)[0]) {
      case 'P': fact.name = FactText(value); break;
      case 'V': fact.version = FactText(value); break;
      case 'A': fact.architecture = FactText(value); break;
      case 'T': fact.summary = FactText(value); break;
      case 'U': fact.homepage = FactText(value); break;
      case 'L': fact.licence = FactText(value); break;
      case 'o': fact.source = FactText(value); break;
      case 'm': fact.maintainer = FactText(value); break;
      // Its files, script or attributes are not as they should be.
      case 'f':
        if (value.find_first_of("fsx") != value.npos) fact.state = report::PackageState::kBroken;
        break;
      default: break;
    }
  }
  if (!finish()) return;
  if (lines.failed()) facts.Unread(place, unpack::kDamaged, "it cannot be read to its end");
  if (nameless > 0) facts.Unread(place, unpack::kDamaged, "entries without the name of a package");
}

}  // namespace dl::extract
