// The stages of a scan one by one: walk, read, lookup, verification,
// conditions, digests, and what goes over the socket. The prefilter is in
// match_bench.cc.
//
//   stages_bench [--benchmark_filter=Verify]
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "daylight/crypto/digest.h"
#include "daylight/match/matcher_testing.h"
#include "daylight/match/regexp_ast.h"
#include "daylight/os/walk.h"
#include "daylight/report/protocol.h"
#include "daylight/scan/scan_testing.h"

namespace dl {
namespace {

constexpr std::size_t kObjectBytes = 4u << 20;

std::string RandomBytes(std::size_t size, unsigned seed) {
  std::mt19937_64 rng(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(rng());
  return bytes;
}

// ---- Walk ----

void Walk(benchmark::State& state) {
  namespace fs = std::filesystem;
  const fs::path root = fs::temp_directory_path() / ("daylight-walk-" + std::to_string(::getpid()));
  constexpr int kFiles = 2000;
  for (int i = 0; i < kFiles; ++i) {
    const fs::path folder = root / std::to_string(i / 100);
    fs::create_directories(folder);
    std::ofstream(folder / std::to_string(i)) << i;
  }
  for (auto _ : state) {
    os::Walker walker(os::WalkOptions{});
    walker.Add(root);
    std::size_t files = 0;
    while (const auto entry = walker.Next()) files += entry->kind == os::WalkEntry::Kind::kFile;
    if (files != kFiles) state.SkipWithError("files are missing");
  }
  state.SetItemsProcessed(state.iterations() * kFiles);
  fs::remove_all(root);
}
BENCHMARK(Walk);

// ---- Read ----

void Read(benchmark::State& state) {
  const auto size = static_cast<std::uint64_t>(state.range(0));
  const int fd = scan::MemoryFile(RandomBytes(size, 1));
  GrowingBuffer scratch;
  for (auto _ : state) {
    DescriptorSource source(fd, size, scratch, {});
    while (true) {
      const auto window = source.NextWindow(4112);
      if (!window) state.SkipWithError("no window");
      if (!window || window->last) break;
    }
  }
  ::close(fd);
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Read)->Arg(4 << 10)->Arg(1 << 20)->Arg(64 << 20);

// ---- Lookup and verification ----

std::vector<match::Pattern> Texts(std::size_t count) {
  std::mt19937_64 rng(2);
  std::vector<match::Pattern> patterns(count);
  for (match::Pattern& pattern : patterns) {
    for (int n = 0; n < 12; ++n) pattern.text += static_cast<char>(rng());
  }
  return patterns;
}

void Search(benchmark::State& state, const std::vector<match::Pattern>& patterns, const std::string& object) {
  match::TestMatcher matcher(patterns);
  for (auto _ : state) matcher.Scan(AsBytes(object));
  const auto megabytes = static_cast<double>(object.size()) / 1e6;
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(object.size()));
  state.counters["candidates/MB"] = static_cast<double>(matcher.state().counters().candidates) / megabytes;
  state.counters["verified/MB"] = static_cast<double>(matcher.state().counters().verified) / megabytes;
}

// The first six bytes of texts of the set: windows are found, few of them with
// the bytes around them.
void Lookup(benchmark::State& state) {
  const std::vector<match::Pattern> patterns = Texts(static_cast<std::size_t>(state.range(0)));
  std::mt19937_64 rng(3);
  std::string object;
  while (object.size() < kObjectBytes) {
    object += patterns[rng() % patterns.size()].text.substr(0, 6) + RandomBytes(6, static_cast<unsigned>(rng()));
  }
  Search(state, patterns, object);
}
BENCHMARK(Lookup)->Arg(1'000)->Arg(40'000)->Arg(1'000'000);

// Whole texts of the set: every one is compared.
void VerifyTexts(benchmark::State& state) {
  const std::vector<match::Pattern> patterns = Texts(static_cast<std::size_t>(state.range(0)));
  std::mt19937_64 rng(4);
  std::string object;
  while (object.size() < kObjectBytes) object += patterns[rng() % patterns.size()].text;
  Search(state, patterns, object);
}
BENCHMARK(VerifyTexts)->Arg(1'000)->Arg(40'000);

// Expressions that begin with what the object is full of, and never match.
void VerifyExpressions(benchmark::State& state) {
  static constexpr std::string_view kSources[] = {"begin[a-z]{4,12}[0-9]", "begin.{0,40}END!",
                                                  "begin\\s+\\w+\\s*=\\s*\\d"};
  const std::string_view source = kSources[state.range(0)];
  match::Pattern pattern;
  pattern.is_text = false;
  auto expression = match::ParseRegexp(source, {});
  if (!expression) return state.SkipWithError("the expression does not parse");
  pattern.expression = std::move(*expression);
  std::string object;
  while (object.size() < kObjectBytes) object += "begin of a line of words \n";
  Search(state, {pattern}, object);
  state.SetLabel(std::string(source));
}
BENCHMARK(VerifyExpressions)->DenseRange(0, 2);

// ---- Conditions ----

// Rules that no string decides: every one is evaluated for every object.
void Conditions(benchmark::State& state) {
  std::string rules;
  for (int i = 0; i < state.range(0); ++i) {
    rules += "rule r" + std::to_string(i) + " { condition: filesize > " + std::to_string(100 + i) +
             " and uint32(8) == " + std::to_string(77'000 + i) + " and uint8(filesize - 1) < 3 }\n";
  }
  const auto engine = scan::CompileEngine(rules);
  if (!engine) return state.SkipWithError("the rules do not compile");
  scan::Scanner scanner(*engine, {});
  const std::string object = RandomBytes(4096 * 3, 5);
  for (auto _ : state) {
    MemorySource source{AsBytes(object)};
    benchmark::DoNotOptimize(scanner.Scan(source, {}));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Conditions)->Arg(1)->Arg(1000);

// ---- Digests ----

template <typename Digest>
void Hash(benchmark::State& state) {
  const std::string object = RandomBytes(static_cast<std::size_t>(state.range(0)), 6);
  for (auto _ : state) benchmark::DoNotOptimize(Digest::Of(AsBytes(object)));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_TEMPLATE(Hash, crypto::Md5)->Arg(4 << 10)->Arg(1 << 20);
BENCHMARK_TEMPLATE(Hash, crypto::Sha1)->Arg(4 << 10)->Arg(1 << 20);
BENCHMARK_TEMPLATE(Hash, crypto::Sha256)->Arg(4 << 10)->Arg(1 << 20);

// ---- Protocol ----

// A batch of objects down and a report of each up, without the socket.
void Protocol(benchmark::State& state) {
  report::ScanBatchMessage batch;
  for (std::uint32_t i = 0; i < report::kMaxBatchObjects; ++i) {
    const std::string path = "/srv/share/folder/file-" + std::to_string(i) + ".bin";
    batch.objects.push_back({i, 4096, {path, "file.bin", path, ".bin", "", "root"}});
  }
  for (auto _ : state) {
    const std::string bytes = report::Encode(batch);
    const auto back = report::Decode<report::ScanBatchMessage>(AsBytes(bytes));
    if (!back) state.SkipWithError("the batch does not decode");
    for (std::size_t i = 0; i < batch.objects.size(); ++i) {
      const std::string answer = report::Encode(report::ObjectReport{});
      benchmark::DoNotOptimize(report::Decode<report::ObjectReport>(AsBytes(answer)));
    }
  }
  state.SetItemsProcessed(state.iterations() * report::kMaxBatchObjects);
}
BENCHMARK(Protocol);

}  // namespace
}  // namespace dl
