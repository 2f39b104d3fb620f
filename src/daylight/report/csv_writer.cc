#include "daylight/report/escape.h"
#include "daylight/report/writers.h"

// RFC 4180, one row a detection; what stayed unread and what failed have rows
// too. Cells are escaped as in text output, so a row is one line; a cell that a
// spreadsheet would take for a formula has an apostrophe before it.
namespace dl::report {

namespace {

struct Row {
  std::string_view verdict, engine, rule, name_space, source, licence, reason;
  std::string object;
};

class CsvWriter final : public Writer {
 public:
  explicit CsvWriter(WriterOptions options) : options_(std::move(options)) {}

  void Begin(std::string& out) override {
    out += "path,verdict,engine,rule,namespace,object,source,licence,size,sha256,reason,path_b64\r\n";
  }

  void Write(const FileRecord& record, std::string& out) override {
    const ObjectReport& report = record.report;
    const std::string_view verdict = VerdictName(report.verdict);
    for (const Detection& detection : report.detections) {
      AppendRow(record,
                {.verdict = verdict,
                 .engine = detection.engine,
                 .rule = detection.rule,
                 .name_space = detection.name_space,
                 .source = detection.source,
                 .licence = detection.licence,
                 .reason = {},
                 .object = detection.object},
                out);
    }
    if (options_.quiet) return;
    for (const Incomplete& incomplete : report.incomplete) {
      AppendRow(record, PlainRow("incomplete", incomplete.reason, incomplete.object), out);
    }
    if (report.verdict == Verdict::kFailed) AppendRow(record, PlainRow(verdict, report.failure, ""), out);
    if (report.verdict == Verdict::kClean && options_.all) AppendRow(record, PlainRow(verdict, "", ""), out);
  }

  void End(const Summary& summary, std::string& out) override {
    if (summary.without_walls) out += ",sandbox,,,,,,,,,none,\r\n";
    if (summary.interrupted) out += ",interrupted,,,,,,,,,interrupted,\r\n";
  }

 private:
  static Row PlainRow(std::string_view verdict, std::string_view reason, std::string_view object) {
    return {.verdict = verdict,
            .engine = {},
            .rule = {},
            .name_space = {},
            .source = {},
            .licence = {},
            .reason = reason,
            .object = std::string(object)};
  }

  static void AppendRow(const FileRecord& record, const Row& row, std::string& out) {
    const auto& sha256 = record.report.sha256;
    const std::string size = std::to_string(record.report.size);
    const std::string digest = sha256 ? HexDigest(*sha256) : "";
    const std::string exact = IsUtf8(record.path) ? "" : Base64(record.path);
    const std::string_view cells[] = {record.path, row.verdict, row.engine, row.rule, row.name_space, row.object,
                                      row.source,  row.licence, size,       digest,   row.reason,     exact};
    bool first = true;
    for (const std::string_view cell : cells) {
      if (!first) out += ',';
      first = false;
      AppendCsvCell(out, cell);
    }
    out += "\r\n";
  }

  WriterOptions options_;
};

}  // namespace

std::unique_ptr<Writer> MakeCsvWriter(WriterOptions options) { return std::make_unique<CsvWriter>(std::move(options)); }

}  // namespace dl::report
