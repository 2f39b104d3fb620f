#include "daylight/report/fields.h"

// Each value has one function for both directions; the two overloads at the
// end of the file only choose the direction.
namespace dl::report {

// Not in an unnamed namespace: kEach finds the overloads behind it by their
// arguments' namespace, and that look-up does not see into an unnamed one.
static constexpr auto kName = [](auto& io, auto& text) -> Status { return io.Text(text, kMaxNameBytes); };
static constexpr auto kText = [](auto& io, auto& text) -> Status { return io.Text(text, kMaxTextBytes); };

template <typename Io>
static Status Visit(Io& io, Of<Io, MetaValue>& meta) {
  DL_TRY_STATUS(io.Text(meta.key, kMaxNameBytes));
  DL_TRY_STATUS(io.Enum(meta.kind, MetaValue::Kind::kFloat));
  DL_TRY_STATUS(io.Text(meta.text, kMaxTextBytes));
  DL_TRY_STATUS(io.Number(meta.integer));
  return io.Number(meta.real);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, MatchedString>& match) {
  DL_TRY_STATUS(io.Text(match.id, kMaxNameBytes));
  DL_TRY_STATUS(io.Number(match.offset));
  DL_TRY_STATUS(io.Number(match.length));
  DL_TRY_STATUS(io.Text(match.data, kMaxDataBytes));
  return io.Flag(match.data_truncated);
}

static constexpr auto kEach = [](auto& io, auto& item) -> Status { return Visit(io, item); };

template <typename Io>
static Status Visit(Io& io, Of<Io, Detection>& detection) {
  DL_TRY_STATUS(io.Text(detection.engine, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(detection.rule, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(detection.name_space, kMaxNameBytes));
  DL_TRY_STATUS(io.List(detection.tags, kMaxShortListItems, kName));
  DL_TRY_STATUS(io.List(detection.metas, kMaxShortListItems, kEach));
  DL_TRY_STATUS(io.Text(detection.source, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(detection.licence, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(detection.object, kMaxPathBytes));
  DL_TRY_STATUS(io.List(detection.strings, kMaxListItems, kEach));
  DL_TRY_STATUS(io.Flag(detection.strings_truncated));
  return io.Flag(detection.official);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, Incomplete>& incomplete) {
  DL_TRY_STATUS(io.Text(incomplete.object, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(incomplete.reason, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(incomplete.detail, kMaxTextBytes));
  return io.Text(incomplete.container, kMaxNameBytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ObjectReport>& report) {
  DL_TRY_STATUS(io.Enum(report.verdict, Verdict::kFailed));
  DL_TRY_STATUS(io.Number(report.size));
  DL_TRY_STATUS(io.Digest(report.sha256));
  DL_TRY_STATUS(io.List(report.detections, kMaxListItems, kEach));
  DL_TRY_STATUS(io.List(report.incomplete, kMaxListItems, kEach));
  DL_TRY_STATUS(io.List(report.log, kMaxListItems, kText));
  DL_TRY_STATUS(io.Text(report.failure, kMaxTextBytes));
  return io.List(report.warnings, kMaxListItems, kText);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, DatabaseSummary::Source>& source) {
  DL_TRY_STATUS(io.Text(source.name, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(source.licence, kMaxNameBytes));
  return io.Number(source.rules);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, DatabaseSummary::RuleLine>& rule) {
  DL_TRY_STATUS(io.Text(rule.name_space, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(rule.rule, kMaxNameBytes));
  DL_TRY_STATUS(io.List(rule.tags, kMaxShortListItems, kName));
  DL_TRY_STATUS(io.Text(rule.source, kMaxNameBytes));
  DL_TRY_STATUS(io.Flag(rule.is_private));
  DL_TRY_STATUS(io.Flag(rule.is_global));
  return io.Text(rule.author, kMaxTextBytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, DatabaseSummary::Part>& part) {
  DL_TRY_STATUS(io.Text(part.name, kMaxNameBytes));
  return io.Number(part.bytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, DatabaseSummary::SignatureSource::Count>& count) {
  DL_TRY_STATUS(io.Text(count.kind, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(count.reason, kMaxNameBytes));
  return io.Number(count.count);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, DatabaseSummary::SignatureSource>& source) {
  DL_TRY_STATUS(io.Text(source.name, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(source.licence, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(source.path, kMaxPathBytes));
  DL_TRY_STATUS(io.Digest(source.digest));
  DL_TRY_STATUS(io.List(source.loaded, kMaxShortListItems, kEach));
  return io.List(source.skipped, kMaxShortListItems, kEach);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, DatabaseSummary::Unit>& unit) {
  DL_TRY_STATUS(io.Flag(unit.uses_names));
  return io.Flag(unit.varies);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, DatabaseSummary>& summary) {
  DL_TRY_STATUS(io.List(summary.units, kMaxListItems, kEach));
  DL_TRY_STATUS(io.List(summary.sources, kMaxShortListItems, kEach));
  DL_TRY_STATUS(io.List(summary.signature_sources, kMaxShortListItems, kEach));
  DL_TRY_STATUS(io.List(summary.rules, kMaxListItems, kEach));
  DL_TRY_STATUS(io.List(summary.parts, kMaxListItems, kEach));
  DL_TRY_STATUS(io.Number(summary.patterns));
  return io.Number(summary.bytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ExplainLine>& line) {
  DL_TRY_STATUS(io.Number(line.depth));
  DL_TRY_STATUS(io.Text(line.text, kMaxTextBytes));
  DL_TRY_STATUS(io.Text(line.result, kMaxTextBytes));
  return io.Text(line.detail, kMaxTextBytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ExplainAnswer>& answer) {
  DL_TRY_STATUS(io.Flag(answer.found));
  DL_TRY_STATUS(io.Flag(answer.matched));
  DL_TRY_STATUS(io.Text(answer.rule, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(answer.gate, kMaxTextBytes));
  return io.List(answer.lines, kMaxListItems, kEach);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ProfileLine>& line) {
  DL_TRY_STATUS(io.Text(line.name_space, kMaxProfileNameBytes));
  DL_TRY_STATUS(io.Text(line.rule, kMaxProfileNameBytes));
  DL_TRY_STATUS(io.Text(line.string, kMaxProfileNameBytes));
  DL_TRY_STATUS(io.Number(line.also));
  DL_TRY_STATUS(io.Number(line.count));
  return io.Number(line.ns);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, Profile>& profile) {
  for (const auto number : kProfileNumbers) DL_TRY_STATUS(io.Number(profile.*number));
  DL_TRY_STATUS(io.List(profile.rules, kMaxProfileLines, kEach));
  return io.List(profile.strings, kMaxProfileLines, kEach);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ExternalValue>& value) {
  DL_TRY_STATUS(io.Text(value.name, kMaxNameBytes));
  DL_TRY_STATUS(io.Enum(value.kind, ExternalValue::Kind::kString));
  DL_TRY_STATUS(io.Number(value.integer));
  DL_TRY_STATUS(io.Number(value.real));
  return io.Text(value.text, kMaxTextBytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, RuleTextPlace>& place) {
  DL_TRY_STATUS(io.Text(place.name, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(place.name_space, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(place.identity, kMaxPathBytes));
  DL_TRY_STATUS(io.Number(place.offset));
  return io.Number(place.size);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, CompileMessage>& job) {
  DL_TRY_STATUS(io.Text(job.source_name, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(job.licence, kMaxNameBytes));
  DL_TRY_STATUS(io.List(job.files, kMaxListItems, kEach));
  DL_TRY_STATUS(io.List(job.externals, kMaxShortListItems, kEach));
  DL_TRY_STATUS(io.Flag(job.yara_x));
  DL_TRY_STATUS(io.Flag(job.skip_invalid));
  DL_TRY_STATUS(io.Flag(job.warnings));
  return io.Flag(job.beside_signatures);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ClamavFilePlace>& place) {
  DL_TRY_STATUS(io.Text(place.name, kMaxPathBytes));
  DL_TRY_STATUS(io.Number(place.offset));
  return io.Number(place.size);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, CompileClamavMessage>& job) {
  DL_TRY_STATUS(io.Text(job.source_name, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(job.source_path, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(job.licence, kMaxNameBytes));
  DL_TRY_STATUS(io.Digest(job.source_digest));
  DL_TRY_STATUS(io.List(job.files, kMaxClamavFiles, kEach));
  DL_TRY_STATUS(io.Flag(job.allow_unsigned));
  return io.Flag(job.skip_invalid);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, DiagnosticLine>& line) {
  DL_TRY_STATUS(io.Flag(line.is_error));
  DL_TRY_STATUS(io.Text(line.code, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(line.file, kMaxPathBytes));
  DL_TRY_STATUS(io.Number(line.line));
  DL_TRY_STATUS(io.Number(line.column));
  DL_TRY_STATUS(io.Text(line.message, kMaxTextBytes));
  DL_TRY_STATUS(io.Text(line.rule, kMaxNameBytes));
  return io.Text(line.text, kMaxTextBytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, CompileAnswerMessage>& answer) {
  DL_TRY_STATUS(io.List(answer.diagnostics, kMaxShortListItems, kEach));
  DL_TRY_STATUS(io.Number(answer.rules));
  DL_TRY_STATUS(io.Number(answer.skipped_rules));
  DL_TRY_STATUS(io.Number(answer.signatures));
  return io.Number(answer.database_bytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ModuleDataValue>& data) {
  DL_TRY_STATUS(io.Text(data.module, kMaxNameBytes));
  return io.Text(data.bytes, kMaxDataBytes);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ScanSettings>& settings) {
  DL_TRY_STATUS(io.Flag(settings.list_strings));
  DL_TRY_STATUS(io.Number(settings.max_strings));
  DL_TRY_STATUS(io.Number(settings.max_string_bytes));
  DL_TRY_STATUS(io.Flag(settings.hash_all));
  DL_TRY_STATUS(io.Flag(settings.profile));
  DL_TRY_STATUS(io.Flag(settings.pua));
  DL_TRY_STATUS(io.Number(settings.now));
  DL_TRY_STATUS(io.Number(settings.budget.max_object_bytes));
  DL_TRY_STATUS(io.Number(settings.budget.max_total_bytes));
  DL_TRY_STATUS(io.Number(settings.budget.max_depth));
  DL_TRY_STATUS(io.Number(settings.budget.max_children));
  DL_TRY_STATUS(io.Number(settings.budget.timeout_ms));
  DL_TRY_STATUS(io.List(settings.externals, kMaxShortListItems, kEach));
  DL_TRY_STATUS(io.List(settings.module_data, kMaxShortListItems, kEach));
  return io.List(settings.passwords, kMaxShortListItems, kText);
}

template <typename Io>
static Status Visit(Io& io, Of<Io, ScanObject>& object) {
  DL_TRY_STATUS(io.Number(object.sequence));
  DL_TRY_STATUS(io.Number(object.size));
  DL_TRY_STATUS(io.Text(object.names.object, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(object.names.filename, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(object.names.filepath, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(object.names.extension, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(object.names.filetype, kMaxNameBytes));
  DL_TRY_STATUS(io.Text(object.names.owner, kMaxNameBytes));
  return io.Number(object.skip_units);
}

#define DL_FIELDS(Type)                                                                       \
  Status Fields(FieldWriter& io, const Type& value) { return Visit<FieldWriter>(io, value); } \
  Status Fields(FieldReader& io, Type& value) { return Visit<FieldReader>(io, value); }
DL_FIELDS(ObjectReport)
DL_FIELDS(DatabaseSummary)
DL_FIELDS(ExplainAnswer)
DL_FIELDS(Profile)
DL_FIELDS(CompileMessage)
DL_FIELDS(CompileClamavMessage)
DL_FIELDS(CompileAnswerMessage)
DL_FIELDS(ExternalValue)
DL_FIELDS(ScanSettings)
DL_FIELDS(ScanObject)
#undef DL_FIELDS

}  // namespace dl::report
