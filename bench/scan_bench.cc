// Scans files in this process, one thread, and says where the time went: what
// a profiler is pointed at.
//
//   daylight_scan_profile RULES_FOLDER|DATABASE.dldb PATH... (files or folders)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daylight/match/prefilter.h"
#include "daylight/scan/compile.h"
#include "daylight/scan/engine.h"
#include "daylight/scan/scan_profile.h"
#include "daylight/scan/scanner.h"
#include "profile.h"

namespace {

using dl::bench::Clock;
using dl::bench::Files;
using dl::bench::Seconds;

std::vector<std::byte> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto bytes = dl::AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> LoadDatabase(const std::string& rules) {
  if (rules.ends_with(".dldb")) return ReadFile(rules);
  dl::report::CompileJob job;
  job.source_name = "bench";
  job.skip_invalid = true;
  job.warnings = false;
  for (const char* name : {"filename", "filepath", "extension", "filetype", "owner"}) {
    dl::report::ExternalValue external;
    external.name = name;
    external.kind = dl::report::ExternalValue::Kind::kString;
    job.externals.push_back(external);
  }
  for (const std::string& path : Files(rules)) {
    if (!path.ends_with(".yar") && !path.ends_with(".yara")) continue;
    const std::vector<std::byte> bytes = ReadFile(path);
    dl::report::RuleText file;
    file.name = path;
    file.name_space = std::filesystem::path(path).stem();
    file.text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    job.files.push_back(std::move(file));
  }
  const auto start = Clock::now();
  const dl::report::CompileAnswer answer = dl::scan::Compile(job, nullptr);
  std::printf("compile  %8.3f s  %u rules, %zu KiB\n", Seconds(start), answer.rules, answer.database.size() / 1024);
  for (const auto& line : answer.diagnostics) {
    if (line.is_error) std::fputs(line.text.c_str(), stderr);
  }
  const auto bytes = dl::AsBytes(answer.database);
  return {bytes.begin(), bytes.end()};
}

double Seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

struct Line {
  std::uint64_t ns = 0;
  std::uint64_t count = 0;
  std::string name;
};

void PrintMost(const char* what, std::vector<Line> lines) {
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.ns > b.ns; });
  for (std::size_t i = 0; i < std::min<std::size_t>(12, lines.size()); ++i) {
    std::printf("  %-10s %8.3f s %10zu  %s\n", what, Seconds(lines[i].ns), static_cast<std::size_t>(lines[i].count),
                lines[i].name.c_str());
  }
}

void Print(const dl::yara::RuleSet& rules, const dl::scan::UnitProfile& profile, std::uint64_t search_ns) {
  std::uint64_t evaluated = 0;
  for (const auto& cost : profile.conditions.rules) evaluated += cost.evaluated;
  std::printf("search %.3f s, of that verifying %.3f s; %zu conditions %.3f s, of that facts %.3f s\n",
              Seconds(search_ns), Seconds(profile.search.verify_ns), static_cast<std::size_t>(evaluated),
              Seconds(profile.conditions.conditions_ns), Seconds(profile.conditions.facts_ns));
  std::vector<Line> lines;
  for (std::size_t i = 0; i < profile.conditions.rules.size(); ++i) {
    const auto& cost = profile.conditions.rules[i];
    lines.push_back({cost.ns, cost.evaluated, std::string(rules.text(rules.rules()[i].identifier))});
  }
  PrintMost("rule", lines);
  lines.clear();
  for (std::uint32_t i = 0; i < profile.search.patterns.size(); ++i) {
    const auto& cost = profile.search.patterns[i];
    if (cost.ns == 0) continue;
    std::string name;
    for (const std::uint32_t user : rules.users(i)) {
      const auto& rule = rules.rules()[user];
      for (std::uint32_t s = 0; s < rule.strings.count; ++s) {
        const auto& string = rules.strings()[std::size_t{rule.strings.first} + s];
        if ((string.flags & dl::yara::kStringAnchored) == 0 && string.pattern == i) {
          name += std::string(rules.text(rule.identifier)) + ":" + std::string(rules.text(string.identifier)) + " ";
        }
      }
    }
    lines.push_back({cost.ns, cost.verified, name});
  }
  PrintMost("pattern", lines);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s RULES_FOLDER PATH...\n", argv[0]);
    return 2;
  }
  std::vector<std::byte> bytes_of_database = LoadDatabase(argv[1]);
  auto start = Clock::now();
  const auto database = dl::database::Database::FromBytes(bytes_of_database);
  if (!database) return 2;
  const auto engine = dl::scan::Engine::Open({*database});
  if (!engine) return 2;
  std::printf("open     %8.3f s\n", Seconds(start));
  dl::scan::Scanner scanner(*engine, {});
  dl::scan::ScanProfile profile;
  if (std::getenv("PROFILE") != nullptr) scanner.SetProfile(&profile);
  start = Clock::now();
  dl::GrowingBuffer scratch;
  std::uint64_t bytes = 0;
  std::size_t files = 0;
  std::size_t detections = 0;
  std::vector<std::pair<double, std::string>> slowest;
  for (int i = 2; i < argc; ++i) {
    for (const std::string& path : Files(argv[i])) {
      const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      struct stat info {};
      if (fd < 0 || ::fstat(fd, &info) != 0) continue;
      dl::DescriptorSource source(fd, static_cast<std::uint64_t>(info.st_size), scratch, {});
      const auto begin = Clock::now();
      detections +=
          scanner
              .Scan(source,
                    {.object = path, .filename = path, .filepath = path, .extension = "", .filetype = "", .owner = ""})
              .detections.size();
      slowest.emplace_back(Seconds(begin), path);
      bytes += static_cast<std::uint64_t>(info.st_size);
      ++files;
      ::close(fd);
    }
  }
  const double seconds = Seconds(start);
  std::printf("scan     %8.3f s  %zu files, %.1f MB, %.1f MB/s, %zu detections\n", seconds, files,
              static_cast<double>(bytes) / 1e6, static_cast<double>(bytes) / 1e6 / seconds, detections);
  std::sort(slowest.rbegin(), slowest.rend());
  for (std::size_t i = 0; i < std::min<std::size_t>(5, slowest.size()); ++i) {
    std::printf("         %8.3f s  %s\n", slowest[i].first, slowest[i].second.c_str());
  }
  for (std::size_t i = 0; i < profile.units.size(); ++i)
    Print(*(*engine)->impl().rule_sets[i], profile.units[i], profile.search_ns);
  return 0;
}
