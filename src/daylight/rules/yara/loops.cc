// `for ... of`, `for ... in` and `with`.
#include <fmt/format.h>

#include <algorithm>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/expression.h"

namespace dl::yara {

bool ExpressionParser::For(Typed& out) {
  const std::uint32_t begin = tokens_.token().begin;
  tokens_.Advance();
  Quantifier quantifier = Quantifier::kCount;
  Typed count;
  switch (tokens_.kind()) {
    case Tok::kAll: quantifier = Quantifier::kAll; break;
    case Tok::kAny: quantifier = Quantifier::kAny; break;
    case Tok::kNone: quantifier = Quantifier::kNone; break;
    default: break;
  }
  const bool has_count = quantifier == Quantifier::kCount;
  if (!has_count) {
    tokens_.Advance();
  } else {
    for_header_ = true;
    const bool parsed = Arithmetic(1, count);
    for_header_ = false;
    if (!parsed) return false;
    if (tokens_.Accept(Tok::kPercent)) quantifier = Quantifier::kPercent;
    CheckQuantifier(count, quantifier == Quantifier::kPercent);
  }
  Typed* const counted = has_count ? &count : nullptr;
  if (tokens_.Accept(Tok::kOf)) return ForOf(quantifier, counted, begin, out);
  return ForIn(quantifier, counted, begin, out);
}

// for QUANTIFIER of SET : ( BODY )
bool ExpressionParser::ForOf(Quantifier quantifier, Typed* count, std::uint32_t begin, Typed& out) {
  if (!StartOf(Op::kForOfStrings, quantifier, count, begin, out)) return false;
  if (!StringSet(out.expr)) return false;
  const std::uint32_t end = tokens_.SpanFrom(begin).end;
  if (!tokens_.Expect(Tok::kColon)) return false;
  ++for_of_;
  if (!Body(out)) return false;
  --for_of_;
  out.expr.span = {tokens_.file(), begin, end};
  CheckOf(out.expr, out.expr.set.size());
  out.expr.span = tokens_.SpanFrom(begin);
  return true;
}

bool ExpressionParser::Body(Typed& out) {
  if (!tokens_.Expect(Tok::kLeftParen)) return false;
  Typed body;
  if (!Boolean(body)) return false;
  CheckBoolean(body);
  if (!tokens_.Expect(Tok::kRightParen)) return false;
  return Adopt(out, std::move(body));
}

bool ExpressionParser::LoopVariables(std::vector<Local>& variables) {
  constexpr std::size_t kMaxLoopVariables = 2;
  do {
    if (!tokens_.Is(Tok::kIdentifier)) return tokens_.Unexpected("`of` or the name of a loop variable");
    Local& variable = variables.emplace_back();
    variable.name = tokens_.text();
    variable.span = tokens_.span();
    const auto same = [&](const Local& other) { return other.name == variable.name; };
    const bool twice = std::any_of(variables.begin(), variables.end() - 1, same);
    const bool taken = std::any_of(scope_.begin(), scope_.end(), same);
    if (twice || (taken && !session_.yara_x())) {
      Error(code::kLoopVariableTaken, variable.span,
            fmt::format("\"{}\" is already a loop variable here", variable.name), "", "give it another name");
    }
    if (variables.size() > kMaxLoopVariables) {
      Error(code::kLoopVariableCount, variable.span, "too many loop variables", "",
            "an array, a list or a range gives one value, a dictionary two");
      return false;
    }
    tokens_.Advance();
  } while (tokens_.Accept(Tok::kComma));
  return true;
}

// for QUANTIFIER a[, b] in ITERATOR : ( BODY )
bool ExpressionParser::ForIn(Quantifier quantifier, Typed* count, std::uint32_t begin, Typed& out) {
  std::vector<Local> variables;
  if (!LoopVariables(variables)) return false;
  if (!tokens_.Expect(Tok::kIn)) return false;
  if (!StartOf(Op::kForInRange, quantifier, count, begin, out)) return false;
  if (!Iterator(variables, out)) return false;
  if (!tokens_.Expect(Tok::kColon)) return false;

  const std::size_t outer = scope_.size();
  out.expr.integer = static_cast<std::int64_t>(variables.size());
  const auto first = Declare(variables);
  if (!first) return false;
  out.expr.index = *first;
  if (!Body(out)) return false;
  EndScope(outer);
  out.expr.span = tokens_.SpanFrom(begin);
  return true;
}

bool ExpressionParser::Iterator(std::vector<Local>& variables, Typed& out) {
  if (!tokens_.Is(Tok::kLeftParen)) return IterateContainer(variables, out);
  if (variables.size() != 1) {
    Error(code::kLoopVariableCount, variables[1].span, "two loop variables, but this gives one value at a time");
  }
  return ListOrRange(variables[0], out);
}

// (x..y) or (x, y, z)
bool ExpressionParser::ListOrRange(Local& variable, Typed& out) {
  const std::uint32_t begin = tokens_.token().begin;
  tokens_.Advance();
  Typed item;
  if (!Boolean(item)) return false;
  if (tokens_.Accept(Tok::kDotDot)) {
    Typed high;
    if (!Boolean(high)) return false;
    if (!tokens_.Expect(Tok::kRightParen)) return false;
    CheckRange(item, high, tokens_.SpanFrom(begin));
    variable.type = TypeKind::kInteger;
    return Adopt(out, std::move(item)) && Adopt(out, std::move(high));
  }
  out.expr.op = Op::kForInList;
  variable.type = item.expr.type;
  for (;;) {
    const TypeKind type = item.expr.type;
    if (type != TypeKind::kUndefined && type != TypeKind::kInteger && type != TypeKind::kString &&
        type != TypeKind::kFloat && type != TypeKind::kBoolean) {
      Error(code::kWrongType, item.expr.span, fmt::format("{} cannot be an item of a list", WithArticle(type)));
      item.expr.type = TypeKind::kUndefined;
    } else if (type != TypeKind::kUndefined && variable.type != TypeKind::kUndefined && type != variable.type) {
      Error(code::kTypeMismatch, item.expr.span, "the items of a list have different types",
            fmt::format("this is {}, the first one {}", WithArticle(type), WithArticle(variable.type)));
    }
    if (!Adopt(out, std::move(item))) return false;
    if (!tokens_.Accept(Tok::kComma)) break;
    item = Typed{};
    if (!Boolean(item)) return false;
  }
  return tokens_.Expect(Tok::kRightParen, "`,`, `..` or `)`");
}

bool ExpressionParser::IterateContainer(std::vector<Local>& variables, Typed& out) {
  Typed container;
  if (!tokens_.Is(Tok::kIdentifier)) return tokens_.Unexpected("a range, a list, an array or a dictionary");
  if (!Identifier(container)) return false;
  Expr& expr = container.expr;
  std::size_t wanted = 1;
  if (expr.type == TypeKind::kArray) {
    out.expr.op = Op::kForInArray;
    variables[0].type = expr.element;
    variables[0].structure = expr.structure;
  } else if (expr.type == TypeKind::kDictionary) {
    out.expr.op = Op::kForInDictionary;
    wanted = 2;
    variables[0].type = TypeKind::kString;
    if (variables.size() == 2) {
      variables[1].type = expr.element;
      variables[1].structure = expr.structure;
    }
  } else if (expr.type != TypeKind::kUndefined) {
    Error(code::kNotIterable, expr.span, fmt::format("{} cannot be iterated", WithArticle(expr.type)), "",
          "an array, a dictionary, a list `(1, 2)` or a range `(1..2)` can");
    wanted = variables.size();
  } else {
    wanted = variables.size();
  }
  if (variables.size() != wanted) {
    Error(code::kLoopVariableCount, variables.back().span,
          wanted == 1 ? "an array gives one value at a time" : "a dictionary gives a key and a value", "",
          wanted == 1 ? "use one loop variable" : "use two: `for any key, value in ...`");
  }
  return Adopt(out, std::move(container));
}

// `with` is a keyword only where `with NAME =` stands: YARA has rules of that name.
bool ExpressionParser::AtWith() const {
  if (tokens_.text() != "with") return false;
  Lexer ahead = tokens_.LookAhead();
  return ahead.Next().kind == Tok::kIdentifier && ahead.Next().kind == Tok::kAssign;
}

// with a = x, b = y : ( BODY ). A later value may use an earlier name.
bool ExpressionParser::With(Typed& out) {
  const std::uint32_t begin = tokens_.token().begin;
  const std::size_t outer = scope_.size();
  tokens_.Advance();
  out = Node(Op::kWith, TypeKind::kBoolean, tokens_.span());
  out.expr.index = static_cast<std::uint32_t>(outer);
  do {
    std::vector<Local> variable(1);
    variable[0].name = tokens_.text();
    variable[0].span = tokens_.span();
    if (!tokens_.Expect(Tok::kIdentifier)) return false;
    if (!tokens_.Expect(Tok::kAssign)) return false;
    Typed value;
    if (!Boolean(value)) return false;
    if (value.expr.type == TypeKind::kFunction || value.expr.type == TypeKind::kRegexp) {
      Error(code::kWrongUse, value.expr.span, fmt::format("{} cannot be given a name", WithArticle(value.expr.type)));
      value.expr.type = TypeKind::kUndefined;
    }
    variable[0].type = value.expr.type;
    variable[0].structure = value.expr.structure;
    variable[0].element = value.expr.element;
    if (!Adopt(out, std::move(value))) return false;
    if (!Declare(variable)) return false;
  } while (tokens_.Accept(Tok::kComma));
  if (!tokens_.Expect(Tok::kColon)) return false;
  if (!Body(out)) return false;
  for (std::size_t i = outer; i < scope_.size(); ++i) {
    if (scope_[i].used) continue;
    session_.diagnostics.Warning(code::kUnusedIdentifier, scope_[i].span,
                                 fmt::format("\"{}\" is not used", scope_[i].name));
  }
  out.expr.integer = static_cast<std::int64_t>(scope_.size() - outer);
  EndScope(outer);
  out.expr.span = tokens_.SpanFrom(begin);
  return true;
}

}  // namespace dl::yara
