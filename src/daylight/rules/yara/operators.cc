// Type checks and constant folding of operators.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/expression.h"
#include "daylight/rules/yara/op_classes.h"

namespace dl::yara {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

bool IsNumeric(TypeKind type) { return type == TypeKind::kInteger || type == TypeKind::kFloat; }
double AsReal(const Expr& expr) { return expr.op == Op::kFloat ? expr.real : static_cast<double>(expr.integer); }

template <typename T>
bool Compare(Op op, const T& a, const T& b) {
  switch (op) {
    case Op::kEqual: return a == b;
    case Op::kNotEqual: return a != b;
    case Op::kLess: return a < b;
    case Op::kLessEqual: return a <= b;
    case Op::kGreater: return a > b;
    default: return a >= b;
  }
}

std::uint64_t Unsigned(std::int64_t value) { return static_cast<std::uint64_t>(value); }

}  // namespace

std::string WithArticle(TypeKind type) {
  const std::string_view name = TypeKindName(type);
  return fmt::format("{} {}", type == TypeKind::kInteger || type == TypeKind::kArray ? "an" : "a", name);
}

std::string_view OperatorText(Op op) {
  switch (op) {
    case Op::kAnd: return "and";
    case Op::kOr: return "or";
    case Op::kNot: return "not";
    case Op::kDefined: return "defined";
    case Op::kNegate: return "-";
    case Op::kBitNot: return "~";
    case Op::kAdd: return "+";
    case Op::kSubtract: return "-";
    case Op::kMultiply: return "*";
    case Op::kDivide: return "\\";
    case Op::kModulo: return "%";
    case Op::kBitAnd: return "&";
    case Op::kBitOr: return "|";
    case Op::kBitXor: return "^";
    case Op::kShiftLeft: return "<<";
    case Op::kShiftRight: return ">>";
    case Op::kEqual: return "==";
    case Op::kNotEqual: return "!=";
    case Op::kLess: return "<";
    case Op::kLessEqual: return "<=";
    case Op::kGreater: return ">";
    case Op::kGreaterEqual: return ">=";
    case Op::kContains: return "contains";
    case Op::kIContains: return "icontains";
    case Op::kStartsWith: return "startswith";
    case Op::kIStartsWith: return "istartswith";
    case Op::kEndsWith: return "endswith";
    case Op::kIEndsWith: return "iendswith";
    case Op::kIEquals: return "iequals";
    case Op::kMatches: return "matches";
    default: return "?";
  }
}

bool IsConstant(const Expr& expr) {
  return expr.type != TypeKind::kUndefined &&
         (expr.op == Op::kBoolean || expr.op == Op::kInteger || expr.op == Op::kFloat || expr.op == Op::kString);
}

bool IsNumber(const Expr& expr) { return expr.op == Op::kInteger || expr.op == Op::kFloat; }

bool ConstantTruth(const Expr& expr) {
  if (expr.op == Op::kFloat) return expr.real != 0.0;
  if (expr.op == Op::kString) return !expr.text.empty();
  return expr.integer != 0;
}

bool ExpressionParser::CheckInteger(const Typed& operand, std::string_view what) {
  if (operand.expr.type == TypeKind::kInteger || operand.expr.type == TypeKind::kUndefined) return true;
  Error(code::kWrongType, operand.expr.span, fmt::format("{} must be an integer", what),
        fmt::format("this is {}", WithArticle(operand.expr.type)));
  return false;
}

bool ExpressionParser::CheckBoolean(Typed& operand) {
  Expr& expr = operand.expr;
  const auto warn = [&](std::string_view hint) {
    session_.diagnostics.Warning(code::kNonBoolean, expr.span,
                                 fmt::format("{} used as a boolean", TypeKindName(expr.type)), "", std::string(hint));
  };
  switch (expr.type) {
    case TypeKind::kUndefined:
    case TypeKind::kBoolean: return true;
    case TypeKind::kInteger:
    case TypeKind::kFloat:
      // `pe.characteristics & pe.DLL` and the like are idioms of YARA; YARA-X warns of all.
      if (session_.yara_x() || IsNumber(expr)) warn("compare it, as in `!= 0`");
      return true;
    case TypeKind::kString:
      if (session_.yara_x() || expr.op == Op::kString) warn("a string is true unless it is empty: compare it");
      return true;
    case TypeKind::kRegexp:
      // YARA takes one here, and it is always true.
      if (session_.yara_x()) break;
      warn("this is always true: write `matches` and what it is to match");
      expr.op = Op::kBoolean;
      expr.type = TypeKind::kBoolean;
      expr.integer = 1;
      return true;
    default: break;
  }
  Error(code::kWrongUse, expr.span, fmt::format("{} cannot be true or false", WithArticle(expr.type)), "",
        expr.type == TypeKind::kFunction ? "call it: add `()` with its arguments" : "name one of its fields or items");
  Poison(operand, expr.span);
  return false;
}

bool ExpressionParser::Logical(Op op, std::vector<Typed>& operands, Typed& out) {
  out = Node(op, TypeKind::kBoolean, {tokens_.file(), operands.front().expr.span.begin, operands.back().expr.span.end});
  out.expr.args.reserve(operands.size());
  // `true or x` is true and `false and x` is false whatever x is, undefined too.
  bool decided = false;
  for (Typed& operand : operands) {
    CheckBoolean(operand);
    decided = decided || (IsConstant(operand.expr) && ConstantTruth(operand.expr) == (op == Op::kOr));
    out.depth = std::max(out.depth, operand.depth + 1);
    if (out.depth >= kMaxExprDepth) return TooDeep(out.expr.span);
    out.expr.args.push_back(std::move(operand.expr));
  }
  if (decided) {
    out = Node(Op::kBoolean, TypeKind::kBoolean, out.expr.span);
    out.expr.integer = op == Op::kOr ? 1 : 0;
    return true;
  }
  const bool all_constant = std::all_of(out.expr.args.begin(), out.expr.args.end(), IsConstant);
  if (all_constant) {
    out = Node(Op::kBoolean, TypeKind::kBoolean, out.expr.span);
    out.expr.integer = op == Op::kAnd ? 1 : 0;
  }
  return true;
}

bool ExpressionParser::Unary(Op op, Typed& operand, const Span& span) {
  Expr& expr = operand.expr;
  const auto constant = [&](Op literal, TypeKind type, std::int64_t integer, double real) {
    operand = Node(literal, type, span);
    operand.expr.integer = integer;
    operand.expr.real = real;
    return true;
  };
  TypeKind type = TypeKind::kBoolean;
  switch (op) {
    case Op::kNot:
      CheckBoolean(operand);
      if (IsConstant(expr)) return constant(Op::kBoolean, TypeKind::kBoolean, ConstantTruth(expr) ? 0 : 1, 0);
      break;
    case Op::kDefined:
      if (expr.type == TypeKind::kStruct || expr.type == TypeKind::kFunction || expr.type == TypeKind::kRegexp) {
        CheckBoolean(operand);
      }
      if (IsConstant(expr)) return constant(Op::kBoolean, TypeKind::kBoolean, 1, 0);
      break;
    default:
      type = expr.type;
      if (type == TypeKind::kUndefined) break;
      if (type != TypeKind::kInteger && (op == Op::kBitNot || type != TypeKind::kFloat)) {
        Error(code::kWrongType, expr.span, fmt::format("wrong type for operator `{}`", OperatorText(op)),
              fmt::format("this is {}", WithArticle(type)));
        Poison(operand, span);
        return true;
      }
      if (expr.op == Op::kFloat) return constant(Op::kFloat, type, 0, -expr.real);
      if (expr.op != Op::kInteger) break;
      if (op == Op::kBitNot) return constant(Op::kInteger, type, ~expr.integer, 0);
      if (expr.integer == kMin) {
        Error(code::kIntegerOverflow, span, "integer overflow in a constant expression");
        Poison(operand, span);
        return true;
      }
      return constant(Op::kInteger, type, -expr.integer, 0);
  }
  Typed node = Node(op, type, span);
  if (!Adopt(node, std::move(operand))) return false;
  operand = std::move(node);
  return true;
}

bool ExpressionParser::CheckOperands(Op op, const Expr& left, const Expr& right, const Span& span) {
  if (left.type == TypeKind::kUndefined || right.type == TypeKind::kUndefined) return true;
  const auto wrong = [&](const Expr& operand, std::string_view wanted) {
    Error(code::kWrongType, operand.span, fmt::format("wrong type for operator `{}`", OperatorText(op)),
          fmt::format("this is {}, expected {}", WithArticle(operand.type), wanted));
    return false;
  };
  if (IsStringOperator(op)) {
    if (left.type != TypeKind::kString) return wrong(left, "a string");
    if (op != Op::kMatches && right.type != TypeKind::kString) return wrong(right, "a string");
    return true;
  }
  if (IsIntegerOperator(op)) {
    if (left.type != TypeKind::kInteger) return wrong(left, "an integer");
    if (right.type != TypeKind::kInteger) return wrong(right, "an integer");
    return true;
  }
  if (IsEquality(op) || IsOrdering(op)) {
    const auto scalar = [](TypeKind type) {
      return IsNumeric(type) || type == TypeKind::kString || type == TypeKind::kBoolean;
    };
    if (!scalar(left.type)) return wrong(left, "a number or a string");
    if (!scalar(right.type)) return wrong(right, "a number or a string");
    if (IsNumeric(left.type) && IsNumeric(right.type)) return true;
    if (left.type == right.type && (left.type != TypeKind::kBoolean || IsEquality(op))) return true;
    // Facts of modules that are booleans here are integers in YARA.
    const auto fact = [](const Expr& expr) {
      return expr.op == Op::kField || expr.op == Op::kCall || expr.op == Op::kArrayItem || expr.op == Op::kLocal ||
             expr.op == Op::kDictionaryItem || expr.op == Op::kExternal;
    };
    if (IsEquality(op) && ((left.type == TypeKind::kBoolean && right.type == TypeKind::kInteger && fact(left)) ||
                           (right.type == TypeKind::kBoolean && left.type == TypeKind::kInteger && fact(right)))) {
      return true;
    }
    Error(code::kTypeMismatch, span, "the two sides of a comparison have different types",
          fmt::format("{} {} {}", TypeKindName(left.type), OperatorText(op), TypeKindName(right.type)));
    return false;
  }
  if (!IsNumeric(left.type)) return wrong(left, "a number");
  if (!IsNumeric(right.type)) return wrong(right, "a number");
  return true;
}

bool ExpressionParser::Binary(Op op, Typed& left, Typed&& right, const Span& span) {
  if (!CheckOperands(op, left.expr, right.expr, span)) {
    Poison(left, span);
    return true;
  }
  if (left.expr.type == TypeKind::kUndefined || right.expr.type == TypeKind::kUndefined) {
    Poison(left, span);
    return true;
  }
  if (right.expr.op == Op::kInteger) {
    // What YARA refuses even when the left side is not constant.
    const std::int64_t value = right.expr.integer;
    if (value == 0 && left.expr.type == TypeKind::kInteger && (op == Op::kDivide || op == Op::kModulo)) {
      Error(code::kDivisionByZero, span, "division by zero");
      Poison(left, span);
      return true;
    }
    if (value < 0 && (op == Op::kShiftLeft || op == Op::kShiftRight)) {
      Error(code::kNegativeShift, right.expr.span, "shift by a negative number");
      Poison(left, span);
      return true;
    }
  }
  if (IsConstant(left.expr) && IsConstant(right.expr) && FoldBinary(op, left, right.expr, span)) return true;

  TypeKind type = TypeKind::kBoolean;
  if (!IsStringOperator(op) && !IsEquality(op) && !IsOrdering(op)) {
    type = left.expr.type == TypeKind::kInteger && right.expr.type == TypeKind::kInteger ? TypeKind::kInteger
                                                                                         : TypeKind::kFloat;
  }
  Typed node = Node(op, type, span);
  node.expr.args.reserve(2);
  if (!Adopt(node, std::move(left)) || !Adopt(node, std::move(right))) return false;
  left = std::move(node);
  return true;
}

// Both are constants of fitting types. False when it stays for run time.
bool ExpressionParser::FoldBinary(Op op, Typed& left, const Expr& right, const Span& span) {
  const Expr& expr = left.expr;
  const auto boolean = [&](bool value) {
    left = Node(Op::kBoolean, TypeKind::kBoolean, span);
    left.expr.integer = value ? 1 : 0;
    return true;
  };
  const auto integer = [&](std::int64_t value) {
    left = Node(Op::kInteger, TypeKind::kInteger, span);
    left.expr.integer = value;
    return true;
  };
  const auto real = [&](double value) {
    left = Node(Op::kFloat, TypeKind::kFloat, span);
    left.expr.real = value;
    return true;
  };
  const auto overflow = [&] {
    Error(code::kIntegerOverflow, span, "integer overflow in a constant expression");
    Poison(left, span);
    return true;
  };
  if (IsEquality(op) || IsOrdering(op)) {
    if (expr.op == Op::kString) return boolean(Compare(op, expr.text, right.text));
    if (expr.op == Op::kFloat || right.op == Op::kFloat) return boolean(Compare(op, AsReal(expr), AsReal(right)));
    return boolean(Compare(op, expr.integer, right.integer));
  }
  if (!IsNumber(expr) || !IsNumber(right)) return false;
  if (expr.op == Op::kFloat || right.op == Op::kFloat) {
    const double a = AsReal(expr);
    const double b = AsReal(right);
    switch (op) {
      case Op::kAdd: return real(a + b);
      case Op::kSubtract: return real(a - b);
      case Op::kMultiply: return real(a * b);
      case Op::kDivide: return b == 0 ? false : real(a / b);
      default: return false;
    }
  }
  const std::int64_t a = expr.integer;
  const std::int64_t b = right.integer;
  std::int64_t result = 0;
  switch (op) {
    case Op::kAdd: return __builtin_add_overflow(a, b, &result) ? overflow() : integer(result);
    case Op::kSubtract: return __builtin_sub_overflow(a, b, &result) ? overflow() : integer(result);
    // YARA counts the most negative product as an overflow too.
    case Op::kMultiply: return __builtin_mul_overflow(a, b, &result) || result == kMin ? overflow() : integer(result);
    // Division by zero was refused before.
    case Op::kDivide: return a == kMin && b == -1 ? overflow() : integer(a / b);
    case Op::kModulo: return integer(b == -1 ? 0 : a % b);
    case Op::kBitAnd: return integer(a & b);
    case Op::kBitOr: return integer(a | b);
    case Op::kBitXor: return integer(a ^ b);
    case Op::kShiftLeft: return integer(b >= 64 ? 0 : static_cast<std::int64_t>(Unsigned(a) << b));
    case Op::kShiftRight: return integer(b >= 64 ? 0 : a >> b);
    default: return false;
  }
}

}  // namespace dl::yara
