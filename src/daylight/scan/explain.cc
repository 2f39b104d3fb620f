#include "daylight/scan/explain.h"

#include <fmt/format.h>

#include <limits>

namespace dl::scan {

namespace {

constexpr std::uint32_t kMaxLines = 2000;
constexpr std::uint32_t kMaxExplainDepth = 64;
constexpr std::size_t kMaxTermBytes = 240;
constexpr std::size_t kShownMatches = 5;

// The term on one line, without control characters.
std::string OneLine(std::string_view text) {
  std::string out;
  bool space = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
    if (out.size() > kMaxTermBytes) return out + "...";
  }
  return out;
}

std::string ShowValue(const yara::Value& value) {
  switch (value.kind) {
    case yara::TypeKind::kUndefined: return "undefined";
    case yara::TypeKind::kBoolean: return value.boolean ? "true" : "false";
    case yara::TypeKind::kInteger:
      return fmt::format("{} (0x{:x})", value.integer, static_cast<std::uint64_t>(value.integer));
    case yara::TypeKind::kFloat: return fmt::format("{}", value.real);
    case yara::TypeKind::kString: return "\"" + OneLine(value.string) + "\"";
    default: return std::string(yara::TypeKindName(value.kind));
  }
}

bool IsLoop(yara::Op op) {
  return op == yara::Op::kForOfStrings || op == yara::Op::kForInRange || op == yara::Op::kForInList ||
         op == yara::Op::kForInArray || op == yara::Op::kForInDictionary || op == yara::Op::kWith;
}

bool IsLiteral(yara::Op op) {
  return op == yara::Op::kBoolean || op == yara::Op::kInteger || op == yara::Op::kFloat || op == yara::Op::kString ||
         op == yara::Op::kRegexp || op == yara::Op::kModule;
}

class Explainer {
 public:
  Explainer(UnitScanner& unit, std::uint32_t rule)
      : unit_(unit), rules_(unit.rules()), rule_(rule), record_(rules_.rules()[rule]) {}

  void Add(std::uint32_t id, std::uint32_t depth, std::vector<report::ExplainLine>& lines) {
    if (lines.size() >= kMaxLines || depth > kMaxExplainDepth) return;
    const yara::NodeRecord& node = rules_.nodes()[id];
    const yara::Op op = static_cast<yara::Op>(node.op);
    report::ExplainLine line;
    line.depth = depth;
    line.text = Term(node);
    const yara::Value value = unit_.evaluator().EvaluateNode(rule_, id);
    line.result = ShowValue(value);
    line.detail = Detail(node, op);
    lines.push_back(std::move(line));
    // What happens inside a loop depends on its turn and has no single value.
    if (IsLoop(op)) return;
    if (op == yara::Op::kCall || op == yara::Op::kField) return;
    for (const std::uint32_t arg : rules_.list(node.args)) {
      const yara::Op arg_op = static_cast<yara::Op>(rules_.nodes()[arg].op);
      if (!IsLiteral(arg_op)) Add(arg, depth + 1, lines);
    }
  }

 private:
  std::string Term(const yara::NodeRecord& node) const {
    const std::string_view whole = rules_.text(record_.condition_text);
    if (node.span.length == 0 || node.span.offset > whole.size()) return "(term)";
    return OneLine(whole.substr(node.span.offset, node.span.length));
  }

  std::string StringDetail(std::uint32_t string) const {
    const yara::StringRecord& record = rules_.strings()[std::size_t{record_.strings.first} + string];
    const auto matches = unit_.evaluator().StringMatches(record_, string);
    std::string out = std::string(rules_.text(record.identifier));
    if (matches.empty()) return out + " not found";
    out += fmt::format(" found {} time{} at", matches.size(), matches.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < matches.size() && i < kShownMatches; ++i)
      out += fmt::format(" 0x{:x}", matches[i].offset);
    if (matches.size() > kShownMatches) out += " ...";
    return out;
  }

  std::string Detail(const yara::NodeRecord& node, yara::Op op) const {
    switch (op) {
      case yara::Op::kStringFound:
      case yara::Op::kStringFoundAt:
      case yara::Op::kStringFoundIn:
      case yara::Op::kStringCount:
      case yara::Op::kStringCountIn:
      case yara::Op::kStringOffset:
      case yara::Op::kStringLength: return node.index < record_.strings.count ? StringDetail(node.index) : "";
      case yara::Op::kOfStrings:
      case yara::Op::kOfStringsAt:
      case yara::Op::kOfStringsIn:
      case yara::Op::kForOfStrings: {
        std::string found;
        std::string missing;
        for (const std::uint32_t string : rules_.list(node.set)) {
          const std::string text = StringDetail(string);
          std::string& list = text.ends_with("not found") ? missing : found;
          if (list.size() < 400) list += (list.empty() ? "" : ", ") + text;
        }
        return found + (found.empty() || missing.empty() ? "" : "; ") + missing;
      }
      default: return "";
    }
  }

  UnitScanner& unit_;
  const yara::RuleSet& rules_;
  std::uint32_t rule_;
  yara::RuleRecord record_;
};

std::string OpenOrClosed(bool is_open) { return is_open ? " (open)" : " (closed)"; }

std::string DescribeGate(UnitScanner& unit, const yara::RuleRecord& record, Bytes head, bool head_is_whole,
                         std::uint64_t size) {
  const yara::RuleSet& rules = unit.rules();
  std::string out;
  const yara::Range range = rules.groups()[record.group].magics;
  for (const yara::MagicRecord& magic : rules.magics().Range(range.first, range.count)) {
    if (magic.offset == yara::kMagicNowhere) {
      out += "never";
      continue;
    }
    out += out.empty() ? "" : " or ";
    for (std::uint32_t i = 0; i < magic.length && i < 8; ++i) {
      out += i == 0 ? "" : " ";
      out += magic.mask[i] == 0 ? std::string("??") : fmt::format("{:02x}", magic.value[i]);
    }
    out += fmt::format(" at {}", magic.offset);
  }
  if (range.count != 0) out += OpenOrClosed(unit.GroupIsOpen(record.group, head, head_is_whole));
  if (record.min_filesize != 0) {
    out += fmt::format("{}filesize >= {}", out.empty() ? "" : ", ", record.min_filesize);
    out += OpenOrClosed(size >= record.min_filesize);
  }
  if (record.max_filesize != std::numeric_limits<std::uint64_t>::max()) {
    out += fmt::format("{}filesize <= {}", out.empty() ? "" : ", ", record.max_filesize);
    out += OpenOrClosed(size <= record.max_filesize);
  }
  return out;
}

}  // namespace

std::optional<std::uint32_t> FindRule(const yara::RuleSet& rules, const std::string& name) {
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const yara::RuleRecord& record = rules.rules()[i];
    const std::string_view identifier = rules.text(record.identifier);
    const std::string_view name_space = rules.text(rules.namespaces()[record.name_space]);
    if (name == identifier || name == fmt::format("{}:{}", name_space, identifier)) {
      return static_cast<std::uint32_t>(i);
    }
  }
  return std::nullopt;
}

report::ExplainAnswer ExplainRule(UnitScanner& unit, std::uint32_t rule, Bytes head, bool head_is_whole,
                                  std::uint64_t size) {
  const yara::RuleSet& rules = unit.rules();
  const yara::RuleRecord record = rules.rules()[rule];
  report::ExplainAnswer answer;
  answer.found = true;
  answer.rule = fmt::format("{}:{}", rules.text(rules.namespaces()[record.name_space]), rules.text(record.identifier));
  answer.gate = DescribeGate(unit, record, head, head_is_whole, size);
  answer.matched = unit.evaluator().Holds(rule);
  Explainer(unit, rule).Add(record.condition, 0, answer.lines);
  for (const yara::EvaluationGap& gap : unit.evaluator().gaps()) {
    answer.lines.push_back({0, "incomplete", gap.reason, gap.detail});
  }
  return answer;
}

}  // namespace dl::scan
