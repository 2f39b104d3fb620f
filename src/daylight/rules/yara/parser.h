// Parser turns YARA source text into a checked Compilation, with diagnostics.
//
//   Parser parser({.dialect = Dialect::kYara, .externals = externals}, includes);
//   parser.AddFile("a.yar", text, "a");
//   Compilation compilation = parser.Finish();
//   for (const Diagnostic& d : parser.diagnostics()) ...
//
// Several errors are reported in one run: after one the parser goes on with
// the next rule. Rules with errors are left out of the Compilation, and so are
// rules that refer to them. Opens no path: an `include` is asked of `includes`.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/rules/yara/ast.h"
#include "daylight/rules/yara/diagnostic.h"

namespace dl::yara {

// Answers `include "path"`. The trusted side resolves it beneath the including
// file's folder and the allowed folders.
class IncludeResolver {
 public:
  enum class Outcome : std::uint8_t { kFound, kNotFound, kNotAllowed, kTooLarge };
  struct Answer {
    Outcome outcome = Outcome::kNotFound;
    std::string text;
    std::string identity;  // Equal for the same file (cycles are an error).
    std::string name;      // For diagnostics.
  };
  virtual ~IncludeResolver() = default;
  // `from_identity`: identity of the including file ("" + its AddFile name for a top-level one).
  virtual Answer Resolve(std::string_view path, std::string_view from_identity) = 0;
};

struct ParserOptions {
  Dialect dialect = Dialect::kYara;
  std::vector<External> externals;
  bool warnings = true;
  // Bounds on hostile text; past each is a diagnostic.
  std::uint64_t max_text_bytes = 256u << 20;  // Of all files and includes together.
  std::uint32_t max_errors = 200;             // Then one last diagnostic says that there are more.
  int max_include_depth = 16;
};

class Parser {
 public:
  // `includes` may be null: then an include is an error. Borrowed.
  Parser(ParserOptions options, IncludeResolver* includes);
  ~Parser();
  // Adds one file in its own namespace, shown as `namespace_name`. `identity`
  // is what IncludeResolver calls this file.
  void AddFile(std::string_view name, std::string_view text, std::string_view namespace_name,
               std::string_view identity = "");
  // To be called once, after the last file.
  Compilation Finish();
  const std::vector<Diagnostic>& diagnostics() const;
  bool has_errors() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::yara
