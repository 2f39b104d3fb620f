// Logical signatures: Name;Attributes;Expression;Subsignature;Subsignature;...
#include "daylight/rules/clamav/expression.h"
#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr std::size_t kFieldsBefore = 3;

// Fields between semicolons, which may also stand within the /.../ of fields
// behind the second one.
struct LineFields {
  std::array<std::string_view, kFieldsBefore + kMaxSubsignatures + 1> field;
  std::size_t count = 0;
};
void SplitLine(std::string_view line, LineFields& fields) {
  bool is_inside = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i == line.size() || (line[i] == ';' && !is_inside)) {
      fields.field[fields.count++] = line.substr(begin, i - begin);
      begin = i + 1;
      if (fields.count == fields.field.size()) return;
    } else if (line[i] == '/' && fields.count >= 2 && line[i - 1] != '\\') {
      is_inside = !is_inside;
    }
  }
}

}  // namespace

Verdict ReadLogicalLine(const LineContext& context, std::string_view line) {
  LineFields fields;
  SplitLine(line, fields);
  if (fields.count < kFieldsBefore + 1) return Verdict::Malformed("fewer than four fields");
  const Result<Expression> expression = Expression::Parse(fields.field[2]);
  if (!expression) return Verdict::Malformed(expression.error().what);
  const std::size_t count = fields.count - kFieldsBefore;
  if (count > kMaxSubsignatures) return Verdict::Malformed("more than 64 subsignatures");
  if (expression->max_id() + 1 != count) {
    return Verdict::Malformed("the highest subsignature in the expression is not the last one of the line");
  }
  std::string_view why;
  Result<std::optional<Attributes>> attributes = ParseAttributes(fields.field[1], why);
  if (!attributes) return Verdict::Malformed(attributes.error().what);
  if (!*attributes) return Verdict::Skipped(why);
  const std::string_view name = StripName(fields.field[0]);
  if (name.empty()) return Verdict::Malformed("no name");
  LogicalSignature signature;
  signature.subsignatures.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Result<Subsignature> subsignature =
        ParseSubsignature(fields.field[kFieldsBefore + i], i, (*attributes)->target, fields.field[0]);
    if (!subsignature) return Verdict::Malformed(subsignature.error().what, static_cast<int>(i));
    signature.subsignatures.push_back(std::move(*subsignature));
  }
  signature.name = name;
  signature.is_pua = context.is_pua;
  signature.target = (*attributes)->target;
  signature.expression = fields.field[2];
  signature.file_size = (*attributes)->file_size;
  signature.entry_point = (*attributes)->entry_point;
  signature.sections = (*attributes)->sections;
  signature.container = (*attributes)->container;
  signature.intermediates = std::move((*attributes)->intermediates);
  signature.icon_group_1 = (*attributes)->icon_group_1;
  signature.icon_group_2 = (*attributes)->icon_group_2;
  signature.handler_type = (*attributes)->handler_type;
  context.sink.AddLogical(context.kind, line, std::move(signature));
  return {};
}

}  // namespace dl::clamav
