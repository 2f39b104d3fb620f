// Scans files in this process, one thread, and says where the time went: what
// a profiler is pointed at.
//
//   daylight_scan_profile RULES_FOLDER PATH... (files or folders)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daylight/scan/compile.h"
#include "daylight/scan/scanner.h"
#include "profile.h"

namespace {

using dl::bench::Clock;
using dl::bench::Files;
using dl::bench::Seconds;

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s RULES_FOLDER PATH...\n", argv[0]);
    return 2;
  }
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
  for (const std::string& path : Files(argv[1])) {
    if (!path.ends_with(".yar") && !path.ends_with(".yara")) continue;
    std::ifstream in(path, std::ios::binary);
    dl::report::RuleText file;
    file.name = path;
    file.name_space = std::filesystem::path(path).stem();
    file.text.assign(std::istreambuf_iterator<char>(in), {});
    job.files.push_back(std::move(file));
  }
  auto start = Clock::now();
  const dl::report::CompileAnswer answer = dl::scan::Compile(job, nullptr);
  std::printf("compile  %8.3f s  %u rules, %zu KiB\n", Seconds(start), answer.rules, answer.database.size() / 1024);
  for (const auto& line : answer.diagnostics) {
    if (line.is_error) std::fputs(line.text.c_str(), stderr);
  }
  start = Clock::now();
  const auto database = dl::database::Database::FromBytes(dl::AsBytes(answer.database));
  if (!database) return 2;
  const auto engine = dl::scan::Engine::Open({*database});
  if (!engine) return 2;
  std::printf("open     %8.3f s\n", Seconds(start));
  dl::scan::Scanner scanner(*engine, {});
  start = Clock::now();
  std::vector<std::byte> scratch;
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
  return 0;
}
