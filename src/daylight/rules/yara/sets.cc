// Quantifiers and sets: `2 of ($a*, $b) at 0`, `any of (rule*)`, `all of (x, y)`.
#include <fmt/format.h>

#include <algorithm>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/expression.h"

namespace dl::yara {

// Whether the current `%` is the sign of `50% of` (in a header of `for` also
// of `50% i in`), not the remainder.
bool ExpressionParser::PercentEndsQuantifier(bool in_for) const {
  Lexer ahead = tokens_.LookAhead();
  const Token next = ahead.Next();
  if (next.kind == Tok::kOf) return true;
  if (!in_for || next.kind != Tok::kIdentifier) return false;
  const Tok after = ahead.Next().kind;
  return after == Tok::kIn || after == Tok::kComma;
}

void ExpressionParser::CheckQuantifier(const Typed& count, bool percent) {
  const Expr& expr = count.expr;
  if (expr.type == TypeKind::kUndefined) return;
  if (expr.type != TypeKind::kInteger) {
    Error(code::kInvalidQuantifier, expr.span, "the quantifier must be an integer, `all`, `any` or `none`",
          fmt::format("this is {}", WithArticle(expr.type)));
    return;
  }
  if (expr.op != Op::kInteger) return;
  if (percent) {
    if (expr.integer >= 1 && expr.integer <= 100) return;
    Error(code::kInvalidPercentage, expr.span, "the percentage must be between 1 and 100", "",
          expr.integer == 0 ? "use `none`" : "");
    return;
  }
  if (expr.integer < 0) Error(code::kInvalidQuantifier, expr.span, "the quantifier is negative");
  if (expr.integer == 0) {
    session_.diagnostics.Warning(code::kAmbiguousZero, expr.span, "`0 of` is ambiguous",
                                 "it asks that none is there, but reads like a count that is always reached",
                                 "use `none`");
  }
}

bool ExpressionParser::StartOf(Op op, Quantifier quantifier, Typed* count, std::uint32_t begin, Typed& out) {
  out = Node(op, TypeKind::kBoolean, tokens_.SpanFrom(begin));
  if (quantifier == Quantifier::kCount && count->expr.op == Op::kInteger && count->expr.integer == 0) {
    quantifier = Quantifier::kNone;
    count = nullptr;
  }
  out.expr.quantifier = quantifier;
  return count == nullptr || Adopt(out, std::move(*count));
}

// After the quantifier, at `of`.
bool ExpressionParser::Of(Quantifier quantifier, Typed* count, std::uint32_t begin, Typed& out) {
  if (!tokens_.Expect(Tok::kOf)) return false;
  if (!StartOf(Op::kOfStrings, quantifier, count, begin, out)) return false;
  const SetKind kind = LookAtSet();
  std::size_t members = 0;
  switch (kind) {
    case SetKind::kStrings:
      if (!StringSet(out.expr)) return false;
      members = out.expr.set.size();
      if (!OfPlace(out)) return false;
      break;
    case SetKind::kRules:
      out.expr.op = Op::kOfRules;
      if (!RuleSet(out.expr)) return false;
      members = out.expr.set.size();
      break;
    case SetKind::kExpressions:
      out.expr.op = Op::kOfExpressions;
      members = out.expr.args.size();
      if (!BooleanTuple(out)) return false;
      members = out.expr.args.size() - members;
      break;
  }
  out.expr.span = tokens_.SpanFrom(begin);
  if (kind != SetKind::kStrings && (tokens_.Is(Tok::kAt) || tokens_.Is(Tok::kIn))) {
    Error(code::kSyntax, tokens_.span(), fmt::format("unexpected `{}`", tokens_.text()),
          "only a set of strings has offsets");
    return false;
  }
  CheckOf(out.expr, members);
  return true;
}

// `at x`, `in (x..y)` or nothing.
bool ExpressionParser::OfPlace(Typed& out) {
  if (tokens_.Accept(Tok::kAt)) {
    Typed offset;
    if (!Arithmetic(1, offset)) return false;
    CheckInteger(offset, "the offset after `at`");
    out.expr.op = Op::kOfStringsAt;
    return Adopt(out, std::move(offset));
  }
  if (!tokens_.Accept(Tok::kIn)) return true;
  Typed low;
  Typed high;
  if (!Range(low, high)) return false;
  out.expr.op = Op::kOfStringsIn;
  return Adopt(out, std::move(low)) && Adopt(out, std::move(high));
}

// What can be said of the number of members at once.
void ExpressionParser::CheckOf(const Expr& of, std::size_t members) {
  if (failed_ || members == 0) return;
  const bool fixed_count = of.quantifier == Quantifier::kCount && of.args[0].op == Op::kInteger;
  const std::int64_t count = fixed_count ? of.args[0].integer : 0;
  if (fixed_count && count > static_cast<std::int64_t>(members)) {
    session_.diagnostics.Warning(code::kInvariant, of.span, "this is always false",
                                 fmt::format("{} of a set that has {}", count, members));
    return;
  }
  if (of.op != Op::kOfStringsAt) return;
  if ((fixed_count && count > 1) || (of.quantifier == Quantifier::kAll && members > 1)) {
    session_.diagnostics.Warning(code::kUnsatisfiable, of.span, "this can hardly be true",
                                 "several strings would have to begin at the same offset", "use `any of ... at`");
  }
}

ExpressionParser::SetKind ExpressionParser::LookAtSet() const {
  if (!tokens_.Is(Tok::kLeftParen)) return SetKind::kStrings;
  Lexer ahead = tokens_.LookAhead();
  bool strings = true;
  bool rules = true;
  for (;;) {
    const Token item = ahead.Next();
    strings = strings && (item.kind == Tok::kStringId || item.kind == Tok::kStringWildcard);
    rules = rules && item.kind == Tok::kIdentifier;
    if (!strings && !rules) return SetKind::kExpressions;
    Token after = ahead.Next();
    if (rules && after.kind == Tok::kStar) {
      // `x*)` and `x*,` are wildcards; `x * 2` is not.
      after = ahead.Next();
      if (after.kind == Tok::kComma || after.kind == Tok::kRightParen) return SetKind::kRules;
      return SetKind::kExpressions;
    }
    if (rules && namespace_.rules.find(ahead.text(item)) == namespace_.rules.end()) {
      const std::string_view name = ahead.text(item);
      const bool other = session_.externals.contains(name) || namespace_.modules.contains(name) ||
                         std::any_of(scope_.begin(), scope_.end(), [&](const Local& l) { return l.name == name; });
      if (other) return SetKind::kExpressions;
    }
    if (after.kind == Tok::kRightParen) return strings ? SetKind::kStrings : SetKind::kRules;
    if (after.kind != Tok::kComma) return SetKind::kExpressions;
  }
}

// `them` or `($a, $b*)`.
bool ExpressionParser::StringSet(Expr& out) {
  const Span span = tokens_.span();
  if (tokens_.Is(Tok::kThem)) {
    tokens_.Advance();
    return AddStrings("$", true, span, out);
  }
  if (!tokens_.Expect(Tok::kLeftParen, "`them` or a set in parentheses")) return false;
  do {
    if (!tokens_.Is(Tok::kStringId) && !tokens_.Is(Tok::kStringWildcard)) {
      return tokens_.Unexpected("a string identifier");
    }
    const bool wildcard = tokens_.Is(Tok::kStringWildcard);
    std::string_view name = tokens_.text();
    if (wildcard) name.remove_suffix(1);
    if (!AddStrings(name, wildcard, tokens_.span(), out)) return false;
    tokens_.Advance();
  } while (tokens_.Accept(Tok::kComma));
  if (!tokens_.Expect(Tok::kRightParen)) return false;
  Deduplicate(out);
  return true;
}

bool ExpressionParser::AddStrings(std::string_view name, bool wildcard, const Span& span, Expr& out) {
  const auto [first, last] = strings_.Find(name, wildcard);
  if (first == last) {
    if (wildcard) {
      Error(code::kEmptySet, span,
            name == "$" ? std::string("the rule declares no strings")
                        : fmt::format("no string's name begins with \"{}\"", name),
            "this set is empty");
    } else {
      Error(code::kUndefinedString, span, fmt::format("undefined string \"{}\"", name),
            fmt::format("this string is not declared in rule \"{}\"", rule_.identifier), "declare it under `strings:`");
    }
    return true;
  }
  if (!Charge((last - first) / 8, span)) return false;
  const std::size_t begin = out.set.size();
  // No reserve(): of exactly what one name needs, it would copy the set for each.
  for (std::size_t i = first; i < last; ++i) {
    out.set.push_back(strings_.index(i));
    rule_.strings[strings_.index(i)].referenced = true;
  }
  std::sort(out.set.begin() + static_cast<std::ptrdiff_t>(begin), out.set.end());
  return true;
}

// A string that is named twice counts twice in YARA, once in YARA-X.
void ExpressionParser::Deduplicate(Expr& out) const {
  if (!session_.yara_x()) return;
  std::sort(out.set.begin(), out.set.end());
  out.set.erase(std::unique(out.set.begin(), out.set.end()), out.set.end());
}

// (a, prefix*)
bool ExpressionParser::RuleSet(Expr& out) {
  if (!tokens_.Expect(Tok::kLeftParen)) return false;
  do {
    const Span span = tokens_.span();
    const std::string_view name = tokens_.text();
    if (!tokens_.Expect(Tok::kIdentifier, "the name of a rule")) return false;
    const bool wildcard = tokens_.Accept(Tok::kStar);
    if (!AddRules(name, wildcard, {span.file, span.begin, tokens_.SpanFrom(span.begin).end}, out)) return false;
  } while (tokens_.Accept(Tok::kComma));
  if (!tokens_.Expect(Tok::kRightParen)) return false;
  Deduplicate(out);
  return true;
}

bool ExpressionParser::AddRules(std::string_view name, bool wildcard, const Span& span, Expr& out) {
  const auto first = namespace_.rules.lower_bound(name);
  const std::size_t begin = out.set.size();
  for (auto rule = first; rule != namespace_.rules.end(); ++rule) {
    if (wildcard ? !std::string_view(rule->first).starts_with(name) : rule->first != name) break;
    if (rule->second.failed) {
      Error(code::kRuleHasErrors, span, fmt::format("rule \"{}\" has errors itself", rule->first),
            "so this rule is left out with it");
      continue;
    }
    out.set.push_back(rule->second.index);
    if (out.set.size() % 8 == 0 && !Charge(1, span)) return false;
  }
  std::sort(out.set.begin() + static_cast<std::ptrdiff_t>(begin), out.set.end());
  if (wildcard) namespace_.wildcards.emplace(name);
  if (out.set.size() > begin || failed_) return true;
  if (wildcard) {
    Error(code::kEmptySet, span, fmt::format("no earlier rule's name begins with \"{}\"", name), "this set is empty");
  } else {
    Error(code::kUndefinedIdentifier, span, fmt::format("undefined identifier \"{}\"", name),
          "no earlier rule has this name", Suggest(name));
  }
  return true;
}

// (expression, expression): YARA-X.
bool ExpressionParser::BooleanTuple(Typed& out) {
  if (!tokens_.Expect(Tok::kLeftParen)) return false;
  do {
    Typed item;
    if (!Boolean(item)) return false;
    CheckBoolean(item);
    if (!Adopt(out, std::move(item))) return false;
  } while (tokens_.Accept(Tok::kComma));
  return tokens_.Expect(Tok::kRightParen);
}

}  // namespace dl::yara
