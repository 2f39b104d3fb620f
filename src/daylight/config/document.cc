#include "daylight/config/document.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <limits>
#include <list>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "daylight/os/io.h"
#include "daylight/report/escape.h"

namespace dl::config {

namespace {

constexpr std::uint64_t kMaxBytes = 4u << 20;
constexpr std::size_t kMaxItems = 65536;
constexpr std::size_t kMaxErrors = 50;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Unit kSizes[] = {
    {"", 1},
    {"B", 1},
    {"KiB", std::uint64_t{1} << 10},
    {"MiB", std::uint64_t{1} << 20},
    {"GiB", std::uint64_t{1} << 30},
    {"TiB", std::uint64_t{1} << 40},
    {"kB", 1000},
    {"MB", 1000 * 1000},
    {"GB", 1000 * 1000 * 1000},
    {"TB", std::uint64_t{1000} * 1000 * 1000 * 1000},
};
constexpr Unit kTimes[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

// "12 MiB": a whole number and a unit.
template <std::size_t N>
std::optional<std::uint64_t> Measured(std::string_view text, const Unit (&units)[N]) {
  std::uint64_t number = 0;
  std::size_t at = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    const auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (number > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  if (at == 0) return std::nullopt;
  while (at < text.size() && text[at] == ' ') ++at;
  for (const Unit& unit : units) {
    if (text.substr(at) != unit.name) continue;
    if (number > std::numeric_limits<std::uint64_t>::max() / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

std::string DurationText(std::chrono::milliseconds value) {
  const auto ms = value.count();
  if (ms % 1000 != 0) return std::to_string(ms) + "ms";
  if (ms % 86'400'000 == 0) return std::to_string(ms / 86'400'000) + "d";
  if (ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
  return std::to_string(ms / 1000) + "s";
}

}  // namespace

struct Section::State {
  std::string name;  // As it is written: "[clamd]".
  const toml::table* table = nullptr;
  std::vector<std::string> known;
  std::vector<std::string>* errors = nullptr;
  std::list<std::shared_ptr<State>>* all = nullptr;

  void Say(const toml::node& node, const std::string& why) { Say(node.source().begin.line, why); }
  void Say(std::size_t line, const std::string& why) {
    if (errors->size() < kMaxErrors) errors->push_back("line " + std::to_string(line) + ": " + why);
  }
  // The name of what stands below: "clamd.key".
  std::string Below(std::string_view key) const {
    const std::size_t brackets = name.rfind("[[", 0) == 0 ? 2 : 1;
    return (name.empty() ? std::string() : name.substr(brackets, name.size() - 2 * brackets) + ".") + std::string(key);
  }
  const toml::node* Find(std::string_view key) {
    if (std::find(known.begin(), known.end(), key) == known.end()) known.emplace_back(key);
    return table == nullptr ? nullptr : table->get(key);
  }
};

struct Document::Impl {
  toml::parse_result parsed;
  std::vector<std::string> errors;
  std::list<std::shared_ptr<Section::State>> sections;
  std::shared_ptr<Section::State> root;

  explicit Impl(std::string_view text) : parsed(toml::parse(text)) {
    root = std::make_shared<Section::State>();
    root->errors = &errors;
    root->all = &sections;
    sections.push_back(root);
    if (parsed) {
      root->table = &parsed.table();
    } else {
      root->Say(parsed.error().source().begin.line, report::EscapeLine(parsed.error().description()));
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
};

bool Section::exists() const { return state_->table != nullptr; }

bool Section::Has(std::string_view key) const { return state_->table != nullptr && state_->table->get(key) != nullptr; }

void Section::Refuse(std::string_view key, const std::string& why) {
  if (const toml::node* const node = state_->Find(key)) return state_->Say(*node, std::string(key) + " " + why);
  state_->Say(state_->table != nullptr ? state_->table->source().begin.line : 1,
              state_->name + ": " + std::string(key) + " " + why);
}

void Section::Flag(std::string_view key, bool& value) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  if (const auto got = node->value_exact<bool>()) {
    value = *got;
  } else {
    Refuse(key, "must be true or false");
  }
}

void Section::Number(std::string_view key, std::uint32_t& value, std::uint32_t least, std::uint32_t most) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  const auto got = node->value_exact<std::int64_t>();
  if (got && *got >= std::int64_t{least} && *got <= std::int64_t{most}) {
    value = static_cast<std::uint32_t>(*got);
  } else {
    Refuse(key, "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
}

void Section::Fraction(std::string_view key, double& value) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  const auto whole = node->value_exact<std::int64_t>();
  const double got = whole ? static_cast<double>(*whole) : node->value_exact<double>().value_or(-1);
  // Also false for what is no number.
  if (got >= 0 && got <= 1) {
    value = got;
  } else {
    Refuse(key, "must be a number from 0 to 1");
  }
}

void Section::Size(std::string_view key, std::uint64_t& value) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  if (const auto number = node->value_exact<std::int64_t>(); number && *number >= 0) {
    value = static_cast<std::uint64_t>(*number);
    return;
  }
  const auto text = node->value_exact<std::string>();
  const auto got = text ? Measured(*text, kSizes) : std::nullopt;
  if (got) {
    value = *got;
  } else {
    Refuse(key, "must be a size such as 4096 or \"100 MiB\"");
  }
}

void Section::Duration(std::string_view key, std::chrono::milliseconds& value, std::chrono::milliseconds least,
                       std::chrono::milliseconds most) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  const auto text = node->value_exact<std::string>();
  const auto got = text ? Measured(*text, kTimes) : std::nullopt;
  if (got && *got >= static_cast<std::uint64_t>(least.count()) && *got <= static_cast<std::uint64_t>(most.count())) {
    value = std::chrono::milliseconds(static_cast<std::int64_t>(*got));
  } else {
    Refuse(key, "must be a time such as \"30s\" or \"5m\", from " + DurationText(least) + " to " + DurationText(most));
  }
}

void Section::Text(std::string_view key, std::string& value) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  if (const auto got = node->value_exact<std::string>()) {
    value = *got;
  } else {
    Refuse(key, "must be a text");
  }
}

void Section::Path(std::string_view key, std::string& value, bool may_be_empty) {
  std::string text = value;
  Text(key, text);
  if (!Has(key)) return;
  if (text.empty() ? !may_be_empty : text.front() != '/') return Refuse(key, "must be an absolute path");
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  value = std::move(text);
}

void Section::Texts(std::string_view key, std::vector<std::string>& values, std::string_view what) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  const toml::array* const array = node->as_array();
  std::vector<std::string> taken;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto got = (*array)[i].value_exact<std::string>();
    if (!got || i >= kMaxItems) return Refuse(key, "must be a list of " + std::string(what));
    taken.push_back(*got);
  }
  if (array == nullptr) return Refuse(key, "must be a list of " + std::string(what));
  values = std::move(taken);
}

void Section::Paths(std::string_view key, std::vector<std::string>& values) {
  std::vector<std::string> taken = values;
  Texts(key, taken, "absolute paths");
  if (!Has(key)) return;
  for (std::string& path : taken) {
    if (path.empty() || path.front() != '/') return Refuse(key, "must be a list of absolute paths");
    while (path.size() > 1 && path.back() == '/') path.pop_back();
  }
  values = std::move(taken);
}

void Section::Numbers(std::string_view key, std::vector<std::uint32_t>& values, std::string_view what) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  const toml::array* const array = node->as_array();
  std::vector<std::uint32_t> taken;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto got = (*array)[i].value_exact<std::int64_t>();
    if (!got || *got < 0 || *got >= std::int64_t{std::numeric_limits<std::uint32_t>::max()} || i >= kMaxItems) {
      return Refuse(key, "must be a list of " + std::string(what));
    }
    taken.push_back(static_cast<std::uint32_t>(*got));
  }
  if (array == nullptr) return Refuse(key, "must be a list of " + std::string(what));
  values = std::move(taken);
}

void Section::Choice(std::string_view key, std::initializer_list<std::string_view> names, std::size_t& place) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  const auto got = node->value_exact<std::string>();
  const auto found = got ? std::find(names.begin(), names.end(), *got) : names.end();
  if (found != names.end()) {
    place = static_cast<std::size_t>(found - names.begin());
    return;
  }
  std::string list;
  for (const std::string_view name : names) {
    if (!list.empty()) list += name == *(names.end() - 1) ? " or " : ", ";
    list += '"' + std::string(name) + '"';
  }
  Refuse(key, "must be " + list);
}

void Section::Mode(std::string_view key, std::uint32_t& value) {
  std::string text;
  Text(key, text);
  if (!Has(key)) return;
  const bool is_octal = text.size() >= 3 && text.size() <= 4 && text.find_first_not_of("01234567") == std::string::npos;
  if (!is_octal) return Refuse(key, "must be access bits such as \"0660\"");
  value = static_cast<std::uint32_t>(std::stoul(text, nullptr, 8)) & 0777;
}

void Section::Date(std::string_view key, std::int64_t& value) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  std::tm tm{};
  toml::time_offset offset;
  bool has_offset = false;
  const auto set_date = [&](const toml::date& date) {
    tm.tm_year = date.year - 1900;
    tm.tm_mon = date.month - 1;
    tm.tm_mday = date.day;
  };
  if (const auto date = node->value_exact<toml::date>()) {
    set_date(*date);
  } else if (const auto moment = node->value_exact<toml::date_time>()) {
    set_date(moment->date);
    tm.tm_hour = moment->time.hour;
    tm.tm_min = moment->time.minute;
    tm.tm_sec = moment->time.second;
    has_offset = moment->offset.has_value();
    if (has_offset) offset = *moment->offset;
  } else {
    return Refuse(key, "must be a date such as 2027-01-31");
  }
  tm.tm_isdst = -1;
  value = has_offset ? std::int64_t{::timegm(&tm)} - std::int64_t{offset.minutes} * 60 : std::int64_t{::mktime(&tm)};
}

void Section::Finish() {
  if (state_->table == nullptr) return;
  for (const auto& [key, node] : *state_->table) {
    if (std::find(state_->known.begin(), state_->known.end(), key.str()) != state_->known.end()) continue;
    const std::string name = report::EscapeLine(key.str());
    state_->Say(key.source().begin.line,
                state_->name.empty() ? "there is no section or key " + name : state_->name + " has no key " + name);
  }
}

void Section::DateText(std::string_view key, std::string& value) {
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return;
  if (const auto date = node->value_exact<toml::date>()) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04u-%02u-%02u", unsigned{date->year}, unsigned{date->month},
                  unsigned{date->day});
    value = text.data();
  } else if (const auto got = node->value_exact<std::string>()) {
    value = *got;
  } else {
    Refuse(key, "must be a date such as 2027-01-31");
  }
}

std::size_t Section::Line(std::string_view key) const {
  if (state_->table == nullptr) return 1;
  const toml::node* const node = key.empty() ? nullptr : state_->table->get(key);
  return node != nullptr ? node->source().begin.line : state_->table->source().begin.line;
}

Section Section::Table(std::string_view key) {
  auto state = std::make_shared<State>();
  state->name = "[" + state_->Below(key) + "]";
  state->errors = state_->errors;
  state->all = state_->all;
  if (const toml::node* const node = state_->Find(key)) {
    state->table = node->as_table();
    if (state->table == nullptr) Refuse(key, "must be a table: " + state->name);
  }
  state_->all->push_back(state);
  return Section(std::move(state));
}

std::vector<Section> Section::Tables(std::string_view key) {
  std::vector<Section> sections;
  const toml::node* const node = state_->Find(key);
  if (node == nullptr) return sections;
  const std::string name = state_->Below(key);
  const toml::array* const array = node->as_array();
  if (array == nullptr || array->size() > kMaxItems || !array->is_homogeneous(toml::node_type::table)) {
    state_->Say(*node, name + " must be tables: [[" + name + "]]");
    return sections;
  }
  for (const toml::node& item : *array) {
    auto state = std::make_shared<State>();
    state->name = "[[" + name + "]]";
    state->errors = state_->errors;
    state->all = state_->all;
    state->table = item.as_table();
    state_->all->push_back(state);
    sections.push_back(Section(std::move(state)));
  }
  return sections;
}

Document::Document(std::string_view text) : impl_(std::make_unique<Impl>(text)) {}
Document::~Document() = default;

Section Document::Root() { return Section(impl_->root); }

Section Document::Table(std::string_view name) { return Root().Table(name); }

std::vector<Section> Document::Tables(std::string_view name) { return Root().Tables(name); }

void Document::Pass(std::string_view name) { impl_->root->Find(name); }

void Document::Finish() {
  for (const auto& section : impl_->sections) Section(section).Finish();
}

const std::vector<std::string>& Document::errors() const { return impl_->errors; }

Result<std::string> ReadConfiguration(const std::string& path) { return os::ReadFile(path, kMaxBytes); }

}  // namespace dl::config
