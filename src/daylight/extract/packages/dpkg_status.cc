#include <array>
#include <utility>

#include "daylight/extract/packages/control.h"
#include "daylight/extract/packages/line_reader.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

using report::PackageState;

// deb-src-control(5) writes "Source: glibc (2.36-9)" where the version is another than the package's.
std::string SourceText(std::string_view source, const report::PackageFact& fact) {
  const std::size_t open = source.find('(');
  if (source.empty()) source = fact.name;
  const std::string name(Trim(source.substr(0, open)));
  if (open == source.npos) return name + " " + fact.version;
  const std::size_t close = source.find(')', open);
  return name + " " + std::string(Trim(source.substr(open + 1, close == source.npos ? close : close - open - 1)));
}

}  // namespace

bool ControlStanza::Take(std::string_view line) {
  // A continuation: of the fields here only Description has more lines, and its first is enough.
  if (line.starts_with(' ') || line.starts_with('\t') || line.starts_with('#')) return true;
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return true;
  const std::string_view name = Trim(line.substr(0, colon));
  const std::string_view value = Trim(line.substr(colon + 1));
  if (IsSameWord(name, "Package")) {
    if (!fact_.name.empty()) return false;
    is_empty_ = false;
    fact_.name = FactText(value);
    return true;
  }
  struct Field {
    std::string_view name;
    std::string* text;
  };
  for (const Field& field : std::array<Field, 9>{{{"Status", &status_},
                                                  {"Version", &fact_.version},
                                                  {"Architecture", &fact_.architecture},
                                                  {"Source", &fact_.source},
                                                  {"Maintainer", &fact_.maintainer},
                                                  {"Origin", &fact_.vendor},
                                                  {"Homepage", &fact_.homepage},
                                                  {"License", &fact_.licence},
                                                  {"Description", &fact_.summary}}}) {
    if (!IsSameWord(name, field.name)) continue;
    is_empty_ = false;
    *field.text = FactText(value);
    break;
  }
  // Vendor is what some packages of others write, by fpm among them; Origin is dpkg's own.
  if (IsSameWord(name, "Vendor") && fact_.vendor.empty()) fact_.vendor = FactText(value);
  return true;
}

PackageState ControlStanza::state() const {
  // dpkg(1): what is wanted, whether to install it again, what it is.
  std::array<std::string_view, 3> words;
  std::string_view rest = status_;
  for (std::string_view& word : words) {
    rest = Trim(rest);
    const std::size_t end = rest.find_first_of(" \t");
    word = rest.substr(0, end);
    rest.remove_prefix(word.size());
  }
  if (words[2] == "not-installed") return PackageState::kNotInstalled;
  if (words[2] == "config-files") return PackageState::kConfigFiles;
  const bool is_whole = words[2] == "installed" || words[2] == "triggers-pending" || words[2] == "triggers-awaited";
  return is_whole && words[1] != "reinstreq" ? PackageState::kInstalled : PackageState::kBroken;
}

report::PackageFact ControlStanza::Finish() {
  fact_.system = report::PackageSystem::kDpkg;
  fact_.source = SourceText(fact_.source, fact_);
  is_empty_ = true;
  status_.clear();
  return std::exchange(fact_, {});
}

void ReadDpkgStatus(ObjectSource& file, const report::FactPlace& place, Facts& facts) {
  constexpr std::size_t kMaxLine = 64u << 10;
  const bool is_folder = place.path.find("status.d/") != place.path.npos;
  LineReader lines(file, kMaxLine);
  ControlStanza stanza;
  std::uint64_t nameless = 0;
  const auto finish = [&] {
    if (stanza.is_empty()) return true;
    const bool has_status = stanza.has_status();
    const PackageState state = stanza.state();
    report::PackageFact fact = stanza.Finish();
    if (fact.name.empty()) {
      ++nameless;
      return true;
    }
    // dpkg takes what has no status for known and not installed.
    fact.state = has_status ? state : is_folder ? PackageState::kInstalled : PackageState::kNotInstalled;
    fact.place = place;
    return facts.Add(std::move(fact));
  };
  while (const auto line = lines.Next()) {
    if (Trim(*line).empty()) {
      if (!finish()) return;
    } else if (!stanza.Take(*line)) {
      if (!finish()) return;
      stanza.Take(*line);
    }
  }
  if (!finish()) return;
  if (lines.failed()) facts.Unread(place, unpack::kDamaged, "it cannot be read to its end");
  if (nameless > 0) facts.Unread(place, unpack::kDamaged, "entries without the name of a package");
}

}  // namespace dl::extract
