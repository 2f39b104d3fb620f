// What tests of readers share: a sink that keeps everything, and short ways to
// read one line or one file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daylight/rules/clamav/reader.h"

namespace dl::clamav {

struct Collector : Sink {
  struct Digest {
    FileKind from;
    std::string name;
    DigestSignature signature;
  };
  void AddLogical(FileKind, std::string_view, LogicalSignature signature) override {
    logical.push_back(std::move(signature));
  }
  void AddDigest(FileKind from, std::string_view, std::string_view name, const DigestSignature& digest) override {
    digests.push_back({from, std::string(name), digest});
  }
  void AddContainer(FileKind, std::string_view, ContainerSignature signature) override {
    containers.push_back(std::move(signature));
  }
  Status AddLine(FileKind, std::string_view line) override {
    lines.emplace_back(line);
    if (refuses_lines) return Fail(ErrorCode::kMalformed, "refused by the test");
    return {};
  }
  void AddIgnored(std::string_view name, std::string_view line_md5) override {
    ignored.push_back(std::string(name) + "|" + std::string(line_md5));
  }
  void AddYara(std::string_view file, std::string_view text) override {
    yara.push_back(std::string(file) + "|" + std::string(text));
  }
  void Skip(FileKind, std::string_view reason) override { skipped.emplace_back(reason); }
  void Warn(std::string_view file, std::uint32_t line, std::string_view message) override {
    warnings.push_back(std::string(file) + ":" + std::to_string(line) + ": " + std::string(message));
  }

  std::vector<LogicalSignature> logical;
  std::vector<Digest> digests;
  std::vector<ContainerSignature> containers;
  std::vector<std::string> lines;
  std::vector<std::string> ignored;
  std::vector<std::string> yara;
  std::vector<std::string> skipped;
  std::vector<std::string> warnings;
  bool refuses_lines = false;
};

struct ReadResult : Collector {
  FileOutcome outcome;
  // What became of a file of one line: "taken", "skipped: why" or "refused: why".
  std::string Summary() const {
    if (!outcome.error.empty()) return "error: " + outcome.error;
    if (!warnings.empty()) return "refused: " + warnings[0].substr(warnings[0].find(": ") + 2);
    if (!skipped.empty()) return "skipped: " + skipped[0];
    return "taken";
  }
};

inline ReadResult Read(std::string_view name, std::string_view text, ReadSettings settings = {}) {
  ReadResult result;
  result.outcome = ReadFile(name, AsBytes(text), settings, result);
  return result;
}

}  // namespace dl::clamav
