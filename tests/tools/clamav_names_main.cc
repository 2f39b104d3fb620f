// For the differential tests: the names that signature files give objects, as
// clamscan prints them.
//
//   daylight_clamav_names N E N E FOLDER OBJECT...
//
// N E N E: the keys that containers are checked with (the header's, the .info's).
// FOLDER: of signature files; unsigned containers are taken. A line each: the
// number of the object, a space, the name, with .UNOFFICIAL where it belongs.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daylight/rules/clamav/cvd.h"
#include "daylight/scan/compile_clamav.h"
#include "daylight/scan/scanner.h"

namespace {

using namespace dl;

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  const clamav::SigningKeys keys{{argv[1], argv[2]}, {argv[3], argv[4]}};
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[5])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const auto& path : paths) texts.push_back(ReadAll(path));
  scan::ClamavJob job;
  job.source_name = "tests";
  job.allow_unsigned = true;
  job.signing_keys = &keys;
  for (std::size_t i = 0; i < paths.size(); ++i) job.files.push_back({paths[i].string(), AsBytes(texts[i])});
  database::Writer writer;
  const scan::ClamavAnswer answer = CompileClamav(job, writer);
  for (const auto& line : answer.diagnostics) std::fputs(line.text.c_str(), stderr);
  if (answer.failed) return 2;
  auto database = database::Database::FromBytes(writer.Finish());
  if (!database) return 2;
  auto engine = scan::Engine::Open({*database});
  if (!engine) return 2;
  report::ScanSettings settings;
  settings.pua = true;
  scan::Scanner scanner(*engine, settings);
  for (int i = 6; i < argc; ++i) {
    const std::string object = ReadAll(argv[i]);
    MemorySource source(AsBytes(object));
    for (const report::Detection& detection : scanner.Scan(source, {}).detections) {
      std::printf("%d %s%s%s\n", i - 6, detection.engine == "yara" ? "YARA." : "", detection.rule.c_str(),
                  detection.official ? "" : ".UNOFFICIAL");
    }
  }
  return 0;
}
