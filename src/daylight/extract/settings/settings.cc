#include "daylight/extract/settings/settings.h"

#include <algorithm>

#include "daylight/extract/settings/readers.h"

namespace dl::extract {

namespace {

using report::SettingsFormat;

constexpr std::uint64_t kMaxSettingBytesTogether = 32u << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// What the lines look like, whoever wrote them.
struct Look {
  std::size_t sections = 0;  // [Name]
  std::size_t assigned = 0;  // Key=Value, Key.item_0000 = Value
  std::size_t shell = 0;     // key=value, as shells write it: no blank before "=".
  std::size_t words = 0;     // Key Value, with a capital letter.
  std::size_t others = 0;
};

bool IsSection(std::string_view line) { return line.size() > 2 && line.front() == '[' && line.back() == ']'; }

void LookAt(std::string_view line, Look& look) {
  if (IsSection(line)) {
    ++look.sections;
    return;
  }
  std::string_view word = line;
  if (word.starts_with("export ")) word = TrimBlanks(word.substr(7));
  std::size_t length = 0;
  while (length < word.size() && (IsNameByte(word[length]) || word[length] == '.')) ++length;
  const std::string_view name = word.substr(0, length);
  const std::string_view behind = word.substr(length);
  const bool capital = !name.empty() && name.front() >= 'A' && name.front() <= 'Z';
  if (name.empty() || !IsNameStart(name.front())) {
    ++look.others;
  } else if (TrimBlanks(behind).starts_with('=')) {
    const bool as_shell = behind.front() == '=' && !capital && name.find('.') == std::string_view::npos;
    ++(as_shell ? look.shell : look.assigned);
  } else if (capital && name.find('.') == std::string_view::npos && (behind.empty() || IsBlank(behind.front()))) {
    ++look.words;
  } else {
    ++look.others;
  }
}

SettingsFormat FormatOf(std::string_view text) {
  Look look;
  LineReader lines(text);
  std::string_view line;
  for (bool first = true; lines.Next(line);) {
    line = TrimBlanks(line);
    if (line.empty()) continue;
    // No other of the formats begins so.
    if (first && line.front() == '{') return SettingsFormat::kJson;
    first = false;
    if (line.front() == '#' || line.front() == ';') continue;
    LookAt(line, look);
  }
  if (look.sections > 0) return SettingsFormat::kIni;
  const std::size_t most = std::max({look.assigned, look.shell, look.words, look.others});
  if (most == 0) return SettingsFormat::kUnknown;
  // A shell's file has many lines besides its assignments.
  if (look.shell > 0 && look.shell >= look.assigned && look.shell >= look.words) return SettingsFormat::kShell;
  if (look.assigned > 0 && look.assigned >= look.words) return SettingsFormat::kIni;
  return most == look.words ? SettingsFormat::kClamd : SettingsFormat::kList;
}

}  // namespace

bool Collector::Add(std::string_view section, std::string_view key, std::string value, std::uint32_t line) {
  if (facts_.cut) return false;
  if (section.size() + key.size() > kMaxSettingBytes || value.size() > kMaxSettingBytes) {
    Problem(line, "longer than any setting is");
    return !facts_.cut;
  }
  bytes_ += section.size() + key.size() + value.size();
  if (facts_.settings.size() >= kMaxSettings || bytes_ > kMaxSettingBytesTogether) {
    facts_.cut = true;
    return false;
  }
  facts_.settings.push_back({std::string(section), std::string(key), std::move(value), line});
  return true;
}

void Collector::Problem(std::uint32_t line, std::string what) {
  if (facts_.problems.size() >= kMaxSettingProblems) {
    facts_.cut = true;
    return;
  }
  facts_.problems.push_back({line, std::move(what)});
}

bool LineReader::Next(std::string_view& line) {
  if (ended_ || rest_.empty()) return false;
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  if (end == std::string_view::npos) {
    ended_ = true;
  } else {
    rest_.remove_prefix(end + 1);
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++number_;
  return true;
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameByte(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }

void ReadSettings(ObjectSource& source, report::SettingsFacts& facts) {
  facts = {};
  Collector collector(facts);
  const auto bytes = source.Whole(kMaxSettingsBytes);
  if (!bytes) {
    const bool large = bytes.error().code == ErrorCode::kBudget;
    collector.Problem(0, large ? "larger than any settings file is" : "it cannot be read");
    facts.cut = true;
    return;
  }
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return collector.Problem(1, "UTF-16: save it as UTF-8");
  }
  if (text.find('\0') != std::string_view::npos) return collector.Problem(0, "no text: it has bytes of zero");
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  facts.format = FormatOf(text);
  switch (facts.format) {
    case SettingsFormat::kIni: return ReadIni(text, collector);
    case SettingsFormat::kJson: return ReadJson(text, collector);
    case SettingsFormat::kClamd: return ReadClamd(text, collector);
    case SettingsFormat::kShell: return ReadShell(text, collector);
    case SettingsFormat::kList: return ReadList(text, collector);
    case SettingsFormat::kUnknown: return;  // Nothing in it but comments.
  }
}

}  // namespace dl::extract
