#include "daylight/formats/filetype/magic.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "daylight/formats/filetype/type_pattern.h"

namespace dl::filetype {
namespace {

// Digits; nothing is 0 (as in "::121", which has only a maximum).
Result<std::uint32_t> ParseLevel(std::string_view text) {
  std::uint32_t level = 0;
  if (text.empty()) return level;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kMalformed, "file-type definition with a level that is no number");
  }
  return level;
}

}  // namespace

Result<Magic> ParseFtmLine(std::string_view line) {
  constexpr std::size_t kMaxFields = 8;
  std::array<std::string_view, kMaxFields> fields;
  std::size_t count = 0;
  for (std::size_t begin = 0;;) {
    if (count == kMaxFields) return Fail(ErrorCode::kMalformed, "file-type definition with more than 8 fields", begin);
    const std::size_t colon = line.find(':', begin);
    fields[count++] = line.substr(begin, colon == std::string_view::npos ? colon : colon - begin);
    if (colon == std::string_view::npos) break;
    begin = colon + 1;
  }
  if (count < 6) return Fail(ErrorCode::kMalformed, "file-type definition with fewer than 6 fields");

  Magic magic;
  if (count > 6) {
    DL_TRY(magic.min_level, ParseLevel(fields[6]));
  }
  if (count > 7) {
    DL_TRY(magic.max_level, ParseLevel(fields[7]));
  }
  magic.offset = fields[1];
  magic.pattern = fields[2];
  magic.name = fields[3];
  if (!magic.AppliesTo(kFunctionalityLevel)) return magic;

  if (fields[0] == "0") {
    magic.kind = MagicKind::kFixed;
  } else if (fields[0] == "1") {
    magic.kind = MagicKind::kPattern;
  } else if (fields[0] == "4") {
    magic.kind = MagicKind::kPartition;
  } else {
    return Fail(ErrorCode::kMalformed, "file-type definition of an unknown kind");
  }
  const auto from = TypeFromName(fields[4]);
  const auto type = TypeFromName(fields[5]);
  if (!from || !type) return Fail(ErrorCode::kMalformed, "file-type definition with an unknown type");
  magic.from = *from;
  magic.type = *type;
  if (magic.kind == MagicKind::kPattern) {
    DL_TRY([[maybe_unused]] const TypePattern pattern, ParseTypePattern(magic.pattern, magic.offset));
  } else {
    DL_TRY([[maybe_unused]] const std::uint32_t offset, ParseLevel(magic.offset));
    DL_TRY([[maybe_unused]] const std::vector<std::uint8_t> bytes, ParseHexBytes(magic.pattern));
  }
  return magic;
}

}  // namespace dl::filetype
