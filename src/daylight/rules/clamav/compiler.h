// Compiler makes a database unit of signature files.
//
//   Compiler compiler({.source_name = "clamav", .read = {...}});
//   for (const auto& file : files) compiler.AddFile(file.name, file.bytes);   // ignore lists first
//   DL_TRY_STATUS(compiler.Finish(writer, unit));
//
// Keeps no file: each is read, and what is in it encoded, before the next.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/database/database.h"
#include "daylight/match/matcher.h"
#include "daylight/rules/clamav/digest_table.h"
#include "daylight/rules/clamav/format.h"
#include "daylight/rules/clamav/inventory.h"
#include "daylight/rules/clamav/names.h"
#include "daylight/rules/clamav/reader.h"

namespace dl::clamav {

struct CompilerSettings {
  std::string source_name;
  std::string licence;
  std::string source_path;
  ReadSettings read;
  std::array<std::uint8_t, 32> source_digest{};
};

struct Problem {
  bool is_error = false;
  std::string file;
  std::uint32_t line = 0;  // 0: of the whole file.
  std::string message;
};

class Compiler final : public Sink {
 public:
  explicit Compiler(CompilerSettings settings);
  ~Compiler() override;

  void AddFile(std::string_view name, Bytes file);
  // At most kMaxProblems; further ones are counted in the last.
  const std::vector<Problem>& problems() const { return problems_; }
  bool has_errors() const { return has_errors_; }
  std::uint64_t signatures() const { return signature_count_; }
  // Rule texts that came with the signatures: file and text.
  struct YaraFile {
    std::string name;
    std::string text;
  };
  const std::vector<YaraFile>& yara_files() const { return yara_files_; }
  // Spends the compiler.
  Status Finish(database::Writer& writer, std::uint32_t unit);

  void AddLogical(FileKind from, std::string_view line, LogicalSignature signature) override;
  void AddDigest(FileKind from, std::string_view line, std::string_view name, const DigestSignature& digest) override;
  void AddContainer(FileKind from, std::string_view line, ContainerSignature signature) override;
  Status AddLine(FileKind from, std::string_view line) override;
  void AddIgnored(std::string_view name, std::string_view line_md5) override;
  void AddYara(std::string_view file, std::string_view text) override;
  void Skip(FileKind from, std::string_view reason) override;
  void Warn(std::string_view file, std::uint32_t line, std::string_view message) override;

 private:
  static constexpr std::size_t kMaxProblems = 1000;
  bool IsIgnored(std::string_view name, std::string_view line) const;
  void AddProblem(bool is_error, std::string_view file, std::uint32_t line, std::string message);
  void Count(FileKind from) { ++loaded_[from]; }

  CompilerSettings settings_;
  std::string folder_;  // Of the file being read, with its slash.
  match::MatcherBuilder matcher_;
  NameTableWriter names_;
  std::vector<DigestTableWriter> digests_;  // By of and kind.
  std::vector<std::uint32_t> index_;
  std::vector<std::byte> signatures_;
  std::vector<std::uint32_t> triggers_;
  std::vector<std::vector<std::uint32_t>> always_;
  std::vector<std::vector<std::uint32_t>> macros_;
  std::vector<std::byte> containers_;
  std::vector<std::byte> lines_;
  // By name: digests of the lines that are meant, or none: any.
  std::unordered_map<std::string, std::set<std::string>> ignored_;
  std::map<FileKind, std::uint64_t> loaded_;
  std::map<std::pair<FileKind, std::string>, std::uint64_t> skipped_;
  std::vector<YaraFile> yara_files_;
  std::vector<Problem> problems_;
  std::uint64_t more_problems_ = 0;
  std::uint64_t signature_count_ = 0;
  bool has_errors_ = false;
};

}  // namespace dl::clamav
