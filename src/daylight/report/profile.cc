#include "daylight/report/profile.h"

#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <tuple>

#include "daylight/report/escape.h"
#include "daylight/report/json_text.h"

namespace dl::report {

namespace {

// A worker names no more than its databases have, unless it lies; then the
// cheapest go.
constexpr std::size_t kMaxSummedLines = 64 * kMaxProfileLines;

void AddTo(std::uint64_t& sum, std::uint64_t value) {
  sum =
      value > std::numeric_limits<std::uint64_t>::max() - sum ? std::numeric_limits<std::uint64_t>::max() : sum + value;
}

std::uint64_t Total(std::initializer_list<std::uint64_t> values) {
  std::uint64_t total = 0;
  for (const std::uint64_t value : values) AddTo(total, value);
  return total;
}

std::uint64_t Less(std::uint64_t whole, std::uint64_t part) { return whole > part ? whole - part : 0; }

std::string Key(const ProfileLine& line) {
  std::string key = std::to_string(line.name_space.size()) + ":" + line.name_space;
  key += std::to_string(line.rule.size()) + ":" + line.rule;
  return key + line.string;
}

struct Stage {
  const char* name;  // For people.
  const char* key;   // For programs.
  std::uint64_t ns;
};

std::vector<Stage> TrustedStages(const TrustedProfile& profile) {
  const std::uint64_t known = Total({profile.walk_ns, profile.print_ns, profile.wait_ns});
  return {{"walk and open", "walk", profile.walk_ns},
          {"print", "print", profile.print_ns},
          {"wait for workers", "wait", profile.wait_ns},
          {"protocol and the rest", "rest", Less(profile.total_ns, known)}};
}

std::uint64_t InWorkers(const Profile& profile) {
  return Total({profile.open_ns, profile.wait_ns, profile.scan_ns, profile.report_ns});
}

// Together they are InWorkers().
std::vector<Stage> WorkerStages(const Profile& profile) {
  const std::uint64_t known = Total({profile.read_ns, profile.unpack_ns, profile.hash_ns, profile.search_ns,
                                     profile.conditions_ns, profile.clamav_ns});
  return {{"open databases", "open", profile.open_ns},
          {"wait for work", "wait", profile.wait_ns},
          {"read", "read", profile.read_ns},
          {"unpack", "unpack", profile.unpack_ns},
          {"hash", "hash", profile.hash_ns},
          {"prefilter", "prefilter", Less(profile.search_ns, profile.verify_ns)},
          {"verify", "verify", profile.verify_ns},
          {"conditions", "conditions", ConditionsAlone(profile)},
          {"facts", "facts", profile.facts_ns},
          {"ClamAV signatures", "clamav", profile.clamav_ns},
          {"rest of the scan", "rest", Less(profile.scan_ns, known)},
          {"report", "report", profile.report_ns}};
}

void AppendRow(std::string& out, const Stage& stage, std::uint64_t whole) {
  char row[96];
  std::snprintf(row, sizeof row, "  %-22s %13.6f s %5.1f %%\n", stage.name, Seconds(stage.ns), Share(stage.ns, whole));
  out += row;
}

void AppendSeconds(const char* key, std::uint64_t ns, JsonText& json) {
  json.Key(key);
  json.Real(Seconds(ns));
}

void AppendStages(const std::vector<Stage>& stages, JsonText& json) {
  json.BeginObject();
  for (const Stage& stage : stages) AppendSeconds(stage.key, stage.ns, json);
  json.EndObject();
}

void AppendLines(const Profile& profile, const std::vector<ProfileLine>& lines, std::uint64_t whole,
                 const char* counted, JsonText& json) {
  json.BeginArray();
  for (const ProfileLine& line : lines) {
    json.BeginObject();
    json.Field("namespace", line.name_space);
    json.Field("rule", line.rule);
    if (!line.string.empty()) json.Field("string", line.string);
    if (line.also != 0) json.Field("same_strings", std::uint64_t{line.also});
    json.Field(counted, line.count);
    AppendSeconds("seconds", line.ns, json);
    json.Key("percent");
    json.Real(Share(line.ns, whole));
    if (IsSlow(line, profile)) json.Field("slow", true);
    json.EndObject();
  }
  json.EndArray();
}

void AppendLines(std::string& out, const std::vector<ProfileLine>& lines, std::uint64_t whole, const char* counted) {
  char row[96];
  for (const ProfileLine& line : lines) {
    std::snprintf(row, sizeof row, "  %13.6f s %5.1f %% %12llu %s  ", Seconds(line.ns), Share(line.ns, whole),
                  static_cast<unsigned long long>(line.count), counted);
    out += row;
    out += EscapeLine(ProfileLineName(line)) + "\n";
  }
}

std::string Heading(const char* what, std::uint64_t ns) {
  char text[96];
  std::snprintf(text, sizeof text, "%s (%.6f s)\n", what, Seconds(ns));
  return text;
}

}  // namespace

std::uint64_t ConditionsAlone(const Profile& profile) { return Less(profile.conditions_ns, profile.facts_ns); }

double Seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

double Share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string ProfileLineName(const ProfileLine& line) {
  std::string name = line.name_space + ":" + line.rule;
  if (!line.string.empty()) name += ":" + line.string;
  if (line.also != 0) name += " (and " + std::to_string(line.also) + " more)";
  return name;
}

void KeepCostliest(std::vector<ProfileLine>& lines, std::size_t most) {
  const auto costlier = [](const ProfileLine& a, const ProfileLine& b) {
    return std::tie(b.ns, b.count, a.name_space, a.rule, a.string) <
           std::tie(a.ns, a.count, b.name_space, b.rule, b.string);
  };
  const auto kept = lines.begin() + static_cast<std::ptrdiff_t>(std::min(most, lines.size()));
  std::partial_sort(lines.begin(), kept, lines.end(), costlier);
  lines.erase(kept, lines.end());
}

void ProfileSum::AddLines(const std::vector<ProfileLine>& from, Lines& to) {
  for (const ProfileLine& line : from) {
    const auto [at, is_new] = to.try_emplace(Key(line), line);
    if (is_new) continue;
    AddTo(at->second.count, line.count);
    AddTo(at->second.ns, line.ns);
  }
  if (to.size() <= 2 * kMaxSummedLines) return;
  std::vector<ProfileLine> all;
  for (auto& [key, line] : to) all.push_back(std::move(line));
  KeepCostliest(all, kMaxSummedLines);
  to.clear();
  for (ProfileLine& line : all) to.emplace(Key(line), std::move(line));
}

void ProfileSum::Add(const Profile& profile) {
  for (const auto number : kProfileNumbers) AddTo(sum_.*number, profile.*number);
  AddLines(profile.rules, rules_);
  AddLines(profile.strings, strings_);
}

Profile ProfileSum::Take(std::size_t lines) {
  Profile out = std::move(sum_);
  for (const auto& [key, line] : rules_) out.rules.push_back(line);
  for (const auto& [key, line] : strings_) out.strings.push_back(line);
  KeepCostliest(out.rules, lines);
  KeepCostliest(out.strings, lines);
  *this = ProfileSum();
  return out;
}

bool IsSlow(const ProfileLine& line, const Profile& profile) {
  constexpr double kPercent = 5;
  constexpr double kNsPerByte = 0.1;
  return Share(line.ns, Total({profile.search_ns, ConditionsAlone(profile)})) >= kPercent &&
         static_cast<double>(line.ns) >= kNsPerByte * static_cast<double>(profile.bytes);
}

std::string CostliestText(const Profile& profile) {
  std::string out;
  if (!profile.strings.empty()) {
    out += Heading("strings that cost most, of the search", profile.search_ns);
    AppendLines(out, profile.strings, profile.search_ns, "verified");
  }
  if (!profile.rules.empty()) {
    out += Heading("conditions that cost most, of all without facts", ConditionsAlone(profile));
    AppendLines(out, profile.rules, ConditionsAlone(profile), "evaluated");
  }
  return out;
}

std::string ProfileText(const FullProfile& full) {
  const TrustedProfile& trusted = full.trusted;
  std::string out = Heading("where the time went, by the wall clock", trusted.total_ns);
  for (const Stage& stage : TrustedStages(trusted)) AppendRow(out, stage, trusted.total_ns);
  const std::uint64_t whole = InWorkers(full.workers);
  out += Heading("in workers, all of them together", whole);
  for (const Stage& stage : WorkerStages(full.workers)) AppendRow(out, stage, whole);
  return out + CostliestText(full.workers);
}

namespace {

// Members of an object.
void AppendCostliest(const Profile& profile, JsonText& json) {
  AppendSeconds("search_seconds", profile.search_ns, json);
  AppendSeconds("condition_seconds", ConditionsAlone(profile), json);
  json.Key("strings");
  AppendLines(profile, profile.strings, profile.search_ns, "verified", json);
  json.Key("conditions");
  AppendLines(profile, profile.rules, ConditionsAlone(profile), "evaluated", json);
}

}  // namespace

void AppendCorpusCosts(const CorpusCosts& costs, JsonText& json) {
  json.BeginObject();
  json.Field("files", costs.files);
  json.Field("bytes", costs.bytes);
  json.Field("failed", costs.failed);
  AppendCostliest(costs.profile, json);
  json.EndObject();
}

void AppendProfile(const FullProfile& full, JsonText& json) {
  json.BeginObject();
  AppendSeconds("seconds", full.trusted.total_ns, json);
  json.Key("stages");
  AppendStages(TrustedStages(full.trusted), json);
  AppendSeconds("worker_seconds", InWorkers(full.workers), json);
  json.Key("worker_stages");
  AppendStages(WorkerStages(full.workers), json);
  AppendCostliest(full.workers, json);
  json.EndObject();
}

}  // namespace dl::report
