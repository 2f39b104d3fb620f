// systemd.syntax(7), systemd.service(5) "COMMAND LINES", systemd.socket(5), systemd.swap(5).
#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "daylight/extract/packages/line_reader.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

constexpr std::size_t kMaxPrograms = 100;
constexpr std::size_t kMaxWords = 1000;     // Of one command line.
constexpr std::size_t kMaxLine = 1u << 20;  // As systemd's LONG_LINE_MAX.

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::optional<unsigned> Number(std::string_view digits, unsigned base) {
  unsigned value = 0;
  if (digits.empty()) return std::nullopt;
  for (const char c : digits) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                  : 99;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

// What stands behind a backslash, which `rest` begins with; takes it from there.
char Escaped(std::string_view& rest) {
  constexpr std::string_view kNames = "abfnrtvs";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v ";
  if (rest[0] == 'x') {
    if (const auto value = Number(rest.substr(1, 2), 16); value && rest.size() >= 3) {
      rest.remove_prefix(3);
      return static_cast<char>(*value);
    }
  }
  if (const auto value = Number(rest.substr(0, 3), 8); value && *value < 256 && rest.size() >= 3) {
    rest.remove_prefix(3);
    return static_cast<char>(*value);
  }
  const char c = rest[0];
  rest.remove_prefix(1);
  const std::size_t name = kNames.find(c);
  return name == kNames.npos ? c : kValues[name];
}

struct Word {
  std::string text;
  bool is_plain = true;  // Neither quoted nor escaped.
};

// Words as systemd splits a command line: quotation marks, C escapes.
std::vector<Word> SplitWords(std::string_view rest) {
  std::vector<Word> words;
  while (words.size() < kMaxWords) {
    while (!rest.empty() && IsBlank(rest[0])) rest.remove_prefix(1);
    if (rest.empty()) break;
    Word word;
    char quote = 0;
    while (!rest.empty() && (quote != 0 || !IsBlank(rest[0]))) {
      const char c = rest[0];
      rest.remove_prefix(1);
      if (c == '\\' && !rest.empty()) {
        word.is_plain = false;
        word.text += Escaped(rest);
      } else if (c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
        word.is_plain = false;
      } else {
        word.text += c;
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

class Programs {
 public:
  void Clear() { programs_.clear(); }
  void Take(std::string_view command_lines) {
    const std::vector<Word> words = SplitWords(command_lines);
    bool is_first = true;
    bool has_wrapper = false;
    for (const Word& word : words) {
      if (word.is_plain && word.text == ";") {
        is_first = true;
        continue;
      }
      if (is_first) {
        // Whether failures count, which privileges it has, where its name stands.
        std::string_view path = word.text;
        const std::size_t begin = path.find_first_not_of("@-:+!|");
        path = begin == path.npos ? "" : path.substr(begin);
        if (path.empty()) continue;
        is_first = false;
        has_wrapper = IsWrapper(NameOf(path));
        Add(path);
      } else if (has_wrapper) {
        AddPathsIn(word.text);
      }
    }
  }
  std::vector<std::string>& list() { return programs_; }

 private:
  static bool IsWrapper(std::string_view name) {
    constexpr std::array<std::string_view, 8> kWrappers = {"sh",   "bash",   "dash",  "env",
                                                           "nice", "ionice", "nohup", "setsid"};
    return std::find(kWrappers.begin(), kWrappers.end(), name) != kWrappers.end();
  }
  // Of a shell's text: whatever looks like a path.
  void AddPathsIn(std::string_view text) {
    while (!text.empty()) {
      const std::size_t begin = text.find_first_not_of(" \t\n;&|()<>\"'`=$");
      if (begin == text.npos) return;
      text.remove_prefix(begin);
      const std::size_t end = std::min(text.find_first_of(" \t\n;&|()<>\"'`=$"), text.size());
      if (text[0] == '/' && end > 1) Add(text.substr(0, end));
      text.remove_prefix(end);
    }
  }
  void Add(std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    if (path.empty() || programs_.size() == kMaxPrograms) return;
    std::string program = FactText(path);
    if (std::find(programs_.begin(), programs_.end(), program) == programs_.end()) {
      programs_.push_back(std::move(program));
    }
  }

  std::vector<std::string> programs_;
};

class UnitText {
 public:
  // A logical line, its continuations joined to it.
  void Take(std::string_view line) {
    line = Trim(line);
    if (line.starts_with('[')) {
      section_ = line.substr(1, line.find(']') - 1);
      return;
    }
    const std::size_t equals = line.find('=');
    if (equals == line.npos) return;
    const std::string_view key = Trim(line.substr(0, equals));
    const std::string_view value = Trim(line.substr(equals + 1));
    if (section_ == "Unit" && key == "Description") description_ = FactText(value);
    if (!IsExec(key)) return;
    // An empty one takes back what stood before, of its own kind.
    Programs& programs = of_key_[IndexOf(key)];
    if (value.empty()) programs.Clear();
    programs.Take(value);
  }
  report::UnitFact Finish() {
    report::UnitFact fact;
    fact.description = std::move(description_);
    for (Programs& programs : of_key_) {
      for (std::string& program : programs.list()) {
        if (std::find(fact.programs.begin(), fact.programs.end(), program) == fact.programs.end() &&
            fact.programs.size() < kMaxPrograms) {
          fact.programs.push_back(std::move(program));
        }
      }
    }
    return fact;
  }

 private:
  static constexpr std::array<std::string_view, 9> kKeys = {"ExecStart",    "ExecStartPre",  "ExecStartPost",
                                                            "ExecReload",   "ExecStop",      "ExecStopPre",
                                                            "ExecStopPost", "ExecCondition", "ExecReloadPost"};
  static std::size_t IndexOf(std::string_view key) {
    return static_cast<std::size_t>(std::find(kKeys.begin(), kKeys.end(), key) - kKeys.begin());
  }
  bool IsExec(std::string_view key) const {
    return (section_ == "Service" || section_ == "Socket" || section_ == "Mount" || section_ == "Swap") &&
           IndexOf(key) < kKeys.size();
  }

  std::string section_;
  std::string description_;
  std::array<Programs, kKeys.size()> of_key_;
};

}  // namespace

void ReadUnit(ObjectSource& file, const report::FactPlace& place, Facts& facts) {
  constexpr std::uint64_t kMaxUnitBytes = 16u << 20;
  LineReader lines(file, kMaxLine);
  UnitText text;
  std::string joined;
  bool is_continued = false;
  bool is_told = false;
  while (const auto line = lines.Next()) {
    if (lines.bytes() > kMaxUnitBytes) {
      facts.Unread(place, unpack::kTooLarge, "a unit larger than systemd reads");
      break;
    }
    const std::string_view bare = Trim(*line);
    // Comments within a continued line are passed over, and it goes on.
    if (bare.starts_with('#') || bare.starts_with(';')) continue;
    if (bare.empty() && !is_continued) continue;
    std::string_view piece = *line;
    const bool goes_on = piece.ends_with('\\') && !lines.was_cut();
    if (goes_on) piece.remove_suffix(1);
    if (joined.size() + piece.size() > kMaxLine) {
      if (!std::exchange(is_told, true)) facts.Unread(place, unpack::kUnsupported, "a line longer than systemd reads");
      piece = {};
    }
    joined.append(piece);
    is_continued = goes_on;
    if (goes_on) {
      joined += ' ';
      continue;
    }
    text.Take(joined);
    joined.clear();
  }
  if (!joined.empty()) text.Take(joined);
  if (lines.failed()) facts.Unread(place, unpack::kDamaged, "it cannot be read to its end");
  report::UnitFact fact = text.Finish();
  fact.place = place;
  fact.name = FactText(NameOf(place.path));
  facts.Add(std::move(fact));
}

}  // namespace dl::extract
