// The logical expression of a signature: "0&(1|2)>2,2".
//
//   DL_TRY(const Expression expression, Expression::Parse("0&1"));
//   if (expression.Evaluate(counts)) ...
//
// clamscan has no grammar: the first operator outside of parentheses splits the
// text, or else the last one within the outermost pair; & and | have no
// precedence, and what is left is read with scanf. What is compared is a count
// of matches: of one subsignature, or of all that make a block true. A value;
// any number of threads may evaluate it.
#pragma once

#include <cstdint>
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
    char comparison = 0;      // '=', '<', '>' or 0; of a subsignature that never holds, ')'.
    std::uint32_t value = 0;  // Compared with the count.
    // A block's second number: how many different subsignatures must have matched.
    std::uint32_t distinct = 0;
    std::uint32_t id = 0;  // Of a subsignature.
  };
  // Names of subsignatures in one expression.
  static constexpr std::size_t kMaxTerms = 4096;

  // kMalformed with the offset in `text`; kBudget for more than kMaxTerms, and
  // for nesting so deep that millions of characters would be looked at.
  static Result<Expression> Parse(std::string_view text);

  // `counts`: how often each subsignature matched; more are 0.
  bool Evaluate(std::span<const std::uint32_t> counts) const;
  // The highest id that occurs.
  std::uint32_t max_id() const { return max_id_; }
  // Never empty; an operator stands behind its two operands (reverse Polish), so
  // that a loop with a stack evaluates any nesting.
  std::span<const Node> nodes() const { return nodes_; }

 private:
  class Parser;

  std::vector<Node> nodes_;
  std::uint32_t max_id_ = 0;
};

}  // namespace dl::clamav
