// Rule text, a zero byte, an object. Meaning: whether the object is scanned
// whole, in windows or as a stream that keeps everything, with gates or
// without, the detections and their matches are the same.
#include <cstring>
#include <string>

#include "daylight/scan/scan_testing.h"

namespace {

using namespace dl;

// Conditions that take long would only take long; what matters here is small.
constexpr std::size_t kMaxRules = 4096;
constexpr std::size_t kMaxObject = 4096;

// Detections only: a rule that was evaluated for nothing may have met a limit.
std::string Detections(const report::ObjectReport& report) {
  report::ObjectReport only;
  only.detections = report.detections;
  return scan::Summary(only);
}

bool SaysSomethingElse(const report::ObjectReport& a, const report::ObjectReport& b) {
  // What was cut short by a budget may be cut elsewhere.
  if (!a.incomplete.empty() || !b.incomplete.empty()) return false;
  return Detections(a) != Detections(b) || a.verdict != b.verdict || a.size != b.size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const std::string_view rules = input.substr(0, std::min(zero, kMaxRules));
  const std::string object(zero == std::string_view::npos ? "" : input.substr(zero + 1, kMaxObject));
  // Loops over huge ranges are bounded, but the bound is seconds.
  if (rules.find("for") != std::string_view::npos && rules.size() > 512) return 0;
  for (const bool yara_x : {false, true}) {
    const auto engine = scan::CompileEngine(rules, yara_x);
    if (!engine) continue;
    report::ScanSettings settings;
    settings.list_strings = true;
    settings.hash_all = true;
    settings.now = 1'700'000'000;
    scan::Scanner scanner(*engine, settings);
    MemorySource memory(AsBytes(object));
    const report::ObjectReport whole = scanner.Scan(memory, {});
    if (!whole.incomplete.empty()) continue;
    const std::size_t window = 8 + rules.size() % 61;
    const int fd = scan::MemoryFile(object);
    dl::GrowingBuffer scratch;
    DescriptorSource windows(fd, object.size(), scratch, {.copy_limit_bytes = 0, .window_bytes = window});
    const report::ObjectReport in_windows = scanner.Scan(windows, {});
    ::close(fd);
    StreamSource stream =
        scan::MakeStream(object, window / 2 + 1, {.window_bytes = window, .head_bytes = kMaxObject, .tail_bytes = 16});
    const report::ObjectReport as_stream = scanner.Scan(stream, {});
    scanner.UseGates(false);
    MemorySource again(AsBytes(object));
    const report::ObjectReport ungated = scanner.Scan(again, {});
    // Without --matches existence is enough, and the search ends early.
    settings.list_strings = false;
    scan::Scanner early(*engine, settings);
    MemorySource once_more(AsBytes(object));
    report::ObjectReport unlisted = early.Scan(once_more, {});
    DL_CHECK(!SaysSomethingElse(whole, in_windows));
    DL_CHECK(whole.sha256 == in_windows.sha256 && whole.sha256 == as_stream.sha256);
    DL_CHECK(!SaysSomethingElse(whole, as_stream));
    DL_CHECK(!SaysSomethingElse(whole, ungated));
    DL_CHECK(unlisted.detections.size() == whole.detections.size() || !unlisted.incomplete.empty());
  }
  return 0;
}
