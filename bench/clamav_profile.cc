// Compiles ClamAV signatures and scans files with them in this process, one
// thread, and says where the time went: what a profiler is pointed at.
//
//   clamav_profile SIGNATURES DATABASE.dldb [PATH...]
//
// SIGNATURES: a folder or a file; "-": use the database as it is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "daylight/crypto/digest.h"
#include "daylight/scan/compile_clamav.h"
#include "daylight/scan/scanner.h"
#include "profile.h"

namespace {

using dl::bench::Clock;
using dl::bench::Files;
using dl::bench::Seconds;

dl::Bytes Map(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0 || info.st_size == 0) return {};
  void* at = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (at == MAP_FAILED) return {};
  return {static_cast<const std::byte*>(at), static_cast<std::size_t>(info.st_size)};
}

bool Compile(const char* signatures, const char* path) {
  dl::scan::ClamavJob job;
  job.source_name = "bench";
  job.allow_unsigned = true;
  for (const std::string& file : Files(signatures)) job.files.push_back({file, Map(file)});
  auto start = Clock::now();
  dl::database::Writer writer;
  const dl::scan::ClamavAnswer answer = dl::scan::CompileClamav(job, writer);
  for (std::size_t i = 0; i < std::min<std::size_t>(answer.diagnostics.size(), 20); ++i) {
    std::fputs(answer.diagnostics[i].text.c_str(), stderr);
  }
  std::printf("compile %.2f s: %llu signatures\n", Seconds(start), static_cast<unsigned long long>(answer.signatures));
  if (answer.failed) return false;
  start = Clock::now();
  const std::vector<std::byte> bytes = writer.Finish();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  std::printf("write %.2f s: %.1f MB\n", Seconds(start), static_cast<double>(bytes.size()) / 1e6);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: clamav_profile SIGNATURES|- DATABASE.dldb [PATH...]\n", stderr);
    return 2;
  }
  if (!dl::crypto::Init()) return 2;
  if (std::string_view(argv[1]) != "-" && !Compile(argv[1], argv[2])) return 1;
  auto start = Clock::now();
  const int database_fd = ::open(argv[2], O_RDONLY | O_CLOEXEC);
  auto database = dl::database::Database::Open(database_fd);
  if (!database) return 1;
  auto engine = dl::scan::Engine::Open({*database});
  if (!engine) {
    std::fprintf(stderr, "%s\n", std::string(engine.error().what).c_str());
    return 1;
  }
  dl::scan::Scanner scanner(*engine, {});
  std::printf("open %.4f s\n", Seconds(start));
  dl::GrowingBuffer scratch;
  for (int i = 3; i < argc; ++i) {
    start = Clock::now();
    std::uint64_t bytes = 0;
    std::uint64_t detected = 0;
    std::uint64_t incomplete = 0;
    const std::vector<std::string> files = Files(argv[i]);
    for (const std::string& file : files) {
      const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
      struct stat info {};
      if (fd < 0 || ::fstat(fd, &info) != 0) continue;
      const auto size = static_cast<std::uint64_t>(info.st_size);
      dl::DescriptorSource source(fd, size, scratch, {});
      dl::report::ObjectNames names;
      names.object = file;
      const auto report = scanner.Scan(source, names);
      ::close(fd);
      bytes += size;
      for (const auto& detection : report.detections) std::printf("%s %s\n", detection.rule.c_str(), file.c_str());
      if (!report.detections.empty()) ++detected;
      if (!report.incomplete.empty()) ++incomplete;
    }
    const double seconds = Seconds(start);
    std::printf("%s: %zu files, %.1f MB in %.3f s, %.0f MB/s, %llu detected, %llu incomplete\n", argv[i], files.size(),
                static_cast<double>(bytes) / 1e6, seconds, static_cast<double>(bytes) / 1e6 / seconds,
                static_cast<unsigned long long>(detected), static_cast<unsigned long long>(incomplete));
  }
  return 0;
}
