// The subsignatures of logical signatures. Which kind one is, clamscan sees by
// its characters, in this order: $ at the start is a macro, a / anywhere a
// regular expression, ( with two # a byte comparison, "fuzzy_img#" an image
// hash; anything else is a body pattern.
#include <algorithm>
#include <limits>

#include "daylight/rules/clamav/expression.h"
#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/pattern_parser.h"
#include "daylight/rules/clamav/perl_regexp.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr std::uint32_t kMacroGroups = 32;
constexpr std::uint32_t kMaxReference = 63;
constexpr std::uint64_t kMaxBinaryBytes = 8;
constexpr std::uint64_t kMaxHexDigits = 18;

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Fields between colons that are not within /.../; at most five.
struct ColonFields {
  std::array<std::string_view, 5> field;
  std::size_t count = 0;
};
ColonFields SplitOutsideRegexp(std::string_view text) {
  ColonFields fields;
  bool is_inside = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ':' && !is_inside)) {
      fields.field[fields.count++] = text.substr(begin, i - begin);
      begin = i + 1;
      if (fields.count == fields.field.size()) break;
    } else if (text[i] == '/' && (i == 0 || text[i - 1] != '\\')) {
      is_inside = !is_inside;
    }
  }
  return fields;
}

// ${min-max}group$
Result<MacroSubsignature> ParseMacro(std::string_view text) {
  if (text.size() < 2 || text.back() != '$') return Fail(ErrorCode::kMalformed, "macro without $ at the end");
  MacroSubsignature macro;
  if (!TakePrefix(text, "${") || !ScanUnsigned(text, macro.min) || !TakePrefix(text, "-") ||
      !ScanUnsigned(text, macro.max) || !TakePrefix(text, "}") || !ScanUnsigned(text, macro.group)) {
    return Fail(ErrorCode::kMalformed, "macro is not ${min-max}group$");
  }
  if (macro.group >= kMacroGroups) return Fail(ErrorCode::kMalformed, "macro: there are 32 groups");
  return macro;
}

// [Offset:]Trigger/regular expression/[flags]
Result<Regexp> ParseRegexp(std::string_view text, std::uint32_t index, std::uint32_t target, std::string_view name) {
  if (text.starts_with('/')) return Fail(ErrorCode::kMalformed, "regular expression without a trigger");
  std::string_view offset = "*";
  if (!name.starts_with("YARA")) {
    const ColonFields fields = SplitOutsideRegexp(text);
    if (fields.count == 2) offset = fields.field[0];
    text = fields.field[fields.count == 2 ? 1 : 0];
  }
  const std::size_t open = text.find('/');
  const std::size_t close = text.rfind('/');
  if (open == close) return Fail(ErrorCode::kMalformed, "regular expression without two /");
  const std::string_view trigger = text.substr(0, open);
  const std::string_view pattern = text.substr(open + 1, close - open - 1);
  const std::string_view flags = text.substr(close + 1);
  if (trigger.empty()) return Fail(ErrorCode::kMalformed, "regular expression without a trigger");
  if (pattern.empty()) return Fail(ErrorCode::kMalformed, "empty regular expression");
  const Result<Expression> triggers = Expression::Parse(trigger);
  if (!triggers) return Fail(triggers.error().code, "the trigger of the regular expression is no expression");
  if (triggers->max_id() >= index) {
    return Fail(ErrorCode::kMalformed, "the trigger of the regular expression names itself or a later subsignature");
  }
  Regexp regexp;
  DL_TRY(regexp.offset, ParseOffset(offset, target));
  for (const char flag : flags) {
    if (std::string_view("greismxAEU").find(flag) == std::string_view::npos) {
      return Fail(ErrorCode::kMalformed, "a flag of the regular expression that is not one of greismxAEU");
    }
  }
  DL_TRY_STATUS(PerlRegexp::Compile(pattern, flags));
  regexp.trigger = trigger;
  regexp.pattern = pattern;
  regexp.flags = flags;
  return regexp;
}

// The letters in front of the number of bytes: [hdai][lb][e].
struct ByteOptions {
  char base = '\0';
  char endianness = '\0';
  bool is_exact = false;
};
Result<ByteOptions> TakeByteOptions(std::string_view& text) {
  ByteOptions options;
  for (; !text.empty() && !IsDigit(text[0]); text.remove_prefix(1)) {
    const char letter = text[0];
    switch (letter) {
      case 'h':
      case 'd':
      case 'i':
      case 'a':
        if (options.base != '\0' && options.base != letter) {
          return Fail(ErrorCode::kMalformed, "byte comparison: two bases");
        }
        if (letter == 'd' && options.endianness == 'l') {
          return Fail(ErrorCode::kMalformed, "byte comparison: decimal digits are never little-endian");
        }
        options.base = letter;
        if (letter == 'd') options.endianness = 'b';
        break;
      case 'l':
      case 'b':
        if (options.endianness != '\0' && options.endianness != letter) {
          return Fail(ErrorCode::kMalformed, "byte comparison: two byte orders");
        }
        options.endianness = letter;
        break;
      case 'e': options.is_exact = true; break;
      default: return Fail(ErrorCode::kMalformed, "byte comparison: an option that is not one of hdailbe");
    }
  }
  if (text.empty()) return Fail(ErrorCode::kMalformed, "byte comparison: no number of bytes");
  return options;
}

Status ParseComparisons(std::string_view text, std::vector<ByteCompare::Comparison>& comparisons) {
  const auto commas = std::count(text.begin(), text.end(), ',');
  if (commas > 1) return Fail(ErrorCode::kMalformed, "byte comparison: more than two comparisons");
  for (auto i = 0; i <= commas; ++i) {
    const std::size_t comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    ByteCompare::Comparison comparison;
    if (one.empty() || (one[0] != '<' && one[0] != '>' && one[0] != '=')) {
      return Fail(ErrorCode::kMalformed, "byte comparison: an operator that is not <, > or =");
    }
    comparison.op = one[0];
    one.remove_prefix(1);
    comparison.value = ScanInteger(one, 0);
    if (!one.empty()) return Fail(ErrorCode::kMalformed, "byte comparison: a value that is not a number");
    comparisons.push_back(comparison);
  }
  return {};
}

// >>n, <<n, or nothing: bytes behind or before the match.
Result<std::int64_t> ParseDistance(std::string_view text) {
  const bool is_before = text.starts_with("<<");
  if (is_before || text.starts_with(">>")) {
    text.remove_prefix(2);
    const std::int64_t distance = ScanInteger(text, 0);
    if (!text.empty()) return Fail(ErrorCode::kMalformed, "byte comparison: the offset is not a number");
    return is_before ? -std::max(distance, -std::numeric_limits<std::int64_t>::max()) : distance;
  }
  if (text.empty() || text[0] == '0') return 0;
  return Fail(ErrorCode::kMalformed, "byte comparison: the offset does not begin with >> or <<");
}

Result<ByteCompare> ParseByteCompare(std::string_view text) {
  const std::int64_t reference = ScanInteger(text, 10);
  if (!text.starts_with('(') || reference < 0 || reference > kMaxReference) {
    return Fail(ErrorCode::kMalformed, "byte comparison does not begin with the number of a subsignature");
  }
  const std::size_t close = text.find(')');
  if (close == std::string_view::npos) return Fail(ErrorCode::kMalformed, "byte comparison: ( without )");
  std::array<std::string_view, 4> fields;
  if (Split(text.substr(1, close - 1), '#', fields) != 3) {
    return Fail(ErrorCode::kMalformed, "byte comparison without exactly three fields");
  }
  ByteCompare compare;
  compare.reference = static_cast<std::uint32_t>(reference);
  DL_TRY(compare.offset, ParseDistance(fields[0]));
  DL_TRY(const ByteOptions options, TakeByteOptions(fields[1]));
  const std::int64_t bytes = ScanInteger(fields[1], 0);
  if (!fields[1].empty() || bytes < 0)
    return Fail(ErrorCode::kMalformed, "byte comparison: the number of bytes is none");
  const auto count = static_cast<std::uint64_t>(bytes);
  if (options.base == 'i' && (count == 0 || count > kMaxBinaryBytes || kMaxBinaryBytes % count != 0)) {
    return Fail(ErrorCode::kMalformed, "byte comparison: 1, 2, 4 or 8 bytes are possible");
  }
  if (options.base == 'h' && count > kMaxHexDigits) {
    return Fail(ErrorCode::kMalformed, "byte comparison: more than 18 hexadecimal digits");
  }
  if (count > std::numeric_limits<std::uint32_t>::max()) {
    return Fail(ErrorCode::kMalformed, "byte comparison: too many bytes");
  }
  compare.bytes = static_cast<std::uint32_t>(count);
  compare.is_exact = options.is_exact;
  compare.is_little_endian = options.endianness == 'l';
  compare.base = options.base == 'h'   ? ByteCompare::Base::kHex
                 : options.base == 'd' ? ByteCompare::Base::kDecimal
                 : options.base == 'a' ? ByteCompare::Base::kAuto
                                       : ByteCompare::Base::kRaw;
  DL_TRY_STATUS(ParseComparisons(fields[2], compare.comparisons));
  if (options.base == '\0' || options.endianness == '\0') {
    // Taken by clamscan, and never true there.
    compare.bytes = 1;
    compare.base = ByteCompare::Base::kRaw;
    compare.comparisons = {{'<', 0}, {'>', 0}};
  }
  return compare;
}

// fuzzy_img#hash[#distance]
Result<ImageHash> ParseImageHash(std::string_view text) {
  std::array<std::string_view, 3> fields;
  const std::size_t count = Split(text, '#', fields);
  ImageHash image_hash;
  if (!DecodeHex(fields[1], image_hash.hash)) {
    return Fail(ErrorCode::kMalformed, "image hash is not 16 hexadecimal digits");
  }
  if (count == 3) {
    std::string_view distance = fields[2];
    TakePrefix(distance, "+");
    if (distance.empty() || !IsNumber(distance))
      return Fail(ErrorCode::kMalformed, "image hash: distance is not a number");
    if (distance.find_first_not_of('0') != std::string_view::npos) {
      return Fail(ErrorCode::kMalformed, "image hash: only distance 0 is supported");
    }
  }
  return image_hash;
}

// [Offset:]pattern[::modifiers]
Result<BodySubsignature> ParseBody(std::string_view text, std::uint32_t target) {
  const ColonFields fields = SplitOutsideRegexp(text);
  const bool has_offset = fields.count % 2 == 0;
  const std::string_view modifiers = fields.count == 3 || fields.count == 4 ? fields.field[fields.count - 1] : "";
  PatternContext context;
  context.target = target;
  BodySubsignature body;
  DL_TRY(body.patterns, ParseModified(fields.field[has_offset ? 1 : 0], modifiers, context));
  DL_TRY(body.offset, ParseOffset(has_offset ? fields.field[0] : "*", target));
  return body;
}

}  // namespace

Result<Subsignature> ParseSubsignature(std::string_view text, std::uint32_t index, std::uint32_t target,
                                       std::string_view name) {
  Subsignature subsignature;
  if (text.starts_with('$')) {
    subsignature.kind = Subsignature::Kind::kMacro;
    DL_TRY(subsignature.macro, ParseMacro(text));
  } else if (text.find('/') != std::string_view::npos) {
    subsignature.kind = Subsignature::Kind::kRegexp;
    DL_TRY(subsignature.regexp, ParseRegexp(text, index, target, name));
  } else if (text.find('(') != std::string_view::npos && text.find('#') != text.rfind('#')) {
    subsignature.kind = Subsignature::Kind::kByteCompare;
    DL_TRY(subsignature.byte_compare, ParseByteCompare(text));
  } else if (text.starts_with("fuzzy_img#")) {
    subsignature.kind = Subsignature::Kind::kImageHash;
    DL_TRY(subsignature.image_hash, ParseImageHash(text));
  } else {
    DL_TRY(subsignature.body, ParseBody(text, target));
  }
  return subsignature;
}

}  // namespace dl::clamav
