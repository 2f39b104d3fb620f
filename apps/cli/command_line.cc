#include "command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "daylight/os/io.h"
#include "messages.h"

namespace dl::cli {

namespace {

constexpr std::size_t kHelpColumn = 26;
constexpr std::size_t kHelpWidth = 100;
constexpr char kTie = '\x1f';

// Breaks `text` at spaces, so that each line but the first is indented.
std::string Wrap(std::string_view text, std::size_t column) {
  std::string out;
  std::size_t used = column;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (used > column && used + 1 + word.size() > kHelpWidth) {
      out += "\n" + std::string(column, ' ');
      used = column;
    } else if (used > column) {
      out += ' ';
      ++used;
    }
    out += word;
    std::replace(out.end() - static_cast<std::ptrdiff_t>(word.size()), out.end(), kTie, ' ');
    used += word.size();
  }
  return out;
}

class HelpLayout final : public CLI::Formatter {
 public:
  explicit HelpLayout(Positionals positionals) : positionals_(std::move(positionals)) {}

  std::string make_usage(const CLI::App*, std::string name) const override {
    std::string out = "\nUsage: " + name + " [OPTIONS]";
    if (!positionals_.usage.empty()) out += " " + positionals_.usage;
    out += "\n";
    if (!positionals_.help.empty()) out += "\n" + Wrap(positionals_.help, 0) + "\n";
    return out;
  }

  std::string make_option(const CLI::Option* option, bool) const override {
    std::string names;
    for (const std::string& name : option->get_snames()) names += (names.empty() ? "-" : ", -") + name;
    for (const std::string& name : option->get_lnames()) names += (names.empty() ? "--" : ", --") + name;
    const std::string type = option->get_option_text().empty() ? option->get_type_name() : option->get_option_text();
    if (!type.empty()) names += (type.front() == '[' ? "" : " ") + type;
    std::string help = option->get_description();
    // The tie keeps the two words on one line.
    if (!option->get_default_str().empty()) help += std::string(" (default:") + kTie + option->get_default_str() + ")";
    std::string out = "  " + names;
    if (out.size() + 2 > kHelpColumn) {
      out += "\n" + std::string(kHelpColumn, ' ');
    } else {
      out.resize(kHelpColumn, ' ');
    }
    return out + Wrap(help, kHelpColumn) + "\n";
  }

 private:
  Positionals positionals_;
};

// What users of clamscan, yara and ripgrep try first.
struct Habit {
  std::string_view option;
  std::string_view hint;
};
constexpr Habit kHabits[] = {
    {"-r", "folders are always scanned with all that is in them"},
    {"--recursive", "folders are always scanned with all that is in them"},
    {"-i", "only detections are listed, unless --all is given"},
    {"--infected", "only detections are listed, unless --all is given"},
    {"-s", "use --matches"},
    {"--print-strings", "use --matches"},
    {"-j", "use --threads N"},
    {"-p", "use --threads N"},
    {"-w", "warnings go to standard error"},
    {"--database", "use --db FILE, --rules PATH or --clamav PATH"},
    {"--detect-pua", "use --pua"},
    {"--allmatch", "every detection is listed"},
    {"-z", "every detection is listed"},
    {"-f", "use --files-from FILE"},
    {"--file-list", "use --files-from FILE"},
    {"-L", "use --follow"},
    {"--json", "use --format json or --format jsonl"},
};

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// "there is no option X", with what was probably meant.
std::string NoSuchOption(const CLI::App& app, const std::string& given) {
  const std::string said = "there is no option " + given;
  const std::string name = given.substr(0, given.find('='));
  std::string closest;
  std::size_t distance = 3;  // One past what still counts as a slip.
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& known : option->get_lnames()) {
      const std::string full = "--" + known;
      const bool begun = name.size() > 4 && full.starts_with(name);
      const std::size_t d = begun ? 1 : name.size() > 4 && name.size() < 40 ? EditDistance(name, full) : 3;
      if (d < distance) {
        distance = d;
        closest = full;
      }
    }
  }
  if (!closest.empty()) return said + "; did you mean " + closest + "?";
  if (app.get_name() != "daylight scan") return said;
  for (const Habit& habit : kHabits) {
    // Short ones may have their value joined: -j4.
    if (name == habit.option ||
        (habit.option.size() == 2 && name.size() <= 4 && name[1] != '-' && name.starts_with(habit.option))) {
      return said + "; " + std::string(habit.hint);
    }
  }
  return said;
}

std::string Complain(const CLI::App& app, std::string_view problem) {
  return std::string(problem) + " (see " + app.get_name() + " --help)";
}

}  // namespace

std::optional<int> Parse(CLI::App& app, const std::vector<std::string>& arguments, const Positionals& positionals,
                         std::vector<std::string>& values) {
  app.formatter(std::make_shared<HelpLayout>(positionals));
  app.allow_extras();
  app.set_help_flag("-h,--help", "This text");
  // Behind "--" everything is a path.
  const auto stop = std::find(arguments.begin(), arguments.end(), "--");
  // CLI11 takes them last first.
  std::vector<std::string> reversed(std::make_reverse_iterator(stop), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return os::WriteAll(STDOUT_FILENO, app.help()) ? kExitClean : kExitTrouble;
  } catch (const CLI::Error& error) {
    Say(Complain(app, error.what()));
    return kExitTrouble;
  }
  for (const std::string& value : app.remaining()) {
    if (value.size() > 1 && value.front() == '-') {
      Say(Complain(app, NoSuchOption(app, value)));
      return kExitTrouble;
    }
    values.push_back(value);
  }
  if (stop != arguments.end()) values.insert(values.end(), stop + 1, arguments.end());
  if (values.size() < positionals.least || values.size() > positionals.most) {
    Say(Complain(app, "expected " + positionals.usage));
    return kExitTrouble;
  }
  return std::nullopt;
}

CLI::Option* AddList(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                     const std::string& help) {
  return app.add_option(name, values, help)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

CLI::Option* AddChoice(CLI::App& app, const std::string& name, std::string& value,
                       const std::vector<std::string>& choices, const std::string& help) {
  // The validator's own words would stand in the help beside ours.
  return app.add_option(name, value, help)
      ->check(CLI::IsMember(choices).description(""))
      ->type_name("NAME")
      ->capture_default_str();
}

}  // namespace dl::cli
