// Which subsignatures a logical expression names.
//
// clamscan has no grammar: it splits at the first operator outside of
// parentheses, or else at the last one inside the outermost pair, and reads what
// is left with scanf. What it takes is taken, except numbers beyond its tables
// and nesting without end.
#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr int kMaxDepth = 100;
constexpr std::uint32_t kMaxSubsignatures = 64;

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  // Of [begin, end); the characters behind end are there to be looked at.
  Result<std::uint32_t> Highest(std::size_t begin, std::size_t end, int depth) {
    if (depth > kMaxDepth) return Fail(ErrorCode::kBudget, "expression nested too deeply");
    std::uint32_t highest = 0;
    while (true) {
      DL_TRY(const Split split, FindOperator(begin, end));
      if (!split.is_there) {
        if (At(begin) == '(') {
          // Both ends go, whatever the last character is.
          if (end - begin < 2) return Fail(ErrorCode::kMalformed, "expression with nothing in parentheses");
          ++begin;
          --end;
          if (++depth > kMaxDepth) return Fail(ErrorCode::kBudget, "expression nested too deeply");
          continue;
        }
        DL_TRY(const std::uint32_t id, Leaf(begin, split));
        return std::max(highest, id);
      }
      if (split.at == begin && !split.is_inside)
        return Fail(ErrorCode::kMalformed, "expression: operator without left side");
      if (split.at + 1 == end) return Fail(ErrorCode::kMalformed, "expression: operator without right side");
      DL_TRY(const std::uint32_t left, Highest(split.is_inside ? begin + 1 : begin, split.at, depth + 1));
      highest = std::max(highest, left);
      if (split.is_inside) end = split.close;
      begin = split.at + 1;
    }
  }

 private:
  struct Split {
    bool is_there = false;
    bool is_inside = false;
    std::size_t at = 0;
    std::size_t close = 0;
    std::size_t modifier = std::string_view::npos;
  };

  char At(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  Result<Split> FindOperator(std::size_t begin, std::size_t end) {
    Split split;
    std::size_t level = 0;
    std::size_t inner = std::string_view::npos;
    for (std::size_t i = begin; i < end; ++i) {
      switch (text_[i]) {
        case '(': ++level; break;
        case ')':
          if (level == 0) return Fail(ErrorCode::kMalformed, "expression: ) without (");
          --level;
          split.modifier = i;
          break;
        case '>':
        case '<':
        case '=': split.modifier = i; break;
        case '&':
        case '|':
          if (level == 0) {
            split.is_there = true;
            split.at = i;
            return split;
          }
          if (level == 1) inner = i;
          break;
        default: break;
      }
      if (inner == std::string_view::npos || level != 0) continue;
      split.close = i;
      if (const char c = At(i + 1); c == '>' || c == '<' || c == '=') {
        std::string_view number = text_.substr(i + 2);
        std::uint32_t value = 0;
        if (!ScanUnsigned(number, value)) return Fail(ErrorCode::kMalformed, "expression: no number behind > < or =");
        for (i += 2; i + 1 < end && (IsDigit(text_[i + 1]) || text_[i + 1] == ','); ++i) {
        }
      }
      if (i + 1 == end) break;
    }
    if (level != 0) return Fail(ErrorCode::kMalformed, "expression: ( without )");
    if (inner != std::string_view::npos) {
      if (inner == begin) return Fail(ErrorCode::kMalformed, "expression: operator without left side");
      split.is_there = true;
      split.is_inside = true;
      split.at = inner;
    }
    return split;
  }

  Result<std::uint32_t> Leaf(std::size_t begin, const Split& split) {
    std::string_view rest = begin < text_.size() ? text_.substr(begin) : std::string_view();
    std::uint32_t id = 0;
    if (!ScanUnsigned(rest, id)) return Fail(ErrorCode::kMalformed, "expression: not the number of a subsignature");
    if (id >= kMaxSubsignatures) return Fail(ErrorCode::kMalformed, "expression: there are at most 64 subsignatures");
    if (split.modifier != std::string_view::npos) {
      std::string_view number = text_.substr(split.modifier + 1);
      std::uint32_t value = 0;
      if (!ScanUnsigned(number, value)) return Fail(ErrorCode::kMalformed, "expression: no number behind > < or =");
    }
    return id;
  }

  std::string_view text_;
};

}  // namespace

Result<std::uint32_t> HighestSubsignature(std::string_view expression) {
  return Checker(expression).Highest(0, expression.size(), 0);
}

}  // namespace dl::clamav
