#include "daylight/unpack/ole/xlm_formula.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

#include "daylight/bytes/utf16.h"
#include "daylight/bytes/utf8.h"
#include "daylight/unpack/ole/xlm_functions.h"

namespace dl::unpack {

namespace {

constexpr std::string_view kBinary[] = {"+", "-", "*", "/", "^", "&", "<", "<=", "=", ">=", ">", "<>", " ", ",", ":"};
// Flags of columns in references: relative to the formula's own place.
constexpr std::uint16_t kColumnRelative = 0x4000;
constexpr std::uint16_t kRowRelative = 0x8000;
constexpr std::uint16_t kUserDefined = 0xff;
// Copied while the constants of one formula are put together.
constexpr std::size_t kMaxFoldedBytes = 1u << 20;

std::string Hex(std::uint64_t value, std::size_t digits) {
  std::string out;
  while (digits-- > 0) out.push_back("0123456789abcdef"[value >> (4 * digits) & 15]);
  return out;
}

std::string Number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}

// Text of a literal. What no line can have becomes a function, as in "a"&CHAR(10)&"b".
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      out += "\"&CHAR(" + std::to_string(static_cast<int>(c)) + ")&\"";
    } else {
      if (c == '"') out.push_back('"');
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string_view ErrorName(unsigned code) {
  switch (code) {
    case 0x00: return "#NULL!";
    case 0x07: return "#DIV/0!";
    case 0x0f: return "#VALUE!";
    case 0x17: return "#REF!";
    case 0x1d: return "#NAME?";
    case 0x24: return "#NUM!";
    case 0x2a: return "#N/A";
    default: return "#ERROR!";
  }
}

// A formula's tree is built from the tokens and printed at the end: texts that are put
// together at each operator would take time that grows with the square of their number.
class Printer {
 public:
  Printer(Bytes tokens, Bytes more, const XlmNames& names) : tokens_(tokens), more_(more), names_(names) {}

  XlmFormula Print() {
    while (!tokens_.AtEnd()) {
      const Bytes all = tokens_.bytes().subspan(tokens_.position());
      if (!Take(*tokens_.ReadU8())) {
        Push("<");
        for (const std::byte byte : all) nodes_.back().text += Hex(std::to_integer<std::uint64_t>(byte), 2);
        nodes_.back().text += ">";
        break;
      }
    }
    XlmFormula formula;
    formula.text = PrintAll(false);
    if (has_folded_) formula.folded = PrintAll(true);
    return formula;
  }

 private:
  enum class Form : std::uint8_t { kLeaf, kPrefix, kPostfix, kInfix, kParentheses, kCall, kCallOfFirst };
  struct Node {
    Form form = Form::kLeaf;
    std::string text;
    std::size_t first = 0;  // Of its operands_.
    std::size_t count = 0;
    std::optional<std::string> value = {};  // Of a constant.
    bool is_folded = false;                 // It takes more than one to make it.
  };

  void Push(std::string text) { PushLeaf({.text = std::move(text)}); }
  void PushConstant(std::string text, std::string value) {
    PushLeaf({.text = std::move(text), .value = std::move(value)});
  }
  void PushLeaf(Node node) {
    stack_.push_back(nodes_.size());
    nodes_.push_back(std::move(node));
  }
  // Takes its operands from the stack.
  void Push(Form form, std::string_view text, std::size_t count) {
    Node node{.form = form, .text = std::string(text), .first = operands_.size(), .count = count};
    const std::size_t there = std::min(count, stack_.size());
    if (there < count) {
      operands_.insert(operands_.end(), count - there, nodes_.size());
      nodes_.push_back({.text = "?"});
    }
    operands_.insert(operands_.end(), stack_.end() - static_cast<std::ptrdiff_t>(there), stack_.end());
    stack_.resize(stack_.size() - there);
    Fold(node);
    PushLeaf(std::move(node));
  }

  // "a"&"b", CHAR(97), and either in parentheses. An operand is no other node's, so its value may move.
  void Fold(Node& node) {
    const auto value_of = [&](std::size_t i) -> std::optional<std::string>& {
      return nodes_[operands_[node.first + i]].value;
    };
    if (node.form == Form::kInfix && node.text == "&" && value_of(0) && value_of(1)) {
      folded_bytes_ += value_of(1)->size();
      if (folded_bytes_ > kMaxFoldedBytes) return;
      node.value = std::move(value_of(0));
      *node.value += *value_of(1);
    } else if (node.form == Form::kCall && node.text == "CHAR" && node.count == 1 && value_of(0)) {
      std::uint32_t code = 0;
      const std::string& digits = *value_of(0);
      const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), code);
      if (end.ec != std::errc() || end.ptr != digits.data() + digits.size() || code == 0 || code > 255) return;
      node.value.emplace();
      AppendUtf8(code, *node.value);
    } else if (node.form == Form::kParentheses && nodes_[operands_[node.first]].is_folded) {
      node.value = std::move(value_of(0));
    }
    node.is_folded = node.value.has_value();
    has_folded_ = has_folded_ || node.is_folded;
  }

  // False: it cannot be read. 2.5.198.25 and those it names.
  bool Take(unsigned token) {
    // 2.5.198.26: bits 5 and 6 are the class of what it gives.
    const unsigned kind = token < 0x20 ? token : 0x20 | (token & 0x1f);
    if (token >= 0x80) return false;
    if (kind >= 0x03 && kind <= 0x11) return Push(Form::kInfix, kBinary[kind - 3], 2), true;
    switch (kind) {
      case 0x01: return TakeOrigin("formula of ");
      case 0x02: return TakeOrigin("table of ");
      case 0x12: return Push(Form::kPrefix, "+", 1), true;
      case 0x13: return Push(Form::kPrefix, "-", 1), true;
      case 0x14: return Push(Form::kPostfix, "%", 1), true;
      case 0x15: return Push(Form::kParentheses, "", 1), true;
      case 0x16: return Push(""), true;
      case 0x17: return TakeString();
      case 0x18: return TakeHex(5);
      case 0x19: return TakeAttribute();
      case 0x1c: return TakeU8([&](unsigned code) { Push(std::string(ErrorName(code))); });
      case 0x1d: return TakeU8([&](unsigned value) { Push(value != 0 ? "TRUE" : "FALSE"); });
      case 0x1e: return TakeU16([&](unsigned value) { PushConstant(std::to_string(value), std::to_string(value)); });
      case 0x1f: return TakeNumber();
      case 0x20: return TakeArray();
      case 0x21: return TakeU16([&](unsigned number) { PushFixedCall(number); });
      case 0x22: return TakeCall();
      case 0x23: return TakeName();
      case 0x24:
      case 0x2c: return TakeReference("", kind == 0x2c);
      case 0x25:
      case 0x2d: return TakeArea("", kind == 0x2d);
      case 0x26: return TakeMemory(true);
      case 0x27:
      case 0x28: return TakeMemory(false);
      case 0x29:
      case 0x2e:
      case 0x2f: return TakeU16([](unsigned) {});  // How long the tokens are that follow.
      case 0x2a: return Skip(4) && (Push("#REF!"), true);
      case 0x2b: return Skip(8) && (Push("#REF!"), true);
      case 0x39: return TakeExternName();
      case 0x3a: return TakeU16([&](unsigned sheets) { extern_ = sheets; }) && TakeReference(ExternName(), false);
      case 0x3b: return TakeU16([&](unsigned sheets) { extern_ = sheets; }) && TakeArea(ExternName(), false);
      case 0x3c: return TakeU16([&](unsigned sheets) { extern_ = sheets; }) && Skip(4) && PushLost();
      case 0x3d: return TakeU16([&](unsigned sheets) { extern_ = sheets; }) && Skip(8) && PushLost();
      default: return false;
    }
  }

  bool Skip(std::size_t n) { return tokens_.Skip(n).has_value(); }
  template <typename Use>
  bool TakeU8(const Use& use) {
    const auto value = tokens_.ReadU8();
    if (value) use(*value);
    return value.has_value();
  }
  template <typename Use>
  bool TakeU16(const Use& use) {
    const auto value = tokens_.ReadU16Le();
    if (value) use(*value);
    return value.has_value();
  }

  bool TakeHex(std::size_t n) {
    const auto bytes = tokens_.ReadBytes(n);
    if (!bytes) return false;
    Push("<18");
    for (const std::byte byte : *bytes) nodes_.back().text += Hex(std::to_integer<std::uint64_t>(byte), 2);
    nodes_.back().text += ">";
    return true;
  }

  // 2.5.198.58: the formula or table that this cell shares.
  bool TakeOrigin(const char* what) {
    const auto row = tokens_.ReadU16Le();
    const auto column = tokens_.ReadU16Le();
    if (!row || !column) return false;
    Push("<" + std::string(what) + XlmCellName(*row, *column) + ">");
    return true;
  }

  bool TakeString() {
    const auto count = tokens_.ReadU8();
    if (!count) return false;
    const auto text = ReadXlmCharacters(tokens_, *count);
    if (text) PushConstant(Quoted(*text), *text);
    return text.has_value();
  }

  // 2.5.198.33 to 2.5.198.40.
  bool TakeAttribute() {
    const auto flags = tokens_.ReadU8();
    const auto data = tokens_.ReadU16Le();
    if (!flags || !data) return false;
    if ((*flags & 0x10) != 0) Push(Form::kCall, "SUM", 1);
    return (*flags & 0x04) == 0 || Skip(2 * (std::size_t{*data} + 1));
  }

  bool TakeNumber() {
    const auto bits = tokens_.ReadU64Le();
    if (bits) Push(Number(std::bit_cast<double>(*bits)));
    return bits.has_value();
  }

  // 2.5.198.32, with its values behind all tokens (2.5.198.8).
  bool TakeArray() {
    if (!Skip(7)) return false;
    std::string text = "{";
    const auto columns = more_.ReadU8();
    const auto rows = more_.ReadU16Le();
    const std::size_t count = columns && rows ? (*columns + std::size_t{1}) * (*rows + std::size_t{1}) : 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = ReadArrayValue();
      if (!value) {
        text += "?";
        break;
      }
      text += *value;
      if (i + 1 < count) text += (i + 1) % (*columns + std::size_t{1}) == 0 ? ';' : ',';
    }
    Push(text + "}");
    return true;
  }
  Result<std::string> ReadArrayValue() {
    DL_TRY(const std::uint8_t type, more_.ReadU8());
    if (type == 0x02) {
      DL_TRY(const std::uint16_t size, more_.ReadU16Le());
      DL_TRY(const std::string text, ReadXlmCharacters(more_, size));
      return Quoted(text);
    }
    DL_TRY(const std::uint64_t bits, more_.ReadU64Le());
    switch (type) {
      case 0x00: return std::string();
      case 0x01: return Number(std::bit_cast<double>(bits));
      case 0x04: return std::string((bits & 0xff) != 0 ? "TRUE" : "FALSE");
      case 0x10: return std::string(ErrorName(bits & 0xff));
      default: return Fail(ErrorCode::kMalformed, "a value of no known kind");
    }
  }

  static std::string FunctionName(unsigned number) {
    const std::string_view name = XlmFunctionOf(static_cast<std::uint16_t>(number)).name;
    return name.empty() ? "<function " + Hex(number, 4) + ">" : std::string(name);
  }
  void PushFixedCall(unsigned number) {
    Push(Form::kCall, FunctionName(number), XlmFunctionOf(static_cast<std::uint16_t>(number)).arguments);
  }
  // 2.5.198.63. Of a function that a user defined, the first argument is the name.
  bool TakeCall() {
    const auto count = tokens_.ReadU8();
    const auto number = tokens_.ReadU16Le();
    if (!count || !number) return false;
    const std::size_t arguments = *count & 0x7fu;
    if (*number == kUserDefined && arguments > 0) {
      Push(Form::kCallOfFirst, "", arguments);
    } else {
      Push(Form::kCall, FunctionName(*number), arguments);
    }
    return true;
  }

  static std::string NameIn(const std::vector<std::string>& names, std::uint32_t number) {
    const bool is_known = number > 0 && number <= names.size() && !names[number - 1].empty();
    return is_known ? names[number - 1] : "<name " + std::to_string(number) + ">";
  }
  bool TakeName() {
    const auto number = tokens_.ReadU32Le();
    if (number) Push(NameIn(names_.defined, *number));
    return number.has_value();
  }
  bool TakeExternName() {
    const auto sheets = tokens_.ReadU16Le();
    const auto number = tokens_.ReadU32Le();
    if (!sheets || !number) return false;
    static const std::vector<std::string> kNone;
    const std::size_t book = *sheets < names_.externs.size() ? names_.externs[*sheets].book : names_.books.size();
    const bool is_known = book < names_.books.size();
    Push(NameIn(!is_known ? kNone : names_.books[book].is_this ? names_.defined : names_.books[book].names, *number));
    return true;
  }

  bool TakeReference(const std::string& sheets, bool is_offset) {
    const auto row = tokens_.ReadU16Le();
    const auto column = tokens_.ReadU16Le();
    if (!row || !column) return false;
    Push(sheets + Place(*row, *column, is_offset));
    return true;
  }
  bool TakeArea(const std::string& sheets, bool is_offset) {
    const auto row = tokens_.ReadU16Le();
    const auto last_row = tokens_.ReadU16Le();
    const auto column = tokens_.ReadU16Le();
    const auto last_column = tokens_.ReadU16Le();
    if (!row || !last_row || !column || !last_column) return false;
    Push(sheets + Place(*row, *column, is_offset) + ":" + Place(*last_row, *last_column, is_offset));
    return true;
  }

  // 2.5.198.109; 2.5.198.111 where relative ones are offsets.
  static std::string Place(std::uint16_t row, std::uint16_t column, bool is_offset) {
    const bool is_row_relative = (column & kRowRelative) != 0;
    const bool is_column_relative = (column & kColumnRelative) != 0;
    const std::uint16_t bare = column & 0x3fff;
    if (is_offset && (is_row_relative || is_column_relative)) {
      return "R" +
             (is_row_relative ? "[" + std::to_string(static_cast<std::int16_t>(row)) + "]" : std::to_string(row + 1)) +
             "C" +
             (is_column_relative ? "[" + std::to_string(static_cast<std::int8_t>(bare & 0xff)) + "]"
                                 : std::to_string(bare + 1));
    }
    std::string name = XlmCellName(row, bare);
    const std::size_t digits = name.find_first_of("0123456789");
    if (!is_row_relative) name.insert(digits, "$");
    if (!is_column_relative) name.insert(0, "$");
    return name;
  }

  // The sheets of extern_, with the mark behind them.
  std::string ExternName() const {
    if (extern_ >= names_.externs.size()) return "<sheet " + std::to_string(extern_) + ">!";
    const XlmNames::Sheets& sheets = names_.externs[extern_];
    if (sheets.book >= names_.books.size() || !names_.books[sheets.book].is_this) {
      return "<file " + std::to_string(sheets.book) + ">!";
    }
    const auto name = [&](int number) {
      const auto i = static_cast<std::size_t>(number);
      return number >= 0 && i < names_.sheets.size() ? XlmSheetName(names_.sheets[i]) : std::string("#REF");
    };
    return name(sheets.first) + (sheets.last != sheets.first ? ":" + name(sheets.last) : "") + "!";
  }
  bool PushLost() {
    Push(ExternName() + "#REF!");
    return true;
  }

  // 2.5.198.70: before tokens that give an area; of some the areas stand behind all tokens.
  bool TakeMemory(bool has_areas) {
    if (!Skip(6)) return false;
    if (has_areas) {
      const auto count = more_.ReadU16Le();
      static_cast<void>(more_.ReadRecords(count.value_or(0), 8));
    }
    return true;
  }

  std::string PrintAll(bool is_folded) const {
    std::string out;
    for (std::size_t i = 0; i < stack_.size(); ++i) {
      if (i > 0) out += " ; ";
      PrintTree(stack_[i], is_folded, out);
    }
    return out;
  }
  void PrintTree(std::size_t root, bool is_folded, std::string& out) const {
    struct Open {
      std::size_t node;
      std::size_t done;
    };
    std::vector<Open> open = {{root, 0}};
    while (!open.empty()) {
      Open& top = open.back();
      const Node& node = nodes_[top.node];
      if (is_folded && node.is_folded) {
        out += Quoted(*node.value);
        open.pop_back();
        continue;
      }
      const bool is_last = top.done == node.count;
      Between(node, top.done, out);
      if (is_last) {
        open.pop_back();
        continue;
      }
      const std::size_t operand = operands_[node.first + top.done++];
      open.push_back({operand, 0});
    }
  }
  // What stands before the operand `i` and behind the one before it.
  static void Between(const Node& node, std::size_t i, std::string& out) {
    switch (node.form) {
      case Form::kLeaf: out += node.text; break;
      case Form::kPrefix: out += i == 0 ? node.text : ""; break;
      case Form::kPostfix: out += i == node.count ? node.text : ""; break;
      case Form::kInfix: out += i == 1 ? node.text : ""; break;
      case Form::kParentheses: out += i == 0 ? "(" : ")"; break;
      case Form::kCall:
        out += i == 0 ? node.text + "(" : i < node.count ? "," : "";
        out += i == node.count ? ")" : "";
        break;
      case Form::kCallOfFirst:
        out += i == 0 ? "" : i == 1 ? "(" : i < node.count ? "," : "";
        out += i == node.count ? ")" : "";
        break;
    }
  }

  Cursor tokens_;
  Cursor more_;
  const XlmNames& names_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> operands_;  // Indices in nodes_.
  std::vector<std::size_t> stack_;
  std::size_t extern_ = 0;
  bool has_folded_ = false;
  std::size_t folded_bytes_ = 0;
};

}  // namespace

XlmFormula ReadXlmFormula(Bytes tokens, Bytes more, const XlmNames& names) {
  return Printer(tokens, more, names).Print();
}

std::string XlmCellName(std::uint32_t row, std::uint32_t column) {
  std::string letters;
  for (std::uint32_t rest = column + 1; rest > 0; rest = (rest - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return letters + std::to_string(row + 1);
}

std::string XlmSheetName(const std::string& name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  if (!name.empty() && std::all_of(name.begin(), name.end(), is_plain)) return name;
  std::string out = "'";
  for (const char c : name) out += c == '\'' ? "''" : std::string(1, static_cast<unsigned char>(c) < 0x20 ? '_' : c);
  return out + "'";
}

Result<std::string> ReadXlmCharacters(Cursor& cursor, std::size_t count) {
  DL_TRY(const std::uint8_t flags, cursor.ReadU8());
  if ((flags & 0x01) != 0) {
    DL_TRY(const Bytes wide, cursor.ReadRecords(count, 2));
    return Utf8FromUtf16(wide, /*is_big_endian=*/false);
  }
  // The low halves of characters.
  DL_TRY(const Bytes narrow, cursor.ReadBytes(count));
  std::string text;
  for (const std::byte byte : narrow) AppendUtf8(std::to_integer<std::uint32_t>(byte), text);
  return text;
}

}  // namespace dl::unpack
