#include "daylight/scan/compile_clamav.h"

#include <algorithm>

#include "daylight/rules/clamav/compiler.h"
#include "daylight/rules/yara/codegen.h"
#include "daylight/rules/yara/parser.h"

namespace dl::scan {

namespace {

report::DiagnosticLine ToLine(const clamav::Problem& problem) {
  report::DiagnosticLine line;
  line.is_error = problem.is_error;
  line.code = problem.is_error ? "E650" : "W650";
  line.file = problem.file;
  line.line = problem.line;
  line.message = problem.message;
  line.text = std::string(problem.is_error ? "error[" : "warning[") + line.code + "]: " + problem.message + "\n";
  if (!problem.file.empty()) {
    line.text += "  --> " + problem.file;
    if (problem.line != 0) line.text += ":" + std::to_string(problem.line);
    line.text += "\n";
  }
  return line;
}

std::string_view BaseName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// What later files' signatures are held against comes first.
int OrderOf(std::string_view path) {
  switch (clamav::KindOf(BaseName(path))) {
    case clamav::FileKind::kIgn:
    case clamav::FileKind::kIgn2: return 0;
    default: return 1;
  }
}

// Rules that do not compile are left out, as clamscan does.
void CompileYara(const std::vector<clamav::Compiler::YaraFile>& files, const ClamavJob& job, database::Writer& writer,
                 ClamavAnswer& answer) {
  yara::ParserOptions options;
  options.warnings = false;
  yara::Parser parser(std::move(options), nullptr);
  for (const auto& file : files) parser.AddFile(file.name, file.text, "YARA", "");
  const yara::Compilation compilation = parser.Finish();
  for (const yara::Diagnostic& diagnostic : parser.diagnostics()) {
    answer.diagnostics.push_back(ToLine({false, diagnostic.file, diagnostic.line, "left out: " + diagnostic.message}));
  }
  const Status status = yara::GenerateCode(
      compilation,
      {.source_name = job.source_name, .source_licence = job.licence, .dialect = yara::Dialect::kYara, .stride = 1},
      writer, 1);
  if (status) {
    answer.signatures += compilation.rules.size();
  } else {
    answer.diagnostics.push_back(ToLine({true, "", 0, std::string(status.error().what)}));
    answer.failed = true;
  }
}

}  // namespace

ClamavAnswer CompileClamav(const ClamavJob& job, database::Writer& writer) {
  clamav::CompilerSettings settings;
  settings.source_name = job.source_name;
  settings.licence = job.licence;
  settings.source_path = job.source_path;
  // Marked, and left out when scanning unless they are asked for.
  settings.read.pua = true;
  settings.read.allow_unsigned = job.allow_unsigned;
  settings.read.keys = job.signing_keys;
  settings.source_digest = job.source_digest;
  clamav::Compiler compiler(std::move(settings));
  std::vector<const ClamavJob::File*> files;
  for (const ClamavJob::File& file : job.files) files.push_back(&file);
  std::stable_sort(files.begin(), files.end(), [](const ClamavJob::File* a, const ClamavJob::File* b) {
    return OrderOf(a->name) < OrderOf(b->name);
  });
  for (const ClamavJob::File* file : files) compiler.AddFile(file->name, file->bytes);
  ClamavAnswer answer;
  answer.failed = compiler.has_errors();
  answer.signatures = compiler.signatures();
  if (!answer.failed) {
    if (const Status status = compiler.Finish(writer, 0); !status) {
      answer.failed = true;
      answer.diagnostics.push_back(ToLine({true, "", 0, std::string(status.error().what)}));
    }
  }
  for (const clamav::Problem& problem : compiler.problems()) answer.diagnostics.push_back(ToLine(problem));
  if (!answer.failed && !compiler.yara_files().empty()) CompileYara(compiler.yara_files(), job, writer, answer);
  return answer;
}

}  // namespace dl::scan
