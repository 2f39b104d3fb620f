// What the three parsers (two dialects of expressions, and hex strings) share:
// trees that know their depth and expanded size while they are built, so that
// hostile text is refused before it costs anything.
//
//   DL_TRY_PARSE(Built body, builder.Repeat(std::move(item), 2, 3, true, false, offset, length));
//
// Private to the parsers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daylight/match/regexp_ast.h"

namespace dl::match {

// The expanded size of a tree: what a matcher has to unroll. A class, repeated
// or not, is 1 (repeats of one class run with a counter); a group that is
// repeated counts as often as it must be copied.
inline constexpr std::uint64_t kMaxRegexpSize = 65536;

// A bound on `copies`, for the expressions of YARA-X's `matches`, whose engine
// unrolls everything: about where its limit of 10 MB lies.
inline constexpr std::uint64_t kMaxSearchCopies = std::uint64_t{1} << 18;

template <typename T>
using ParseResult = tl::expected<T, RegexpError>;

inline tl::unexpected<RegexpError> ParseError(RegexpError::Kind kind, std::size_t offset, std::size_t length,
                                              std::string message, std::string hint = {}) {
  return tl::unexpected(RegexpError{kind, offset, length == 0 ? 1 : length, std::move(message), std::move(hint)});
}

struct Built {
  RegexpNode node;
  int depth = 1;             // Levels of the tree.
  std::uint64_t size = 1;    // Expanded.
  std::uint64_t copies = 1;  // Expanded, with repeats of one class as often as they say; saturates.
};

Built BuildClass(const ByteSet& set);
Built BuildLeaf(RegexpKind kind);

// Children in order; no child is kEmpty, one child is itself. A concatenation
// within a concatenation is dissolved, so jumps stay visible at the top level.
class ConcatBuilder {
 public:
  ParseResult<void> Add(Built item, std::size_t offset);
  bool empty() const { return !any_; }
  ParseResult<Built> Finish(std::size_t offset) &&;
  const std::vector<Built>& items() const { return items_; }
  Built TakeLast();

 private:
  std::vector<Built> items_;
  std::uint64_t size_ = 0;
  std::uint64_t copies_ = 0;
  bool any_ = false;  // Something was added, be it empty.
};

// Whether the empty string matches, wherever the tree's assertions hold.
bool MatchesEmpty(const RegexpNode& node);

ParseResult<Built> BuildAlternate(std::vector<Built> branches, std::size_t offset);

struct RepeatSpec {
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  bool greedy = true;
  bool is_jump = false;
  std::size_t offset = 0;  // Of the quantifier.
  std::size_t length = 1;
};
ParseResult<Built> BuildRepeat(Built item, const RepeatSpec& spec);

// \w, \s and \d: ASCII in both dialects.
ByteSet WordSet();
ByteSet SpaceSet();
ByteSet DigitSet();

// How a byte is shown in a message.
std::string ShowByte(std::uint8_t byte);

// The two dialects of ParseRegexp.
ParseResult<ParsedRegexp> ParseYaraRegexp(std::string_view source, const RegexpOptions& options);
ParseResult<ParsedRegexp> ParseYaraXRegexp(std::string_view source, const RegexpOptions& options);

// As DL_TRY, for parse results.
#define DL_TRY_PARSE_CONCAT_(a, b) a##b
#define DL_TRY_PARSE_NAME_(a, b) DL_TRY_PARSE_CONCAT_(a, b)
#define DL_TRY_PARSE_IMPL_(tmp, declaration, expression)                             \
  auto tmp = (expression);                                                           \
  if (!tmp) return tl::unexpected<::dl::match::RegexpError>(std::move(tmp).error()); \
  declaration = *std::move(tmp)
#define DL_TRY_PARSE(declaration, expression) \
  DL_TRY_PARSE_IMPL_(DL_TRY_PARSE_NAME_(dl_parsed_, __LINE__), declaration, expression)
#define DL_CHECK_PARSE(expression)               \
  if (auto dl_status = (expression); !dl_status) \
  return tl::unexpected<::dl::match::RegexpError>(std::move(dl_status).error())

}  // namespace dl::match
