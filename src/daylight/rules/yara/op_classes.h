// Kinds of operators, for whoever treats them alike.
#pragma once

#include "daylight/rules/yara/ast.h"

namespace dl::yara {

constexpr bool IsEquality(Op op) { return op == Op::kEqual || op == Op::kNotEqual; }
constexpr bool IsOrdering(Op op) {
  return op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater || op == Op::kGreaterEqual;
}
// Of two texts, or of a text and an expression.
constexpr bool IsStringOperator(Op op) {
  switch (op) {
    case Op::kContains:
    case Op::kIContains:
    case Op::kStartsWith:
    case Op::kIStartsWith:
    case Op::kEndsWith:
    case Op::kIEndsWith:
    case Op::kIEquals:
    case Op::kMatches: return true;
    default: return false;
  }
}
// Of two integers, and of no other numbers.
constexpr bool IsIntegerOperator(Op op) {
  switch (op) {
    case Op::kModulo:
    case Op::kBitAnd:
    case Op::kBitOr:
    case Op::kBitXor:
    case Op::kShiftLeft:
    case Op::kShiftRight: return true;
    default: return false;
  }
}

// Comparisons of numbers and texts: undefined, so not true, when an operand is.
constexpr bool IsTest(Op op) { return IsEquality(op) || IsOrdering(op) || IsStringOperator(op); }
// Of numbers: undefined when an operand is.
constexpr bool IsArithmetic(Op op) {
  return op == Op::kNegate || op == Op::kBitNot || op == Op::kAdd || op == Op::kSubtract || op == Op::kMultiply ||
         op == Op::kDivide || IsIntegerOperator(op);
}

}  // namespace dl::yara
