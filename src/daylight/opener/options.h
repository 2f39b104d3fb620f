// What the administrator has decided: the sections [on_access] and [quarantine] of
// daylightd's configuration file. The opener reads them itself, so that whoever has
// taken over the front end cannot change them.
//
//   DL_TRY(...)  LoadOptions("/etc/daylight/daylightd.toml", options, error)
//
// docs/on-access.md says what each is for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dl::opener {

struct OnAccessOptions {
  bool enabled = false;
  // What is watched: mounts, whole file systems, and all below a folder.
  std::vector<std::string> mounts;
  std::vector<std::string> file_systems;
  std::vector<std::string> folders;
  bool containers = false;           // Overlay mounts, wherever they are, and new ones.
  std::vector<std::string> exclude;  // Paths (with all below), or patterns as in os/glob.h.
  // Masks as in os/path_mask.h: which files are left out, and which alone count.
  std::vector<std::string> exclude_masks;
  std::vector<std::string> only_masks;
  std::vector<std::uint32_t> exclude_users;
  std::vector<std::string> exclude_types;  // Of file systems, as in /proc/mounts.
  bool on_open = true;                     // events = ["open", "exec", "close-write"]
  bool on_exec = false;
  bool on_written = true;
  std::uint32_t wait_ms = 5000;
  bool allow_on_timeout = true;      // on_timeout = "allow" | "deny"; also when too many wait.
  bool allow_on_daemon_down = true;  // on_daemon_down
  std::uint32_t max_pending = 4096;
  std::uint32_t max_pending_writes = 1024;
  std::uint32_t kernel_cache_files = 200'000;
  std::uint32_t cache_files = 250'000;
  // Where nothing is kept open, so that it can be unmounted.
  std::vector<std::string> removable = {"/media", "/run/media", "/mnt"};
  // Mount points whose devices are changed by nobody but their file system, though
  // they are loop or network block devices (docs/verdict-cache.md).
  std::vector<std::string> stable_mounts;
  bool operator==(const OnAccessOptions&) const = default;
};

struct QuarantineOptions {
  std::string folder = "/var/lib/daylight/quarantine";
  bool operator==(const QuarantineOptions&) const = default;
};

struct OpenerOptions {
  OnAccessOptions on_access;
  QuarantineOptions quarantine;
  std::string state_folder = "/var/lib/daylight-opener";  // [opener]
  std::string daemon_user = "daylight";
  std::uint32_t max_walks = 16;
  bool walk_as_root = true;  // Else walks with root's rights are refused.
  bool operator==(const OpenerOptions&) const = default;
};

// False with `error` ("line 7: ...") when the text is no TOML, or one of our
// sections has a key that there is none of or a value that makes no sense. Other
// sections are the daemon's.
bool ParseOptions(std::string_view toml, OpenerOptions& options, std::string& error);
// The same of a file; one that is not there is an error too.
bool LoadOptions(const std::string& path, OpenerOptions& options, std::string& error);

}  // namespace dl::opener
