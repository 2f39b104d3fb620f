// Hex strings in both dialects. Blanks and comments carry no meaning.
#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/match/regexp_ast.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl::match;
  if (size == 0) return 0;
  const std::string source(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Dialect dialect = (data[0] & 1) != 0 ? Dialect::kYaraX : Dialect::kYara;
  const auto parsed = ParseHexString(source, dialect);
  if (!parsed) {
    DL_CHECK(parsed.error().offset <= source.size());
    DL_CHECK(parsed.error().length >= 1 && !parsed.error().message.empty());
    return 0;
  }
  DL_CHECK(!parsed->greedy && parsed->root.kind != RegexpKind::kEmpty);
  const auto commented = ParseHexString("/* [ */ " + source + "\n// (", dialect);
  DL_CHECK(commented && commented->root.kind == parsed->root.kind);
  DL_CHECK(commented->root.children.size() == parsed->root.children.size());
  return 0;
}
