// How large sets of fixed texts do, as a ClamAV database has them: one text
// for each signature, in groups by target type.
//
//   literal_set FOLDER GROUPS FILE...
//
// FOLDER holds bench.ndb and bench.ldb as the generator of such databases
// writes them; GROUPS is a list of target numbers (0 for any, 1 PE, 6 ELF) that
// are live, as in 0,6. FILEs are read into memory first. Prints the time of
// building and opening, the bytes of each section, and the rate on one thread.
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/match/byte_costs.h"
#include "daylight/match/matcher.h"
#include "daylight/match/prefilter.h"

namespace dl::match {
namespace {

constexpr std::uint32_t kGroups = 16;

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::string FromHex(std::string_view hex) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return out;
}

std::vector<std::string_view> Split(std::string_view line, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = line.find(at);
    parts.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return parts;
    line.remove_prefix(end + 1);
  }
}

// The longest run of digits between wildcards.
std::string LongestRun(std::string_view signature) {
  std::string_view best;
  while (!signature.empty()) {
    const std::size_t end = std::min(signature.find_first_of("*?{"), signature.size());
    if (end > best.size()) best = signature.substr(0, end);
    signature.remove_prefix(end);
    if (signature.empty()) break;
    const std::size_t close = signature.front() == '{' ? signature.find('}') : 0;
    signature.remove_prefix(std::min(close, signature.size() - 1) + 1);
  }
  return FromHex(best).substr(0, 64);
}

// How rare the rarest eight bytes of a text are, in eighths of a bit.
std::uint32_t Rarity(std::string_view text) {
  const auto window = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
    return FoldedWindowBits(FoldWindow(value), 4);
  };
  std::uint32_t best = 0;
  for (std::size_t at = 0; at + 8 <= text.size(); ++at) best = std::max(best, window(at) + window(at + 4));
  return best;
}

std::vector<Pattern> ReadPatterns(const std::string& folder) {
  std::vector<Pattern> patterns;
  const auto add = [&](std::string text, unsigned long group) {
    if (text.size() < 4 || group >= kGroups) return;
    Pattern pattern;
    pattern.text = std::move(text);
    pattern.group = static_cast<std::uint32_t>(group);
    pattern.first_match_only = true;
    patterns.push_back(std::move(pattern));
  };
  std::string line;
  std::ifstream extended(folder + "/bench.ndb");
  while (std::getline(extended, line)) {
    const auto fields = Split(line, ':');
    if (fields.size() >= 4) add(LongestRun(fields[3]), std::strtoul(std::string(fields[1]).c_str(), nullptr, 10));
  }
  std::ifstream logical(folder + "/bench.ldb");
  while (std::getline(logical, line)) {
    const auto fields = Split(line, ';');
    const std::size_t target = line.find("Target:");
    if (fields.size() < 4 || target == std::string::npos) continue;
    std::string best;
    for (std::size_t i = 3; i < fields.size(); ++i) {
      std::string text = LongestRun(fields[i]);
      if (best.empty() || Rarity(text) > Rarity(best)) best = std::move(text);
    }
    add(std::move(best), std::strtoul(line.c_str() + target + 7, nullptr, 10));
  }
  return patterns;
}

long MaxMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

int Run(int argc, char** argv) {
  const std::vector<Pattern> patterns = ReadPatterns(argv[1]);
  std::size_t text_bytes = 0;
  for (const Pattern& pattern : patterns) text_bytes += pattern.text.size();
  std::printf("%zu patterns, %.1f bytes of text each; %ld MB before\n", patterns.size(),
              static_cast<double>(text_bytes) / static_cast<double>(patterns.size()), MaxMegabytes());

  double start = CpuSeconds();
  MatcherBuilder builder(kGroups);
  for (const Pattern& pattern : patterns) DL_CHECK(builder.Add(pattern).has_value());
  const double added = CpuSeconds();
  database::Writer writer;
  DL_CHECK(builder.Finish(writer, 0).has_value());
  const double finished = CpuSeconds();
  std::printf("add %.2f s, finish %.2f s, %ld MB at most\n", added - start, finished - added, MaxMegabytes());

  // In a file, as in life: pages are then checked when they are first read.
  const int fd = memfd_create("literal_set", 0);
  {
    const std::vector<std::byte> bytes = writer.Finish();
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t n = write(fd, bytes.data() + done, bytes.size() - done);
      DL_CHECK(n > 0);
      done += static_cast<std::size_t>(n);
    }
    std::printf("file %zu bytes, %.1f a pattern\n", bytes.size(),
                static_cast<double>(bytes.size()) / static_cast<double>(patterns.size()));
  }
  auto database = database::Database::Open(fd);
  DL_CHECK(database.has_value());
  for (const database::SectionInfo& section : (*database)->sections()) {
    const auto kind = static_cast<std::uint32_t>(section.kind);
    std::printf("  %c%c%c%c %10llu  %6.1f a pattern\n", static_cast<char>(kind), static_cast<char>(kind >> 8),
                static_cast<char>(kind >> 16), static_cast<char>(kind >> 24),
                static_cast<unsigned long long>(section.size),
                static_cast<double>(section.size) / static_cast<double>(patterns.size()));
  }
  start = Now();
  auto matcher = Matcher::Open(**database, 0);
  DL_CHECK(matcher.has_value());
  std::printf("open %.3f ms\n", (Now() - start) * 1e3);

  BitSet live_groups;
  live_groups.Resize(kGroups);
  for (const std::string_view group : Split(argv[2], ',')) {
    live_groups.Set(std::strtoul(std::string(group).c_str(), nullptr, 10));
  }
  BitSet live_patterns;
  live_patterns.Resize(patterns.size());
  std::size_t live = 0;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    live_patterns.Set(i);
    if (live_groups.Test(patterns[i].group)) ++live;
  }
  MatchState state(*matcher, KernelFromEnvironment());
  std::vector<std::string> objects;
  std::size_t bytes = 0;
  for (int i = 3; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary | std::ios::ate);
    objects.emplace_back(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)), '\0');
    in.seekg(0);
    in.read(objects.back().data(), static_cast<std::streamsize>(objects.back().size()));
    bytes += objects.back().size();
  }
  MatchState::Counters all;
  std::size_t touched = 0;
  const auto scan = [&](Bytes object) {
    state.Begin(live_groups, live_patterns, false);
    state.Feed({object, 0, true});
    state.Finish();
    touched += state.touched().size();
    all.candidates += state.counters().candidates;
    all.verified += state.counters().verified;
  };
  for (int round = 0; round < 2; ++round) {
    all = {};
    touched = 0;
    start = CpuSeconds();
    for (const std::string& object : objects) scan(AsBytes(object));
    const double seconds = CpuSeconds() - start;
    const double megabytes = static_cast<double>(bytes) / 1e6;
    std::printf("%s: %zu live, %.0f MB, %.0f MB/s, %.0f candidates and %.0f verified a MB, %zu touched\n",
                round == 0 ? "cold" : "warm", live, megabytes, megabytes / seconds,
                static_cast<double>(all.candidates) / megabytes, static_cast<double>(all.verified) / megabytes,
                touched);
  }
  // What a small object costs besides the search itself.
  const std::string zeros(4096, '\0');
  constexpr int kSmall = 20'000;
  for (const std::size_t size : {std::size_t{0}, std::size_t{4096}}) {
    start = CpuSeconds();
    for (int i = 0; i < kSmall; ++i) scan(AsBytes(zeros).first(size));
    std::printf("object of %zu zeros: %.2f us\n", size, (CpuSeconds() - start) / kSmall * 1e6);
  }
  return 0;
}

}  // namespace
}  // namespace dl::match

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s FOLDER GROUPS FILE...\n", argv[0]);
    return 2;
  }
  return dl::match::Run(argc, argv);
}
