// Session is what the parts of the front end share while one source is parsed:
// texts, names, the Compilation that grows, and how much may still be spent.
// One thread; owned by Parser.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/rules/yara/ast.h"
#include "daylight/rules/yara/diagnostics.h"
#include "daylight/rules/yara/parser.h"

namespace dl::yara {

// Bounds on hostile text beside those of ParserOptions. The largest public
// rule sets stay below a twentieth of each.
inline constexpr int kMaxNesting = 200;                // Of parentheses, calls, loops.
inline constexpr std::uint32_t kMaxLocals = 1000;      // Loop variables and `with` identifiers in scope at once.
inline constexpr std::uint64_t kMaxTerms = 2'000'000;  // Expression nodes and set members, all rules together.
inline constexpr std::uint64_t kMaxTermsInRule = 500'000;
inline constexpr std::uint32_t kMaxStringsInRule = 100'000;
inline constexpr std::uint64_t kMaxStrings = 1'000'000;
inline constexpr std::uint32_t kMaxRules = 250'000;
inline constexpr std::uint64_t kMaxPatternBytes =
    16u << 20;  // Regular expressions (counted twice: each character becomes a node) and hex strings together.
inline constexpr std::uint32_t kMaxOnePatternBytes = 1u << 20;
inline constexpr std::uint32_t kMaxIncludes = 10'000;
inline constexpr std::size_t kMaxTags = 1000;  // Of one rule.

struct RuleSymbol {
  std::uint32_t index = 0;  // In Compilation::rules, unless failed.
  bool failed = false;      // It has errors and was left out.
  bool is_global = false;
  Span span;
};

struct Namespace {
  std::map<std::string, RuleSymbol, std::less<>> rules;
  // Prefixes of `of (prefix*)`; a later rule may not match one.
  std::set<std::string, std::less<>> wildcards;
  std::map<std::string, std::uint32_t, std::less<>> modules;  // Imported; index in Compilation::modules.
  std::set<std::string, std::less<>> unknown_modules;         // Reported at their import.
};

struct Session {
  Session(ParserOptions parser_options, IncludeResolver* resolver)
      : options(std::move(parser_options)),
        includes(resolver),
        diagnostics(files, {.max_errors = options.max_errors, .warnings = options.warnings}) {}

  bool yara_x() const { return options.dialect == Dialect::kYaraX; }
  // Index in Compilation::modules, importing it when needed; nullopt when there is none.
  std::optional<std::uint32_t> Import(std::string_view name, std::uint32_t name_space);

  ParserOptions options;
  IncludeResolver* includes;
  std::deque<SourceFile> files;  // Texts never move: tokens and names are views of them.
  Diagnostics diagnostics;
  Compilation compilation;
  std::vector<Namespace> namespaces;
  std::map<std::string, std::uint32_t, std::less<>> externals;
  // Bodies of rules by hash, for duplicates.
  std::unordered_map<std::uint64_t, std::uint32_t> bodies;
  std::uint64_t text_bytes = 0;
  std::uint64_t terms = 0;
  std::uint64_t strings = 0;
  std::uint64_t pattern_bytes = 0;
  std::uint32_t include_count = 0;
  bool stopped = false;  // A limit of the whole source was passed.
};

}  // namespace dl::yara
