// Expressions in both dialects: a tree keeps its promises, and what parses can
// be run.
#include <cstdint>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/match/reference.h"

namespace {

using namespace dl::match;

// Depth, or -1 for a tree that breaks a promise.
int Depth(const RegexpNode& node) {
  int deepest = 0;
  for (const RegexpNode& child : node.children) {
    const int depth = Depth(child);
    if (depth < 0) return -1;
    deepest = depth > deepest ? depth : deepest;
  }
  const bool leaf =
      node.kind != RegexpKind::kConcat && node.kind != RegexpKind::kAlternate && node.kind != RegexpKind::kRepeat;
  if (leaf != node.children.empty()) return -1;
  if (node.kind == RegexpKind::kRepeat && (node.children.size() != 1 || node.min > node.max)) return -1;
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned flags = data[0];
  const std::string_view source(reinterpret_cast<const char*>(data) + 1, size - 1);
  const RegexpOptions options{.nocase = (flags & 1) != 0,
                              .dot_all = (flags & 2) != 0,
                              .dialect = (flags & 4) != 0 ? Dialect::kYaraX : Dialect::kYara,
                              .for_search = (flags & 8) != 0};
  const auto parsed = ParseRegexp(source, options);
  if (!parsed) {
    DL_CHECK(parsed.error().offset <= source.size());
    DL_CHECK(parsed.error().length >= 1 && !parsed.error().message.empty());
    return 0;
  }
  const int depth = Depth(parsed->root);
  DL_CHECK(depth > 0 && depth <= kMaxRegexpDepth);
  if (source.size() > 40) return 0;
  Pattern pattern;
  pattern.is_text = false;
  pattern.expression = *parsed;
  pattern.wide = (flags & 16) != 0;
  pattern.fullword = (flags & 32) != 0;
  pattern.dialect = options.dialect;
  const std::string_view object = "ab1 a\nAB.a";
  // Only what is repeated zero times is found as nothing at all, as YARA has it.
  const bool is_nothing = parsed->matches_nothing();
  std::uint64_t next = 0;
  for (const Match& match : FindAllSlowly(pattern, dl::AsBytes(object))) {
    DL_CHECK(match.offset >= next && match.offset + match.length <= object.size());
    DL_CHECK(match.length > 0 || is_nothing);
    next = match.offset + 1;
  }
  return 0;
}
