#include "daylight/rules/yara/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/expression.h"
#include "daylight/rules/yara/pattern_cost.h"

namespace dl::yara {
namespace {

void WarnSlow(Session& session, const StringDefinition& string) {
  const SearchCost cost = EstimateCost(string);
  if (cost.fixed_bytes < 2) {
    session.diagnostics.Warning(
        code::kSlowPattern, string.span, fmt::format("string \"{}\" slows down scanning", string.identifier),
        cost.fixed_bytes == 0 ? "no byte of it is fixed" : "it has no two fixed bytes near each other",
        "add fixed bytes to it");
  } else if (cost.only_common) {
    session.diagnostics.Warning(code::kSlowPattern, string.span,
                                fmt::format("string \"{}\" slows down scanning", string.identifier),
                                "its fixed bytes are such as files are full of", "add other bytes to it");
  } else if (cost.unbounded_inside) {
    session.diagnostics.Warning(
        code::kUnboundedPattern, string.span, fmt::format("string \"{}\" may slow down scanning", string.identifier),
        "it has an unbounded `.*`, `.+` or `.{n,}` inside", "give it a bound, as in `.{0,100}`");
  }
}

bool IsTextByte(std::uint8_t byte) {
  return (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
}

// A hex string that is nothing but readable text.
void WarnTextAsHex(Session& session, const StringDefinition& string) {
  constexpr std::size_t kMinBytes = 3;
  constexpr std::size_t kMaxShown = 40;
  const match::RegexpNode& root = string.parsed.root;
  if (root.kind != match::RegexpKind::kConcat || root.children.size() < kMinBytes) return;
  std::string text;
  for (const match::RegexpNode& node : root.children) {
    if (node.kind != match::RegexpKind::kClass || node.set.Count() != 1) return;
    std::uint8_t byte = 0;
    while (!node.set.Contains(byte)) ++byte;
    if (!IsTextByte(byte)) return;
    if (text.size() > kMaxShown) continue;
    switch (byte) {
      case '\t': text += "\\t"; break;
      case '\n': text += "\\n"; break;
      case '\r': text += "\\r"; break;
      case '"': text += "\\\""; break;
      case '\\': text += "\\\\"; break;
      default: text.push_back(static_cast<char>(byte));
    }
  }
  session.diagnostics.Warning(
      code::kTextAsHex, string.span, fmt::format("hex string \"{}\" is plain text", string.identifier), "",
      text.size() > kMaxShown ? "write it as a text string" : fmt::format("write it as \"{}\"", text));
}

void WarnJumps(Session& session, const StringDefinition& string) {
  if (string.parsed.consecutive_jumps.empty()) return;
  session.diagnostics.Warning(code::kConsecutiveJumps, string.span,
                              fmt::format("string \"{}\" has jumps one after the other", string.identifier), "",
                              "write them as one: `[4] [0-7]` is `[4-11]`");
}

// What two strings share when they match the same.
std::string PatternKey(const StringDefinition& string) {
  return fmt::format("{}{}{}{}{}{}{}{}{}{},{},{},{}", static_cast<int>(string.kind), string.ascii, string.wide,
                     string.nocase, string.dot_all, string.fullword, string.is_xor, string.base64, string.base64wide,
                     string.xor_min, string.xor_max, string.base64_alphabet, string.text);
}

void WarnDuplicates(Session& session, const Rule& rule) {
  if (rule.strings.size() < 2) return;
  std::vector<std::pair<std::size_t, std::uint32_t>> hashes;
  hashes.reserve(rule.strings.size());
  for (std::uint32_t i = 0; i < rule.strings.size(); ++i) {
    hashes.emplace_back(std::hash<std::string>()(rule.strings[i].text), i);
  }
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    if (hashes[i].first != hashes[i - 1].first) continue;
    const StringDefinition& earlier = rule.strings[hashes[i - 1].second];
    const StringDefinition& later = rule.strings[hashes[i].second];
    if (PatternKey(earlier) != PatternKey(later)) continue;
    session.diagnostics.Warning(
        code::kDuplicatePattern, later.span,
        fmt::format("string \"{}\" is the same as \"{}\"", later.identifier, earlier.identifier),
        fmt::format("\"{}\" is declared in line {}", earlier.identifier, session.diagnostics.LineOf(earlier.span)));
  }
}

void WarnDuplicateBody(Session& session, const Rule& rule, std::uint64_t body_hash, std::uint32_t body_tokens) {
  // `condition: true` and the like are no copies of one another.
  constexpr std::uint32_t kFewTokens = 10;
  if (body_tokens < kFewTokens) return;
  const auto index = static_cast<std::uint32_t>(session.compilation.rules.size() - 1);
  const auto [entry, is_new] = session.bodies.emplace(body_hash, index);
  if (is_new) return;
  const Rule& earlier = session.compilation.rules[entry->second];
  session.diagnostics.Warning(
      code::kDuplicateRuleBody, rule.span,
      fmt::format("rule \"{}\" does the same as \"{}\"", rule.identifier, earlier.identifier),
      fmt::format("same strings and condition as in {}:{}", session.files[earlier.span.file].name,
                  session.diagnostics.LineOf(earlier.span)));
}

// The length of what a hash function gives, in digits; 0: not a hash.
std::size_t HashDigits(const Session& session, const Expr& expr) {
  if (expr.op != Op::kCall || expr.args[0].op != Op::kField) return 0;
  const Expr& function = expr.args[0];
  const Expr& object = function.args[0];
  if (object.op != Op::kModule) return 0;
  const std::string_view module = session.compilation.modules[object.index]->name;
  const std::string_view name = object.structure->fields()[function.index].name;
  if (module == "hash") return name == "md5" ? 32 : name == "sha1" ? 40 : name == "sha256" ? 64 : 0;
  if (module == "pe" && name == "imphash") return 32;
  if (module == "elf" && name == "import_md5") return 32;
  return 0;
}

void WarnHash(Session& session, const Expr& expr) {
  if (expr.op != Op::kEqual && expr.op != Op::kNotEqual) return;
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const std::size_t digits = HashDigits(session, expr.args[side]);
    const Expr& literal = expr.args[1 - side];
    if (digits == 0 || literal.op != Op::kString) continue;
    const std::string& text = literal.text;
    const bool hex = std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    const bool upper = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'F'; });
    if (text.size() != digits || !hex) {
      session.diagnostics.Warning(code::kUnsatisfiable, literal.span, "no hash is equal to this text",
                                  fmt::format("expected {} hexadecimal digits", digits));
    } else if (upper) {
      session.diagnostics.Warning(code::kUnsatisfiable, literal.span, "no hash is equal to this text", "",
                                  "hashes come in lower case: write the digits so");
    }
  }
}

// Adds the strings that `expr` names by themselves, when at least one member of
// `set` is sure to be among the found ones wherever `expr` is true.
bool ImpliesMember(const Expr& expr, const std::vector<std::uint32_t>& set, std::vector<const Expr*>& named) {
  switch (expr.op) {
    case Op::kStringFound:
    case Op::kStringFoundAt:
    case Op::kStringFoundIn:
      if (expr.index == kCurrentString || std::find(set.begin(), set.end(), expr.index) == set.end()) return false;
      named.push_back(&expr);
      return true;
    case Op::kAnd:
      for (const Expr& arg : expr.args) {
        if (ImpliesMember(arg, set, named)) return true;
      }
      return false;
    case Op::kOr:
      for (const Expr& arg : expr.args) {
        if (!ImpliesMember(arg, set, named)) return false;
      }
      return true;
    default: return false;
  }
}

// `$start and any of ($s*)`: $start is in the set, so the second half asks nothing.
void WarnUnintended(Session& session, const Rule& rule, const Expr& conjunction) {
  constexpr std::size_t kMaxLooks = 64;
  if (conjunction.args.size() > kMaxLooks) return;
  for (const Expr& of : conjunction.args) {
    if (of.op != Op::kOfStrings || of.quantifier != Quantifier::kAny || of.set.size() < 2) continue;
    const std::string_view text = std::string_view(session.files[of.span.file].text);
    const std::string_view source = text.substr(of.span.begin, of.span.end - of.span.begin);
    if (source.find('*') == std::string_view::npos) continue;
    for (const Expr& other : conjunction.args) {
      std::vector<const Expr*> named;
      if (&other == &of || !ImpliesMember(other, of.set, named)) continue;
      for (const Expr* string : named) {
        session.diagnostics.Warning(
            code::kUnintendedInSet, of.span,
            fmt::format("\"{}\" is in this set and is required beside it", rule.strings[string->index].identifier),
            "so this part is always true here", "rename it so that the wildcard leaves it out");
      }
    }
  }
}

class ConditionWarnings {
 public:
  ConditionWarnings(Session& session, const Rule& rule) : session_(session), rule_(rule) {}
  void Visit(const Expr& expr) {
    WarnHash(session_, expr);
    if (expr.op == Op::kAnd) WarnUnintended(session_, rule_, expr);
    for (const Expr& arg : expr.args) Visit(arg);
  }

 private:
  Session& session_;
  const Rule& rule_;
};

}  // namespace

void WarnAboutRule(Session& session, const Rule& rule, std::uint64_t body_hash, std::uint32_t body_tokens) {
  session.diagnostics.set_rule(rule.identifier);
  for (const StringDefinition& string : rule.strings) {
    if (!string.referenced) {
      session.diagnostics.Warning(code::kUnusedString, string.span,
                                  fmt::format("string \"{}\" is not used", string.identifier));
    }
    WarnSlow(session, string);
    if (string.kind != StringKind::kHex) continue;
    WarnJumps(session, string);
    // Many authors of YARA rules do so on purpose; YARA-X warns of it.
    if (session.yara_x()) WarnTextAsHex(session, string);
  }
  WarnDuplicates(session, rule);
  WarnDuplicateBody(session, rule, body_hash, body_tokens);
  if (IsConstant(rule.condition)) {
    session.diagnostics.Warning(
        code::kInvariant, rule.condition.span,
        fmt::format("the condition is always {}", ConstantTruth(rule.condition) ? "true" : "false"));
  } else {
    ConditionWarnings(session, rule).Visit(rule.condition);
  }
  session.diagnostics.set_rule("");
}

}  // namespace dl::yara
