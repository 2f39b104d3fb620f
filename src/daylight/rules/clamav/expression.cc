#include "daylight/rules/clamav/expression.h"

#include <algorithm>
#include <bit>

#include "daylight/rules/clamav/text.h"

namespace dl::clamav {

namespace {

// Characters that one expression may have looked at: each level of nesting is
// looked through from end to end, so a thousand levels take about two million.
constexpr std::size_t kMaxSteps = 1u << 22;

constexpr std::string_view kNoNumber = "expression: no number behind > < or =";

bool IsComparison(char c) { return c == '=' || c == '<' || c == '>'; }

bool Compare(char comparison, std::uint32_t count, std::uint32_t value) {
  switch (comparison) {
    case '=': return count == value;
    case '<': return count < value;
    case '>': return count > value;
    default: return false;
  }
}

}  // namespace

class Expression::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Expression> Run() {
    tasks_.push_back({Node(), 0, text_.size()});
    while (!tasks_.empty()) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.node.op != 0) {
        expression_.nodes_.push_back(task.node);
      } else {
        DL_TRY_STATUS(ParseRange(task.begin, task.end));
      }
    }
    return std::move(expression_);
  }

 private:
  // A part of the text that is still to be parsed, or an operator that waits
  // for its operands.
  struct Task {
    Node node;  // An operator, or none.
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  struct Split {
    Node node;  // An operator, or none.
    std::size_t at = 0;
    bool is_inside = false;  // Of the outermost parentheses.
    std::size_t close = 0;
    char modifier = 0;  // The last of < > = ).
    std::size_t modifier_at = 0;
  };

  // Numbers are read from the whole text, also behind the end of a part.
  std::string_view From(std::size_t at) const { return text_.substr(std::min(at, text_.size())); }
  char At(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  Status ParseRange(std::size_t begin, std::size_t end) {
    while (true) {
      if (steps_ > kMaxSteps) return Fail(ErrorCode::kBudget, "expression nested too deeply", begin);
      DL_TRY(const Split split, FindOperator(begin, end));
      if (split.node.op != 0) return PushOperands(split, begin, end);
      if (At(begin) != '(') return AddLeaf(begin, split);
      // Both ends go, whatever the last character is.
      if (end - begin < 2) return Fail(ErrorCode::kMalformed, "expression with nothing in parentheses", begin);
      ++begin;
      --end;
    }
  }

  // The right operand and the operator wait until the left one is parsed.
  Status PushOperands(const Split& split, std::size_t begin, std::size_t end) {
    if (split.at == begin) return Fail(ErrorCode::kMalformed, "expression: operator without left side", begin);
    if (split.at + 1 == end) return Fail(ErrorCode::kMalformed, "expression: operator without right side", end);
    if (++operators_ >= kMaxTerms) return Fail(ErrorCode::kBudget, "expression with too many terms", begin);
    tasks_.push_back({split.node});
    tasks_.push_back({Node(), split.at + 1, split.is_inside ? split.close : end});
    tasks_.push_back({Node(), split.is_inside ? begin + 1 : begin, split.at});
    return {};
  }

  Status AddLeaf(std::size_t begin, const Split& split) {
    Node node;
    std::string_view rest = From(begin);
    if (!ScanUnsigned(rest, node.id)) {
      return Fail(ErrorCode::kMalformed, "expression: not the number of a subsignature", begin);
    }
    if (node.id >= kMaxSubsignatures) {
      return Fail(ErrorCode::kMalformed, "expression: there are at most 64 subsignatures", begin);
    }
    node.comparison = split.modifier;
    if (split.modifier != 0) {
      std::string_view number = From(split.modifier_at + 1);
      if (!ScanUnsigned(number, node.value)) return Fail(ErrorCode::kMalformed, kNoNumber, split.modifier_at);
    }
    expression_.max_id_ = std::max(expression_.max_id_, node.id);
    expression_.nodes_.push_back(node);
    return {};
  }

  // "value" or "value,distinct"
  bool ScanBlockNumbers(std::size_t at, Node& node) {
    std::string_view rest = From(at);
    if (!ScanUnsigned(rest, node.value)) return false;
    if (!rest.starts_with(',')) return true;
    rest.remove_prefix(1);
    // Without digits the one of an earlier block stays.
    std::uint32_t distinct = 0;
    if (ScanUnsigned(rest, distinct)) node.distinct = distinct;
    return true;
  }

  Result<Split> FindOperator(std::size_t begin, std::size_t end) {
    Split split;
    std::size_t level = 0;
    char inner_op = 0;
    std::size_t inner_at = 0;
    for (std::size_t i = begin; i < end; ++i, ++steps_) {
      const char c = text_[i];
      if (c == '(') {
        ++level;
      } else if (c == ')') {
        if (level == 0) return Fail(ErrorCode::kMalformed, "expression: ) without (", i);
        --level;
      } else if ((c == '&' || c == '|') && level == 0) {
        // A comparison before it belongs to a block in the left operand.
        split.node = {.op = c};
        split.at = i;
        split.is_inside = false;
        return split;
      } else if ((c == '&' || c == '|') && level == 1) {
        inner_op = c;
        inner_at = i;
      }
      if (c == ')' || IsComparison(c)) {
        split.modifier = c;
        split.modifier_at = i;
      }
      if (inner_op == 0 || level != 0) continue;
      split.close = i;
      split.node.comparison = 0;
      if (IsComparison(At(i + 1))) {
        split.node.comparison = text_[i + 1];
        if (!ScanBlockNumbers(i + 2, split.node)) return Fail(ErrorCode::kMalformed, kNoNumber, i + 1);
        for (i += 2; i + 1 < end && (IsDigit(text_[i + 1]) || text_[i + 1] == ','); ++i) {
        }
      }
      if (i + 1 == end) break;
      // Of a block that more follows, it does not count.
      split.node.comparison = 0;
    }
    if (level != 0) return Fail(ErrorCode::kMalformed, "expression: ( without )", begin);
    if (inner_op != 0) {
      split.node.op = inner_op;
      split.at = inner_at;
      split.is_inside = true;
    }
    return split;
  }

  std::string_view text_;
  Expression expression_;
  std::vector<Task> tasks_;
  std::size_t steps_ = 0;
  std::size_t operators_ = 0;
};

Result<Expression> Expression::Parse(std::string_view text) { return Parser(text).Run(); }

bool Expression::Evaluate(std::span<const std::uint32_t> counts) const {
  struct Value {
    bool holds = false;
    std::uint32_t count = 0;
    std::uint64_t ids = 0;
  };
  std::vector<Value> stack;
  for (const Node& node : nodes_) {
    Value value;
    if (node.op == 0) {
      const std::uint32_t count = node.id < counts.size() ? counts[node.id] : 0;
      value.holds = node.comparison != 0 ? Compare(node.comparison, count, node.value) : count != 0;
      if (value.holds) {
        value.count = count;
        value.ids = std::uint64_t{1} << node.id;
      }
      stack.push_back(value);
      continue;
    }
    const Value right = stack.back();
    stack.pop_back();
    const Value left = stack.back();
    value.holds = node.op == '&' ? left.holds && right.holds : left.holds || right.holds;
    if (value.holds) {
      value.count = left.count + right.count;
      value.ids = left.ids | right.ids;
    }
    if (node.comparison != 0) {
      // A block that does not hold has a count of 0, which may be what is asked for.
      value.holds = Compare(node.comparison, value.count, node.value) &&
                    (node.distinct == 0 || static_cast<std::uint32_t>(std::popcount(value.ids)) >= node.distinct);
      if (!value.holds) value.count = 0;
      value.ids = 0;
    }
    stack.back() = value;
  }
  return !stack.empty() && stack.back().holds;
}

}  // namespace dl::clamav
