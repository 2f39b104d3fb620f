#include "daylight/opener/options.h"

#include <algorithm>
#include <limits>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "daylight/os/io.h"
#include "daylight/report/escape.h"

namespace dl::opener {

namespace {

constexpr std::uint64_t kMaxConfigBytes = 4u << 20;
constexpr std::size_t kMaxItems = 4096;

// Takes the keys of one section one by one; what is left over is an error.
class Section {
 public:
  Section(const toml::table& root, std::string_view name, std::string& error) : name_(name), error_(error) {
    const toml::node* const node = root.get(name);
    if (node == nullptr) return;
    table_ = node->as_table();
    if (table_ == nullptr) Refuse(*node, "must be a table: [" + name_ + "]");
  }

  void Flag(std::string_view key, bool& value) {
    const toml::node* const node = Find(key);
    if (node == nullptr) return;
    if (const auto got = node->value_exact<bool>()) {
      value = *got;
    } else {
      Refuse(*node, std::string(key) + " must be true or false");
    }
  }
  void Number(std::string_view key, std::uint32_t& value, std::int64_t least, std::int64_t most) {
    const toml::node* const node = Find(key);
    if (node == nullptr) return;
    const auto got = node->value_exact<std::int64_t>();
    if (got && *got >= least && *got <= most) {
      value = static_cast<std::uint32_t>(*got);
    } else {
      Refuse(*node,
             std::string(key) + " must be a number from " + std::to_string(least) + " to " + std::to_string(most));
    }
  }
  void Text(std::string_view key, std::string& value) {
    const toml::node* const node = Find(key);
    if (node == nullptr) return;
    if (const auto got = node->value_exact<std::string>()) {
      value = *got;
    } else {
      Refuse(*node, std::string(key) + " must be a text");
    }
  }
  void Path(std::string_view key, std::string& value) {
    Text(key, value);
    if (!value.starts_with('/') && Find(key) != nullptr)
      Refuse(*Find(key), std::string(key) + " must be an absolute path");
  }
  // "allow" or "deny".
  void Choice(std::string_view key, bool& allow) {
    std::string text = allow ? "allow" : "deny";
    Text(key, text);
    if (text != "allow" && text != "deny" && Find(key) != nullptr) {
      Refuse(*Find(key), std::string(key) + " must be \"allow\" or \"deny\"");
    }
    allow = text == "allow";
  }
  template <typename T>
  bool List(std::string_view key, std::vector<T>& values, std::string_view what) {
    using Toml = std::conditional_t<std::is_integral_v<T>, std::int64_t, std::string>;
    const toml::node* const node = Find(key);
    if (node == nullptr) return false;
    const toml::array* const array = node->as_array();
    if (array == nullptr || array->size() > kMaxItems) {
      Refuse(*node, std::string(key) + " must be a list of " + std::string(what));
      return false;
    }
    values.clear();
    for (const toml::node& item : *array) {
      const auto got = item.value_exact<Toml>();
      if constexpr (std::is_integral_v<T>) {
        if (got && *got >= 0 && *got < std::int64_t{std::numeric_limits<T>::max()}) {
          values.push_back(static_cast<T>(*got));
          continue;
        }
      } else if (got) {
        values.push_back(*got);
        continue;
      }
      Refuse(item, std::string(key) + " must be a list of " + std::string(what));
    }
    return true;
  }
  void Paths(std::string_view key, std::vector<std::string>& values) {
    if (!List(key, values, "absolute paths")) return;
    for (std::string& value : values) {
      if (!value.starts_with('/')) Refuse(*Find(key), std::string(key) + " must be a list of absolute paths");
      while (value.size() > 1 && value.ends_with('/')) value.pop_back();
    }
  }
  const toml::node* Find(std::string_view key) {
    known_.emplace_back(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  void Refuse(const toml::node& node, const std::string& why) {
    if (error_.empty()) error_ = "line " + std::to_string(node.source().begin.line) + ": " + why;
  }
  void Finish() {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
      if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
      if (error_.empty()) {
        error_ = "line " + std::to_string(key.source().begin.line) + ": [" + name_ + "] has no key " +
                 report::EscapeLine(key.str());
      }
    }
  }

 private:
  std::string name_;
  std::string& error_;
  const toml::table* table_ = nullptr;
  std::vector<std::string> known_;
};

void TakeEvents(Section& section, OnAccessOptions& options) {
  std::vector<std::string> events;
  if (!section.List("events", events, "\"open\", \"exec\", \"close-write\"")) return;
  const auto take = [&](std::string_view name) { return std::erase(events, name) > 0; };
  options.on_open = take("open");
  options.on_exec = take("exec");
  options.on_written = take("close-write");
  if (!events.empty()) {
    section.Refuse(*section.Find("events"), "events knows \"open\", \"exec\" and \"close-write\" only");
  }
}

void TakeOnAccess(const toml::table& root, OnAccessOptions& options, std::string& error) {
  Section section(root, "on_access", error);
  section.Flag("enabled", options.enabled);
  section.Paths("mounts", options.mounts);
  section.Paths("file_systems", options.file_systems);
  section.Paths("folders", options.folders);
  section.Flag("containers", options.containers);
  section.List("exclude", options.exclude, "paths and patterns");
  section.List("exclude_users", options.exclude_users, "user numbers");
  section.List("exclude_types", options.exclude_types, "types of file systems");
  TakeEvents(section, options);
  section.Number("wait_ms", options.wait_ms, 10, 600'000);
  section.Choice("on_timeout", options.allow_on_timeout);
  section.Choice("on_daemon_down", options.allow_on_daemon_down);
  section.Number("max_pending", options.max_pending, 1, 65'536);
  section.Number("max_pending_writes", options.max_pending_writes, 1, 65'536);
  section.Number("kernel_cache_files", options.kernel_cache_files, 0, 1'000'000);
  section.Number("cache_files", options.cache_files, 0, 16'000'000);
  section.Paths("removable", options.removable);
  section.Paths("stable_mounts", options.stable_mounts);
  section.Finish();
}

}  // namespace

bool ParseOptions(std::string_view text, OpenerOptions& options, std::string& error) {
  error.clear();
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    error = "line " + std::to_string(parsed.error().source().begin.line) + ": " +
            report::EscapeLine(parsed.error().description());
    return false;
  }
  const toml::table& root = parsed.table();
  TakeOnAccess(root, options.on_access, error);
  Section quarantine(root, "quarantine", error);
  quarantine.Path("folder", options.quarantine.folder);  // Its other keys are the daemon's to check.
  Section opener(root, "opener", error);
  opener.Path("state_folder", options.state_folder);
  opener.Text("daemon_user", options.daemon_user);
  opener.Flag("walk_as_root", options.walk_as_root);
  opener.Number("max_walks", options.max_walks, 1, 256);
  opener.Finish();
  return error.empty();
}

bool LoadOptions(const std::string& path, OpenerOptions& options, std::string& error) {
  const auto text = os::ReadFile(path, kMaxConfigBytes);
  if (!text) {
    error = "cannot read the configuration: " + os::Describe(text.error());
    return false;
  }
  return ParseOptions(*text, options, error);
}

}  // namespace dl::opener
