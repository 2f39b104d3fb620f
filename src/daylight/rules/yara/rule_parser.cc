#include "daylight/rules/yara/rule_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/expression.h"
#include "daylight/rules/yara/warnings.h"

namespace dl::yara {

RuleParser::RuleParser(Session& session, std::uint32_t file, std::uint32_t name_space, IncludeChain& chain)
    : session_(session), tokens_(session, file), name_space_(name_space), chain_(chain) {}

void RuleParser::Error(const char* code, const Span& span, std::string message, std::string label, std::string hint) {
  failed_ = true;
  session_.diagnostics.Error(code, span, std::move(message), std::move(label), std::move(hint));
}

void RuleParser::File() {
  while (!tokens_.Is(Tok::kEnd)) {
    if (session_.stopped || session_.diagnostics.full()) return;
    session_.diagnostics.set_rule("");
    if (!Declaration()) tokens_.Recover();
  }
  session_.diagnostics.set_rule("");
}

bool RuleParser::Declaration() {
  switch (tokens_.kind()) {
    case Tok::kImport: return ImportDeclaration();
    case Tok::kInclude: return IncludeDeclaration();
    case Tok::kRule:
    case Tok::kGlobal:
    case Tok::kPrivate: return RuleDeclaration();
    default:
      tokens_.Unexpected("a rule, `import` or `include`");
      if (!tokens_.Is(Tok::kEnd)) tokens_.Advance();
      return false;
  }
}

bool RuleParser::ImportDeclaration() {
  tokens_.Advance();
  const Span span = tokens_.span();
  if (!tokens_.Is(Tok::kText)) return tokens_.Unexpected("the name of a module in quotes");
  const std::string name = DecodeText(tokens_.text());
  tokens_.Advance();
  if (session_.Import(name, name_space_)) return true;
  session_.namespaces[name_space_].unknown_modules.insert(name);
  std::string hint;
  std::size_t best = 3;
  for (const ModuleInfo* module : AllModules()) {
    const std::size_t distance = Distance(module->name, name, 2);
    if (distance >= best) continue;
    best = distance;
    hint = fmt::format("did you mean \"{}\"?", module->name);
  }
  Error(code::kUnknownModule, span, fmt::format("unknown module \"{}\"", Shown(name)), "", std::move(hint));
  return true;
}

bool RuleParser::RuleDeclaration() {
  Rule rule;
  failed_ = false;
  const std::size_t diagnostics_before = session_.diagnostics.list().size();
  const std::uint32_t errors_before = session_.diagnostics.error_count();
  rule.name_space = name_space_;
  // Whatever happens from the name on, the name is known: rules that refer to it say so.
  bool named = false;
  const auto read = [&] {
    if (!RuleModifiers(rule)) return false;
    if (!tokens_.Expect(Tok::kRule)) return false;
    if (!RuleName(rule)) return false;
    named = true;
    if (!Tags(rule)) return false;
    if (!tokens_.Expect(Tok::kLeftBrace)) return false;
    if (!Metas(rule)) return false;
    tokens_.ResetHash();
    if (!Strings(rule)) return false;
    if (!Condition(rule)) return false;
    return tokens_.Expect(Tok::kRightBrace, "`and`, `or` or `}`");
  };
  const bool complete = read();
  failed_ = failed_ || !complete || session_.diagnostics.error_count() != errors_before || session_.diagnostics.full();
  if (named) Finish(std::move(rule), failed_);
  if (failed_) session_.diagnostics.DropWarningsFrom(diagnostics_before);
  return complete;
}

bool RuleParser::RuleModifiers(Rule& rule) {
  for (;;) {
    bool* flag = nullptr;
    if (tokens_.Is(Tok::kGlobal)) flag = &rule.is_global;
    if (tokens_.Is(Tok::kPrivate)) flag = &rule.is_private;
    if (flag == nullptr) return true;
    if (*flag && session_.yara_x()) {
      Error(code::kDuplicateRuleModifier, tokens_.span(), fmt::format("`{}` is written twice", tokens_.text()));
    }
    *flag = true;
    tokens_.Advance();
  }
}

bool RuleParser::RuleName(Rule& rule) {
  rule.span = tokens_.span();
  rule.identifier = tokens_.text();
  if (!tokens_.Is(Tok::kIdentifier)) return tokens_.Unexpected("the rule's name");
  tokens_.Advance();
  session_.diagnostics.set_rule(rule.identifier);

  const Namespace& names = session_.namespaces[name_space_];
  name_taken_ = false;
  if (const auto other = names.rules.find(rule.identifier); other != names.rules.end()) {
    name_taken_ = true;
    Error(code::kDuplicateRule, rule.span, fmt::format("duplicate rule \"{}\"", rule.identifier),
          fmt::format("declared before in {}:{}", session_.files[other->second.span.file].name,
                      session_.diagnostics.LineOf(other->second.span)),
          "give it another name");
  }
  if (session_.externals.contains(rule.identifier)) {
    Error(code::kRuleIsExternal, rule.span, fmt::format("\"{}\" is an external variable", rule.identifier),
          "a rule cannot have its name");
  }
  for (std::size_t n = 1; n <= rule.identifier.size() && !names.wildcards.empty(); ++n) {
    const std::string_view prefix = std::string_view(rule.identifier).substr(0, n);
    if (!names.wildcards.contains(prefix)) continue;
    Error(code::kMatchesEarlierWildcard, rule.span,
          fmt::format("\"{}\" matches `{}*`, which an earlier rule uses", rule.identifier, prefix), "",
          "a set covers earlier rules only: declare this one before it, or rename it");
    break;
  }
  return true;
}

bool RuleParser::Tags(Rule& rule) {
  if (!tokens_.Accept(Tok::kColon)) return true;
  do {
    if (!tokens_.Is(Tok::kIdentifier)) return tokens_.Unexpected("a tag");
    std::string tag(tokens_.text());
    if (rule.tags.size() >= kMaxTags) {
      Error(code::kTooManyTerms, tokens_.span(), "too many tags");
      return false;
    }
    if (std::find(rule.tags.begin(), rule.tags.end(), tag) != rule.tags.end()) {
      Error(code::kDuplicateTag, tokens_.span(), fmt::format("duplicate tag \"{}\"", tag));
    }
    rule.tags.push_back(std::move(tag));
    tokens_.Advance();
  } while (tokens_.Is(Tok::kIdentifier));
  return true;
}

bool RuleParser::Metas(Rule& rule) {
  if (!tokens_.Accept(Tok::kMeta)) return true;
  if (!tokens_.Expect(Tok::kColon)) return false;
  do {
    if (!Meta(rule)) return false;
  } while (!tokens_.Is(Tok::kStrings) && !tokens_.Is(Tok::kCondition));
  return true;
}

// name = "text" | 12 | -12 | true | 1.5 (YARA-X)
bool RuleParser::Meta(Rule& rule) {
  dl::yara::Meta& meta = rule.metas.emplace_back();
  meta.identifier = tokens_.text();
  if (!tokens_.Expect(Tok::kIdentifier, rule.metas.size() == 1 ? "the name of a meta entry"
                                                               : "a meta entry, `strings:` or `condition:`")) {
    return false;
  }
  if (!tokens_.Expect(Tok::kAssign)) return false;
  if (++session_.strings > kMaxStrings) {
    Error(code::kTooManyStrings, tokens_.span(), "too many strings and meta entries in all rules together");
    session_.stopped = true;
    return false;
  }
  const bool negative = tokens_.Accept(Tok::kMinus);
  const Token token = tokens_.token();
  switch (token.kind) {
    case Tok::kInteger:
      meta.type = TypeKind::kInteger;
      meta.integer = negative ? -token.integer : token.integer;
      break;
    case Tok::kFloat:
      meta.type = TypeKind::kFloat;
      meta.real = negative ? -token.real : token.real;
      break;
    case Tok::kText:
      if (negative) return tokens_.Unexpected("a number");
      meta.text = DecodeText(tokens_.text());
      break;
    case Tok::kTrue:
    case Tok::kFalse:
      if (negative) return tokens_.Unexpected("a number");
      meta.type = TypeKind::kBoolean;
      meta.integer = token.kind == Tok::kTrue ? 1 : 0;
      break;
    default: return tokens_.Unexpected("a string, a number, `true` or `false`");
  }
  tokens_.Advance();
  return true;
}

bool RuleParser::Strings(Rule& rule) {
  if (!tokens_.Accept(Tok::kStrings)) return true;
  if (!tokens_.Expect(Tok::kColon)) return false;
  do {
    if (!String(rule)) return false;
  } while (!tokens_.Is(Tok::kCondition));
  CheckDuplicateStrings(rule);
  return true;
}

void RuleParser::CheckDuplicateStrings(const Rule& rule) {
  std::vector<std::pair<std::string_view, std::uint32_t>> names;
  names.reserve(rule.strings.size());
  for (std::uint32_t i = 0; i < rule.strings.size(); ++i) {
    if (rule.strings[i].identifier.size() > 1) names.emplace_back(rule.strings[i].identifier, i);
  }
  std::sort(names.begin(), names.end());
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i].first != names[i - 1].first) continue;
    const StringDefinition& string = rule.strings[names[i].second];
    Error(
        code::kDuplicateString, string.span, fmt::format("duplicate string \"{}\"", string.identifier),
        fmt::format("declared before in line {}", session_.diagnostics.LineOf(rule.strings[names[i - 1].second].span)),
        "give it another name");
  }
}

bool RuleParser::Condition(Rule& rule) {
  if (!tokens_.Expect(Tok::kCondition, rule.strings.empty() ? "`meta:`, `strings:` or `condition:`" : "`condition:`")) {
    return false;
  }
  if (!tokens_.Expect(Tok::kColon)) return false;
  const StringTable table(rule.strings);
  ExpressionParser expression(session_, tokens_, rule, name_space_, table);
  const bool parsed = expression.Condition(rule.condition);
  if (expression.failed()) failed_ = true;
  if (!parsed) return false;
  rule.locals = expression.locals();
  CheckUnreferenced(rule);
  return true;
}

void RuleParser::CheckUnreferenced(const Rule& rule) {
  for (const StringDefinition& string : rule.strings) {
    if (string.referenced || string.identifier.starts_with("$_")) continue;
    const bool anonymous = string.identifier == "$";
    Error(code::kUnreferencedString, string.span,
          anonymous ? std::string("anonymous string is not used")
                    : fmt::format("string \"{}\" is not used", string.identifier),
          "nothing in the condition refers to it",
          anonymous ? "use it through `them`, or take it out"
                    : fmt::format("use it, take it out, or name it \"$_{}\"", string.identifier.substr(1)));
  }
}

void RuleParser::Finish(Rule&& rule, bool failed) {
  Compilation& compilation = session_.compilation;
  RuleSymbol symbol;
  symbol.failed = failed;
  symbol.is_global = rule.is_global;
  symbol.span = rule.span;
  symbol.index = static_cast<std::uint32_t>(compilation.rules.size());
  if (!name_taken_) session_.namespaces[name_space_].rules.emplace(rule.identifier, symbol);
  if (failed) return;
  if (compilation.rules.size() >= kMaxRules) {
    Error(code::kTooManyRules, rule.span, fmt::format("more than {} rules", kMaxRules));
    session_.stopped = true;
    return;
  }
  compilation.rules.push_back(std::move(rule));
  if (session_.diagnostics.warnings_enabled()) {
    WarnAboutRule(session_, compilation.rules.back(), tokens_.hash(), tokens_.hashed_tokens());
  }
}

}  // namespace dl::yara
