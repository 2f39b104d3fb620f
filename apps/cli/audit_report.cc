#include "audit_report.h"

#include <algorithm>
#include <vector>

#include "daylight/report/escape.h"
#include "daylight/report/json_text.h"

namespace dl::cli {

namespace {

using sandbox::AttemptAudit;
using sandbox::AttemptVerdict;
using sandbox::kAuditWallCount;
using sandbox::kAuditWalls;

// What stopped it, for people.
std::string Stopper(const AttemptAudit& one) {
  switch (one.verdict) {
    case AttemptVerdict::kEscape: return "NOTHING: ESCAPE";
    case AttemptVerdict::kUnclear: return "UNCLEAR";
    case AttemptVerdict::kToNobody: return "(anyone is refused)";
    case AttemptVerdict::kStopped: break;
  }
  return one.stopped_by != 0 ? sandbox::AuditWallNames(one.stopped_by) : "several together";
}

struct Row {
  std::string cells[6];
};

void AppendRow(std::string& out, const Row& row, const std::size_t (&widths)[6]) {
  std::string line;
  for (std::size_t i = 0; i < 6; ++i) {
    line += row.cells[i];
    if (i < 5) line.append(widths[i] + 2 - std::min(widths[i] + 1, row.cells[i].size()), ' ');
  }
  line.resize(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

std::string Table(const sandbox::Audit& audit) {
  std::vector<Row> rows{{{"ATTEMPT", "WITHOUT WALLS", "INSIDE", "IN A FORK", "STOPPED BY", "ALSO STOPPED BY"}}};
  for (const AttemptAudit& one : audit.attempts) {
    rows.push_back({{std::string(one.attempt->name), TryText(one.control), TryText(one.inside), TryText(one.forked),
                     Stopper(one), sandbox::AuditWallNames(one.also_stopped_by)}});
  }
  std::size_t widths[6] = {};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < 6; ++i) widths[i] = std::max(widths[i], row.cells[i].size());
  }
  std::string out;
  for (const Row& row : rows) AppendRow(out, row, widths);
  return out;
}

struct WallCounts {
  std::size_t first = 0;  // It is what the attempt meets.
  std::size_t alone = 0;  // It would stop it by itself.
  std::size_t only = 0;   // Without it the attempt succeeds.
};

WallCounts CountWall(const sandbox::Audit& audit, std::size_t wall) {
  WallCounts counts;
  for (const AttemptAudit& one : audit.attempts) {
    if (one.verdict != AttemptVerdict::kStopped) continue;
    counts.first += (one.stopped_by & kAuditWalls[wall]) != 0 ? 1u : 0u;
    counts.alone += one.alone[wall].stopped() ? 1u : 0u;
    counts.only += one.without[wall].ending == sandbox::Try::Ending::kSucceeded ? 1u : 0u;
  }
  return counts;
}

bool TriedAlone(const sandbox::Audit& audit) {
  return std::any_of(audit.attempts.begin(), audit.attempts.end(), [](const AttemptAudit& one) {
    return std::any_of(std::begin(one.alone), std::end(one.alone), [](const sandbox::Try& t) { return t.made(); });
  });
}

std::string Counted(std::size_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

void AppendTry(report::JsonText& json, std::string_view key, const sandbox::Try& one) {
  if (one.ending == sandbox::Try::Ending::kNotMade) return;
  json.StrangeKey(key);
  json.BeginObject();
  json.Field("outcome", std::string_view([&one] {
               switch (one.ending) {
                 case sandbox::Try::Ending::kSucceeded: return "succeeded";
                 case sandbox::Try::Ending::kRefused: return "refused";
                 case sandbox::Try::Ending::kUnsupported: return "unsupported";
                 case sandbox::Try::Ending::kForbidden: return "killed";
                 case sandbox::Try::Ending::kDied: return "died";
                 case sandbox::Try::Ending::kSilent: return "silent";
                 case sandbox::Try::Ending::kNoWorker: return "no worker";
                 case sandbox::Try::Ending::kNotMade: break;
               }
               return "?";
             }()));
  json.Field("text", TryText(one));
  if (!one.detail.empty()) json.Field("detail", one.detail);
  json.EndObject();
}

void AppendWalls(report::JsonText& json, std::string_view key, report::WallSet walls) {
  json.Key(key);
  json.BeginArray();
  for (const report::WallSet wall : kAuditWalls) {
    if ((walls & wall) != 0) json.String(sandbox::AuditWallName(wall));
  }
  json.EndArray();
}

void AppendTries(report::JsonText& json, std::string_view key, const sandbox::Try (&tries)[kAuditWallCount]) {
  json.Key(key);
  json.BeginObject();
  for (std::size_t i = 0; i < kAuditWallCount; ++i) AppendTry(json, sandbox::AuditWallName(kAuditWalls[i]), tries[i]);
  json.EndObject();
}

}  // namespace

std::string AuditText(const sandbox::Audit& audit) {
  std::string out = Table(audit);
  out += "\nWalls that hold here: " + report::WallNames(audit.walls.held) + "\n";
  for (const std::string& note : audit.walls.notes) out += "  " + report::EscapeLine(note) + "\n";
  const report::WallSet missing = report::kAllWalls & ~audit.walls.held;
  if (missing != 0) out += "Walls that do not hold here: " + report::WallNames(missing) + "\n";
  const bool alone = TriedAlone(audit);
  out += "What they stop:\n";
  for (std::size_t i = 0; i < kAuditWallCount; ++i) {
    const WallCounts counts = CountWall(audit, i);
    out +=
        "  " + std::string(sandbox::AuditWallName(kAuditWalls[i])) + ": first to stop " + std::to_string(counts.first);
    // The quick way leaves most of that untried.
    if (alone) {
      out += ", by itself stops " + std::to_string(counts.alone) + ", without it " + std::to_string(counts.only) +
             " succeed";
    }
    out += "\n";
  }
  out += "\n" + Counted(audit.attempts.size(), "attempt", "attempts") + ": " + std::to_string(audit.stopped) +
         " stopped, " + Counted(audit.escapes, "ESCAPE", audit.escapes == 0 ? "escapes" : "ESCAPES") + ", " +
         std::to_string(audit.unclear) + " unclear;\n" + std::to_string(audit.to_nobody) +
         " more that did not succeed without walls either: this kernel refuses them to anyone, or to this user\n";
  for (const AttemptAudit& one : audit.attempts) {
    if (one.verdict == AttemptVerdict::kEscape) {
      out += "ESCAPE: " + std::string(one.attempt->name) + ": a worker with all walls can " +
             std::string(one.attempt->description) + "\n";
    } else if (one.verdict == AttemptVerdict::kUnclear) {
      const sandbox::Try& why = !one.control.made() ? one.control : one.inside.stopped() ? one.forked : one.inside;
      out += "unclear: " + std::string(one.attempt->name) + ": " + TryText(why) +
             (why.detail.empty() ? "" : " (" + report::EscapeLine(why.detail) + ")") + "\n";
    }
  }
  return out;
}

std::string AuditJson(const sandbox::Audit& audit) {
  std::string out;
  report::JsonText json(out);
  json.BeginObject();
  json.Key("attempts");
  json.BeginArray();
  for (const AttemptAudit& one : audit.attempts) {
    json.BeginObject();
    json.Field("name", one.attempt->name);
    json.Field("theme", report::AttemptThemeName(one.attempt->theme));
    json.Field("description", one.attempt->description);
    json.Field("verdict", sandbox::AttemptVerdictName(one.verdict));
    AppendTry(json, "control", one.control);
    AppendTry(json, "inside", one.inside);
    AppendTry(json, "forked", one.forked);
    AppendWalls(json, "stopped_by", one.stopped_by);
    AppendWalls(json, "also_stopped_by", one.also_stopped_by);
    AppendTries(json, "without", one.without);
    AppendTries(json, "alone", one.alone);
    json.EndObject();
  }
  json.EndArray();
  json.Key("walls");
  json.BeginObject();
  AppendWalls(json, "held", audit.walls.held);
  AppendWalls(json, "missing", report::kAllWalls & ~audit.walls.held);
  json.Key("notes");
  json.BeginArray();
  for (const std::string& note : audit.walls.notes) json.String(note);
  json.EndArray();
  json.EndObject();
  json.Key("summary");
  json.BeginObject();
  json.Field("attempts", std::uint64_t{audit.attempts.size()});
  json.Field("stopped", std::uint64_t{audit.stopped});
  json.Field("refused_to_anyone", std::uint64_t{audit.to_nobody});
  json.Field("escapes", std::uint64_t{audit.escapes});
  json.Field("unclear", std::uint64_t{audit.unclear});
  json.EndObject();
  json.EndObject();
  return out + "\n";
}

}  // namespace dl::cli
