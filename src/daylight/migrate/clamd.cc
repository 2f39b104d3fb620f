// clamd.conf(5) and freshclam.conf(5).
#include <algorithm>
#include <array>

#include "daylight/migrate/products.h"
#include "daylight/migrate/regex_patterns.h"
#include "daylight/os/path_mask.h"

namespace dl::migrate {

namespace {

constexpr std::string_view kAlways = "always so";
// Options that say whether clamd does something; `taken`: the value that is Daylight's way.
struct Habit {
  std::string_view key;
  bool taken;
  std::string_view why;  // Of the other value.
};
constexpr Habit kHabits[] = {
    {"FixStaleSocket", true, "a socket that nobody serves is always taken over"},
    {"CrossFilesystems", true, "walks for clients cross file systems"},
    {"FollowDirectorySymlinks", false, "links that are met on the way are never followed"},
    {"FollowFileSymlinks", false, "links that are met on the way are never followed"},
    {"ConcurrentDatabaseReload", true, "clients are always served with the old content until the new one is ready"},
    {"AllowAllMatchScan", true, "ALLMATCHSCAN is always there"},
    {"ScanPE", true, "always looked into"},
    {"ScanELF", true, "always looked into"},
    {"ScanMail", true, "always looked into"},
    {"ScanHTML", true, "always looked into"},
    {"ScanOLE2", true, "always looked into"},
    {"ScanPDF", true, "always looked into"},
    {"ScanSWF", true, "always looked into"},
    {"ScanXMLDOCS", true, "always looked into"},
    {"ScanHWP3", true, "always looked into"},
    {"ScanOneNote", true, "always looked into"},
    {"ScanArchive", true, "always looked into, as far as [scan] says"},
    {"ScanImage", true, "always looked into"},
    {"ScanImageFuzzyHash", true, "always compared"},
    {"ScanPartialMessages", false, "messages in parts are not put together"},
    {"PhishingSignatures", true, "signatures are taken or left by files: [content] clamav"},
    {"PhishingScanURLs", true, "links in mails are always compared with the content's lists"},
    {"StructuredDataDetection", false, "numbers of cards and persons are not looked for"},
    {"AlertBrokenExecutables", false, "a broken file is nothing that is told"},
    {"AlertBrokenMedia", false, "a broken file is nothing that is told"},
    {"AlertOLE2Macros", false, "macros alone are nothing that is told; a rule can say so"},
    {"AlertPhishingSSLMismatch", false, "there is no such check"},
    {"AlertPhishingCloak", false, "there is no such check"},
    {"AlertPartitionIntersection", false, "there is no such check"},
    {"OfficialDatabaseOnly", false, "name the files that you want in [content] clamav"},
    {"ArchiveBlockEncrypted", false, "set [clamd] incomplete, which is for all that stayed unread"},
    {"DetectBrokenExecutables", false, "a broken file is nothing that is told"},
    // Names of the past, which distributions still write.
    {"PreludeEnable", false, "there is no Prelude; [[syslog]] and [[event_file]] tell others"},
    {"PhishingAlwaysBlockSSLMismatch", false, "there is no such check"},
    {"PhishingAlwaysBlockCloak", false, "there is no such check"},
    {"PartitionIntersection", false, "there is no such check"},
    {"OLE2BlockMacros", false, "macros alone are nothing that is told; a rule can say so"},
    {"BlockMax", false, "set [clamd] incomplete, which is for all that stayed unread"},
    {"BytecodeUnsigned", false, "bytecode is never run"},
    {"Debug", false, "there is nothing like it"},
    {"LeaveTemporaryFiles", false, "no files are left"},
    {"ForceToDisk", false, "[spool] decides what is held in memory"},
    {"GenerateMetadataJson", false, "there is nothing like it"},
    {"LogFileUnlock", false, "there is no log file of this kind"},
};

constexpr std::string_view kOwnLog = "messages go to the journal, and events are kept for `daylight events`";
constexpr std::string_view kNoBytecode = "bytecode is never run";
constexpr std::string_view kOwnLimit = "there is no such limit besides those of [scan]";
constexpr std::string_view kNoNumbers = "numbers of cards and persons are not looked for";
constexpr KnownKey kRefused[] = {
    {"Example", "it keeps clamd from starting, and says nothing"},
    {"LogFile", "messages go to the journal; events are kept, and go to files where an [[event_file]] says so"},
    {"LogFileMaxSize", kOwnLog},
    {"LogTime", kOwnLog},
    {"LogClean", "clean files are counted, not listed"},
    {"LogVerbose", kOwnLog},
    {"LogRotate", kOwnLog},
    {"ExtendedDetectionInfo", "events always have size and digest"},
    {"PidFile", "systemd knows the process"},
    {"FailIfCvdOlderThan", "the age of signatures does not keep the daemon from starting"},
    {"MaxConnectionQueueLength", "Backlog= of daylightd.socket"},
    {"StreamMinPort", "STREAM, which needs ports, is not there; INSTREAM is"},
    {"StreamMaxPort", "STREAM, which needs ports, is not there; INSTREAM is"},
    {"MaxThreads", "there are as many workers as processors, which is enough; else [workers] count"},
    {"MaxDirectoryRecursion", "folders are walked however deep they are"},
    {"VirusEvent", "a [[hook]] runs a program with the event on standard input, and never a shell"},
    {"ExitOnOOM", "a worker without memory ends alone, and its file is reported"},
    {"Foreground", "a switch of daylightd: --foreground"},
    {"User", "daylightd has a user of its own: [daemon] user"},
    {"Bytecode", kNoBytecode},
    {"BytecodeSecurity", kNoBytecode},
    {"BytecodeTimeout", kNoBytecode},
    {"BytecodeMode", kNoBytecode},
    {"ExcludePUA", "signatures of PUA are taken all or none: [scan] pua; [[allow]] lets single ones pass"},
    {"IncludePUA", "signatures of PUA are taken all or none: [scan] pua; [[allow]] lets single ones pass"},
    {"HeuristicAlerts", "ClamAV's built-in heuristics are not there, but for those of links in mails"},
    {"HeuristicScanPrecedence", "all that is found is told"},
    {"AlgorithmicDetection", "ClamAV's built-in heuristics are not there, but for those of links in mails"},
    {"StructuredMinCreditCardCount", kNoNumbers},
    {"StructuredCCOnly", kNoNumbers},
    {"StructuredMinSSNCount", kNoNumbers},
    {"StructuredSSNFormatNormal", kNoNumbers},
    {"StructuredSSNFormatStripped", kNoNumbers},
    {"DisableCache", "what was clean a moment ago is remembered for its bytes and content only"},
    {"CacheSize", "what was clean a moment ago is remembered for its bytes and content only"},
    {"MaxEmbeddedPE", kOwnLimit},
    {"MaxHTMLNormalize", kOwnLimit},
    {"MaxHTMLNoTags", kOwnLimit},
    {"MaxScriptNormalize", kOwnLimit},
    {"MaxZipTypeRcg", kOwnLimit},
    {"MaxPartitions", kOwnLimit},
    {"MaxIconsPE", kOwnLimit},
    {"MaxRecHWP3", kOwnLimit},
    {"PCREMatchLimit", "expressions never go back, so they need no limit"},
    {"PCRERecMatchLimit", "expressions never go back, so they need no limit"},
    {"PCREMaxFileSize", kOwnLimit},
    {"OnAccessExcludeUname", "numbers only: put what `id -u NAME` says into [on_access] exclude_users"},
    {"OnAccessMaxFileSize", "there is one limit for all: [scan] max_size"},
    {"OnAccessMaxThreads", "the same workers serve all"},
    {"OnAccessCurlTimeout", "no such connection is needed"},
    {"OnAccessDisableDDD", "folders need no watches of their own"},
    {"OnAccessRetryAttempts", "a scan does not depend on a connection"},
    {"DisableCertCheck", "certificates are compared with the content's lists always"},
    {"PreludeAnalyzerName", "there is no Prelude; [[syslog]] and [[event_file]] tell others"},
    {"ScanOnAccess", "an option of the past; see OnAccessIncludePath"},
    {"StatsEnabled", "nothing is ever sent anywhere"},
    {"StatsPEDisabled", "nothing is ever sent anywhere"},
    {"StatsHostID", "nothing is ever sent anywhere"},
    {"StatsTimeout", "nothing is ever sent anywhere"},
    {"CVDCertsDirectory", "signatures of *.cvd are checked with the key that is built in"},
    {"FIPSCryptoHashLimits", "there is nothing like it"},
};

constexpr std::string_view kMapped[] = {
    "LogSyslog",
    "LogFacility",
    "TemporaryDirectory",
    "DatabaseDirectory",
    "LocalSocket",
    "LocalSocketGroup",
    "LocalSocketMode",
    "TCPSocket",
    "TCPAddr",
    "StreamMaxLength",
    "ReadTimeout",
    "CommandReadTimeout",
    "SendBufTimeout",
    "MaxQueue",
    "IdleTimeout",
    "ExcludePath",
    "SelfCheck",
    "DetectPUA",
    "AlertEncrypted",
    "AlertEncryptedArchive",
    "AlertEncryptedDoc",
    "AlertExceedsMax",
    "MaxScanTime",
    "MaxScanSize",
    "MaxFileSize",
    "MaxRecursion",
    "MaxFiles",
    "OnAccessIncludePath",
    "OnAccessExcludePath",
    "OnAccessExcludeRootUID",
    "OnAccessExcludeUID",
    "OnAccessMountPath",
    "OnAccessPrevention",
    "OnAccessDenyOnError",
    "OnAccessExtraScanning",
};

constexpr std::string_view kFreshclamStays = "freshclam goes on filling the folder; Daylight reads what it puts there";
constexpr std::string_view kFreshclam[] = {
    "Example",
    "LogFileMaxSize",
    "LogTime",
    "LogSyslog",
    "LogFacility",
    "LogVerbose",
    "LogRotate",
    "PidFile",
    "Foreground",
    "Debug",
    "UpdateLogFile",
    "DatabaseOwner",
    "Checks",
    "DNSDatabaseInfo",
    "DatabaseMirror",
    "PrivateMirror",
    "MaxAttempts",
    "ScriptedUpdates",
    "TestDatabases",
    "CompressLocalDatabase",
    "ExtraDatabase",
    "ExcludeDatabase",
    "DatabaseCustomURL",
    "HTTPProxyServer",
    "HTTPProxyPort",
    "HTTPProxyUsername",
    "HTTPProxyPassword",
    "HTTPUserAgent",
    "OnUpdateExecute",
    "OnErrorExecute",
    "OnOutdatedExecute",
    "LocalIPAddress",
    "ConnectTimeout",
    "ReceiveTimeout",
    "Bytecode",
    "AllowSupplementaryGroups",
    "SubmitDetectionStats",
    "DetectionStatsCountry",
    "DetectionStatsHostID",
    "SafeBrowsing",
    "CVDCertsDirectory",
    "FIPSCryptoHashLimits",
};

struct Facility {
  std::string_view name;
  unsigned number;
};
// RFC 5424, section 6.2.1.
constexpr Facility kFacilities[] = {
    {"LOG_KERN", 0},      {"LOG_USER", 1},    {"LOG_MAIL", 2},    {"LOG_DAEMON", 3},  {"LOG_AUTH", 4},
    {"LOG_SYSLOG", 5},    {"LOG_LPR", 6},     {"LOG_NEWS", 7},    {"LOG_UUCP", 8},    {"LOG_CRON", 9},
    {"LOG_AUTHPRIV", 10}, {"LOG_FTP", 11},    {"LOG_LOCAL0", 16}, {"LOG_LOCAL1", 17}, {"LOG_LOCAL2", 18},
    {"LOG_LOCAL3", 19},   {"LOG_LOCAL4", 20}, {"LOG_LOCAL5", 21}, {"LOG_LOCAL6", 22}, {"LOG_LOCAL7", 23},
};

class Clamd {
 public:
  Clamd(const Source& source, std::size_t file, Draft& draft) : source_(source), file_(file), draft_(draft) {}

  void Run() {
    for (std::size_t i = 0; i < source_.facts.settings.size(); ++i) One(source_.facts.settings[i], At(i));
    Syslog();
    Tcp();
    Alerts();
    OnAccess();
  }

 private:
  std::size_t At(std::size_t setting) const { return draft_.IndexOf(file_, setting); }
  std::optional<bool> Flag(std::string_view value, std::size_t at) {
    const auto flag = FlagOf(value);
    if (!flag) draft_.Refuse(at, "neither yes nor no");
    return flag;
  }
  // Of the last one, as clamd has it.
  std::optional<std::size_t> Find(std::string_view key) const {
    for (std::size_t i = source_.facts.settings.size(); i-- > 0;) {
      if (source_.facts.settings[i].key == key) return i;
    }
    return std::nullopt;
  }
  std::vector<std::size_t> FindAll(std::string_view key) const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < source_.facts.settings.size(); ++i) {
      if (source_.facts.settings[i].key == key) all.push_back(i);
    }
    return all;
  }
  const std::string& Value(std::size_t setting) const { return source_.facts.settings[setting].value; }
  bool IsYes(std::string_view key) const {
    const auto found = Find(key);
    return found && FlagOf(Value(*found)).value_or(false);
  }

  void Text(std::string_view table, std::string_view key, const std::string& value, std::size_t at,
            std::string why = {}) {
    const auto toml = TomlText(value);
    if (value.empty() || !toml) return draft_.Refuse(at, value.empty() ? "nothing is said" : "not UTF-8");
    draft_.Set(table, key, *toml, at, std::move(why));
  }
  bool Path(const std::string& value, std::size_t at) {
    if (!value.starts_with('/')) draft_.Refuse(at, "no absolute path");
    return value.starts_with('/');
  }
  // `most`: in milliseconds, as the configuration takes it.
  void Time(std::string_view table, std::string_view key, const std::string& value, std::uint64_t unit_ms,
            std::uint64_t least, std::size_t at, std::string why = {}) {
    const auto number = NumberOf(value);
    constexpr std::uint64_t kDay = 86'400'000;
    if (!number || *number > kDay / unit_ms || *number * unit_ms < least) {
      return draft_.Refuse(at, number == 0 ? "no limit is not to be had" : "out of the range that there is here");
    }
    draft_.Set(table, key, "\"" + std::to_string(*number) + (unit_ms == 1 ? "ms\"" : "s\""), at, std::move(why));
  }
  void Size(std::string_view table, std::string_view key, const std::string& value, bool zero_is_none, std::size_t at,
            std::string why = {}) {
    const auto size = ClamdSizeOf(value);
    if (!size) return draft_.Refuse(at, "no size");
    if (*size == 0 && !zero_is_none) return draft_.Refuse(at, "no limit is not to be had");
    draft_.Set(table, key, std::to_string(*size), at, std::move(why));
  }
  void Number(std::string_view table, std::string_view key, const std::string& value, std::uint64_t least,
              std::uint64_t most, std::size_t at, std::string why = {}) {
    const auto number = NumberOf(value);
    if (!number || *number < least || *number > most) {
      return draft_.Refuse(at, number == 0 ? "no limit is not to be had" : "out of the range that there is here");
    }
    draft_.Set(table, key, std::to_string(*number), at, std::move(why));
  }

  void One(const report::Setting& setting, std::size_t at) {
    const std::string& key = setting.key;
    const std::string& value = setting.value;
    for (const Habit& habit : kHabits) {
      if (habit.key != key) continue;
      const auto flag = Flag(value, at);
      if (!flag) return;
      if (*flag != habit.taken) return draft_.Refuse(at, std::string(habit.why));
      return draft_.TakeWithNote(at, "", std::string(habit.taken ? kAlways : "never so"));
    }
    for (const KnownKey& known : kRefused) {
      if (known.key == key) return draft_.Refuse(at, std::string(known.why));
    }
    if (key == "TemporaryDirectory") {
      if (Path(value, at))
        Text("spool", "folder", value, at, "for streams only; under systemd the unit must let daylightd write there");
    } else if (key == "DatabaseDirectory") {
      if (!Path(value, at)) return;
      if (const auto toml = TomlText(value)) return static_cast<void>(draft_.Add("content", "clamav", *toml, at));
      draft_.Refuse(at, "not UTF-8");
    } else if (key == "LocalSocket") {
      if (Path(value, at)) {
        Text("clamd", "socket", value, at,
             "under systemd daylightd.socket decides (ListenStream=); clamd must be gone from it");
      }
    } else if (key == "LocalSocketGroup") {
      Text("clamd", "group", value, at, "under systemd daylightd.socket decides (SocketGroup=)");
    } else if (key == "LocalSocketMode") {
      const bool octal =
          !value.empty() && value.size() <= 4 && value.find_first_not_of("01234567") == std::string::npos;
      if (!octal) return draft_.Refuse(at, "no access bits");
      Text("clamd", "mode", std::string(4 - value.size(), '0') + value, at,
           "under systemd daylightd.socket decides (SocketMode=)");
    } else if (key == "StreamMaxLength") {
      Size("clamd", "max_stream", value, false, at);
    } else if (key == "ReadTimeout") {
      Time("clients", "read_timeout", value, 1000, 100, at);
    } else if (key == "CommandReadTimeout") {
      Time("clients", "request_timeout", value, 1000, 100, at, "for a whole request, and for all protocols");
    } else if (key == "SendBufTimeout") {
      Time("clients", "send_timeout", value, 1, 100, at, "for all protocols");
    } else if (key == "IdleTimeout") {
      Time("clients", "idle_timeout", value, 1000, 100, at, "of connections without a request, for all protocols");
    } else if (key == "MaxQueue") {
      Number("queue", "max_requests", value, 1, 1'000'000, at, "those that are being scanned do not count");
    } else if (key == "ExcludePath") {
      ExcludePath(value, at);
    } else if (key == "SelfCheck") {
      Time("content", "self_check", value, 1000, 0, at);
    } else if (key == "DetectPUA") {
      if (const auto flag = Flag(value, at)) draft_.Set("scan", "pua", TomlFlag(*flag), at);
    } else if (key == "MaxScanTime") {
      Time("scan", "timeout", value, 1, 10, at, "what is over it is incomplete, not clean");
    } else if (key == "MaxScanSize") {
      Size("scan", "max_total", value, true, at,
           "of what comes out of a file; what is over it is incomplete, not clean");
    } else if (key == "MaxFileSize") {
      Size("scan", "max_size", value, true, at, "what is over it is incomplete, not clean");
    } else if (key == "MaxRecursion") {
      Number("scan", "max_depth", value, 0, 64, at, "there the file itself counts as one");
    } else if (key == "MaxFiles") {
      Number("scan", "max_children", value, 1, 100'000'000, at, "of all archives in a file together");
    }
  }

  void ExcludePath(const std::string& value, std::size_t at) {
    if (!TomlText(value)) return draft_.Refuse(at, "not UTF-8");
    const RegexPatterns said = PatternsOf(value, Anchors::kFolders);
    if (!said.problem.empty())
      return draft_.Refuse(at, "an expression that patterns cannot say exactly: " + said.problem);
    std::string to;
    for (const std::string& glob : said.globs) {
      if (!draft_.Add("clamd", "exclude", *TomlText(glob), at, {}, false)) return;
      to = "[clamd] exclude";
    }
    for (const std::string& mask : said.masks) {
      if (!draft_.Add("clamd", "exclude_masks", *TomlText(mask), at, {}, false)) return;
      to = said.globs.empty() ? "[clamd] exclude_masks" : "[clamd] exclude, exclude_masks";
    }
    draft_.TakeWithNote(at, to, "answered as OK, there as Excluded");
  }

  void Syslog() {
    const auto facility = Find("LogFacility");
    for (const std::size_t i : FindAll("LogSyslog")) {
      const auto flag = Flag(Value(i), At(i));
      if (!flag) continue;
      if (!*flag) {
        draft_.TakeWithNote(At(i), "", "never so without a [[syslog]]");
        continue;
      }
      if (i != Find("LogSyslog")) continue;
      unsigned number = 22;  // clamd.conf(5): LOG_LOCAL6.
      if (facility) {
        for (const Facility& known : kFacilities) {
          if (SameWord(known.name, Value(*facility))) number = known.number;
        }
      }
      const std::string table = draft_.NewTable("syslog");
      draft_.Set(table, "target", "\"unix:/dev/log\"", At(i), "events, in Daylight's words");
      draft_.SetFor(table, "format", "\"text\"", "as clamd's");
      if (!facility) draft_.SetFor(table, "facility", std::to_string(number), "clamd's default, LOG_LOCAL6");
      if (facility) draft_.Set(table, "facility", std::to_string(number), At(*facility));
    }
    for (const std::size_t i : FindAll("LogSyslog")) draft_.Refuse(At(i), "said again further down");
    for (const std::size_t i : FindAll("LogFacility")) {
      draft_.Refuse(At(i), IsYes("LogSyslog") ? "said again further down" : "LogSyslog is off");
    }
  }

  void Tcp() {
    const auto port = Find("TCPSocket");
    const auto addresses = FindAll("TCPAddr");
    const auto number = port ? NumberOf(Value(*port)) : std::nullopt;
    constexpr std::string_view kSystemd =
        "under systemd daylightd-clamd-tcp.socket decides; clamd must be gone from it";
    if (!number || *number == 0 || *number > 65535) {
      if (port) draft_.Refuse(At(*port), "no port");
      for (const std::size_t i : addresses) draft_.Refuse(At(i), "there is no TCPSocket");
    } else {
      const std::string behind = ":" + std::to_string(*number);
      for (const std::size_t i : addresses) {
        std::string address = Value(i);
        if (address == "localhost") address = "127.0.0.1";
        const bool is_number = !address.empty() &&
                               address.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos &&
                               address.find_first_of(".:") != std::string::npos;
        if (!is_number) {
          draft_.Refuse(At(i), "a name: [clamd] tcp has numbers only");
          continue;
        }
        if (address.find(':') != std::string::npos) address = "[" + address + "]";
        draft_.Add("clamd", "tcp", "\"" + address + behind + "\"", At(i), std::string(kSystemd));
      }
      if (addresses.empty()) {
        draft_.Add("clamd", "tcp", "\"0.0.0.0" + behind + "\"", At(*port), std::string(kSystemd));
      } else {
        draft_.Take(At(*port), "[clamd] tcp", std::string(kSystemd));
      }
    }
    for (const std::size_t i : FindAll("TCPSocket")) draft_.Refuse(At(i), "said again further down");
  }

  // One choice here for all that stays unread.
  void Alerts() {
    constexpr std::array<std::string_view, 4> kAlerts = {"AlertEncrypted", "AlertEncryptedArchive", "AlertEncryptedDoc",
                                                         "AlertExceedsMax"};
    bool any_yes = false;
    for (const std::string_view key : kAlerts) any_yes = any_yes || IsYes(key);
    for (const std::string_view key : kAlerts) {
      for (const std::size_t i : FindAll(key)) {
        const auto flag = Flag(Value(i), At(i));
        if (!flag) continue;
        if (*flag == any_yes) {
          draft_.Set("clamd", "incomplete", any_yes ? "\"block\"" : "\"pass\"", At(i),
                     "one choice for all that was not fully read: encrypted, over a limit, damaged");
        } else {
          draft_.Refuse(At(i), "another one is on, and there is one choice for all that was not fully read");
        }
      }
    }
  }

  void OnAccessExclude(std::size_t i) {
    const std::string value = Value(i);
    if (!Path(value, At(i))) return;
    std::string path = value;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    if (!TomlText(path)) return draft_.Refuse(At(i), "not UTF-8");
    const bool is_plain = path.find_first_of("*?[\\") == std::string::npos;
    if (is_plain) return static_cast<void>(draft_.Add("on_access", "exclude", *TomlText(path), At(i)));
    // A pattern there is none to clamd.
    draft_.Add("on_access", "exclude_masks", *TomlText(os::EscapeMask(path) + "//*"), At(i));
  }

  void OnAccess() {
    bool any = false;
    for (const auto& [key, list] :
         {std::pair("OnAccessIncludePath", "folders"), std::pair("OnAccessMountPath", "mounts")}) {
      for (const std::size_t i : FindAll(key)) {
        if (!Path(Value(i), At(i))) continue;
        const auto toml = TomlText(Value(i));
        if (!toml) {
          draft_.Refuse(At(i), "not UTF-8");
          continue;
        }
        any = draft_.Add("on_access", list, *toml, At(i)) || any;
      }
    }
    if (any) draft_.SetFor("on_access", "enabled", "true", "clamonacc watches what is named");
    for (const std::size_t i : FindAll("OnAccessExcludePath")) OnAccessExclude(i);
    const auto uids = FindAll("OnAccessExcludeUID");
    const bool off = std::any_of(uids.begin(), uids.end(), [&](std::size_t i) { return NumberOf(Value(i)) == 0; });
    for (const std::size_t i : uids) {
      const auto uid = NumberOf(Value(i));
      if (!uid || *uid > 4'294'967'294) {
        draft_.Refuse(At(i), "no number of a user");
      } else if (off) {
        draft_.TakeWithNote(At(i), "", "a 0 among them switches them all off");
      } else {
        draft_.Add("on_access", "exclude_users", std::to_string(*uid), At(i), "not of programs with set-user-ID");
      }
    }
    for (const std::size_t i : FindAll("OnAccessExcludeRootUID")) {
      const auto flag = Flag(Value(i), At(i));
      if (flag && *flag) draft_.Add("on_access", "exclude_users", "0", At(i), "not of programs with set-user-ID");
      if (flag && !*flag) draft_.Take(At(i), "");
    }
    for (const std::size_t i : FindAll("OnAccessPrevention")) {
      const auto flag = Flag(Value(i), At(i));
      if (flag && *flag) draft_.Set("on_access", "events", "[\"open\", \"close-write\"]", At(i));
      if (flag && !*flag) {
        draft_.Set("on_access", "events", "[\"close-write\"]", At(i),
                   "what is only opened is not looked at: \"open\" prevents");
      }
    }
    for (const std::size_t i : FindAll("OnAccessDenyOnError")) {
      const auto flag = Flag(Value(i), At(i));
      if (!flag) continue;
      const std::string choice = *flag ? "\"deny\"" : "\"allow\"";
      if (!draft_.Set("on_access", "on_timeout", choice, At(i), "when there is no verdict in time, or no daemon"))
        continue;
      draft_.SetFor("on_access", "on_daemon_down", choice, "OnAccessDenyOnError, too");
    }
    for (const std::size_t i : FindAll("OnAccessExtraScanning")) {
      const auto flag = Flag(Value(i), At(i));
      if (flag && *flag)
        draft_.TakeWithNote(At(i), "",
                            "what was written is always looked at; a file that is only moved, when it is opened");
      if (flag && !*flag) draft_.Refuse(At(i), "what was written is always looked at");
    }
  }

  const Source& source_;
  std::size_t file_;
  Draft& draft_;
};

template <std::size_t N>
bool IsIn(const std::string_view (&keys)[N], std::string_view key) {
  return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

}  // namespace

void MapClamd(const std::vector<Source>& sources, std::size_t file, Draft& draft) {
  Clamd(sources[file], file, draft).Run();
}

void MapFreshclam(const std::vector<Source>& sources, std::size_t file, Draft& draft) {
  const auto& settings = sources[file].facts.settings;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const std::size_t at = draft.IndexOf(file, i);
    const auto& [section, key, value, line] = settings[i];
    if (key == "DatabaseDirectory") {
      const auto toml = TomlText(value);
      if (!value.starts_with('/') || !toml) {
        draft.Refuse(at, "no absolute path, or not UTF-8");
      } else {
        draft.Add("content", "clamav", *toml, at);
      }
    } else if (key == "NotifyClamd") {
      draft.Refuse(at, "not needed: [content] self_check notices new files by itself");
    } else if (IsIn(kFreshclam, key)) {
      draft.Refuse(at, std::string(kFreshclamStays));
    }
  }
}

bool KnowsClamdOption(std::string_view key) {
  return IsIn(kMapped, key) ||
         std::any_of(std::begin(kHabits), std::end(kHabits), [&](const Habit& habit) { return habit.key == key; }) ||
         std::any_of(std::begin(kRefused), std::end(kRefused), [&](const KnownKey& known) { return known.key == key; });
}

bool KnowsFreshclamOption(std::string_view key) {
  return key == "DatabaseDirectory" || key == "NotifyClamd" || IsIn(kFreshclam, key);
}

}  // namespace dl::migrate
