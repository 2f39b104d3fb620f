#include "daylight/migrate/migration.h"

#include <algorithm>

#include "daylight/migrate/products.h"
#include "daylight/os/paths.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_text.h"

namespace dl::migrate {

namespace {

using report::SettingsFormat;

// What a file of options is one of: the options decide, its name only between equals.
Product ClamdOrFreshclam(const Source& source) {
  std::size_t clamd = 0;
  std::size_t freshclam = 0;
  for (const report::Setting& setting : source.facts.settings) {
    const bool in_clamd = KnowsClamdOption(setting.key);
    const bool in_freshclam = KnowsFreshclamOption(setting.key);
    if (in_clamd && !in_freshclam) ++clamd;
    if (in_freshclam && !in_clamd) ++freshclam;
    if (in_clamd && in_freshclam && os::BaseName(source.name).starts_with("freshclam")) ++freshclam;
    if (in_clamd && in_freshclam && !os::BaseName(source.name).starts_with("freshclam")) ++clamd;
  }
  if (clamd == 0 && freshclam == 0) return Product::kUnknown;
  return freshclam > clamd ? Product::kFreshclam : Product::kClamd;
}

bool LooksLikeKaspersky(const Source& source) {
  static constexpr std::string_view kKeys[] = {"ScanArchived",
                                               "UseScanArea",
                                               "Path",
                                               "AreaDesc",
                                               "RuleType",
                                               "StartTime",
                                               "TaskName",
                                               "TaskType",
                                               "SizeLimit",
                                               "FirstAction",
                                               "ExcludedMountPoint",
                                               "ProgramPath",
                                               "SambaConfigPath",
                                               "UseKSN",
                                               "TraceLevel",
                                               "ScanPriority",
                                               "ScanByAccessType",
                                               "UseExcludeMasks",
                                               "NamespaceMonitoring",
                                               "InterceptorProtectionMode",
                                               "ExcludeMasks",
                                               "UseTrustedPrograms",
                                               "AreaMask",
                                               "DetectOtherObjects",
                                               "RunMissedStartRules",
                                               "ScanFiles"};
  return std::any_of(source.facts.settings.begin(), source.facts.settings.end(), [&](const report::Setting& setting) {
    if (setting.section.find("ScanScope") != std::string::npos) return true;
    const std::string_view key = std::string_view(setting.key).substr(0, setting.key.find(".item_"));
    return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
  });
}

Product ProductOf(const Source& source) {
  const bool is_ignore_list = os::BaseName(source.name).starts_with("ignore_");
  switch (source.facts.format) {
    case SettingsFormat::kIni:
    case SettingsFormat::kJson: return LooksLikeKaspersky(source) ? Product::kKaspersky : Product::kUnknown;
    case SettingsFormat::kClamd: return is_ignore_list ? Product::kMaldetList : ClamdOrFreshclam(source);
    case SettingsFormat::kShell: {
      const auto& settings = source.facts.settings;
      const bool knows = std::any_of(settings.begin(), settings.end(),
                                     [](const auto& setting) { return KnowsMaldetVariable(setting.key); });
      return knows ? Product::kMaldet : Product::kUnknown;
    }
    case SettingsFormat::kList:
      for (const char* name : {"ignore_paths", "ignore_file_ext", "ignore_sigs", "ignore_inotify"}) {
        if (os::BaseName(source.name).starts_with(name)) return Product::kMaldetList;
      }
      return Product::kUnknown;
    case SettingsFormat::kUnknown: break;
  }
  return Product::kUnknown;
}

bool IsEmpty(const Source& source) {
  return source.facts.format == SettingsFormat::kUnknown && source.facts.problems.empty() && !source.facts.cut;
}

std::string Place(const ReportLine& line) {
  std::string text = report::EscapeLine(line.file);
  if (line.line > 0) text += ":" + std::to_string(line.line);
  return text;
}

// "[ScanScope.item_0000] Path = /srv"
std::string Shown(const ReportLine& line) {
  std::string text;
  if (!line.section.empty()) text += "[" + report::EscapeLine(line.section) + "] ";
  text += report::EscapeLine(line.key);
  if (!line.value.empty()) text += (line.key.empty() ? "" : " = ") + report::EscapeLine(line.value);
  return text.empty() ? "(this line)" : text;
}

}  // namespace

std::string_view ProductName(Product product) {
  switch (product) {
    case Product::kUnknown: break;
    case Product::kKaspersky: return "kaspersky";
    case Product::kClamd: return "clamd";
    case Product::kFreshclam: return "freshclam";
    case Product::kMaldet: return "maldet";
    case Product::kMaldetList: return "maldet-list";
  }
  return "unknown";
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTaken: return "taken";
    case Outcome::kTakenDifferently: return "taken-differently";
    case Outcome::kNotTaken: break;
  }
  return "not-taken";
}

std::size_t MigrationReport::Count(Outcome outcome) const {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const ReportLine& line) { return line.outcome == outcome; }));
}

bool MigrationReport::complete() const {
  return std::none_of(files.begin(), files.end(), [](const FileLine& file) { return file.unknown || file.cut; });
}

Migration Migrate(const std::vector<Source>& sources) {
  std::vector<FileLine> files;
  for (const Source& source : sources) {
    FileLine& file = files.emplace_back();
    file.name = source.name;
    file.product = ProductOf(source);
    file.unknown = file.product == Product::kUnknown && !IsEmpty(source);
    file.cut = source.facts.cut;
  }
  Draft draft(sources);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    switch (files[i].product) {
      case Product::kKaspersky: MapKaspersky(sources, i, draft); break;
      case Product::kClamd: MapClamd(sources, i, draft); break;
      case Product::kFreshclam: MapFreshclam(sources, i, draft); break;
      case Product::kMaldet:
      case Product::kMaldetList: break;  // Below, all together.
      case Product::kUnknown:
        for (std::size_t s = 0; s < sources[i].facts.settings.size(); ++s) {
          draft.Refuse(draft.IndexOf(i, s), "of a file that is not known");
        }
        break;
    }
  }
  MapMaldet(sources, files, draft);
  return draft.Finish(std::move(files));
}

std::string ReportText(const MigrationReport& report) {
  static constexpr std::pair<Outcome, std::string_view> kParts[] = {
      {Outcome::kTaken, "Taken over"},
      {Outcome::kTakenDifferently, "Taken over with a difference"},
      {Outcome::kNotTaken, "Not taken over"},
  };
  std::string out;
  for (const FileLine& file : report.files) {
    out += report::EscapeLine(file.name) + ": ";
    out += file.product != Product::kUnknown ? std::string(ProductName(file.product))
           : file.unknown                    ? "not a settings file that is known"
                                             : "nothing is in it";
    if (file.cut) out += "; larger than what is read, so this is not all";
    out += "\n";
  }
  for (const auto& [outcome, title] : kParts) {
    const std::size_t count = report.Count(outcome);
    out += "\n" + std::string(title) + ": " + std::to_string(count) + "\n";
    for (const ReportLine& line : report.lines) {
      if (line.outcome != outcome) continue;
      out += "  " + Place(line) + ": " + Shown(line);
      if (!line.to.empty()) out += "  ->  " + report::EscapeLine(line.to);
      if (!line.why.empty()) out += "  (" + report::EscapeLine(line.why) + ")";
      out += "\n";
    }
  }
  return out;
}

std::string ReportJson(const MigrationReport& report, const std::string* config) {
  std::string out;
  report::JsonText json(out);
  json.BeginObject();
  json.Key("files");
  json.BeginArray();
  for (const FileLine& file : report.files) {
    json.BeginObject();
    json.Field("name", file.name);
    json.Field("product", ProductName(file.product));
    json.Field("unknown", file.unknown);
    json.Field("cut", file.cut);
    json.EndObject();
  }
  json.EndArray();
  json.Key("settings");
  json.BeginArray();
  for (const ReportLine& line : report.lines) {
    json.BeginObject();
    json.Field("file", line.file);
    json.Field("line", std::uint64_t{line.line});
    json.Field("section", line.section);
    json.Field("key", line.key);
    json.Field("value", line.value);
    json.Field("outcome", OutcomeName(line.outcome));
    json.Field("to", line.to);
    json.Field("why", line.why);
    json.EndObject();
  }
  json.EndArray();
  json.Key("summary");
  json.BeginObject();
  for (const Outcome outcome : {Outcome::kTaken, Outcome::kTakenDifferently, Outcome::kNotTaken}) {
    json.Field(OutcomeName(outcome), std::uint64_t{report.Count(outcome)});
  }
  json.Field("complete", report.complete());
  json.EndObject();
  if (config != nullptr) json.Field("config", *config);
  json.EndObject();
  return out + "\n";
}

}  // namespace dl::migrate
