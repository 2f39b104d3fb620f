// alpm's local database: "%FIELD%", its values a line each, an empty line.
#include <charconv>
#include <utility>

#include "daylight/extract/packages/line_reader.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

void ReadPacmanDesc(ObjectSource& file, const report::FactPlace& place, Facts& facts) {
  constexpr std::size_t kMaxLine = 64u << 10;
  LineReader lines(file, kMaxLine);
  report::PackageFact fact;
  fact.place = place;
  fact.system = report::PackageSystem::kPacman;
  std::string field;
  while (const auto line = lines.Next()) {
    const std::string_view text = Trim(*line);
    if (text.empty()) {
      field.clear();
    } else if (field.empty()) {
      field = FactText(text);
    } else if (field == "%NAME%") {
      fact.name = FactText(text);
    } else if (field == "%VERSION%") {
      fact.version = FactText(text);
    } else if (field == "%BASE%") {
      fact.source = FactText(text);
    } else if (field == "%DESC%") {
      fact.summary = FactText(text);
    } else if (field == "%URL%") {
      fact.homepage = FactText(text);
    } else if (field == "%ARCH%") {
      fact.architecture = FactText(text);
    } else if (field == "%PACKAGER%") {
      fact.maintainer = FactText(text);
    } else if (field == "%LICENSE%") {
      if (fact.licence.size() < kMaxFactText) fact.licence += (fact.licence.empty() ? "" : ", ") + FactText(text);
    } else if (field == "%INSTALLDATE%") {
      std::from_chars(text.data(), text.data() + text.size(), fact.installed_at);
    }
  }
  if (lines.failed() || fact.name.empty()) {
    facts.Unread(place, unpack::kDamaged, "it does not name a package");
    if (fact.name.empty()) return;
  }
  if (!fact.source.empty()) fact.source += " " + fact.version;
  facts.Add(std::move(fact));
}

}  // namespace dl::extract
