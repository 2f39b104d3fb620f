// The logical expression of a signature: "0&(1|2)>2,2".
//
//   DL_TRY(const Expression expression, Expression::Parse("0&1"));
//   if (expression.Evaluate(counts)) ...
//
// The grammar is clamscan's, which is unlike others: & and | have no
// precedence, the first operator outside of parentheses splits the text, within
// the outermost parentheses the last one does, and what is compared is a count
// of matches: of one subsignature, or of all that make a block true. A value;
// any number of threads may evaluate it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"

namespace dl::clamav {

inline constexpr std::uint32_t kMaxSubsignatures = 64;

class Expression {
 public:
  struct Node {
    char op = 0;              // '&', '|', or 0: a subsignature.
    char comparison = 0;      // '=', '<', '>' or 0.
    std::uint32_t value = 0;  // Compared with the count.
    // A block's second number: how many different subsignatures must have matched.
    std::uint32_t distinct = 0;
    std::uint32_t id = 0;    // Of a subsignature.
    std::uint32_t left = 0;  // Of an operator: nodes.
    std::uint32_t right = 0;
  };

  // kMalformed with the offset in `text`; kBudget for more than kMaxNodes.
  static Result<Expression> Parse(std::string_view text);

  // `counts`: how often each subsignature matched; more are 0.
  bool Evaluate(std::span<const std::uint32_t> counts) const;
  // The highest id that occurs.
  std::uint32_t max_id() const { return max_id_; }
  std::span<const Node> nodes() const { return nodes_; }
  std::uint32_t root() const { return root_; }

 private:
  static constexpr std::size_t kMaxNodes = 4096;
  static constexpr int kMaxDepth = 1024;
  struct Value {
    bool holds = false;
    std::uint32_t count = 0;
    std::uint64_t ids = 0;
  };
  Result<std::uint32_t> ParseRange(std::string_view text, std::size_t offset, int depth);
  Result<std::uint32_t> ParseLeaf(std::string_view text, std::size_t offset, char comparison, std::size_t at);
  Result<std::uint32_t> Add(const Node& node);
  Value EvaluateNode(std::uint32_t node, std::span<const std::uint32_t> counts) const;

  std::vector<Node> nodes_;
  std::uint32_t root_ = 0;
  std::uint32_t max_id_ = 0;
};

}  // namespace dl::clamav
