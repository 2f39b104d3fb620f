// The console module: a rule tells the user what it sees. Every function
// answers 1, so that calls can be joined with `and`.
//
// What is logged is escaped as YARA does it: every byte of the string that is
// not printable ASCII becomes \xHH. A message (the first of two arguments) ends
// at its first NUL and is shown as it is, since it is the rule's own text as a
// rule; but a rule may well pass a field of the object there, so other than in
// YARA control characters (except tab and line feed) are escaped in it too, lest
// a hostile object write to the terminal.
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "daylight/rules/yara/module.h"

namespace dl::yara {
namespace {

template <typename Shown>
std::string Escape(std::string_view text, Shown&& shown) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (shown(byte)) {
      out += c;
    } else {
      out += "\\x";
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
  }
  return out;
}

std::string Printable(std::string_view text) {
  return Escape(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}
std::string Message(const Value& value) {
  return Escape(value.string.substr(0, value.string.find('\0')),
                [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t' || c == '\n'; });
}

// As printf does with %llx, %lli and %f.
template <typename... Format>
std::string Number(Format... format) {
  std::array<char, 400> digits{};  // The largest double has 309 before its point.
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), format...).ptr;
  return {digits.data(), end};
}
std::string Hex(const Value& value) { return "0x" + Number(static_cast<std::uint64_t>(value.integer), 16); }
std::string Decimal(const Value& value) { return Number(value.integer); }
std::string Real(const Value& value) { return Number(value.real, std::chars_format::fixed, 6); }

Value Say(ModuleContext& context, std::string_view line) {
  context.Log(line);
  return Value::Integer(1);
}

Value LogString(ModuleContext& context, std::span<const Value> args) { return Say(context, Printable(args[0].string)); }
Value LogStringMessage(ModuleContext& context, std::span<const Value> args) {
  return Say(context, Message(args[0]) + Printable(args[1].string));
}

template <std::string (*kFormat)(const Value&)>
Value Plain(ModuleContext& context, std::span<const Value> args) {
  return Say(context, kFormat(args[0]));
}
template <std::string (*kFormat)(const Value&)>
Value WithMessage(ModuleContext& context, std::span<const Value> args) {
  return Say(context, Message(args[0]) + kFormat(args[1]));
}

const StructType& ConsoleType() {
  static const StructType type = [] {
    StructType t;
    t.Function("log", "s", TypeKind::kInteger, &LogString);
    t.Function("log", "ss", TypeKind::kInteger, &LogStringMessage);
    t.Function("log", "i", TypeKind::kInteger, &Plain<Decimal>);
    t.Function("log", "si", TypeKind::kInteger, &WithMessage<Decimal>);
    t.Function("log", "f", TypeKind::kInteger, &Plain<Real>);
    t.Function("log", "sf", TypeKind::kInteger, &WithMessage<Real>);
    t.Function("hex", "i", TypeKind::kInteger, &Plain<Hex>);
    t.Function("hex", "si", TypeKind::kInteger, &WithMessage<Hex>);
    return t;
  }();
  return type;
}

void Load(ModuleContext&, StructValue&) {}

}  // namespace

extern const ModuleInfo module_console;
const ModuleInfo module_console = {"console", &ConsoleType, &Load};

}  // namespace dl::yara
