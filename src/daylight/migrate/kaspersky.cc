// Exports of kesl-control (--export-settings, --get-settings, --get-schedule; INI or JSON).
//
// A setting's place is a path of names with numbers: MonitoringTask.item_0000.Settings.
// ScanScope.item_0001.Path is name "Path" of scope 1 of monitoring task 0. A file of one task
// has no task in its paths. Tasks are told apart by TaskName and TaskType, not by numbers.
#include <algorithm>
#include <map>

#include "daylight/migrate/products.h"
#include "daylight/os/path_mask.h"
#include "daylight/os/paths.h"

namespace dl::migrate {

namespace {

constexpr std::string_view kTooFew =
    "network file systems are never watched: a scan of their mount points can read them";

struct Step {
  std::string name;
  int item = -1;
};

// "A.item_0002.B" as A#2, B.
std::vector<Step> StepsOf(std::string_view section, std::string_view key) {
  std::vector<Step> steps;
  const auto take = [&](std::string_view text) {
    while (!text.empty()) {
      const std::size_t dot = std::min(text.find('.'), text.size());
      const std::string_view part = text.substr(0, dot);
      text.remove_prefix(std::min(dot + 1, text.size()));
      const auto number = part.starts_with("item_") ? NumberOf(part.substr(5)) : std::nullopt;
      if (number && *number < 1'000'000 && !steps.empty() && steps.back().item < 0) {
        steps.back().item = static_cast<int>(*number);
      } else {
        steps.push_back({std::string(part), -1});
      }
      if (steps.size() > 16) return;
    }
  };
  take(section);
  take(key);
  return steps;
}

// What is the same in all tasks, or nothing that can be taken over.
constexpr std::string_view kNoNetwork = "network traffic is not looked at";
constexpr KnownKey kGeneral[] = {
    {"SambaConfigPath", "shared folders are watched and scanned as the local folders that they are"},
    {"NfsExportPath", "shared folders are watched and scanned as the local folders that they are"},
    {"TraceFolder", "there is no tracing; messages go to the journal"},
    {"TraceLevel", "there is no tracing; messages go to the journal"},
    {"TraceMaxFileCount", "there is no tracing; messages go to the journal"},
    {"TraceMaxFileSize", "there is no tracing; messages go to the journal"},
    {"BlockFilesGreaterMaxFileNamePath", "paths have no such limit"},
    {"UseKSN", "nothing is ever sent anywhere"},
    {"CloudMode", "nothing is ever sent anywhere"},
    {"UseMDR", "nothing is ever sent anywhere"},
    {"UseProxy", "Daylight calls nobody"},
    {"ProxyServer", "Daylight calls nobody"},
    {"ProxyBypass", "Daylight calls nobody"},
    {"LimitNumberOfScanFileTasks", "[queue] max_requests, for all that wait"},
    {"EventsStoragePath", "[daemon] state_folder has events.db"},
    {"DockerSocket", "containers are seen by their mounts, without their manager"},
    {"ContainerScanAction", "containers are never stopped"},
    {"OnAccessContainerScanAction", "containers are never stopped"},
    {"UseDocker", "containers are seen by their mounts, without their manager"},
    {"UseCrio", "containers are seen by their mounts, without their manager"},
    {"CrioConfigFilePath", "containers are seen by their mounts, without their manager"},
    {"UsePodman", "containers are seen by their mounts, without their manager"},
    {"PodmanBinaryPath", "containers are seen by their mounts, without their manager"},
    {"PodmanRootFolder", "containers are seen by their mounts, without their manager"},
    {"UseRunc", "containers are seen by their mounts, without their manager"},
    {"RuncBinaryPath", "containers are seen by their mounts, without their manager"},
    {"RuncRootFolder", "containers are seen by their mounts, without their manager"},
    {"UseOnDemandCPULimit", "scans by the calendar run with idle priority"},
    {"OnDemandCPULimit", "scans by the calendar run with idle priority"},
    {"ScanMemoryLimit", "[workers] max_memory, of one worker"},
    {"MaxInotifyWatches", "no such watches are used"},
    {"MaxInotifyInstances", "no such watches are used"},
    {"ExecEnvMax", "there is nothing like it"},
    {"ExecArgMax", "there is nothing like it"},
    {"ShowPopUpNotifications", "a [[hook]] can tell somebody"},
    {"AdditionalDNSLookup", "Daylight calls nobody"},
    {"MachineId", "there is nothing like it"},
    {"SocketPath", "there is nothing like it"},
    {"BackupDaysToLive", "daylight quarantine delete --older-than, when you say so"},
    {"BackupSizeLimit", "quarantine has no such limit"},
    {"BackupFolder", "[quarantine] folder, which must be new"},
    {"DaysToLive", "daylight quarantine delete --older-than, when you say so"},
};

struct OtherTask {
  std::string_view type;  // TaskType, or the name that a task always has.
  std::string_view why;
};
constexpr OtherTask kOthers[] = {
    {"NetSettings", kNoNetwork},
    {"Firewall", kNoNetwork},
    {"Firewall_Management", kNoNetwork},
    {"NTP", kNoNetwork},
    {"Network_Threat_Protection", kNoNetwork},
    {"WTP", kNoNetwork},
    {"Web_Threat_Protection", kNoNetwork},
    {"WebControl", kNoNetwork},
    {"Web_Control", kNoNetwork},
    {"OAFIM", "the integrity of files is not watched"},
    {"ODFIM", "the integrity of files is not watched"},
    {"System_Integrity_Monitoring", "the integrity of files is not watched"},
    {"System_Integrity_Check", "the integrity of files is not watched"},
    {"AntiCryptor", "remote encryption is not watched for"},
    {"Anti_Cryptor", "remote encryption is not watched for"},
    {"DeviceControl", "devices are not governed: udev can"},
    {"Device_Control", "devices are not governed: udev can"},
    {"AppControl", "programs are not governed; [on_access] events = \"exec\" scans them before they run"},
    {"Application_Control", "programs are not governed; [on_access] events = \"exec\" scans them before they run"},
    {"RDS", "removable drives are scanned as they are read: name /media in [on_access] folders"},
    {"Removable_Drives_Scan", "removable drives are scanned as they are read: name /media in [on_access] folders"},
    {"BehaviorDetection", "the behaviour of programs is not watched"},
    {"Behavior_Detection", "the behaviour of programs is not watched"},
    {"BootScan", "boot sectors are not scanned by a schedule"},
    {"Boot_Scan", "boot sectors are not scanned by a schedule"},
    {"MemoryScan", "memory is not scanned"},
    {"Memory_Scan", "memory is not scanned"},
    {"Update", "Daylight has no updates of that product"},
    {"Rollback", "Daylight has no updates of that product"},
    {"License", "there is no licence to keep"},
    {"Inventory", "daylight inventory"},
    {"InventoryScan", "daylight inventory"},
    {"Inventory_Scan", "daylight inventory"},
    {"ContainerScan", "daylight scan reads images that are files; running containers: [on_access] containers"},
    {"Container_Scan", "daylight scan reads images that are files; running containers: [on_access] containers"},
    {"Custom_Container_Scan", "daylight scan reads images that are files; running containers: [on_access] containers"},
    {"Backup", "quarantine keeps what it has until it is deleted"},
    {"BackupTask", "quarantine keeps what it has until it is deleted"},
    {"KATAEDR", "nothing is ever sent anywhere"},
    {"EDR", "nothing is ever sent anywhere"},
    {"Scan_File", "a template for scans by hand: `daylight scan` has options"},
};

// Names and masks there know `*`, `**` and `?` only.
std::string MaskOf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

bool IsLocal(std::string_view path) { return path.starts_with('/'); }

// Without double and trailing slashes; empty for "/", and for what has "..".
std::string CleanPath(std::string_view path) {
  std::string clean = os::Absolute(path, "/");
  return clean == "/" ? "" : clean;
}
bool HasDots(std::string_view path) { return path.find("/../") != std::string_view::npos || path.ends_with("/.."); }

// The folder above the first name with a wildcard; the path itself without one.
std::string LiteralFolder(const std::string& path) {
  const std::size_t wild = path.find_first_of("*?");
  if (wild == std::string::npos) return path.empty() ? "/" : path;
  const std::string above = path.substr(0, path.rfind('/', wild));
  return above.empty() ? "/" : above;
}

bool IsAny(std::string_view mask) { return !mask.empty() && mask.find_first_not_of('*') == std::string_view::npos; }

struct Area {
  std::vector<std::size_t> descriptions, uses, paths, masks, others;
};

struct Task {
  std::string id;    // "MonitoringTask#0"; empty for a file of one task.
  std::string name;  // TaskName
  std::string type;  // TaskType
  std::map<int, Area> scopes;
  std::map<int, Area> exclusions;
  std::vector<std::size_t> exclude_masks, exclude_threats, mount_points;
  std::map<std::string, std::vector<std::size_t>> keys;  // Plain settings.
  std::vector<std::size_t> all;
};

class Kaspersky {
 public:
  Kaspersky(const Source& source, std::size_t file, Draft& draft)
      : settings_(source.facts.settings), file_(file), draft_(draft) {}

  void Run() {
    for (std::size_t i = 0; i < settings_.size(); ++i) Sort(i);
    // On-access protection first: where there is one value for all, it has it.
    for (auto& task : tasks_) General(task);
    for (auto& task : tasks_) {
      if (!RefuseOther(task) && IsOnAccess(task)) OnAccess(task);
    }
    for (auto& task : tasks_) {
      if (IsOnDemand(task)) OnDemand(task);
    }
  }

 private:
  std::size_t At(std::size_t i) const { return draft_.IndexOf(file_, i); }
  const std::string& Value(std::size_t i) const { return settings_[i].value; }
  void Refuse(const std::vector<std::size_t>& all, std::string_view why) {
    for (const std::size_t i : all) draft_.Refuse(At(i), std::string(why));
  }
  void TakeAll(const std::vector<std::size_t>& all, const std::string& to, const std::string& note = {}) {
    for (const std::size_t i : all) draft_.TakeWithNote(At(i), to, note);
  }

  Task& TaskOf(const std::string& id) {
    for (Task& task : tasks_) {
      if (task.id == id) return task;
    }
    tasks_.emplace_back().id = id;
    return tasks_.back();
  }

  void Sort(std::size_t i) {
    std::vector<Step> steps = StepsOf(settings_[i].section, settings_[i].key);
    if (steps.empty()) return;
    std::string id;
    const std::string& first = steps.front().name;
    if (steps.size() > 1 && (first.ends_with("Task") || first == "AppSettings" || first == "NetSettings")) {
      id = first + "#" + std::to_string(steps.front().item);
      steps.erase(steps.begin());
    }
    while (steps.size() > 1 && steps[0].item < 0 && (steps[0].name == "Settings" || steps[0].name == "Schedule")) {
      steps.erase(steps.begin());
    }
    Task& task = TaskOf(id);
    task.all.push_back(i);
    const std::string& name = steps[0].name;
    const std::string& last = steps.back().name;
    if ((name == "ScanScope" || name == "ExcludedFromScanScope") && steps.size() == 2) {
      Area& area = (name == "ScanScope" ? task.scopes : task.exclusions)[steps[0].item];
      auto& where = last == "AreaDesc"      ? area.descriptions
                    : last == "UseScanArea" ? area.uses
                    : last == "Path"        ? area.paths
                    : last == "AreaMask"    ? area.masks
                                            : area.others;
      where.push_back(i);
    } else if (name == "TrustedPrograms" || name == "ExcludedForProgram") {
      draft_.Refuse(At(i), "what a program opens is not left out for its sake: leave out paths or users");
    } else if (steps.size() > 1) {
      return;  // Not known, unless the task is.
    } else if (name == "ExcludeMasks") {
      task.exclude_masks.push_back(i);
    } else if (name == "ExcludeThreats") {
      task.exclude_threats.push_back(i);
    } else if (name == "ExcludedMountPoint") {
      task.mount_points.push_back(i);
    } else {
      task.keys[name].push_back(i);
      if (name == "TaskName") task.name = Value(i);
      if (name == "TaskType") task.type = Value(i);
    }
  }

  bool HasKey(const Task& task, std::string_view key) const { return task.keys.contains(std::string(key)); }
  std::string Last(const Task& task, std::string_view key) const {
    const auto found = task.keys.find(std::string(key));
    return found == task.keys.end() ? "" : Value(found->second.back());
  }

  bool IsOnAccess(const Task& task) const {
    if (SameWord(task.type, "OAS") || task.name == "File_Threat_Protection") return true;
    if (!task.id.empty() || !task.type.empty() || !task.name.empty()) return false;
    return HasKey(task, "ScanByAccessType") || (!IsPlanned(task) && HasAreas(task));
  }
  bool IsOnDemand(const Task& task) const {
    if (task.name == "Scan_File") return false;
    if (SameWord(task.type, "ODS") || task.name == "Scan_My_Computer" || task.name == "Critical_Areas_Scan")
      return true;
    if (!task.id.empty() || !task.type.empty() || !task.name.empty()) return false;
    return IsPlanned(task);
  }
  static bool HasAreas(const Task& task) {
    return !task.scopes.empty() || !task.exclusions.empty() || !task.exclude_masks.empty();
  }
  bool IsPlanned(const Task& task) const {
    return HasKey(task, "RuleType") || HasKey(task, "ScanPriority") || HasKey(task, "ScanFiles");
  }

  // Of tasks that Daylight has nothing like.
  bool RefuseOther(Task& task) {
    const std::string group = task.id.substr(0, task.id.find('#'));
    for (const OtherTask& other : kOthers) {
      if (SameWord(other.type, task.type) || other.type == task.name || other.type == group) {
        // One that scans files is told by its type; a name alone may be of one's own.
        if (other.type == task.name && SameWord(task.type, "ODS") && task.name != "Scan_File") continue;
        Refuse(task.all, other.why);
        return true;
      }
    }
    return false;
  }

  // Settings of the whole product, wherever they stand.
  void General(Task& task) {
    for (auto& [key, all] : task.keys) {
      for (const KnownKey& known : kGeneral) {
        if (known.key == key) Refuse(all, known.why);
      }
      for (const std::size_t i : all) GeneralKey(key, i);
    }
    for (const std::size_t i : task.mount_points) MountPoint(i);
  }
  void GeneralKey(const std::string& key, std::size_t i) {
    const auto flag = FlagOf(Value(i));
    if (key == "DetectOtherObjects") {
      if (!flag) return draft_.Refuse(At(i), "neither yes nor no");
      draft_.Set("scan", "pua", TomlFlag(*flag), At(i), *flag ? "by ClamAV's signatures of such programs" : "");
    } else if (key == "NamespaceMonitoring") {
      if (!flag) return draft_.Refuse(At(i), "neither yes nor no");
      draft_.Set("on_access", "containers", TomlFlag(*flag), At(i), *flag ? "overlay mounts, wherever they are" : "");
    } else if (key == "MaxEventsNumber") {
      const auto number = NumberOf(Value(i));
      if (!number || *number < 1000 || *number > 1'000'000'000)
        return draft_.Refuse(At(i), "out of the range that there is here");
      draft_.Set("events", "max_rows", std::to_string(*number), At(i));
    } else if (key == "UseSyslog") {
      if (!flag) return draft_.Refuse(At(i), "neither yes nor no");
      if (!*flag) return draft_.TakeWithNote(At(i), "", "never so without a [[syslog]]");
      draft_.Set(draft_.NewTable("syslog"), "target", "\"unix:/dev/log\"", At(i), "in Daylight's words");
    } else if (key == "InterceptorProtectionMode") {
      if (SameWord(Value(i), "Full") || SameWord(Value(i), "Block")) return draft_.Take(At(i), "");
      if (!SameWord(Value(i), "Notify")) return draft_.Refuse(At(i), "not known");
      notify_only_ = true;
      draft_.Set("on_access", "events", "[\"close-write\"]", At(i),
                 "told, not prevented: what is only opened is not looked at");
    }
  }

  static std::vector<std::string> TypesOf(std::string_view path) {
    if (SameWord(path, "AllRemoteMounted")) return {"nfs", "nfs4", "cifs", "smb3"};
    if (SameWord(path, "Mounted:NFS")) return {"nfs", "nfs4"};
    if (SameWord(path, "Mounted:SMB")) return {"cifs", "smb3"};
    if (path.size() > 8 && SameWord(path.substr(0, 8), "Mounted:")) return {std::string(path.substr(8))};
    return {};
  }

  bool AddTypes(std::size_t i, bool settle) {
    const auto types = TypesOf(Value(i));
    for (const std::string& type : types) {
      const auto toml = TomlText(type);
      if (!toml) return false;
      draft_.Add("on_access", "exclude_types", *toml, At(i), {}, settle);
    }
    return !types.empty();
  }

  void MountPoint(std::size_t i) {
    if (AddTypes(i, true)) return;
    const std::string& value = Value(i);
    if (!IsLocal(value) || HasDots(value) || CleanPath(value).empty())
      return draft_.Refuse(At(i), "no mount point that is understood");
    AddMask("on_access", "exclude_masks", MaskOf(CleanPath(value)) + "//*", i,
            "also where nothing is mounted; schedules need it said for themselves");
  }

  bool AddMask(const std::string& table, std::string_view list, const std::string& mask, std::size_t i, std::string why,
               bool settle = true) {
    const auto toml = TomlText(mask);
    const auto parsed = os::PathMask::Parse(mask);
    if (!toml || !parsed) {
      draft_.Refuse(At(i), !toml ? "not UTF-8" : "it matches no file: " + std::string(parsed.error().what));
      return false;
    }
    return draft_.Add(table, list, *toml, At(i), std::move(why), settle);
  }

  bool InUse(const Area& area) const { return area.uses.empty() || FlagOf(Value(area.uses.back())).value_or(true); }
  void LeaveOut(const Area& area) {
    for (const auto* all : {&area.descriptions, &area.uses, &area.paths, &area.masks}) {
      TakeAll(*all, "", "not in use, so it is left out");
    }
  }
  std::vector<std::string> MasksOf(const Area& area) const {
    std::vector<std::string> masks;
    for (const std::size_t i : area.masks) {
      if (!Value(i).empty()) masks.push_back(MaskOf(Value(i)));
    }
    if (masks.empty()) masks.emplace_back("*");
    return masks;
  }

  // `table`: "on_access" or a schedule. True when anything is in the scope.
  bool Scopes(Task& task, const std::string& table) {
    const bool watches = table == "on_access";
    const std::string list = watches ? "folders" : "paths";
    bool need_masks = false;
    bool any = false;
    std::vector<Area*> used;
    for (auto& [number, area] : task.scopes) {
      if (!InUse(area)) {
        LeaveOut(area);
        continue;
      }
      used.push_back(&area);
      for (const std::size_t i : area.paths) {
        if (Value(i).find_first_of("*?") != std::string::npos) need_masks = true;
      }
      for (const std::string& mask : MasksOf(area)) need_masks = need_masks || !IsAny(mask);
    }
    for (Area* area : used) {
      bool taken = false;
      for (const std::size_t i : area->paths) taken = ScopePath(*area, i, table, list, need_masks) || taken;
      any = any || taken;
      const std::string to = "[" + table.substr(0, table.find('#')) + "] ";
      if (!taken) {
        for (const auto* all : {&area->descriptions, &area->uses, &area->masks})
          Refuse(*all, "its path is not taken over");
        continue;
      }
      TakeAll(area->descriptions, "a comment");
      TakeAll(area->uses, "");
      for (const std::size_t i : area->masks) draft_.Take(At(i), need_masks ? to + "only_masks" : "");
    }
    return any;
  }

  bool ScopePath(const Area& area, std::size_t i, const std::string& table, const std::string& list, bool need_masks) {
    const bool watches = table == "on_access";
    const std::string& value = Value(i);
    if (!IsLocal(value)) {
      const bool shared = SameWord(value.substr(0, 6), "Shared") || SameWord(value, "AllShared");
      draft_.Refuse(At(i), shared ? "which folders are shared is not in this file: name them in " + list
                                  : std::string(watches ? kTooFew : "name the mount points in paths"));
      return false;
    }
    const auto folder = TomlText(LiteralFolder(CleanPath(value)));
    if (HasDots(value) || !folder) {
      draft_.Refuse(At(i), folder ? "a path with .." : "not UTF-8");
      return false;
    }
    if (need_masks) {
      for (const std::string& mask : MasksOf(area)) {
        if (!AddMask(table, "only_masks", MaskOf(CleanPath(value)) + "//" + mask, i, {}, false)) return false;
      }
    }
    return draft_.Add(table, list, *folder, At(i), watches ? "not what network file systems hold" : "");
  }

  void Exclusions(Task& task, const std::string& table) {
    const bool watches = table == "on_access";
    for (auto& [number, area] : task.exclusions) {
      if (!InUse(area)) {
        LeaveOut(area);
        continue;
      }
      bool taken = false;
      const auto masks = MasksOf(area);
      for (const std::size_t i : area.paths) taken = Exclusion(masks, i, table, watches) || taken;
      if (!taken) {
        for (const auto* all : {&area.descriptions, &area.uses, &area.masks})
          Refuse(*all, "its path is not taken over");
        continue;
      }
      TakeAll(area.descriptions, "a comment");
      TakeAll(area.uses, "");
      TakeAll(area.masks, watches ? "[on_access] exclude_masks" : "[[schedule]] exclude_masks");
    }
    Masks(task, table);
  }

  bool Exclusion(const std::vector<std::string>& masks, std::size_t i, const std::string& table, bool watches) {
    const std::string& value = Value(i);
    if (!IsLocal(value)) {
      const bool all = masks.size() == 1 && IsAny(masks[0]);
      if (!TypesOf(value).empty() && watches && all) return AddTypes(i, true);
      draft_.Refuse(At(i), TypesOf(value).empty() ? "which folders are shared is not in this file: name them"
                           : watches              ? "types of file systems are left out as a whole"
                                                  : "schedules leave out paths, not types: name the mount points");
      return false;
    }
    if (HasDots(value)) {
      draft_.Refuse(At(i), "a path with ..");
      return false;
    }
    for (const std::string& mask : masks) {
      if (!AddMask(table, "exclude_masks", MaskOf(CleanPath(value)) + "//" + mask, i, {}, false)) return false;
    }
    draft_.Take(At(i), watches ? "[on_access] exclude_masks" : "[[schedule]] exclude_masks");
    return true;
  }

  void Masks(Task& task, const std::string& table) {
    const bool used = FlagOf(Last(task, "UseExcludeMasks")).value_or(false);
    for (const std::size_t i : task.exclude_masks) {
      if (!used) {
        draft_.TakeWithNote(At(i), "", "UseExcludeMasks is not Yes, so it is left out");
      } else {
        AddMask(table, "exclude_masks", MaskOf(Value(i)), i, {});
      }
    }
    Refuse(task.exclude_threats, "names of detections are each product's own: use [[allow]] with Daylight's");
  }

  // Settings that both kinds of tasks have.
  void Common(Task& task, const std::string& table) {
    const bool watches = table == "on_access";
    for (auto& [key, all] : task.keys) {
      for (const std::size_t i : all) CommonKey(key, i, table, watches, task);
    }
  }
  void Habit(std::size_t i, bool taken, std::string_view why) {
    const auto flag = FlagOf(Value(i));
    if (!flag) return draft_.Refuse(At(i), "neither yes nor no");
    if (*flag == taken) return draft_.TakeWithNote(At(i), "", taken ? "always so" : "never so");
    draft_.Refuse(At(i), std::string(why));
  }
  void CommonKey(const std::string& key, std::size_t i, const std::string& table, bool watches, const Task& task) {
    const std::string& value = Value(i);
    if (key == "ScanArchived" || key == "ScanSfxArchived" || key == "ScanMailBases" || key == "ScanPlainMail") {
      Habit(i, true, "always looked into, as far as [scan] says");
    } else if (key == "SizeLimit") {
      const auto megabytes = NumberOf(value);
      if (!megabytes || *megabytes > 999'999) return draft_.Refuse(At(i), "no size");
      draft_.Set("scan", "max_size", std::to_string(*megabytes << 20), At(i),
                 *megabytes > 0 ? "what is over it is incomplete, not clean; for all scans" : "");
    } else if (key == "TimeLimit") {
      const auto seconds = NumberOf(value);
      if (!seconds || *seconds > 9999) return draft_.Refuse(At(i), "no time");
      if (*seconds == 0) return draft_.Refuse(At(i), "no limit is not to be had: [scan] timeout");
      draft_.Set("scan", "timeout", "\"" + value + "s\"", At(i),
                 "what is over it is incomplete, not clean; for all scans");
    } else if (key == "FirstAction" || key == "Action") {
      Action(i, table, watches);
    } else if (key == "SecondAction") {
      draft_.TakeWithNote(At(i), "", "the first always works, or the file stays and is told");
    } else if (key == "UseExcludeMasks") {
      draft_.Take(At(i), "");
    } else if (key == "UseExcludeThreats") {
      Habit(i, false, "names of detections are each product's own: use [[allow]] with Daylight's");
    } else if (key == "UseTrustedPrograms" || key == "UseExcludedForProgram") {
      Habit(i, false, "what a program opens is not left out for its sake");
    } else if (key == "ReportUnprocessedObjects") {
      Habit(i, true, "what stayed unread is always told");
    } else if (key == "ReportCleanObjects" || key == "ReportPackedObjects") {
      Habit(i, false, "clean files are counted, not listed");
    } else if (key == "UseAnalyzer" || key == "HeuristicLevel") {
      draft_.Refuse(At(i), "rules and signatures decide, there is no analyzer to set");
    } else if (key == "UseIChecker") {
      Habit(i, true, "what was clean is remembered until it or the content changes");
    } else if (key == "UseGlobalExclusions" || key == "UseOASExclusions") {
      draft_.Refuse(At(i), "each part of the configuration has its own");
    } else if (key == "SkipPlainTextFiles") {
      Habit(i, false, "what a file is decides nothing about whether it is scanned");
    } else if (key == "ScanByAccessType") {
      if (!watches) return;
      const bool open_only = SameWord(value, "Open");
      if (!open_only && !SameWord(value, "SmartCheck") && !SameWord(value, "OpenAndModify"))
        return draft_.Refuse(At(i), "not known");
      if (notify_only_) return draft_.Refuse(At(i), "InterceptorProtectionMode=Notify decides");
      draft_.Set("on_access", "events", open_only ? "[\"open\"]" : "[\"open\", \"close-write\"]", At(i));
    } else if (key == "TaskName" || key == "TaskType") {
      draft_.TakeWithNote(At(i), key == "TaskName" && !watches ? "[[schedule]] name" : "", "says which task it is");
    } else if (key == "TaskId" || key == "AdminKitTaskName") {
      draft_.Refuse(At(i), "a name for the product's own use");
    } else if (key == "Active" && watches) {
      const auto flag = FlagOf(value);
      if (!flag) return draft_.Refuse(At(i), "neither yes nor no");
      draft_.Set("on_access", "enabled", TomlFlag(*flag), At(i));
    } else if (watches &&
               (key == "RuleType" || key == "StartTime" || key == "RandomInterval" || key == "RunMissedStartRules") &&
               !IsOnDemand(task)) {
      draft_.Refuse(At(i), "watching begins with the service, always");
    }
  }

  void Action(std::size_t i, const std::string& table, bool watches) {
    const std::string& value = Value(i);
    const bool leaves = SameWord(value, "Skip") || SameWord(value, "Block") || SameWord(value, "Inform");
    const bool moves = SameWord(value, "Recommended") || SameWord(value, "Disinfect") || SameWord(value, "Cure") ||
                       SameWord(value, "Remove");
    if (!leaves && !moves) return draft_.Refuse(At(i), "not known");
    const std::string why = moves ? "moved into quarantine whole, never changed or removed" : "";
    if (watches) {
      draft_.Set("quarantine", "automatic", TomlFlag(moves), At(i), why);
    } else {
      draft_.Set(table, "quarantine", TomlFlag(moves), At(i), why);
    }
  }

  void OnAccess(Task& task) {
    const std::string table = "on_access";
    const bool any = Scopes(task, table);
    Exclusions(task, table);
    Common(task, table);
    if (any && !HasKey(task, "Active")) {
      draft_.SetFor(table, "enabled", "true", "not said in the file; it is on by default there");
    }
  }

  void OnDemand(Task& task) {
    const When when = HasKey(task, "RuleType") ? WhenOf(Last(task, "RuleType"), Last(task, "StartTime"))
                                               : When{{}, "it has no times in this file"};
    const bool scans_files = FlagOf(Last(task, "ScanFiles")).value_or(true);
    for (const char* key : {"ScanBootSectors", "ScanComputerMemory", "ScanStartupObjects"}) {
      for (const std::size_t i : task.keys[key]) Habit(i, false, "files are scanned, not boot sectors and memory");
    }
    for (const std::size_t i : task.keys["DeviceNameMasks"])
      draft_.Refuse(At(i), "files are scanned, not boot sectors and memory");
    const bool has_paths = std::any_of(task.scopes.begin(), task.scopes.end(), [&](const auto& scope) {
      return InUse(scope.second) && std::any_of(scope.second.paths.begin(), scope.second.paths.end(),
                                                [&](std::size_t i) { return IsLocal(Value(i)); });
    });
    if (!scans_files || !has_paths) {
      const std::string why = std::string("there is no schedule for this task: ") +
                              (scans_files ? "it has no local path" : "it scans no files");
      // What is the same for all scans is taken all the same.
      for (const char* key :
           {"SizeLimit", "TimeLimit", "ScanArchived", "ScanSfxArchived", "ScanMailBases", "ScanPlainMail"}) {
        for (const std::size_t i : task.keys[key]) CommonKey(key, i, "", false, task);
      }
      return Refuse(task.all, why);
    }
    const std::string table = draft_.NewTable("schedule");
    const auto name = TomlText(draft_.UniqueName(task.name));
    for (const std::size_t i : task.keys["TaskName"]) {
      if (name) draft_.Set(table, "name", *name, At(i));
    }
    draft_.SetFor(table, "name", name.value_or("\"imported\""), "a name, which each must have");
    Times(task, table, when);
    for (const std::size_t i : task.keys["ScanFiles"]) draft_.Take(At(i), "");
    for (const std::size_t i : task.keys["RandomInterval"]) {
      if (NumberOf(Value(i)) == 0) draft_.TakeWithNote(At(i), "", "always so");
      draft_.Refuse(At(i), "it begins when it is due");
    }
    for (const std::size_t i : task.keys["RunMissedStartRules"]) Habit(i, false, "what was missed is not made up for");
    for (const std::size_t i : task.keys["UseWorkingTimeout"]) Habit(i, false, "a scan goes on until it is through");
    for (const char* key : {"WorkingTimeout", "ExecuteTimeLimit"}) {
      for (const std::size_t i : task.keys[key]) {
        if (NumberOf(Value(i)) == 0) draft_.TakeWithNote(At(i), "", "always so");
        draft_.Refuse(At(i), "a scan goes on until it is through");
      }
    }
    for (const std::size_t i : task.keys["ScanPriority"]) {
      const bool idle = SameWord(Value(i), "Idle") || SameWord(Value(i), "Low");
      draft_.Take(At(i), "", idle ? "" : "always with idle priority");
    }
    Scopes(task, table);
    Exclusions(task, table);
    draft_.SetFor(table, "one_file_system", "false", "a scope is there all that is below it, whatever is mounted");
    Common(task, table);
  }

  // A task without times keeps its scopes and exclusions: as a schedule that is not enabled, to be given times.
  void Times(Task& task, const std::string& table, const When& when) {
    const bool has_times = !when.calendar.empty();
    const std::string why = has_times ? when.why : when.why + ": the schedule is written, but not enabled";
    if (has_times && !task.keys["RuleType"].empty()) {
      draft_.Set(table, "when", "\"" + when.calendar + "\"", At(task.keys["RuleType"].back()), why);
    } else {
      draft_.SetFor(table, "when", "\"Sun 03:00\"", "a time that each must have: choose one, then enable it");
      for (const std::size_t i : task.keys["RuleType"]) draft_.Take(At(i), "[[schedule]] enabled", why);
    }
    for (const std::size_t i : task.keys["StartTime"]) draft_.Take(At(i), "[[schedule]] when", why);
    bool is_active = has_times;
    for (const std::size_t i : task.keys["Active"]) {
      is_active = is_active && FlagOf(Value(i)).value_or(true);
      draft_.Take(At(i), "[[schedule]] enabled", has_times ? std::string() : why);
    }
    if (!is_active) {
      draft_.SetFor(table, "enabled", "false", has_times ? std::string("it was not active") : when.why);
    }
  }

  const std::vector<report::Setting>& settings_;
  std::size_t file_;
  Draft& draft_;
  std::vector<Task> tasks_;
  bool notify_only_ = false;
};

}  // namespace

void MapKaspersky(const std::vector<Source>& sources, std::size_t file, Draft& draft) {
  Kaspersky(sources[file], file, draft).Run();
}

}  // namespace dl::migrate
