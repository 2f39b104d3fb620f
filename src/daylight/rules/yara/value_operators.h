// The arithmetic, comparison and text operators of conditions, with YARA's
// rules: 64-bit two's complement that wraps, and an undefined operand makes an
// undefined result.
#pragma once

#include "daylight/rules/yara/ast.h"
#include "daylight/rules/yara/value.h"

namespace dl::yara {

// Whether a value counts as true: undefined, zero and the empty string do not.
bool Truth(const Value& value);
Value UnaryOperator(Op op, const Value& operand);             // kNot, kNegate, kBitNot.
Value BinaryOperator(Op op, const Value& a, const Value& b);  // kAdd ... kIEquals.

bool IsNoCaseOperator(Op op);
// YARA-X compares text without case by Unicode's simple mapping, YARA by ASCII.
Value UnicodeNoCaseOperator(Op op, const Value& a, const Value& b);

}  // namespace dl::yara
