// The string module: numbers out of strings, and their length.
#include <limits>
#include <optional>
#include <string_view>

#include "daylight/rules/yara/module.h"

namespace dl::yara {
namespace {

std::optional<unsigned> DigitOf(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

// What YARA gets from strtoll (C17 7.22.1.4) in the C locale, when all of the
// text up to its first NUL is consumed and the number fits in 64 bits:
// white space, a sign, a prefix where the base is 0 or 16, digits.
std::optional<std::int64_t> ParseInteger(std::string_view text, std::int64_t base) {
  if (base < 0 || base == 1 || base > 36) return std::nullopt;
  text = text.substr(0, text.find('\0'));
  const std::size_t start = text.find_first_not_of(" \t\n\v\f\r");
  if (start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start);
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  const bool hexadecimal = text.size() >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (hexadecimal && (base == 0 || base == 16)) {
    text.remove_prefix(2);
    base = 16;
  } else if (base == 0) {
    base = !text.empty() && text.front() == '0' ? 8 : 10;
  }
  if (text.empty()) return std::nullopt;

  const auto radix = static_cast<std::uint64_t>(base);
  const std::uint64_t limit =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1U : 0U);
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = DigitOf(c);
    if (!digit || *digit >= radix) return std::nullopt;
    if (value > (limit - *digit) / radix) return std::nullopt;
    value = value * radix + *digit;
  }
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

Value IntegerOrUndefined(std::optional<std::int64_t> value) {
  return value ? Value::Integer(*value) : Value::Undefined();
}

Value ToInt(ModuleContext&, std::span<const Value> args) { return IntegerOrUndefined(ParseInteger(args[0].string, 0)); }
Value ToIntWithBase(ModuleContext&, std::span<const Value> args) {
  return IntegerOrUndefined(ParseInteger(args[0].string, args[1].integer));
}
// In bytes, NUL bytes included.
Value Length(ModuleContext&, std::span<const Value> args) {
  return Value::Integer(static_cast<std::int64_t>(args[0].string.size()));
}

const StructType& StringType() {
  static const StructType type = [] {
    StructType t;
    t.Function("to_int", "s", TypeKind::kInteger, &ToInt);
    t.Function("to_int", "si", TypeKind::kInteger, &ToIntWithBase);
    t.Function("length", "s", TypeKind::kInteger, &Length);
    return t;
  }();
  return type;
}

void Load(ModuleContext&, StructValue&) {}

}  // namespace

extern const ModuleInfo module_string;
const ModuleInfo module_string = {"string", &StringType, &Load};

}  // namespace dl::yara
