#include "daylight/scan/compile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daylight/rules/yara/codegen.h"
#include "daylight/rules/yara/rule_set.h"

namespace dl::scan {

namespace {

yara::External ToExternal(const report::ExternalValue& value) {
  yara::External external;
  external.name = value.name;
  external.integer = value.integer;
  external.real = value.real;
  external.text = value.text;
  switch (value.kind) {
    case report::ExternalValue::Kind::kInteger: external.type = yara::TypeKind::kInteger; break;
    case report::ExternalValue::Kind::kFloat: external.type = yara::TypeKind::kFloat; break;
    case report::ExternalValue::Kind::kBoolean: external.type = yara::TypeKind::kBoolean; break;
    case report::ExternalValue::Kind::kString: external.type = yara::TypeKind::kString; break;
  }
  return external;
}

report::DiagnosticLine ToLine(const yara::Diagnostic& diagnostic) {
  report::DiagnosticLine line;
  line.is_error = diagnostic.severity == yara::Severity::kError;
  line.code = diagnostic.code;
  line.file = diagnostic.file;
  line.line = diagnostic.line;
  line.column = diagnostic.column;
  line.message = diagnostic.message;
  line.rule = diagnostic.rule;
  line.text = yara::FormatDiagnostic(diagnostic);
  return line;
}

void AddFailure(report::CompileAnswer& answer, std::string_view what) {
  report::DiagnosticLine line;
  line.is_error = true;
  line.code = "E699";
  line.message = what;
  line.text = "error[E699]: " + std::string(what) + "\n";
  answer.diagnostics.push_back(std::move(line));
}

// What `rules list` calls a section; docs/formats/database.md has them all.
std::string PartName(database::SectionKind kind) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"YTXT", "texts"},
      {"YRUL", "rules"},
      {"YSTR", "strings"},
      {"YMET", "metadata"},
      {"YCOD", "conditions"},
      {"YLST", "condition lists"},
      {"YPRG", "expressions of conditions"},
      {"YSZC", "size gates"},
      {"YUSE", "rules by pattern"},
      {"YUSI", "rules by pattern, index"},
      {"MPAT", "patterns"},
      {"MSUB", "pattern forms"},
      {"MBIT", "prefilter"},
      {"MSLT", "atom table"},
      {"MATM", "atoms"},
      {"MTXT", "pattern bytes"},
      {"MPRG", "automata"},
      {"MCHN", "chains"},
      {"YTAG", "tags"},
      {"YNSP", "namespaces"},
      {"YEXT", "external variables"},
      {"YMOD", "modules"},
      {"YREX", "expressions of conditions, index"},
      {"YANC", "strings at a place"},
      {"YGRP", "magic gates"},
      {"YMAG", "magic bytes"},
      {"YALW", "rules without strings"},
      {"YHED", "rule counts"},
      {"MHDR", "pattern counts"},
      {"MGRP", "pattern groups"},
      {"MEVY", "patterns without atoms"},
  };
  std::string code(4, ' ');
  for (std::size_t i = 0; i < 4; ++i) code[i] = static_cast<char>((static_cast<std::uint32_t>(kind) >> (8 * i)) & 0xff);
  for (const auto& [known, name] : kNames) {
    if (known == code) return std::string(name);
  }
  for (char& c : code) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return code;
}

}  // namespace

report::CompileAnswer Compile(const report::CompileJob& job, yara::IncludeResolver* includes) {
  yara::ParserOptions options;
  options.dialect = job.yara_x ? yara::Dialect::kYaraX : yara::Dialect::kYara;
  options.warnings = job.warnings;
  for (const report::ExternalValue& value : job.externals) options.externals.push_back(ToExternal(value));
  yara::Parser parser(std::move(options), includes);
  for (const report::RuleText& file : job.files) {
    parser.AddFile(file.name, file.text, file.name_space, file.identity);
  }
  const yara::Compilation compilation = parser.Finish();

  report::CompileAnswer answer;
  for (const yara::Diagnostic& diagnostic : parser.diagnostics()) answer.diagnostics.push_back(ToLine(diagnostic));
  answer.rules = static_cast<std::uint32_t>(compilation.rules.size());
  std::set<std::pair<std::string, std::string>> skipped;
  for (const report::DiagnosticLine& line : answer.diagnostics) {
    if (line.is_error && !line.rule.empty()) skipped.emplace(line.file, line.rule);
  }
  answer.skipped_rules = static_cast<std::uint32_t>(skipped.size());
  if (parser.has_errors() && !job.skip_invalid) return answer;
  database::Writer writer;
  const Status generated = yara::GenerateCode(compilation,
                                              {.source_name = job.source_name,
                                               .source_licence = job.licence,
                                               .dialect = job.yara_x ? yara::Dialect::kYaraX : yara::Dialect::kYara},
                                              writer, 0);
  if (!generated) {
    AddFailure(answer, generated.error().what);
    return answer;
  }
  const std::vector<std::byte> bytes = writer.Finish();
  answer.database = AsText(bytes);
  return answer;
}

Result<report::DatabaseSummary> Summarize(const database::Database& database) {
  report::DatabaseSummary summary;
  summary.bytes = database.file().size();
  for (const database::SectionInfo& section : database.sections()) {
    const std::string name = PartName(section.kind);
    const auto known =
        std::find_if(summary.parts.begin(), summary.parts.end(), [&](const auto& part) { return part.name == name; });
    if (known == summary.parts.end()) {
      summary.parts.push_back({name, section.size});
    } else {
      known->bytes += section.size;
    }
  }
  std::erase_if(summary.parts, [](const auto& part) { return part.bytes == 0; });
  std::stable_sort(summary.parts.begin(), summary.parts.end(),
                   [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  // RuleSet wants to share the database; this one is only borrowed.
  const std::shared_ptr<const database::Database> borrowed(&database, [](const database::Database*) {});
  for (std::uint32_t unit = 0; unit < database.unit_count(); ++unit) {
    DL_TRY(const auto rules, yara::RuleSet::Open(borrowed, unit));
    report::DatabaseSummary::Source source;
    source.name = rules->text(rules->head().source_name);
    source.licence = rules->text(rules->head().source_licence);
    source.rules = static_cast<std::uint32_t>(rules->rules().size());
    for (std::size_t i = 0; i < rules->rules().size(); ++i) {
      const yara::RuleRecord& record = rules->rules()[i];
      report::DatabaseSummary::RuleLine line;
      line.name_space = rules->text(rules->namespaces()[record.name_space]);
      line.rule = rules->text(record.identifier);
      line.source = source.name;
      line.is_private = (record.flags & yara::kRulePrivate) != 0;
      line.is_global = (record.flags & yara::kRuleGlobal) != 0;
      for (const yara::TextRef& tag : rules->tags().Range(record.tags.first, record.tags.count)) {
        line.tags.emplace_back(rules->text(tag));
      }
      for (const yara::MetaRecord& meta : rules->metas().Range(record.metas.first, record.metas.count)) {
        if (rules->text(meta.key) == "author") line.author = rules->text(meta.text);
      }
      summary.rules.push_back(std::move(line));
    }
    summary.patterns += rules->head().pattern_count;
    summary.sources.push_back(std::move(source));
  }
  return summary;
}

}  // namespace dl::scan
