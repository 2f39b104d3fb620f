// Offsets of body and PCRE (sub)signatures.
#include "daylight/rules/clamav/pattern_parser.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr std::uint32_t kTargetPe = 1;
constexpr std::uint32_t kTargetElf = 6;
constexpr std::uint32_t kTargetMachO = 9;
constexpr std::size_t kMaxOffsetText = 64;
constexpr std::uint32_t kMacroGroups = 32;

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Sx+n, SEx and SL+n; `text` begins with S.
Result<Offset> ParseSection(std::string_view text) {
  Offset offset;
  if (TakePrefix(text, "SE")) {
    if (!IsNumber(text)) return Fail(ErrorCode::kMalformed, "offset SEx: x is not a number");
    offset.kind = OffsetKind::kWholeSection;
    offset.section = AtoiUnsigned(text);
    return offset;
  }
  if (TakePrefix(text, "SL+")) {
    if (!IsNumber(text)) return Fail(ErrorCode::kMalformed, "offset SL+n: n is not a number");
    offset.kind = OffsetKind::kLastSection;
    offset.value = AtoiUnsigned(text);
    return offset;
  }
  text.remove_prefix(1);
  if (!ScanUnsigned(text, offset.section) || !TakePrefix(text, "+") || !ScanUnsigned(text, offset.value)) {
    return Fail(ErrorCode::kMalformed, "offset Sx+n: not two numbers");
  }
  offset.kind = OffsetKind::kSection;
  return offset;
}

}  // namespace

Result<Offset> ParseOffset(std::string_view text, std::uint32_t target) {
  Offset offset;
  if (text == "*") return offset;
  if (text.size() > kMaxOffsetText) return Fail(ErrorCode::kMalformed, "offset longer than 64 characters");
  std::uint32_t max_shift = 0;
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos) {
    const std::string_view shift = text.substr(comma + 1);
    if (!IsNumber(shift)) return Fail(ErrorCode::kMalformed, "offset: the shift after the comma is not a number");
    max_shift = AtoiUnsigned(shift);
    text = text.substr(0, comma);
  }
  if (text.starts_with("EP+") || text.starts_with("EP-")) {
    offset.kind = text[2] == '+' ? OffsetKind::kEntryPlus : OffsetKind::kEntryMinus;
    text.remove_prefix(3);
    if (!IsNumber(text)) return Fail(ErrorCode::kMalformed, "offset EP+n or EP-n: n is not a number");
    offset.value = AtoiUnsigned(text);
  } else if (text.starts_with('S')) {
    DL_TRY(offset, ParseSection(text));
  } else if (TakePrefix(text, "EOF-")) {
    if (!IsNumber(text)) return Fail(ErrorCode::kMalformed, "offset EOF-n: n is not a number");
    offset.kind = OffsetKind::kEofMinus;
    offset.value = AtoiUnsigned(text);
  } else if (text.starts_with("VI")) {
    offset.kind = OffsetKind::kVersionInfo;
  } else if (text.find('$') != std::string_view::npos) {
    offset.kind = OffsetKind::kMacroGroup;
    if (!TakePrefix(text, "$") || !ScanUnsigned(text, offset.value)) {
      return Fail(ErrorCode::kMalformed, "offset $n$: n is not a number");
    }
    if (offset.value >= kMacroGroups) return Fail(ErrorCode::kMalformed, "offset $n$: there are 32 macro groups");
  } else {
    if (!IsNumber(text)) return Fail(ErrorCode::kMalformed, "offset of no known kind");
    offset.kind = OffsetKind::kAbsolute;
    offset.value = AtoiUnsigned(text);
  }
  offset.max_shift = max_shift;
  const bool is_of_any_file = offset.kind == OffsetKind::kAbsolute || offset.kind == OffsetKind::kEofMinus ||
                              offset.kind == OffsetKind::kMacroGroup;
  if (!is_of_any_file && target != kTargetPe && target != kTargetElf && target != kTargetMachO) {
    return Fail(ErrorCode::kMalformed, "offset of an executable, but the target is none");
  }
  return offset;
}

}  // namespace dl::clamav
