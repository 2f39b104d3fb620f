// maldet: conf.maldet (1.4 to 2.0) and its ignore_* lists.
//
// ignore_paths are extended regular expressions that are searched for in the paths of files
// (grep -E -v); ignore_file_ext are ends of names in any case (find -iname); ignore_inotify
// are parts of paths (2.0), in older versions expressions.
#include <algorithm>

#include "daylight/migrate/products.h"
#include "daylight/migrate/regex_patterns.h"
#include "daylight/os/path_mask.h"
#include "daylight/os/paths.h"

namespace dl::migrate {

namespace {

constexpr std::string_view kMail = "Daylight sends nothing: a [[hook]] can tell somebody";
constexpr std::string_view kUpdates = "there is nothing of maldet to update";
constexpr std::string_view kPriority = "scans by the calendar run with idle priority";
constexpr std::string_view kEngine = "files are read by Daylight's own workers";
constexpr std::string_view kDepth = "files are read whole, as far as [scan] says";
constexpr std::string_view kMonitor = "files are watched through the kernel's fanotify: [on_access]";
constexpr std::string_view kSuspend = "users are never suspended; a [[hook]] can do it";
constexpr std::string_view kRemote = "nothing is ever sent anywhere";
constexpr std::string_view kSigs = "put rules and signatures into [content]";
constexpr std::string_view kLimits =
    "there is one limit for all: [scan] max_size; what is over it is incomplete, not clean";
constexpr std::string_view kOwner = "whose a file is decides nothing about whether it is scanned";
constexpr std::string_view kHook = "a [[hook]] runs a program for each event";
constexpr std::string_view kSession = "events are kept for `daylight events`, as long as [events] says";
constexpr KnownKey kRefused[] = {
    {"email_alert", kMail},
    {"email_addr", kMail},
    {"email_subj", kMail},
    {"email_ignore_clean", kMail},
    {"email_panel_user_alerts", kMail},
    {"email_panel_from", kMail},
    {"email_panel_replyto", kMail},
    {"email_panel_alert_subj", kMail},
    {"email_format", kMail},
    {"smtp_relay", kMail},
    {"smtp_from", kMail},
    {"smtp_user", kMail},
    {"smtp_pass", kMail},
    {"slack_alert", kMail},
    {"slack_subj", kMail},
    {"slack_token", kMail},
    {"slack_channels", kMail},
    {"telegram_alert", kMail},
    {"telegram_bot_token", kMail},
    {"telegram_channel_id", kMail},
    {"telegram_file_caption", kMail},
    {"discord_alert", kMail},
    {"discord_webhook_url", kMail},
    {"digest_interval", kMail},
    {"digest_escalate_hits", kMail},
    {"cron_digest_hook", kMail},
    {"autoupdate_signatures", kUpdates},
    {"autoupdate_version", kUpdates},
    {"autoupdate_version_hashed", kUpdates},
    {"sigup_interval", kUpdates},
    {"cron_prune_days", "daylight quarantine delete --older-than, when you say so; [events] keep"},
    {"scan_days", "schedules scan all files, and know those that were clean"},
    {"import_config_url", kRemote},
    {"import_config_expire", kRemote},
    {"import_custsigs_md5_url", kSigs},
    {"import_custsigs_hex_url", kSigs},
    {"sig_import_md5_url", kSigs},
    {"sig_import_hex_url", kSigs},
    {"sig_import_yara_url", kSigs},
    {"sig_import_sha256_url", kSigs},
    {"sig_import_csig_url", kSigs},
    {"session_legacy_compat", kSession},
    {"scan_progress_log_interval", kSession},
    {"scan_meta_cleanup_age", kSession},
    {"maint_compress_age", kSession},
    {"maint_archive_age", kSession},
    {"scan_max_depth", "folders are walked however deep they are"},
    {"maxdepth", "folders are walked however deep they are"},
    {"scan_min_filesize", "small files are scanned, too"},
    {"minfilesize", "small files are scanned, too"},
    {"scan_max_filesize", kLimits},
    {"maxfilesize", kLimits},
    {"scan_hexdepth", kDepth},
    {"scan_hexfifo", kDepth},
    {"scan_hexfifo_depth", kDepth},
    {"scan_hex_chunk_size", kDepth},
    {"hexdepth", kDepth},
    {"hex_fifo_scan", kDepth},
    {"hex_fifo_depth", kDepth},
    {"scan_hashtype", kEngine},
    {"scan_csig", kEngine},
    {"scan_workers", "there are as many workers as processors: [workers] count"},
    {"scan_clamscan", kEngine},
    {"clamav_scan", kEngine},
    {"scan_yara", kEngine},
    {"scan_yara_scope", kEngine},
    {"scan_yara_timeout", "[scan] timeout, for one file"},
    {"scan_clamd_remote", kEngine},
    {"remote_clamd_config", kEngine},
    {"remote_clamd_max_retry", kEngine},
    {"remote_clamd_retry_sleep", kEngine},
    {"tmpdir_scan", "name the folders under paths of a [[schedule]]"},
    {"scan_user_access", "who may ask is decided by the socket's group: [clamd] group"},
    {"scan_user_access_minuid", "who may ask is decided by the socket's group: [clamd] group"},
    {"public_scan", "who may ask is decided by the socket's group: [clamd] group"},
    {"scan_cpunice", kPriority},
    {"scan_nice", kPriority},
    {"scan_ionice", kPriority},
    {"scan_cpulimit", kPriority},
    {"inotify_cpunice", kPriority},
    {"inotify_nice", kPriority},
    {"inotify_ionice", kPriority},
    {"inotify_cpulimit", kPriority},
    {"scan_ignore_root", kOwner},
    {"scan_ignore_user", kOwner},
    {"scan_ignore_group", kOwner},
    {"monitor_scan_owner_filters", kOwner},
    {"scan_find_timeout", "a scan goes on until it is through"},
    {"scan_export_filelist", kSession},
    {"quarantine_clean", "files are moved into quarantine whole, never changed"},
    {"quar_clean", "files are moved into quarantine whole, never changed"},
    {"quarantine_suspend_user", kSuspend},
    {"quarantine_suspend_user_minuid", kSuspend},
    {"quar_susp", kSuspend},
    {"quar_susp_minuid", kSuspend},
    {"quarantine_on_error", "only what is detected is moved"},
    {"default_monitor_mode", "name the folders in [on_access] folders; homes of users are not known from here"},
    {"monitor_paths_extra", "name the folders in [on_access] folders"},
    {"inotify_docroot", "name the folders in [on_access] folders; only_masks has patterns for homes"},
    {"inotify_webdir", "name the folders in [on_access] folders; only_masks has patterns for homes"},
    {"inotify_minuid", "[on_access] exclude_users, by number"},
    {"inotify_base_watches", kMonitor},
    {"inotify_sleep", kMonitor},
    {"inotify_stime", kMonitor},
    {"inotify_reloadtime", kMonitor},
    {"inotify_verbose", kMonitor},
    {"post_scan_hook", kHook},
    {"post_scan_hook_format", kHook},
    {"post_scan_hook_exec", kHook},
    {"post_scan_hook_timeout", kHook},
    {"post_scan_hook_on", kHook},
    {"post_scan_hook_min_hits", kHook},
    {"string_length_scan", "long words alone are nothing that is told; a rule can say so"},
    {"string_length", "long words alone are nothing that is told; a rule can say so"},
    {"enable_statistic", kRemote},
    {"elk_host", kRemote},
    {"elk_port", kRemote},
    {"elk_index", kRemote},
};
constexpr std::string_view kMapped[] = {"cron_daily_scan", "scan_tmpdir_paths", "tmpdir_paths", "quarantine_hits",
                                        "quar_hits"};

class Maldet {
 public:
  Maldet(const std::vector<Source>& sources, const std::vector<FileLine>& files, Draft& draft)
      : sources_(sources), files_(files), draft_(draft) {}

  void Run() {
    for (std::size_t file = 0; file < sources_.size(); ++file) {
      if (files_[file].product == Product::kMaldet) Configuration(file);
    }
    for (std::size_t file = 0; file < sources_.size(); ++file) {
      if (files_[file].product == Product::kMaldetList) List(file);
    }
  }

 private:
  // The last assignment counts.
  const report::Setting* Find(std::size_t file, std::string_view key, std::size_t& at) const {
    const auto& settings = sources_[file].facts.settings;
    for (std::size_t i = settings.size(); i-- > 0;) {
      if (settings[i].key == key) {
        at = draft_.IndexOf(file, i);
        return &settings[i];
      }
    }
    return nullptr;
  }

  void Configuration(std::size_t file) {
    const auto& settings = sources_[file].facts.settings;
    for (std::size_t i = 0; i < settings.size(); ++i) {
      for (const KnownKey& known : kRefused) {
        if (known.key == settings[i].key) draft_.Refuse(draft_.IndexOf(file, i), std::string(known.why));
      }
    }
    std::size_t at = 0;
    if (const auto* daily = Find(file, "cron_daily_scan", at)) {
      const auto flag = FlagOf(daily->value);
      if (!flag) draft_.Refuse(at, "neither 0 nor 1");
      if (flag && !*flag) draft_.TakeWithNote(at, "", "never so without a [[schedule]]");
      if (flag && *flag && schedule_.empty()) Daily(at);
    }
    for (const char* key : {"scan_tmpdir_paths", "tmpdir_paths"}) {
      if (const auto* paths = Find(file, key, at)) Temporary(paths->value, at);
    }
    for (const char* key : {"quarantine_hits", "quar_hits"}) {
      if (const auto* hits = Find(file, key, at)) {
        const auto flag = FlagOf(hits->value);
        if (!flag) {
          draft_.Refuse(at, "neither 0 nor 1");
          continue;
        }
        if (!schedule_.empty()) draft_.Set(schedule_, "quarantine", TomlFlag(*flag), at);
        draft_.Set("quarantine", "automatic", TomlFlag(*flag), at);
      }
    }
    for (std::size_t i = 0; i < settings.size(); ++i) {
      if (std::find(std::begin(kMapped), std::end(kMapped), settings[i].key) != std::end(kMapped)) {
        draft_.Refuse(draft_.IndexOf(file, i), "assigned again further down");
      }
    }
  }

  void Daily(std::size_t at) {
    schedule_ = draft_.NewTable("schedule");
    draft_.SetFor(schedule_, "name", *TomlText(draft_.UniqueName("maldet daily")), "a name, which each must have");
    draft_.Set(
        schedule_, "when", "\"daily\"", at,
        "all files below /home; there those of the last days in the web folders of the control panel that it finds");
    draft_.Add(schedule_, "paths", "\"/home\"", at, {}, false);
    draft_.SetFor(schedule_, "one_file_system", "false", "find(1) crosses file systems");
  }

  void Temporary(const std::string& value, std::size_t at) {
    if (schedule_.empty()) return draft_.Refuse(at, "cron_daily_scan is not on, so there is no schedule");
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find_first_of(" \t\n"), rest.size());
      const std::string path(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (path.empty()) continue;
      const auto toml = TomlText(path);
      if (!path.starts_with('/') || !toml || path.find_first_of("*?[") != std::string::npos) {
        return draft_.Refuse(at, "no list of absolute paths");
      }
      draft_.Add(schedule_, "paths", *toml, at, {}, false);
    }
    draft_.Take(at, "[[schedule]] paths");
  }

  void List(std::size_t file) {
    const std::string name(os::BaseName(sources_[file].name));
    const auto& settings = sources_[file].facts.settings;
    for (std::size_t i = 0; i < settings.size(); ++i) {
      const std::size_t at = draft_.IndexOf(file, i);
      const std::string& value = settings[i].value;
      if (name.starts_with("ignore_sigs")) {
        draft_.Refuse(at, "names of detections are each product's own: use [[allow]] with Daylight's");
      } else if (name.starts_with("ignore_inotify")) {
        Inotify(value, at);
      } else if (schedule_.empty()) {
        draft_.Refuse(at, "there is no schedule that it could be for: give conf.maldet, with cron_daily_scan, too");
      } else if (name.starts_with("ignore_file_ext")) {
        Extension(value, at);
      } else {
        Patterns(PatternsOf(value, Anchors::kFiles), schedule_, value, at);
      }
    }
  }

  void Patterns(const RegexPatterns& said, const std::string& table, const std::string& value, std::size_t at,
                std::string why = {}) {
    if (!TomlText(value)) return draft_.Refuse(at, "not UTF-8");
    if (!said.problem.empty())
      return draft_.Refuse(at, "an expression that patterns cannot say exactly: " + said.problem);
    const std::string title = table == "on_access" ? "[on_access] " : "[[schedule]] ";
    std::string to;
    for (const std::string& glob : said.globs) {
      if (!draft_.Add(table, "exclude", *TomlText(glob), at, {}, false)) return;
      to = title + "exclude";
      if (why.empty()) why = "a dot that stands for any character stands for one byte";
    }
    for (const std::string& mask : said.masks) {
      if (!draft_.Add(table, "exclude_masks", *TomlText(mask), at, {}, false)) return;
      to = said.globs.empty() ? title + "exclude_masks" : title + "exclude, exclude_masks";
    }
    draft_.Take(at, to, std::move(why));
  }

  // Any case: of letters of ASCII, as find has it in the C locale.
  void Extension(const std::string& value, std::size_t at) {
    std::string mask = "*";
    for (const char c : value) {
      const bool small = c >= 'a' && c <= 'z';
      const bool capital = c >= 'A' && c <= 'Z';
      if (small || capital) {
        const char other = static_cast<char>(small ? c - 'a' + 'A' : c - 'A' + 'a');
        ((mask += '[') += c) += other;
        mask += ']';
      } else {
        mask += c;  // A pattern to find(1), too, with the same `*` and `?` for names.
      }
    }
    const auto toml = TomlText(mask);
    if (value.empty() || value.find_first_of("/[\\") != std::string::npos || !toml || !os::PathMask::Parse(mask)) {
      return draft_.Refuse(at, "no end of a name");
    }
    draft_.Add(schedule_, "exclude_masks", *toml, at);
  }

  void Inotify(const std::string& value, std::size_t at) {
    if (value.find_first_of("^$*+?()[]{}|\\") == std::string::npos) {
      return Patterns(PatternsOfPart(value), "on_access", value, at);
    }
    Patterns(PatternsOf(value, Anchors::kFiles), "on_access", value, at, "taken as an expression, as before version 2");
  }

  const std::vector<Source>& sources_;
  const std::vector<FileLine>& files_;
  Draft& draft_;
  std::string schedule_;
};

}  // namespace

void MapMaldet(const std::vector<Source>& sources, const std::vector<FileLine>& files, Draft& draft) {
  Maldet(sources, files, draft).Run();
}

bool KnowsMaldetVariable(std::string_view key) {
  return std::find(std::begin(kMapped), std::end(kMapped), key) != std::end(kMapped) ||
         std::any_of(std::begin(kRefused), std::end(kRefused), [&](const KnownKey& known) { return known.key == key; });
}

}  // namespace dl::migrate
