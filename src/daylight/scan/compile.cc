#include "daylight/scan/compile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daylight/rules/clamav/signature_set.h"
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
      {"CHED", "signature counts"},
      {"CINV", "inventory of signatures"},
      {"CNAM", "signature names"},
      {"CNAB", "signature names, index"},
      {"CNAO", "signature names, official ones"},
      {"CSIX", "signatures, index"},
      {"CSIG", "signatures"},
      {"CTRG", "signatures by pattern"},
      {"CALR", "signatures without a pattern, index"},
      {"CALW", "signatures without a pattern"},
      {"CMAR", "macro groups, index"},
      {"CMAC", "macro groups"},
      {"CCDB", "container signatures"},
      {"CLIN", "other signature lines"},
  };
  std::string code(4, ' ');
  for (std::size_t i = 0; i < 4; ++i) code[i] = static_cast<char>((static_cast<std::uint32_t>(kind) >> (8 * i)) & 0xff);
  for (const auto& [known, name] : kNames) {
    if (known == code) return std::string(name);
  }
  // Tables of digests: a section for what they are of and for each kind of digest.
  static constexpr std::string_view kDigestsOf[] = {"files", "sections", "imports", "allowed files"};
  const auto of = static_cast<std::size_t>(code[2] - '0');
  if (code[0] == 'C' && of < std::size(kDigestsOf) && code[3] >= '0' && code[3] <= '9') {
    const std::string digests = "digests of " + std::string(kDigestsOf[of]);
    if (code[1] == 'D') return digests;
    if (code[1] == 'G') return digests + ", sizes";
    if (code[1] == 'N') return digests + ", names";
  }
  for (char& c : code) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return code;
}

report::DatabaseSummary::SignatureSource Describe(const clamav::SignatureSet& set, clamav::Inventory inventory) {
  report::DatabaseSummary::SignatureSource source;
  source.name = std::move(inventory.source_name);
  source.licence = std::move(inventory.licence);
  source.path = std::move(inventory.path);
  source.digest.emplace();
  std::copy(std::begin(set.head().source_digest), std::end(set.head().source_digest), source.digest->begin());
  for (auto& one : inventory.loaded) source.loaded.push_back({std::move(one.kind), "", one.count});
  for (auto& one : inventory.skipped) {
    source.skipped.push_back({std::move(one.kind), std::move(one.reason), one.count});
  }
  return source;
}

void AddRules(const yara::RuleSet& rules, report::DatabaseSummary& summary) {
  report::DatabaseSummary::Source source;
  source.name = rules.text(rules.head().source_name);
  source.licence = rules.text(rules.head().source_licence);
  source.rules = static_cast<std::uint32_t>(rules.rules().size());
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const yara::RuleRecord& record = rules.rules()[i];
    report::DatabaseSummary::RuleLine line;
    line.name_space = rules.text(rules.namespaces()[record.name_space]);
    line.rule = rules.text(record.identifier);
    line.source = source.name;
    line.is_private = (record.flags & yara::kRulePrivate) != 0;
    line.is_global = (record.flags & yara::kRuleGlobal) != 0;
    for (const yara::TextRef& tag : rules.tags().Range(record.tags.first, record.tags.count)) {
      line.tags.emplace_back(rules.text(tag));
    }
    for (const yara::MetaRecord& meta : rules.metas().Range(record.metas.first, record.metas.count)) {
      if (rules.text(meta.key) == "author") line.author = rules.text(meta.text);
    }
    summary.rules.push_back(std::move(line));
  }
  summary.patterns += rules.head().pattern_count;
  summary.sources.push_back(std::move(source));
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
                                               .dialect = job.yara_x ? yara::Dialect::kYaraX : yara::Dialect::kYara,
                                               .stride = job.beside_signatures ? 1u : 2u},
                                              writer, 0);
  if (!generated) {
    AddFailure(answer, generated.error().what);
    return answer;
  }
  const std::vector<std::byte> bytes = writer.Finish();
  answer.database = AsText(bytes);
  return answer;
}

namespace {

report::DatabaseSummary::Unit NeedsOf(const yara::RuleSet& rules) {
  report::DatabaseSummary::Unit unit;
  for (std::size_t i = 0; i < rules.nodes().size(); ++i) {
    const yara::NodeRecord& node = rules.nodes()[i];
    if (static_cast<yara::Op>(node.op) != yara::Op::kExternal || node.index >= rules.externals().size()) continue;
    const std::string_view name = rules.text(rules.externals()[node.index].name);
    // `filetype` follows from the bytes.
    if (name == "filename" || name == "filepath" || name == "extension" || name == "owner") unit.uses_names = true;
  }
  for (std::uint32_t i = 0; i < rules.module_count(); ++i) {
    const yara::ModuleInfo* module = rules.module(i);
    // `magic` reads a database of the machine's.
    if (module->name == "time" || module->name == "magic" || module->name == "console") unit.varies = true;
  }
  return unit;
}

}  // namespace

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
  // They want to share the database; this one is only borrowed.
  const std::shared_ptr<const database::Database> borrowed(&database, [](const database::Database*) {});
  for (std::uint32_t unit = 0; unit < database.unit_count(); ++unit) {
    if (clamav::SignatureSet::IsIn(database, unit)) {
      DL_TRY(const auto set, clamav::SignatureSet::Open(borrowed, unit));
      DL_TRY(clamav::Inventory inventory, set->LoadInventory());
      summary.signature_sources.push_back(Describe(*set, std::move(inventory)));
      summary.patterns += set->matcher().pattern_count();
      summary.units.emplace_back();
    } else {
      DL_TRY(const auto rules, yara::RuleSet::Open(borrowed, unit));
      summary.units.push_back(NeedsOf(*rules));
      AddRules(*rules, summary);
    }
  }
  return summary;
}

}  // namespace dl::scan
