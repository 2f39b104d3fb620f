// How fast the prefilter's kernels and the whole matcher are, with as many
// windows as a large public rule set has.
//
//   match_bench [--benchmark_filter=Filter/]
#include <benchmark/benchmark.h>

#include <random>

#include "daylight/match/matcher_testing.h"
#include "daylight/match/prefilter.h"

namespace dl::match {
namespace {

constexpr std::size_t kObjectBytes = 4u << 20;
constexpr std::size_t kAtoms = 13'000;

std::string RandomObject() {
  std::mt19937_64 rng(1);
  std::string object(kObjectBytes, '\0');
  for (char& c : object) c = static_cast<char>(rng());
  return object;
}

// Words of few letters, spaces and line ends, as logs and sources have them.
std::string TextObject() {
  std::mt19937_64 rng(2);
  std::string object;
  while (object.size() < kObjectBytes) {
    for (std::uint64_t n = 2 + rng() % 8; n > 0; --n) object += "etaoinshrdlucmfw"[rng() % 16];
    object += rng() % 12 == 0 ? '\n' : ' ';
  }
  object.resize(kObjectBytes);
  return object;
}

// Runs of zeros between code-like bytes.
std::string BinaryObject() {
  std::mt19937_64 rng(3);
  std::string object;
  while (object.size() < kObjectBytes) {
    for (std::uint64_t n = rng() % 60; n > 0; --n) {
      object += rng() % 3 == 0 ? static_cast<char>(rng()) : "\x48\x89\x8b\xe8\x24\x0f\x01\xff"[rng() % 8];
    }
    object.append(rng() % 40, '\0');
  }
  object.resize(kObjectBytes);
  return object;
}

const std::string& Object(int kind) {
  static const std::string objects[] = {RandomObject(), TextObject(), BinaryObject()};
  return objects[kind];
}
constexpr const char* kObjectNames[] = {"random", "text", "binary"};

constexpr std::size_t kBlock = 4096;

// `find` appends the candidates of a block to its last argument.
template <typename Find>
void EveryBlock(benchmark::State& state, const std::string& object, const Find& find) {
  std::vector<std::uint32_t> out(kBlock + 16);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(object.data());
  std::size_t candidates = 0;
  for (auto _ : state) {
    candidates = 0;
    for (std::size_t at = 0; at + kBlock + kKernelSlack <= object.size(); at += kBlock) {
      candidates += find(bytes + at, kBlock, out.data());
      benchmark::DoNotOptimize(out.data());
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(object.size()));
  state.counters["candidates/MB"] = static_cast<double>(candidates) * 1e6 / static_cast<double>(object.size());
}

// A filter of random atoms.
void Filter(benchmark::State& state, FilterKernel kernel, int kind, std::size_t atoms, std::uint32_t stride) {
  std::mt19937 rng(4);
  std::vector<std::uint32_t> words(std::size_t{1} << FilterLog2(atoms));
  for (std::size_t i = 0; i < atoms; ++i) {
    const std::uint32_t window = FoldWindow(static_cast<std::uint32_t>(rng())) & WindowMask(stride);
    const std::uint32_t next = FoldWindow(static_cast<std::uint32_t>(rng()));
    AddToFilter(FilterKey(window, next, 4, kHashFactors[0], stride), FilterLog2(atoms), words.data());
  }
  const FilterTable table = {words.data(), FilterLog2(atoms), kHashFactors[0], stride, false};
  EveryBlock(state, Object(kind), [&](const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
    return kernel(table, bytes, count, out);
  });
}

// Random atoms of two and three bytes.
void Shorts(benchmark::State& state, ShortKernel kernel, int kind, std::size_t atoms) {
  std::mt19937 rng(7);
  std::vector<std::uint32_t> bitmap(kBitmapWords);
  std::vector<ShortWindow> windows;
  for (std::size_t i = 0; i < atoms; ++i) {
    const std::uint32_t length = 2 + rng() % 2;
    const std::uint32_t bytes = FoldWindow(static_cast<std::uint32_t>(rng())) & (length == 2 ? 0xffff : 0xffffff);
    windows.push_back({bytes, length});
    bitmap[BitOfTwo(bytes) >> 5] |= 1u << (BitOfTwo(bytes) & 31);
  }
  NibbleTables nibbles;
  const ShortTable table = {bitmap.data(), MakeNibbleTables(windows, nibbles) ? &nibbles : nullptr};
  EveryBlock(state, Object(kind), [&](const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
    return kernel(table, bytes, count, out);
  });
}

void WholeMatcher(benchmark::State& state, int kind) {
  std::mt19937 rng(5);
  std::vector<Pattern> patterns(kAtoms);
  for (Pattern& pattern : patterns) {
    for (std::size_t n = 6 + rng() % 20; n > 0; --n) {
      pattern.text += static_cast<char>(rng() % 3 == 0 ? rng() % 256 : 'a' + rng() % 26);
    }
  }
  TestMatcher matcher(patterns);
  for (auto _ : state) matcher.Scan(AsBytes(Object(kind)));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(Object(kind).size()));
  state.counters["candidates"] = static_cast<double>(matcher.state().counters().candidates);
  state.counters["verified"] = static_cast<double>(matcher.state().counters().verified);
}

void SmallObjects(benchmark::State& state) {
  std::mt19937 rng(6);
  std::vector<Pattern> patterns(40'000);
  for (Pattern& pattern : patterns) {
    for (int n = 0; n < 12; ++n) pattern.text += static_cast<char>(rng());
  }
  TestMatcher matcher(patterns);
  const std::string object = Object(0).substr(0, 2000);
  for (auto _ : state) matcher.Scan(AsBytes(object));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(SmallObjects);

const int registered = [] {
  for (int kind = 0; kind < 3; ++kind) {
    for (const KernelInfo& kernel : AvailableKernels()) {
      const std::string name = std::string(kernel.name) + "/" + kObjectNames[kind] + "/";
      for (const std::size_t atoms : {kAtoms, 8 * kAtoms}) {
        for (std::uint32_t stride = 1; stride <= kMaxStride; ++stride) {
          const std::string filter = "Filter/" + name + std::to_string(atoms) + "/stride:" + std::to_string(stride);
          benchmark::RegisterBenchmark(filter.c_str(), Filter, kernel.filter, kind, atoms, stride);
        }
      }
      for (const std::size_t atoms : {std::size_t{8}, std::size_t{200}}) {
        const std::string shorts = "Shorts/" + name + std::to_string(atoms);
        benchmark::RegisterBenchmark(shorts.c_str(), Shorts, kernel.shorts, kind, atoms);
      }
    }
    benchmark::RegisterBenchmark((std::string("Matcher/") + kObjectNames[kind]).c_str(), WholeMatcher, kind);
  }
  return 0;
}();

}  // namespace
}  // namespace dl::match
