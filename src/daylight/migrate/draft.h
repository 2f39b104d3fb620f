// Draft is a migration in the making: the configuration table by table, and what becomes of
// each setting.
//
//   Draft draft(sources);
//   const std::size_t at = draft.IndexOf(file, setting);
//   draft.Set("scan", "max_size", "0", at, "");     // Writes it, and reports it as taken.
//   draft.Refuse(at, "there is nothing like it");
//
// Each setting is settled once, the first time. Not for others: see migration.h.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/migrate/migration.h"

namespace dl::migrate {

inline constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

class Draft {
 public:
  explicit Draft(const std::vector<Source>& sources);

  std::size_t IndexOf(std::size_t file, std::size_t setting) const { return first_[file] + setting; }
  const ReportLine& At(std::size_t at) const { return lines_[at]; }

  // Settle what becomes of a setting. `why`: for people, in a few words; of one that is taken
  // it makes it one that is taken with a difference.
  void Take(std::size_t at, std::string to, std::string why = {});
  // Taken, and there is something to know that is no difference.
  void TakeWithNote(std::size_t at, std::string to, std::string note);
  void Refuse(std::size_t at, std::string why);
  bool IsSettled(std::size_t at) const { return settled_[at]; }

  // Writes a value (as TOML has it), and settles the setting. Where another value is there
  // already, that stays and the setting is refused: false.
  bool Set(std::string_view table, std::string_view key, const std::string& toml, std::size_t at, std::string why = {});
  // The same for one item of a list; what is there already is not written again. False and
  // refused when the list is full. `settle`: false leaves that to others.
  bool Add(std::string_view table, std::string_view key, const std::string& toml, std::size_t at, std::string why = {},
           bool settle = true);
  // Of no setting: because of what `comment` says.
  void SetFor(std::string_view table, std::string_view key, const std::string& toml, std::string comment);
  bool Has(std::string_view table, std::string_view key) const;
  // A further table of this kind ([[schedule]]); its name for the functions above.
  std::string NewTable(std::string_view kind);
  // Schedules must have names of their own.
  std::string UniqueName(std::string_view wanted);

  Migration Finish(std::vector<FileLine> files);

 private:
  struct Item {
    std::string toml;
    std::string comment;
  };
  struct Entry {
    std::string key;
    bool is_list = false;
    std::vector<Item> items;
  };
  struct Table {
    std::string name;   // "scan", "schedule#0"
    std::string title;  // "[scan]", "[[schedule]]"
    std::vector<Entry> entries;
  };
  Table& TableOf(std::string_view name);
  Entry& EntryOf(std::string_view table, std::string_view key);
  std::string TitleOf(std::string_view table, std::string_view key);
  std::string Origin(std::size_t at) const;
  std::string ConfigText() const;

  std::vector<ReportLine> lines_;
  std::vector<std::size_t> first_;  // Of each file, in lines_.
  std::vector<bool> settled_;
  std::deque<Table> tables_;
  std::vector<std::string> names_;
};

// As TOML has it; none for what is not UTF-8, which TOML cannot say.
std::optional<std::string> TomlText(std::string_view text);
std::string TomlFlag(bool value);

// What values say; none for what is none.
std::optional<bool> FlagOf(std::string_view text);  // yes, no, true, false, 1, 0, on, off; any case.
std::optional<std::uint64_t> NumberOf(std::string_view text);
std::optional<std::uint64_t> ClamdSizeOf(std::string_view text);  // "25M"
bool SameWord(std::string_view a, std::string_view b);            // But for case, of ASCII.

// A reason for each of many settings that are treated the same.
struct KnownKey {
  std::string_view key;
  std::string_view why;
};

}  // namespace dl::migrate
