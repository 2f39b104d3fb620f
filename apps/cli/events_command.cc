// `daylight events`: what the daemon has written down, as journalctl shows its own.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <thread>

#include "command_line.h"
#include "commands.h"
#include "daylight/events/format.h"
#include "daylight/events/store_reader.h"
#include "daylight/events/time_text.h"
#include "daylight/os/host.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "messages.h"
#include "output.h"
#include "signals.h"

namespace dl::cli {

namespace {

constexpr char kUsualFolder[] = "/var/lib/daylight";
constexpr char kStoreName[] = "events.db";
constexpr std::chrono::milliseconds kLook{250};

struct Options {
  std::string database;
  std::string folder = kUsualFolder;
  std::string since;
  std::string until;
  std::vector<std::string> kinds;
  std::string path;
  std::string format = "text";
  std::string lines;
  bool follow = false;
};

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool TakeTime(const std::string& option, const std::string& text, std::optional<std::int64_t>& time) {
  if (text.empty()) return true;
  time = events::ParseTime(text, NowNs());
  if (!time) Say(option + ": " + text + " is no time (e.g. \"2026-11-30 13:00\", today, \"2 hours ago\")");
  return time.has_value();
}

bool TakeKinds(const std::vector<std::string>& names, std::vector<events::EventKind>& kinds) {
  for (const std::string& name : names) {
    const auto kind = events::KindOf(name);
    if (!kind) {
      std::string all;
      for (std::size_t i = 0; i < events::kEventKinds; ++i)
        all += std::string(i == 0 ? "" : ", ") + std::string(events::KindName(static_cast<events::EventKind>(i)));
      Say("--kind: there is no kind " + name + " (" + all + ")");
      return false;
    }
    kinds.push_back(*kind);
  }
  return true;
}

bool TakeNumber(const std::string& text, std::optional<std::uint64_t>& number) {
  if (text.empty()) return true;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    Say("-n: " + text + " is no number");
    return false;
  }
  number = value;
  return true;
}

int Show(const Options& options, const events::StoreQuery& asked, std::optional<std::uint64_t> last) {
  events::StoreQuery query = asked;
  const std::string file = options.database.empty() ? os::Join(options.folder, kStoreName) : options.database;
  std::string trouble;
  auto reader = events::StoreReader::Open(file, trouble);
  if (!reader) {
    Say(file + ": " + trouble);
    return kExitTrouble;
  }
  const events::Format format = *events::FormatOf(options.format);
  const events::Source source{os::HostName(), DAYLIGHT_VERSION};
  auto output = Output::Open("");
  if (!output) return kExitTrouble;
  if (last) {
    const auto start = reader->StartOfLast(query, *last);
    if (!start) {
      Say(file + ": " + reader->trouble());
      return kExitTrouble;
    }
    query.after_seq = *start;
  }
  const auto take = [&](const events::StoredEvent& stored) {
    query.after_seq = stored.seq;
    events::AppendEvent(format, stored.event, source, output->text());
    output->text() += '\n';
    output->Offer();
    return output->status().has_value() && !StopFlag();
  };
  for (;;) {
    const Status status = reader->Read(query, take);
    if (!status) {
      output->Flush();
      Say(file + ": " + reader->trouble());
      return kExitTrouble;
    }
    if (!options.follow || StopFlag()) break;
    output->Flush();
    if (!output->status()) break;
    for (int i = 0; i < 2 && !StopFlag(); ++i) std::this_thread::sleep_for(kLook);
    if (!reader->is_snapshot()) continue;
    if (auto again = events::StoreReader::Open(file, trouble)) reader = std::move(again);
  }
  output->Flush();
  // `| head` has seen enough.
  if (output->status() || output->status().error().offset == EPIPE) return kExitClean;
  Say("standard output: " + os::Describe(output->status().error()));
  return kExitTrouble;
}

}  // namespace

int EventsCommand(const Arguments& arguments) {
  Options options;
  std::vector<std::string> none;
  CLI::App app(
      "Shows what the daemon has written down: detections, what was blocked, quarantined or let through, scans, and "
      "the daemon's own comings and goings; the oldest first, in the order of writing. Exit 0, or 2 when the events "
      "cannot be read.",
      "daylight events");
  app.add_option("--db", options.database, "the store of events")->type_name("FILE");
  app.add_option("--folder", options.folder, "the daemon's folder, which has it as events.db")
      ->type_name("DIR")
      ->default_str(kUsualFolder);
  app.add_option("--since", options.since, "from this time on: \"2026-11-30 13:00\", today, \"2 hours ago\"")
      ->type_name("T");
  app.add_option("--until", options.until, "up to this time")->type_name("T");
  AddList(app, "--kind", options.kinds, "only events of this kind, such as detection (repeatable)")->type_name("K");
  app.add_option("--path", options.path, "only files whose path begins so")->type_name("PREFIX");
  AddChoice(app, "--format", options.format, {"text", "jsonl", "ecs", "ocsf", "cef"},
            "text, jsonl, ecs (Elastic Common Schema), ocsf or cef");
  app.add_option("-n,--lines", options.lines, "only the last N of them")->type_name("N");
  app.add_flag("-f,--follow", options.follow, "go on showing what comes");
  if (const auto exit = Parse(app, arguments, {"", "", 0, 0}, none)) return *exit;
  events::StoreQuery query;
  std::optional<std::uint64_t> last;
  if (!TakeTime("--since", options.since, query.since_ns) || !TakeTime("--until", options.until, query.until_ns) ||
      !TakeKinds(options.kinds, query.kinds) || !TakeNumber(options.lines, last)) {
    return kExitTrouble;
  }
  query.path_prefix = options.path;
  return Show(options, query, last);
}

}  // namespace dl::cli
