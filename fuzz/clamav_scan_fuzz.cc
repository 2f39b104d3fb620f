// Signatures (up to the first line of "--") and an object: they compile or say
// why not, and what is found through triggers is what deciding every signature finds.
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/scan/compile_clamav.h"
#include "daylight/scan/scanner.h"

namespace dl {
namespace {

// What was cut short by a budget may be cut elsewhere.
std::string Names(const report::ObjectReport& report) {
  std::string names;
  for (const report::Detection& detection : report.detections) names += detection.rule + "\n";
  return names;
}

std::string Scan(const std::shared_ptr<const scan::Engine>& engine, std::string_view object, bool gated) {
  report::ScanSettings settings;
  settings.pua = true;
  scan::Scanner scanner(engine, settings);
  scanner.UseGates(gated);
  MemorySource source(AsBytes(object));
  report::ObjectNames names;
  names.object = "object";
  return Names(scanner.Scan(source, names));
}

}  // namespace
}  // namespace dl

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl;
  if (size < 2 || size > 20'000) return 0;
  static constexpr std::string_view kFiles[] = {"a.ldb", "a.ndb", "a.db", "a.hsb", "a.mdb", "a.ftm", "a.ldu"};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::string_view kEnd = "\n--\n";
  const std::size_t end = text.find(kEnd);
  if (end == std::string_view::npos) return 0;
  const std::string_view object = text.substr(end + kEnd.size());
  scan::ClamavJob job;
  job.files.push_back({std::string(kFiles[data[0] % std::size(kFiles)]), AsBytes(text.substr(0, end + 1))});
  database::Writer writer;
  if (scan::CompileClamav(job, writer).failed) return 0;
  auto database = database::Database::FromBytes(writer.Finish());
  DL_CHECK(database.has_value());
  const auto engine = scan::Engine::Open({*database});
  DL_CHECK(engine.has_value());
  const std::string gated = Scan(*engine, object, true);
  DL_CHECK(gated == Scan(*engine, object, false));
  return 0;
}
