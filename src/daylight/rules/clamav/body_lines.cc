// Body signatures: Name=pattern (.db) and Name:Target:Offset:pattern[:least
// level[:greatest level]] (.ndb, .sdb).
#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/pattern_parser.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr std::int32_t kTargets = 15;

Verdict AddBody(const LineContext& context, std::string_view line, std::string_view name, std::uint32_t target,
                std::string_view offset, std::string_view text) {
  PatternContext pattern_context;
  pattern_context.target = target;
  Result<Pattern> pattern = ParsePlain(text, offset, pattern_context);
  if (!pattern) return Verdict::Malformed(pattern.error().what);
  const Result<Offset> parsed_offset = ParseOffset(offset, target);
  if (!parsed_offset) return Verdict::Malformed(parsed_offset.error().what);
  name = StripName(name);
  if (name.empty()) return Verdict::Malformed("no name");
  LogicalSignature signature;
  signature.name = name;
  signature.is_pua = context.is_pua;
  signature.target = target;
  signature.expression = "0";
  signature.is_plain = true;
  BodySubsignature& body = signature.subsignatures.emplace_back().body;
  body.offset = *parsed_offset;
  body.patterns.push_back(std::move(*pattern));
  context.sink.AddLogical(context.kind, line, std::move(signature));
  return {};
}

}  // namespace

Verdict ReadOldBodyLine(const LineContext& context, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return Verdict::Malformed("no = between name and pattern");
  const std::string_view pattern = line.substr(equals + 1);
  if (pattern.starts_with('=')) return Verdict::Skipped("== in place of =");
  return AddBody(context, line, line.substr(0, equals), 0, "*", pattern);
}

Verdict ReadBodyLine(const LineContext& context, std::string_view line) {
  std::array<std::string_view, 7> fields;
  const std::size_t count = Split(line, ':', fields);
  if (count < 4) return Verdict::Malformed("fewer than four fields");
  if (count > 6) return Verdict::Malformed("more than six fields");
  if (count > 4) {
    if (!IsNumber(fields[4])) return Verdict::Malformed("the least functionality level is not a number");
    if (AtoiUnsigned(fields[4]) > kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
    if (count == 6) {
      if (!IsNumber(fields[5])) return Verdict::Malformed("the greatest functionality level is not a number");
      if (AtoiUnsigned(fields[5]) < kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
    }
  }
  if (fields[1] != "*" && !IsNumber(fields[1])) return Verdict::Malformed("target is neither * nor a number");
  const std::int32_t target = fields[1] == "*" ? 0 : Atoi(fields[1]);
  if (target < 0 || target >= kTargets) return Verdict::Skipped("target type that does not exist");
  return AddBody(context, line, fields[0], static_cast<std::uint32_t>(target), fields[2], fields[3]);
}

}  // namespace dl::clamav
