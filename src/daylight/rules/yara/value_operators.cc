#include "daylight/rules/yara/value_operators.h"

#include <algorithm>
#include <clocale>
#include <cwctype>
#include <limits>
#include <string>

namespace dl::yara {

namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool EqualNoCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return Lower(x) == Lower(y); });
}

bool ContainsNoCase(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char x, char y) { return Lower(x) == Lower(y); }) != text.end() ||
         part.empty();
}

bool IsNumber(const Value& value) {
  return value.kind == TypeKind::kInteger || value.kind == TypeKind::kFloat || value.kind == TypeKind::kBoolean;
}

std::int64_t AsInteger(const Value& value) {
  return value.kind == TypeKind::kBoolean ? (value.boolean ? 1 : 0) : value.integer;
}

double AsFloat(const Value& value) {
  return value.kind == TypeKind::kFloat ? value.real : static_cast<double>(AsInteger(value));
}

std::int64_t Wrap(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Value IntegerOperator(Op op, std::int64_t a, std::int64_t b) {
  const auto ua = static_cast<std::uint64_t>(a);
  const auto ub = static_cast<std::uint64_t>(b);
  switch (op) {
    case Op::kAdd: return Value::Integer(Wrap(ua + ub));
    case Op::kSubtract: return Value::Integer(Wrap(ua - ub));
    case Op::kMultiply: return Value::Integer(Wrap(ua * ub));
    case Op::kDivide:
    case Op::kModulo:
      // The one quotient that does not fit is undefined, as is division by zero.
      if (b == 0 || (a == std::numeric_limits<std::int64_t>::min() && b == -1)) return {};
      return Value::Integer(op == Op::kDivide ? a / b : a % b);
    case Op::kBitAnd: return Value::Integer(Wrap(ua & ub));
    case Op::kBitOr: return Value::Integer(Wrap(ua | ub));
    case Op::kBitXor: return Value::Integer(Wrap(ua ^ ub));
    case Op::kShiftLeft:
      if (b < 0) return {};
      return Value::Integer(b >= 64 ? 0 : Wrap(ua << b));
    case Op::kShiftRight:
      if (b < 0) return {};
      return Value::Integer(b >= 64 ? 0 : a >> b);
    default: return {};
  }
}

Value FloatOperator(Op op, double a, double b) {
  switch (op) {
    case Op::kAdd: return Value::Float(a + b);
    case Op::kSubtract: return Value::Float(a - b);
    case Op::kMultiply: return Value::Float(a * b);
    case Op::kDivide: return Value::Float(a / b);
    default: return {};
  }
}

template <typename T>
Value Compare(Op op, const T& a, const T& b) {
  switch (op) {
    case Op::kEqual: return Value::Boolean(a == b);
    case Op::kNotEqual: return Value::Boolean(a != b);
    case Op::kLess: return Value::Boolean(a < b);
    case Op::kLessEqual: return Value::Boolean(a <= b);
    case Op::kGreater: return Value::Boolean(a > b);
    case Op::kGreaterEqual: return Value::Boolean(a >= b);
    default: return {};
  }
}

Value TextOperator(Op op, std::string_view a, std::string_view b) {
  switch (op) {
    case Op::kContains: return Value::Boolean(a.find(b) != std::string_view::npos);
    case Op::kIContains: return Value::Boolean(ContainsNoCase(a, b));
    case Op::kStartsWith: return Value::Boolean(a.starts_with(b));
    case Op::kIStartsWith: return Value::Boolean(a.size() >= b.size() && EqualNoCase(a.substr(0, b.size()), b));
    case Op::kEndsWith: return Value::Boolean(a.ends_with(b));
    case Op::kIEndsWith: return Value::Boolean(a.size() >= b.size() && EqualNoCase(a.substr(a.size() - b.size()), b));
    case Op::kIEquals: return Value::Boolean(EqualNoCase(a, b));
    default: return Compare(op, a, b);
  }
}

// glibc has this locale built in, so nothing is read for it.
locale_t UnicodeLocale() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

// Lower case of well-formed UTF-8; bytes that are not stay as they are.
std::string UnicodeLower(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (length < 2 || length > text.size() - i || UnicodeLocale() == nullptr) {
      out += Lower(text[i++]);
      continue;
    }
    std::uint32_t code = lead & (0xffU >> (length + 1));
    bool well_formed = true;
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      well_formed = well_formed && (next & 0xc0U) == 0x80;
      code = (code << 6) | (next & 0x3fU);
    }
    // Longer than needed is not well-formed either.
    if (!well_formed || code < (length == 2 ? 0x80U : length == 3 ? 0x800U : 0x10000U)) {
      out += text[i++];
      continue;
    }
    const std::uint32_t lower = static_cast<std::uint32_t>(::towlower_l(static_cast<wint_t>(code), UnicodeLocale()));
    if (lower < 0x80) {
      out += static_cast<char>(lower);
    } else if (lower < 0x800) {
      out += static_cast<char>(0xc0U | (lower >> 6));
      out += static_cast<char>(0x80U | (lower & 0x3fU));
    } else if (lower < 0x10000) {
      out += static_cast<char>(0xe0U | (lower >> 12));
      out += static_cast<char>(0x80U | ((lower >> 6) & 0x3fU));
      out += static_cast<char>(0x80U | (lower & 0x3fU));
    } else {
      out += text.substr(i, length);
    }
    i += length;
  }
  return out;
}

}  // namespace

bool IsNoCaseOperator(Op op) {
  return op == Op::kIContains || op == Op::kIStartsWith || op == Op::kIEndsWith || op == Op::kIEquals;
}

Value UnicodeNoCaseOperator(Op op, const Value& a, const Value& b) {
  if (a.kind != TypeKind::kString || b.kind != TypeKind::kString) return {};
  return TextOperator(op, UnicodeLower(a.string), UnicodeLower(b.string));
}

bool Truth(const Value& value) {
  switch (value.kind) {
    case TypeKind::kBoolean: return value.boolean;
    case TypeKind::kInteger: return value.integer != 0;
    case TypeKind::kFloat: return value.real != 0.0;
    case TypeKind::kString: return !value.string.empty();
    default: return false;
  }
}

Value UnaryOperator(Op op, const Value& operand) {
  if (!operand.defined()) return {};
  if (op == Op::kNot) return Value::Boolean(!Truth(operand));
  if (operand.kind == TypeKind::kFloat) return op == Op::kNegate ? Value::Float(-operand.real) : Value{};
  const auto bits = static_cast<std::uint64_t>(AsInteger(operand));
  return Value::Integer(Wrap(op == Op::kNegate ? 0 - bits : ~bits));
}

Value BinaryOperator(Op op, const Value& a, const Value& b) {
  if (a.kind == TypeKind::kString && b.kind == TypeKind::kString) return TextOperator(op, a.string, b.string);
  if (!IsNumber(a) || !IsNumber(b)) return {};
  const bool is_float = a.kind == TypeKind::kFloat || b.kind == TypeKind::kFloat;
  if (op >= Op::kEqual && op <= Op::kGreaterEqual) {
    return is_float ? Compare(op, AsFloat(a), AsFloat(b)) : Compare(op, AsInteger(a), AsInteger(b));
  }
  return is_float ? FloatOperator(op, AsFloat(a), AsFloat(b)) : IntegerOperator(op, AsInteger(a), AsInteger(b));
}

}  // namespace dl::yara
