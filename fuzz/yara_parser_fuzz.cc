// Any bytes as rule text, in both dialects: no crash, every diagnostic points
// into a text, and no index of the tree points outside its table.
#include <cstdint>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/rules/yara/parser.h"

namespace {

using namespace dl::yara;

// An include gives a text of its own, or the fuzzed text again.
class Includes : public IncludeResolver {
 public:
  explicit Includes(std::string_view text) : text_(text) {}
  Answer Resolve(std::string_view path, std::string_view) override {
    if (path == "self") return {Outcome::kFound, std::string(text_), "self", "self"};
    if (path == "b") return {Outcome::kFound, "rule b { condition: filesize > 1 }", "b", "b"};
    return {path == "c" ? Outcome::kNotAllowed : Outcome::kNotFound, "", "", ""};
  }

 private:
  std::string_view text_;
};

class Checker {
 public:
  explicit Checker(const Compilation& compilation) : compilation_(compilation) {}

  void Check(const Rule& rule, std::size_t index) {
    rule_ = &rule;
    rule_index_ = index;
    DL_CHECK(rule.name_space < compilation_.namespaces.size());
    Check(rule.span);
    for (const StringDefinition& string : rule.strings) {
      Check(string.span);
      DL_CHECK(string.identifier.starts_with('$'));
      DL_CHECK(!string.text.empty());
      DL_CHECK(string.ascii || string.wide);
    }
    Check(rule.condition, 1);
  }

 private:
  void Check(const Span& span) {
    DL_CHECK(span.file < compilation_.files.size());
    DL_CHECK(span.begin <= span.end);
    DL_CHECK(span.end <= compilation_.files[span.file].text.size());
  }

  void Check(const Expr& expr, int depth) {
    DL_CHECK(depth < kMaxExprDepth);
    DL_CHECK(expr.type != TypeKind::kUndefined);
    Check(expr.span);
    switch (expr.op) {
      case Op::kStringFound:
      case Op::kStringFoundAt:
      case Op::kStringFoundIn:
      case Op::kStringCount:
      case Op::kStringCountIn:
      case Op::kStringOffset:
      case Op::kStringLength: DL_CHECK(expr.index == kCurrentString || expr.index < rule_->strings.size()); break;
      case Op::kOfStrings:
      case Op::kOfStringsAt:
      case Op::kOfStringsIn:
      case Op::kForOfStrings:
        DL_CHECK(!expr.set.empty());
        for (const std::uint32_t string : expr.set) DL_CHECK(string < rule_->strings.size());
        break;
      case Op::kOfRules:
        for (const std::uint32_t rule : expr.set) DL_CHECK(rule < rule_index_);
        break;
      case Op::kRuleReference: DL_CHECK(expr.index < rule_index_); break;
      case Op::kExternal: DL_CHECK(expr.index < compilation_.externals.size()); break;
      case Op::kLocal: DL_CHECK(expr.index < rule_->locals); break;
      case Op::kForInRange:
      case Op::kForInList:
      case Op::kForInArray:
      case Op::kForInDictionary:
      case Op::kWith: DL_CHECK(expr.index + static_cast<std::uint64_t>(expr.integer) <= rule_->locals); break;
      case Op::kModule: DL_CHECK(expr.index < compilation_.modules.size()); break;
      case Op::kField: DL_CHECK(expr.index < expr.args.at(0).structure->fields().size()); break;
      case Op::kAnd:
      case Op::kOr: DL_CHECK(expr.args.size() >= 2); break;
      default: break;
    }
    const bool counted = expr.quantifier == Quantifier::kCount || expr.quantifier == Quantifier::kPercent;
    if (counted) DL_CHECK(expr.args.at(0).type == TypeKind::kInteger);
    for (const Expr& arg : expr.args) Check(arg, depth + 1);
  }

  const Compilation& compilation_;
  const Rule* rule_ = nullptr;
  std::size_t rule_index_ = 0;
};

void Run(std::string_view text, Dialect dialect) {
  ParserOptions options;
  options.dialect = dialect;
  options.max_text_bytes = 1 << 20;
  options.externals.resize(2);
  options.externals[0].name = "ext_i";
  options.externals[1].name = "ext_s";
  options.externals[1].type = TypeKind::kString;
  Includes includes(text);
  Parser parser(options, &includes);
  parser.AddFile("a", text, "a", "self");
  parser.AddFile("b", "rule in_b { condition: ext_i == 1 }", "b");
  const Compilation compilation = parser.Finish();

  std::size_t errors = 0;
  for (const Diagnostic& diagnostic : parser.diagnostics()) {
    errors += diagnostic.severity == Severity::kError ? 1 : 0;
    DL_CHECK(!diagnostic.code.empty() && !diagnostic.message.empty());
    DL_CHECK(!FormatDiagnostic(diagnostic).empty());
    if (diagnostic.line == 0) continue;
    bool inside = false;
    for (const SourceFile& file : compilation.files) {
      if (file.name != diagnostic.file) continue;
      std::size_t begin = 0;
      for (std::uint32_t line = 1; line < diagnostic.line && begin != std::string::npos; ++line) {
        begin = file.text.find('\n', begin);
        if (begin != std::string::npos) ++begin;
      }
      if (begin == std::string::npos) continue;
      std::size_t end = file.text.find('\n', begin);
      if (end == std::string::npos) end = file.text.size();
      inside = inside || begin + diagnostic.column - 1 <= end;
    }
    DL_CHECK(inside);
  }
  DL_CHECK(parser.has_errors() == (errors > 0));
  DL_CHECK(errors > 0 || !compilation.rules.empty());
  for (std::size_t i = 0; i < compilation.rules.size(); ++i) Checker(compilation).Check(compilation.rules[i], i);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Run(text, Dialect::kYara);
  Run(text, Dialect::kYaraX);
  return 0;
}
