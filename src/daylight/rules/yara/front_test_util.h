// Helpers for the front end's tests: parse a text, look at what came of it.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daylight/rules/yara/parser.h"

namespace dl::yara {

struct Parsed {
  Compilation compilation;
  std::vector<Diagnostic> diagnostics;

  std::vector<std::string> Codes() const {
    std::vector<std::string> codes;
    for (const Diagnostic& d : diagnostics) codes.push_back(d.code);
    return codes;
  }
  bool Has(std::string_view code) const {
    return std::any_of(diagnostics.begin(), diagnostics.end(), [&](const Diagnostic& d) { return d.code == code; });
  }
  std::string Text() const {
    std::string out;
    for (const Diagnostic& d : diagnostics) out += FormatDiagnostic(d);
    return out;
  }
  const Expr& condition(std::size_t rule = 0) const { return compilation.rules.at(rule).condition; }
};

// Files by name; a name's path is its identity. `forbidden` ones are not allowed.
class MapIncludes : public IncludeResolver {
 public:
  std::map<std::string, std::string, std::less<>> files;
  std::vector<std::string> forbidden;
  Answer Resolve(std::string_view path, std::string_view from_identity) override {
    asked.emplace_back(path, from_identity);
    Answer answer;
    if (std::find(forbidden.begin(), forbidden.end(), path) != forbidden.end()) {
      answer.outcome = Outcome::kNotAllowed;
    } else if (const auto found = files.find(path); found != files.end()) {
      answer = {Outcome::kFound, found->second, found->first, found->first};
    }
    return answer;
  }
  std::vector<std::pair<std::string, std::string>> asked;
};

inline Parsed ParseText(std::string_view text, ParserOptions options = {}, IncludeResolver* includes = nullptr) {
  Parser parser(std::move(options), includes);
  parser.AddFile("a.yar", text, "a");
  Parsed parsed;
  parsed.compilation = parser.Finish();
  parsed.diagnostics = parser.diagnostics();
  return parsed;
}

// `condition` in a rule with the strings $a, $b1, $b2.
inline Parsed ParseCondition(std::string_view condition, ParserOptions options = {}) {
  std::string text = "rule r { strings: $_a = \"alpha\" $_b1 = \"beta1\" $_b2 = \"beta2\" condition: ";
  text.append(condition).append(" }");
  options.warnings = false;
  return ParseText(text, std::move(options));
}

inline ParserOptions YaraX() {
  ParserOptions options;
  options.dialect = Dialect::kYaraX;
  return options;
}

inline ParserOptions Quiet() {
  ParserOptions options;
  options.warnings = false;
  return options;
}

inline ParserOptions WithExternal(std::string name, TypeKind type) {
  ParserOptions options;
  External& external = options.externals.emplace_back();
  external.name = std::move(name);
  external.type = type;
  return options;
}

inline std::vector<std::string> Strings(std::initializer_list<std::string> list) { return list; }

}  // namespace dl::yara
