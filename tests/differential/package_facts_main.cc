// Prints what the readers of package databases and package files say of a file: records that end
// with RS (0x1e) of fields that end with US (0x1f), for tests that compare with the real tools.
//
//   package_facts dpkg|rpm|apk|pacman|flatpak|os-release|unit|package FILE [SECOND-FILE]
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "daylight/contain/lock_down.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/unpack/archive/archive.h"

namespace {

using namespace dl;

std::string ReadWhole(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Written at the end, and without the C library, which would ask what it writes to.
std::string g_out;

int Write() {
  for (std::string_view rest = g_out; !rest.empty();) {
    const ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (n <= 0) return 1;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

void Print(std::initializer_list<std::string> fields) {
  for (const std::string& field : fields) g_out += field + '\x1f';
  g_out += '\x1e';
}

bool PrintFacts(report::SoftwareFacts&& facts, bool) {
  for (const auto& root : facts.roots) Print({"root", root.path, root.name});
  for (const auto& fact : facts.packages) {
    Print({"package", std::to_string(static_cast<int>(fact.state)), fact.name, fact.version, fact.architecture,
           fact.source, fact.maintainer, fact.vendor, fact.homepage, fact.licence, fact.summary,
           std::to_string(fact.installed_at)});
  }
  for (const auto& fact : facts.files) {
    Print(
        {"file", fact.place.path, std::to_string(static_cast<int>(fact.kind)), std::to_string(fact.size), fact.target});
  }
  for (const auto& fact : facts.units) {
    std::string programs;
    for (const std::string& program : fact.programs) programs += program + "\n";
    Print({"unit", fact.place.path, fact.description, programs});
  }
  for (const auto& fact : facts.operating_systems) Print({"os", fact.id, fact.version_id, fact.name, fact.cpe});
  for (const auto& fact : facts.unread) Print({"unread", fact.reason, fact.detail});
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  unpack::PrepareArchive();
  extract::PrepareRpmDatabase();
  const std::string kind = argv[1];
  const std::string bytes = ReadWhole(argv[2]);
  const std::string second = argc > 3 ? ReadWhole(argv[3]) : "";
  MemorySource file(AsBytes(bytes));
  MemorySource other(AsBytes(second));
  ObjectSource* other_file = argc > 3 ? &other : nullptr;
  extract::Facts facts(PrintFacts);
  const report::FactPlace place = {0, argv[2], report::Presence::kPresent};
  const extract::MemberReader member = [](report::SurveyKind survey, ObjectSource& source, const report::FactPlace& at,
                                          extract::Facts& of) {
    Print({"member", std::to_string(static_cast<int>(survey)), at.path, std::to_string(source.size().value_or(0))});
    if (survey == report::SurveyKind::kUnit) extract::ReadUnit(source, at, of);
  };
  if (!contain::DropPrivileges() || !contain::FilterSystemCalls(contain::Role::kWorker)) {
    std::fputs("this kernel has no seccomp filters\n", stderr);
    return 77;
  }
  if (kind == "dpkg") {
    extract::ReadDpkgStatus(file, place, facts);
  } else if (kind == "rpm") {
    extract::ReadRpmDatabase(file, other_file, place, facts);
  } else if (kind == "apk") {
    extract::ReadApkInstalled(file, place, facts);
  } else if (kind == "pacman") {
    extract::ReadPacmanDesc(file, place, facts);
  } else if (kind == "flatpak") {
    extract::ReadFlatpakMetadata(file, other_file, place, facts);
  } else if (kind == "os-release") {
    extract::ReadOsRelease(file, place, facts);
  } else if (kind == "unit") {
    extract::ReadUnit(file, place, facts);
  } else if (kind == "package") {
    if (!extract::IsPackageFile(Bytes(AsBytes(bytes)).first(std::min(bytes.size(), extract::kPackageHeadBytes)))) {
      Print({"no package"});
      return Write();
    }
    extract::ReadPackageFile(file, place, member, facts, {});
  } else {
    return 2;
  }
  facts.Finish();
  return Write();
}
