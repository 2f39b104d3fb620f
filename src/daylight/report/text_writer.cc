#include <algorithm>
#include <array>
#include <charconv>

#include "daylight/report/escape.h"
#include "daylight/report/writers.h"

// One line a detection, as `yara` prints it: the rule (`yara -e`: with its
// namespace), a space, the path to the end of the line. A rule's name has no
// space, so the line is cut at the first one. With --all, the other files have
// their verdict in brackets where a rule would stand.
namespace dl::report {

namespace {

class TextWriter final : public Writer {
 public:
  explicit TextWriter(WriterOptions options) : options_(std::move(options)) {}

  void Begin(std::string&) override {}

  void Write(const FileRecord& record, std::string& out) override {
    for (const Detection& detection : record.report.detections) {
      if (!detection.name_space.empty() && detection.name_space != "default") {
        out += EscapeWord(detection.name_space) + ":";
      }
      out += EscapeWord(detection.rule) + " " + EscapeLine(ObjectPath(record.path, detection.object)) + "\n";
      if (options_.list_strings) AppendMatches(detection, out);
    }
    if (options_.all && !options_.quiet && record.report.verdict != Verdict::kDetected) {
      out += "[" + std::string(VerdictName(record.report.verdict)) + "] " + EscapeLine(record.path) + "\n";
    }
  }

  void End(const Summary&, std::string&) override {}

 private:
  // A namespace is a file's stem and may have spaces.
  static std::string EscapeWord(std::string_view word) {
    std::string out = EscapeLine(word);
    std::size_t at = 0;
    while ((at = out.find(' ', at)) != std::string::npos) out.replace(at, 1, "\\x20");
    return out;
  }

  static void AppendMatches(const Detection& detection, std::string& out) {
    for (const MatchedString& match : detection.strings) {
      std::array<char, 16> digits;
      const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), match.offset, 16);
      out += "  0x";
      out.append(digits.data(), end);
      out += ":" + EscapeLine(match.id) + ": " + EscapeData(match.data);
      if (match.data_truncated) out += " ...";
      out += '\n';
    }
    if (detection.strings_truncated) out += "  ... more matches are not listed (--matches=all)\n";
  }

  WriterOptions options_;
};

}  // namespace

std::unique_ptr<Writer> MakeTextWriter(WriterOptions options) {
  return std::make_unique<TextWriter>(std::move(options));
}

}  // namespace dl::report
