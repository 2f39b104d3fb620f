// For developers and the differential tests: how signature files are read.
//
//   daylight_clamav_read FILE...            what was made of each file, a line each
//   daylight_clamav_read --signatures FILE  the signatures too
//   daylight_clamav_read --keys N E N E     checks containers with these keys (the
//        FILE...                            header's, the .info's), and takes no
//                                           unsigned ones
//   daylight_clamav_read --published-keys   the keys that containers are checked with
//   daylight_clamav_read --lines KIND       reads lines from standard input, each as a file
//                                 of its own: "taken", "skipped REASON" or
//                                 "refused REASON", a line each
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "daylight/rules/clamav/cvd.h"
#include "daylight/rules/clamav/reader.h"

namespace {

using namespace dl;

class Printer : public clamav::Sink {
 public:
  explicit Printer(bool shows) : shows_(shows) {}
  void AddLogical(clamav::FileKind, std::string_view line, clamav::LogicalSignature signature) override {
    ++taken;
    subsignatures += signature.subsignatures.size();
    if (shows_) std::printf("logical %s: %.*s\n", signature.name.c_str(), Length(line), line.data());
  }
  void AddDigest(clamav::FileKind, std::string_view line, std::string_view,
                 const clamav::DigestSignature& digest) override {
    ++taken;
    bytes += digest.digest[0];
    if (shows_) std::printf("digest: %.*s\n", Length(line), line.data());
  }
  void AddContainer(clamav::FileKind, std::string_view, clamav::ContainerSignature) override { ++taken; }
  Status AddLine(clamav::FileKind, std::string_view) override {
    ++taken;
    return {};
  }
  void AddIgnored(std::string_view, std::string_view) override { ++taken; }
  void AddYara(std::string_view, std::string_view) override { ++taken; }
  void Skip(clamav::FileKind, std::string_view reason) override {
    ++skipped;
    ++reasons[std::string(reason)];
  }
  void Warn(std::string_view file, std::uint32_t line, std::string_view message) override {
    warning = message;
    ++warnings;
    if (shows_) std::printf("%.*s:%u: %.*s\n", Length(file), file.data(), line, Length(message), message.data());
  }

  std::uint64_t taken = 0;
  std::uint64_t skipped = 0;
  std::uint64_t subsignatures = 0;
  std::uint64_t bytes = 0;
  std::uint64_t warnings = 0;
  std::string warning;
  std::map<std::string, std::uint64_t> reasons;

 private:
  static int Length(std::string_view text) { return static_cast<int>(text.size()); }
  bool shows_;
};

int ReadLines(const std::string& kind) {
  clamav::ReadSettings settings;
  settings.pua = true;
  for (std::string line; std::getline(std::cin, line);) {
    Printer printer(false);
    const clamav::FileOutcome outcome = clamav::ReadFile("x." + kind, AsBytes(line + "\n"), settings, printer);
    if (!outcome.error.empty() || printer.warnings > 0) {
      std::printf("refused %s\n", outcome.error.empty() ? printer.warning.c_str() : outcome.error.c_str());
    } else if (printer.taken > 0) {
      std::printf("taken\n");
    } else {
      std::printf("skipped %s\n", printer.reasons.empty() ? "" : printer.reasons.begin()->first.c_str());
    }
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--lines") return ReadLines(argv[2]);
  if (argc == 2 && std::string(argv[1]) == "--published-keys") {
    const clamav::SigningKeys& published = clamav::PublishedKeys();
    for (const clamav::SigningKey& key : {published.header, published.info}) {
      std::cout << key.modulus << ' ' << key.exponent << '\n';
    }
    return 0;
  }
  bool shows = false;
  clamav::SigningKeys keys = clamav::PublishedKeys();
  bool has_keys = false;
  for (int i = 1; i < argc; ++i) {
    std::string path = argv[i];
    if (path == "--signatures") {
      shows = true;
      continue;
    }
    if (path == "--keys" && i + 4 < argc) {
      keys = {{argv[i + 1], argv[i + 2]}, {argv[i + 3], argv[i + 4]}};
      has_keys = true;
      i += 4;
      continue;
    }
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
      std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
      return 2;
    }
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    clamav::ReadSettings settings;
    settings.pua = true;
    settings.allow_unsigned = !has_keys;
    Printer printer(shows);
    const auto begin = std::chrono::steady_clock::now();
    const std::string name = path.substr(path.rfind('/') + 1);
    const clamav::FileOutcome outcome = has_keys ? clamav::ReadContainer(name, AsBytes(text), settings, keys, printer)
                                                 : clamav::ReadFile(name, AsBytes(text), settings, printer);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%s: %llu lines, %llu malformed, %llu taken, %llu skipped, %.3f s%s%s\n", path.c_str(),
                static_cast<unsigned long long>(outcome.lines), static_cast<unsigned long long>(outcome.malformed),
                static_cast<unsigned long long>(printer.taken), static_cast<unsigned long long>(printer.skipped),
                seconds, outcome.error.empty() ? "" : ", error: ", outcome.error.c_str());
  }
  return 0;
}
