#include "daylight/rules/yara/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "daylight/rules/yara/codes.h"

namespace dl::yara {
namespace {

struct Arithmetics {
  Op op;
  int precedence;  // 0: not an arithmetic operator.
};

// Lowest first, as in YARA: | ^ & << >> + - * \ %.
Arithmetics ArithmeticOf(Tok kind) {
  switch (kind) {
    case Tok::kPipe: return {Op::kBitOr, 1};
    case Tok::kCaret: return {Op::kBitXor, 2};
    case Tok::kAmpersand: return {Op::kBitAnd, 3};
    case Tok::kShiftLeft: return {Op::kShiftLeft, 4};
    case Tok::kShiftRight: return {Op::kShiftRight, 4};
    case Tok::kPlus: return {Op::kAdd, 5};
    case Tok::kMinus: return {Op::kSubtract, 5};
    case Tok::kStar: return {Op::kMultiply, 6};
    case Tok::kBackslash: return {Op::kDivide, 6};
    case Tok::kPercent: return {Op::kModulo, 6};
    default: return {Op::kAdd, 0};
  }
}

// kAnd when it is no comparison.
Op ComparisonOf(Tok kind) {
  switch (kind) {
    case Tok::kEqual: return Op::kEqual;
    case Tok::kNotEqual: return Op::kNotEqual;
    case Tok::kLess: return Op::kLess;
    case Tok::kLessEqual: return Op::kLessEqual;
    case Tok::kGreater: return Op::kGreater;
    case Tok::kGreaterEqual: return Op::kGreaterEqual;
    case Tok::kContains: return Op::kContains;
    case Tok::kIContains: return Op::kIContains;
    case Tok::kStartsWith: return Op::kStartsWith;
    case Tok::kIStartsWith: return Op::kIStartsWith;
    case Tok::kEndsWith: return Op::kEndsWith;
    case Tok::kIEndsWith: return Op::kIEndsWith;
    case Tok::kIEquals: return Op::kIEquals;
    case Tok::kMatches: return Op::kMatches;
    default: return Op::kAnd;
  }
}

}  // namespace

ExpressionParser::ExpressionParser(Session& session, TokenStream& tokens, Rule& rule, std::uint32_t name_space,
                                   const StringTable& strings)
    : session_(session), tokens_(tokens), rule_(rule), namespace_(session.namespaces[name_space]), strings_(strings) {}

bool ExpressionParser::Condition(Expr& out) {
  Typed condition;
  if (!Boolean(condition)) return false;
  CheckBoolean(condition);
  out = std::move(condition.expr);
  return true;
}

Typed ExpressionParser::Node(Op op, TypeKind type, const Span& span) const {
  Typed node;
  node.expr.op = op;
  node.expr.type = type;
  node.expr.span = span;
  return node;
}

void ExpressionParser::Error(const char* code, const Span& span, std::string message, std::string label,
                             std::string hint) {
  failed_ = true;
  session_.diagnostics.Error(code, span, std::move(message), std::move(label), std::move(hint));
}

void ExpressionParser::Poison(Typed& out, const Span& span) {
  failed_ = true;
  out = Node(Op::kBoolean, TypeKind::kUndefined, span);
}

bool ExpressionParser::Charge(std::uint64_t terms, const Span& span) {
  terms_ += terms;
  session_.terms += terms;
  if (terms_ <= kMaxTermsInRule && session_.terms <= kMaxTerms) return true;
  Error(code::kTooManyTerms, span,
        session_.terms > kMaxTerms ? "too many terms in all conditions together" : "too many terms in one condition");
  session_.stopped = session_.terms > kMaxTerms;
  return false;
}

bool ExpressionParser::TooDeep(const Span& span) {
  Error(code::kTooDeep, span, "expression nested too deeply", "",
        fmt::format("at most {} parentheses, calls or loops inside one another, and {} operators in one chain",
                    kMaxNesting, kMaxExprDepth - 1));
  return false;
}

bool ExpressionParser::Adopt(Typed& parent, Typed&& operand) {
  parent.depth = std::max(parent.depth, operand.depth + 1);
  if (parent.depth >= kMaxExprDepth) return TooDeep(operand.expr.span);
  parent.expr.args.push_back(std::move(operand.expr));
  return Charge(1, parent.expr.span);
}

// Every circle of the recursion passes through here or through Primary(), where
// nesting is counted; a pair of parentheses counts twice.
bool ExpressionParser::Boolean(Typed& out) {
  if (++nesting_ > 2 * kMaxNesting) return TooDeep(tokens_.span());
  if (!Conjunction(out)) return false;
  if (tokens_.Is(Tok::kOr)) {
    std::vector<Typed> operands;
    operands.push_back(std::move(out));
    while (tokens_.Accept(Tok::kOr)) {
      operands.emplace_back();
      if (!Conjunction(operands.back())) return false;
      if (!Charge(1, operands.back().expr.span)) return false;
    }
    out = Typed{};
    if (!Logical(Op::kOr, operands, out)) return false;
  }
  --nesting_;
  return true;
}

bool ExpressionParser::Conjunction(Typed& out) {
  if (!Negation(out)) return false;
  if (!tokens_.Is(Tok::kAnd)) return true;
  std::vector<Typed> operands;
  operands.push_back(std::move(out));
  while (tokens_.Accept(Tok::kAnd)) {
    operands.emplace_back();
    if (!Negation(operands.back())) return false;
    if (!Charge(1, operands.back().expr.span)) return false;
  }
  out = Typed{};
  return Logical(Op::kAnd, operands, out);
}

bool ExpressionParser::Negation(Typed& out) {
  if (!tokens_.Is(Tok::kNot) && !tokens_.Is(Tok::kDefined)) return Comparison(out);
  std::vector<Token> prefixes;
  while (tokens_.Is(Tok::kNot) || tokens_.Is(Tok::kDefined)) {
    prefixes.push_back(tokens_.token());
    if (prefixes.size() >= static_cast<std::size_t>(kMaxExprDepth)) return TooDeep(tokens_.span());
    tokens_.Advance();
  }
  if (!Comparison(out)) return false;
  for (auto prefix = prefixes.rbegin(); prefix != prefixes.rend(); ++prefix) {
    const Op op = prefix->kind == Tok::kNot ? Op::kNot : Op::kDefined;
    if (!Unary(op, out, tokens_.SpanFrom(prefix->begin))) return false;
  }
  return true;
}

bool ExpressionParser::Comparison(Typed& out) {
  const std::uint32_t begin = tokens_.token().begin;
  switch (tokens_.kind()) {
    case Tok::kFor: return For(out);
    case Tok::kAll: tokens_.Advance(); return Of(Quantifier::kAll, nullptr, begin, out);
    case Tok::kAny: tokens_.Advance(); return Of(Quantifier::kAny, nullptr, begin, out);
    case Tok::kNone: tokens_.Advance(); return Of(Quantifier::kNone, nullptr, begin, out);
    case Tok::kIdentifier:
      if (AtWith()) return With(out);
      break;
    default: break;
  }
  if (!Arithmetic(1, out)) return false;
  if (tokens_.Is(Tok::kPercent) && PercentEndsQuantifier(false)) {
    tokens_.Advance();
    Typed count = std::move(out);
    CheckQuantifier(count, true);
    return Of(Quantifier::kPercent, &count, begin, out);
  }
  if (tokens_.Is(Tok::kOf)) {
    Typed count = std::move(out);
    CheckQuantifier(count, false);
    return Of(Quantifier::kCount, &count, begin, out);
  }
  return CompareOperator(out);
}

bool ExpressionParser::CompareOperator(Typed& left) {
  const Op op = ComparisonOf(tokens_.kind());
  if (op == Op::kAnd) return true;
  const std::uint32_t begin = left.expr.span.begin;
  tokens_.Advance();
  Typed right;
  if (op == Op::kMatches) {
    if (!tokens_.Is(Tok::kRegexp)) return tokens_.Unexpected("a regular expression after `matches`");
    if (!RegexpLiteral(right)) return false;
  } else if (!Arithmetic(1, right)) {
    return false;
  }
  const Span span = tokens_.SpanFrom(begin);
  if (ComparisonOf(tokens_.kind()) != Op::kAnd) {
    Error(code::kChainedComparison, tokens_.span(), "comparisons cannot be chained", "",
          "join two comparisons with `and`, or put one in parentheses");
    return false;
  }
  return Binary(op, left, std::move(right), span);
}

bool ExpressionParser::Arithmetic(int min_precedence, Typed& out) {
  if (!Prefixed(out)) return false;
  for (;;) {
    const Arithmetics found = ArithmeticOf(tokens_.kind());
    if (found.precedence < min_precedence || found.precedence == 0) return true;
    if (tokens_.Is(Tok::kPercent) && PercentEndsQuantifier(for_header_)) return true;
    const std::uint32_t begin = out.expr.span.begin;
    tokens_.Advance();
    Typed right;
    if (!Arithmetic(found.precedence + 1, right)) return false;
    if (!Binary(found.op, out, std::move(right), tokens_.SpanFrom(begin))) return false;
  }
}

// Unary minus and bitwise not bind tightest.
bool ExpressionParser::Prefixed(Typed& out) {
  if (!tokens_.Is(Tok::kMinus) && !tokens_.Is(Tok::kTilde)) return Primary(out);
  std::vector<Token> prefixes;
  while (tokens_.Is(Tok::kMinus) || tokens_.Is(Tok::kTilde)) {
    prefixes.push_back(tokens_.token());
    if (prefixes.size() >= static_cast<std::size_t>(kMaxExprDepth)) return TooDeep(tokens_.span());
    tokens_.Advance();
  }
  if (!Primary(out)) return false;
  for (auto prefix = prefixes.rbegin(); prefix != prefixes.rend(); ++prefix) {
    const Op op = prefix->kind == Tok::kMinus ? Op::kNegate : Op::kBitNot;
    if (!Unary(op, out, tokens_.SpanFrom(prefix->begin))) return false;
  }
  return true;
}

const ExpressionParser::Local* ExpressionParser::FindLocal(std::string_view name) {
  for (auto local = scope_.rbegin(); local != scope_.rend(); ++local) {
    if (local->name != name) continue;
    local->used = true;
    return &*local;
  }
  return nullptr;
}

std::optional<std::uint32_t> ExpressionParser::Declare(std::vector<Local>& variables) {
  const auto first = static_cast<std::uint32_t>(scope_.size());
  if (first + variables.size() > kMaxLocals) {
    Error(code::kTooManyLocals, variables.back().span, "too many variables in scope at once", "",
          fmt::format("at most {} loop variables and `with` identifiers", kMaxLocals));
    return std::nullopt;
  }
  for (Local& variable : variables) scope_.push_back(std::move(variable));
  max_locals_ = std::max(max_locals_, static_cast<std::uint32_t>(scope_.size()));
  return first;
}

void ExpressionParser::EndScope(std::size_t size) { scope_.resize(size); }

std::size_t Distance(std::string_view a, std::string_view b, std::size_t limit) {
  constexpr std::size_t kMaxName = 128;
  if (a.size() > kMaxName || b.size() > kMaxName) return limit + 1;
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::array<std::size_t, kMaxName + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

// "did you mean ...", over everything that is in scope; "" when nothing is near.
std::string ExpressionParser::Suggest(std::string_view name) const {
  constexpr std::size_t kNear = 2;
  constexpr int kMaxLooks = 20'000;
  std::size_t best = kNear + 1;
  std::string found;
  int looks = 0;
  const auto look = [&](std::string_view candidate) {
    if (++looks > kMaxLooks) return;
    const std::size_t distance = Distance(name, candidate, kNear);
    if (distance < best && distance < name.size()) {
      best = distance;
      found = candidate;
    }
  };
  for (const Local& local : scope_) look(local.name);
  for (const auto& [external, index] : session_.externals) look(external);
  for (const auto& [module, index] : namespace_.modules) look(module);
  for (const auto& [rule, symbol] : namespace_.rules) look(rule);
  return found.empty() ? "" : fmt::format("did you mean \"{}\"?", found);
}

}  // namespace dl::yara
