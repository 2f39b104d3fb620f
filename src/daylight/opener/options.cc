#include "daylight/opener/options.h"

#include <vector>

#include "daylight/config/document.h"
#include "daylight/os/io.h"
#include "daylight/os/path_mask.h"

namespace dl::opener {

namespace {

using config::Section;

// "allow" or "deny".
void TakeChoice(Section& section, std::string_view key, bool& allow) {
  std::size_t place = allow ? 0 : 1;
  section.Choice(key, {"allow", "deny"}, place);
  allow = place == 0;
}

void TakeMasks(Section& section, std::string_view key, std::vector<std::string>& masks) {
  section.Texts(key, masks, "masks");
  for (const std::string& mask : masks) {
    if (const auto parsed = os::PathMask::Parse(mask); !parsed) section.Refuse(key, std::string(parsed.error().what));
  }
}

void TakeEvents(Section& section, OnAccessOptions& options) {
  if (!section.Has("events")) return;
  std::vector<std::string> events;
  section.Texts("events", events, "\"open\", \"exec\", \"close-write\"");
  const auto take = [&](std::string_view name) { return std::erase(events, name) > 0; };
  options.on_open = take("open");
  options.on_exec = take("exec");
  options.on_written = take("close-write");
  if (!events.empty()) section.Refuse("events", "knows \"open\", \"exec\" and \"close-write\" only");
}

void TakeOnAccess(Section section, OnAccessOptions& options) {
  section.Flag("enabled", options.enabled);
  section.Paths("mounts", options.mounts);
  section.Paths("file_systems", options.file_systems);
  section.Paths("folders", options.folders);
  section.Flag("containers", options.containers);
  section.Texts("exclude", options.exclude, "paths and patterns");
  TakeMasks(section, "exclude_masks", options.exclude_masks);
  TakeMasks(section, "only_masks", options.only_masks);
  section.Numbers("exclude_users", options.exclude_users, "user numbers");
  section.Texts("exclude_types", options.exclude_types, "types of file systems");
  TakeEvents(section, options);
  section.Number("wait_ms", options.wait_ms, 10, 600'000);
  TakeChoice(section, "on_timeout", options.allow_on_timeout);
  TakeChoice(section, "on_daemon_down", options.allow_on_daemon_down);
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
  config::Document document(text);
  TakeOnAccess(document.Table("on_access"), options.on_access);
  Section quarantine = document.Table("quarantine");
  quarantine.Path("folder", options.quarantine.folder);  // Its other keys are the daemon's to check.
  Section opener = document.Table("opener");
  opener.Path("state_folder", options.state_folder);
  opener.Text("daemon_user", options.daemon_user);
  opener.Flag("walk_as_root", options.walk_as_root);
  opener.Number("max_walks", options.max_walks, 1, 256);
  opener.Finish();
  if (!document.errors().empty()) error = document.errors().front();
  return error.empty();
}

bool LoadOptions(const std::string& path, OpenerOptions& options, std::string& error) {
  const auto text = config::ReadConfiguration(path);
  if (!text) {
    error = "cannot read the configuration: " + os::Describe(text.error());
    return false;
  }
  return ParseOptions(*text, options, error);
}

}  // namespace dl::opener
