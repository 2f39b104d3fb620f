#include "daylight/rules/clamav/expression.h"

#include <algorithm>
#include <bit>

namespace dl::clamav {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsComparison(char c) { return c == '=' || c == '<' || c == '>'; }

// The number that `text` begins with after spaces; `used` counts what was read.
// Its lowest 32 bits are what clamscan takes.
std::optional<std::uint32_t> ReadNumber(std::string_view text, std::size_t& used) {
  std::uint64_t value = 0;
  used = 0;
  while (used < text.size() && (text[used] == ' ' || (text[used] >= '\t' && text[used] <= '\r'))) ++used;
  const std::size_t first = used;
  while (used < text.size() && IsDigit(text[used])) {
    const auto digit = static_cast<unsigned>(text[used] - '0');
    value = value > (~std::uint64_t{0} - digit) / 10 ? ~std::uint64_t{0} : value * 10 + digit;
    ++used;
  }
  if (used == first) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

bool Compare(char comparison, std::uint32_t count, std::uint32_t value) {
  switch (comparison) {
    case '=': return count == value;
    case '<': return count < value;
    case '>': return count > value;
    default: return false;
  }
}

}  // namespace

Result<Expression> Expression::Parse(std::string_view text) {
  Expression expression;
  DL_TRY(expression.root_, expression.ParseRange(text, 0, 0));
  return expression;
}

Result<std::uint32_t> Expression::Add(const Node& node) {
  if (nodes_.size() >= kMaxNodes) return Fail(ErrorCode::kBudget, "the expression has too many terms");
  nodes_.push_back(node);
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

Result<std::uint32_t> Expression::ParseLeaf(std::string_view text, std::size_t offset, char comparison,
                                            std::size_t at) {
  std::size_t used = 0;
  const auto id = ReadNumber(text, used);
  if (!id) return Fail(ErrorCode::kMalformed, "a subsignature's number is missing", offset);
  if (*id >= kMaxSubsignatures) return Fail(ErrorCode::kMalformed, "a subsignature's number is 64 or more", offset);
  Node node;
  node.id = *id;
  max_id_ = std::max(max_id_, *id);
  if (comparison != 0) {
    const auto value = ReadNumber(text.substr(at + 1), used);
    if (!value) return Fail(ErrorCode::kMalformed, "a number is missing after a comparison", offset + at);
    node.comparison = comparison;
    node.value = *value;
  }
  return Add(node);
}

Result<std::uint32_t> Expression::ParseRange(std::string_view text, std::size_t offset, int depth) {
  if (depth > kMaxDepth) return Fail(ErrorCode::kBudget, "the expression is nested too deeply", offset);
  Node node;
  char comparison = 0;
  std::size_t comparison_at = 0;
  char inner_op = 0;  // The last operator in the outermost parentheses.
  std::size_t op_at = 0;
  std::size_t inner_at = 0;
  std::size_t block_end = 0;
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(') {
      ++open;
    } else if (c == ')') {
      if (open == 0) return Fail(ErrorCode::kMalformed, "a parenthesis is closed that was not opened", offset + i);
      --open;
      comparison = c;
      comparison_at = i;
    } else if (IsComparison(c)) {
      comparison = c;
      comparison_at = i;
    } else if (c == '&' || c == '|') {
      if (open == 0) {
        node.op = c;
        op_at = i;
        break;
      }
      if (open == 1) {
        inner_op = c;
        inner_at = i;
      }
    }
    if (inner_op != 0 && open == 0) {
      block_end = i;
      if (i + 1 < text.size() && IsComparison(text[i + 1])) {
        node.comparison = text[i + 1];
        std::size_t used = 0;
        const auto value = ReadNumber(text.substr(i + 2), used);
        if (!value) return Fail(ErrorCode::kMalformed, "a number is missing after a comparison", offset + i);
        node.value = *value;
        node.distinct = 0;
        if (i + 2 + used < text.size() && text[i + 2 + used] == ',') {
          node.distinct = ReadNumber(text.substr(i + 3 + used), used).value_or(0);
        }
        ++i;
        while (i + 1 < text.size() && (IsDigit(text[i + 1]) || text[i + 1] == ',')) ++i;
      }
      if (i + 1 >= text.size()) break;
      node.comparison = 0;
    }
  }
  if (open != 0) return Fail(ErrorCode::kMalformed, "a parenthesis is not closed", offset);
  if (node.op == 0 && inner_op == 0) {
    if (text.starts_with('(') && text.size() >= 2) {
      return ParseRange(text.substr(1, text.size() - 2), offset + 1, depth + 1);
    }
    return ParseLeaf(text, offset, comparison, comparison_at);
  }
  std::size_t left_at = 0;
  std::size_t right_end = text.size();
  if (node.op == 0) {
    node.op = inner_op;
    op_at = inner_at;
    left_at = 1;
    right_end = block_end;
  } else {
    // A comparison of a block before the operator belongs to that block.
    node.comparison = 0;
  }
  if (op_at == 0 || op_at < left_at) return Fail(ErrorCode::kMalformed, "an operator without its left side", offset);
  if (op_at + 1 >= text.size() || right_end < op_at + 1) {
    return Fail(ErrorCode::kMalformed, "an operator without its right side", offset + op_at);
  }
  DL_TRY(node.left, ParseRange(text.substr(left_at, op_at - left_at), offset + left_at, depth + 1));
  DL_TRY(node.right, ParseRange(text.substr(op_at + 1, right_end - op_at - 1), offset + op_at + 1, depth + 1));
  return Add(node);
}

bool Expression::Evaluate(std::span<const std::uint32_t> counts) const {
  return !nodes_.empty() && EvaluateNode(root_, counts).holds;
}

// Depth is bounded by kMaxDepth, and each node has one parent.
Expression::Value Expression::EvaluateNode(std::uint32_t index, std::span<const std::uint32_t> counts) const {
  const Node& node = nodes_[index];
  Value value;
  if (node.op == 0) {
    const std::uint32_t count = node.id < counts.size() ? counts[node.id] : 0;
    value.holds = node.comparison != 0 ? Compare(node.comparison, count, node.value) : count != 0;
    if (value.holds) {
      value.count = count;
      value.ids = std::uint64_t{1} << node.id;
    }
    return value;
  }
  const Value left = EvaluateNode(node.left, counts);
  const Value right = EvaluateNode(node.right, counts);
  const bool holds = node.op == '&' ? left.holds && right.holds : left.holds || right.holds;
  if (holds) {
    value.count = left.count + right.count;
    value.ids = left.ids | right.ids;
  }
  if (node.comparison == 0) {
    value.holds = holds;
    return value;
  }
  // A block that does not hold has a count of 0, which may be what is asked for.
  value.holds = Compare(node.comparison, value.count, node.value) &&
                (node.distinct == 0 || static_cast<std::uint32_t>(std::popcount(value.ids)) >= node.distinct);
  if (!value.holds) value.count = 0;
  value.ids = 0;
  return value;
}

}  // namespace dl::clamav
