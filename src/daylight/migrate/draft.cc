#include "daylight/migrate/draft.h"

#include <algorithm>
#include <array>
#include <limits>

#include "daylight/report/escape.h"

namespace dl::migrate {

namespace {

// In the order in which the default file has them.
constexpr std::array<std::string_view, 16> kOrder = {"daemon",   "content",   "workers",    "scan",  "queue",  "spool",
                                                     "clients",  "clamd",     "icap",       "http",  "events", "syslog",
                                                     "schedule", "on_access", "quarantine", "opener"};
// What a walk takes (opener/messages.h, daemon/config).
constexpr std::size_t kMaxPatterns = 48;
constexpr std::size_t kMaxPatternBytes = 256;
constexpr std::size_t kMaxMasks = 512;
constexpr std::size_t kMaxMaskBytesTogether = 16 * 1024;
constexpr std::size_t kMaxShown = 160;

std::string_view KindOf(std::string_view table) { return table.substr(0, table.find('#')); }

bool IsSecret(std::string_view key) {
  std::string lower(key);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (const std::string_view word : {"pass", "token", "secret", "webhook"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

std::string Shown(std::string_view text) {
  std::string shown = report::EscapeLine(text.substr(0, kMaxShown));
  if (text.size() > kMaxShown) shown += "...";
  return shown;
}

}  // namespace

Draft::Draft(const std::vector<Source>& sources) {
  for (const Source& source : sources) {
    first_.push_back(lines_.size());
    for (const report::Setting& setting : source.facts.settings) {
      ReportLine& line = lines_.emplace_back();
      line.file = source.name;
      line.line = setting.line;
      line.section = setting.section;
      line.key = setting.key;
      line.value = setting.value;
    }
    settled_.resize(lines_.size());
    for (const auto& problem : source.facts.problems) {
      ReportLine& line = lines_.emplace_back();
      line.file = source.name;
      line.line = problem.line;
      line.why = "not understood: " + problem.what;
      settled_.push_back(true);
    }
  }
}

void Draft::Take(std::size_t at, std::string to, std::string why) {
  if (at == kNowhere || settled_[at]) return;
  settled_[at] = true;
  lines_[at].outcome = why.empty() ? Outcome::kTaken : Outcome::kTakenDifferently;
  lines_[at].to = std::move(to);
  lines_[at].why = std::move(why);
}

void Draft::TakeWithNote(std::size_t at, std::string to, std::string note) {
  if (at == kNowhere || settled_[at]) return;
  Take(at, std::move(to));
  lines_[at].why = std::move(note);
}

void Draft::Refuse(std::size_t at, std::string why) {
  if (at == kNowhere || settled_[at]) return;
  settled_[at] = true;
  lines_[at].outcome = Outcome::kNotTaken;
  lines_[at].why = std::move(why);
}

Draft::Table& Draft::TableOf(std::string_view name) {
  for (Table& table : tables_) {
    if (table.name == name) return table;
  }
  Table& table = tables_.emplace_back();
  table.name = name;
  const std::string kind(KindOf(name));
  table.title = kind.size() < name.size() ? "[[" + kind + "]]" : "[" + kind + "]";
  return table;
}

Draft::Entry& Draft::EntryOf(std::string_view table, std::string_view key) {
  Table& in = TableOf(table);
  for (Entry& entry : in.entries) {
    if (entry.key == key) return entry;
  }
  in.entries.push_back({std::string(key), false, {}});
  return in.entries.back();
}

std::string Draft::TitleOf(std::string_view table, std::string_view key) {
  return TableOf(table).title + " " + std::string(key);
}

bool Draft::Has(std::string_view table, std::string_view key) const {
  return std::any_of(tables_.begin(), tables_.end(), [&](const Table& in) {
    return in.name == table &&
           std::any_of(in.entries.begin(), in.entries.end(), [&](const Entry& entry) { return entry.key == key; });
  });
}

std::string Draft::Origin(std::size_t at) const {
  const ReportLine& line = lines_[at];
  std::string text = "from " + Shown(line.file);
  if (line.line > 0) text += ":" + std::to_string(line.line);
  text += ":";
  if (!line.section.empty()) text += " [" + Shown(line.section) + "]";
  if (!line.key.empty()) text += " " + Shown(line.key);
  if (!line.value.empty()) text += " = " + (IsSecret(line.key) ? std::string("(not shown)") : Shown(line.value));
  return text;
}

bool Draft::Set(std::string_view table, std::string_view key, const std::string& toml, std::size_t at,
                std::string why) {
  const std::string title = TitleOf(table, key);
  Entry& entry = EntryOf(table, key);
  if (!entry.items.empty() && entry.items.front().toml != toml) {
    Refuse(at, title + " is " + entry.items.front().toml + " already (" + entry.items.front().comment +
                   "), and there is one for all");
    return false;
  }
  if (entry.items.empty()) entry.items.push_back({toml, Origin(at)});
  Take(at, title, std::move(why));
  return true;
}

bool Draft::Add(std::string_view table, std::string_view key, const std::string& toml, std::size_t at, std::string why,
                bool settle) {
  const std::string title = TitleOf(table, key);
  const bool is_masks = key.ends_with("_masks");
  // What the opener reads has no such limits.
  const bool is_limited = KindOf(table) != "on_access" && (is_masks || key == "exclude");
  Entry& entry = EntryOf(table, key);
  entry.is_list = true;
  const bool is_there =
      std::any_of(entry.items.begin(), entry.items.end(), [&](const Item& item) { return item.toml == toml; });
  if (!is_there && is_limited) {
    std::size_t together = toml.size();
    for (const Item& item : entry.items) together += item.toml.size();
    const bool full = is_masks ? entry.items.size() >= kMaxMasks || together > kMaxMaskBytesTogether
                               : entry.items.size() >= kMaxPatterns || toml.size() > kMaxPatternBytes;
    if (full) {
      Refuse(at, title + " can have no more");
      return false;
    }
  }
  if (!is_there) entry.items.push_back({toml, Origin(at)});
  if (settle) Take(at, title, std::move(why));
  return true;
}

void Draft::SetFor(std::string_view table, std::string_view key, const std::string& toml, std::string comment) {
  Entry& entry = EntryOf(table, key);
  if (entry.items.empty()) entry.items.push_back({toml, std::move(comment)});
}

std::string Draft::NewTable(std::string_view kind) {
  for (std::size_t i = 0;; ++i) {
    const std::string name = std::string(kind) + "#" + std::to_string(i);
    const bool is_there = std::any_of(tables_.begin(), tables_.end(), [&](const Table& t) { return t.name == name; });
    if (is_there) continue;
    TableOf(name);
    return name;
  }
}

std::string Draft::UniqueName(std::string_view wanted) {
  std::string name(wanted.empty() ? "imported" : wanted);
  for (std::size_t i = 2; std::find(names_.begin(), names_.end(), name) != names_.end(); ++i) {
    name = std::string(wanted.empty() ? "imported" : wanted) + " " + std::to_string(i);
  }
  names_.push_back(name);
  return name;
}

std::string Draft::ConfigText() const {
  std::string out =
      "# Written by `daylight migrate`. What is not here is as in the default file, which says what each setting is "
      "for.\n"
      "# daylightd --check-config --config FILE says whether it can be used.\n";
  for (const std::string_view kind : kOrder) {
    for (const Table& table : tables_) {
      if (KindOf(table.name) != kind) continue;
      if (std::all_of(table.entries.begin(), table.entries.end(), [](const Entry& e) { return e.items.empty(); }))
        continue;
      out += "\n" + table.title + "\n";
      for (const Entry& entry : table.entries) {
        if (entry.items.empty()) continue;
        if (entry.is_list) {
          out += entry.key + " = [\n";
          for (const Item& item : entry.items) out += "  " + item.toml + ",  # " + item.comment + "\n";
          out += "]\n";
        } else {
          out += "# " + entry.items.front().comment + "\n" + entry.key + " = " + entry.items.front().toml + "\n";
        }
      }
    }
  }
  return out;
}

Migration Draft::Finish(std::vector<FileLine> files) {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (!settled_[i]) Refuse(i, "Daylight does not know this setting");
    if (IsSecret(lines_[i].key) && !lines_[i].value.empty()) lines_[i].value = "(not shown)";
  }
  Migration migration;
  migration.config = ConfigText();
  migration.report.files = std::move(files);
  migration.report.lines = std::move(lines_);
  // In the order of the files' lines; problems stand where they were met.
  std::vector<ReportLine>& lines = migration.report.lines;
  for (std::size_t file = 0; file < first_.size(); ++file) {
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(first_[file]);
    const auto end =
        file + 1 < first_.size() ? lines.begin() + static_cast<std::ptrdiff_t>(first_[file + 1]) : lines.end();
    std::stable_sort(begin, end, [](const ReportLine& a, const ReportLine& b) { return a.line < b.line; });
  }
  return migration;
}

std::optional<std::string> TomlText(std::string_view text) {
  if (!report::IsUtf8(text)) return std::nullopt;
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string TomlFlag(bool value) { return value ? "true" : "false"; }

bool SameWord(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<bool> FlagOf(std::string_view text) {
  for (const std::string_view yes : {"yes", "true", "1", "on"}) {
    if (SameWord(text, yes)) return true;
  }
  for (const std::string_view no : {"no", "false", "0", "off"}) {
    if (SameWord(text, no)) return false;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> NumberOf(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

std::optional<std::uint64_t> ClamdSizeOf(std::string_view text) {
  std::uint64_t factor = 1;
  if (!text.empty()) {
    switch (text.back()) {
      case 'k':
      case 'K': factor = 1024; break;
      case 'm':
      case 'M': factor = 1024 * 1024; break;
      case 'g':
      case 'G': factor = 1024 * 1024 * 1024; break;
      default: break;
    }
  }
  if (factor > 1) text.remove_suffix(1);
  const auto number = NumberOf(text);
  // TOML's numbers are of 63 bits.
  if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor) {
    return std::nullopt;
  }
  return *number * factor;
}

}  // namespace dl::migrate
