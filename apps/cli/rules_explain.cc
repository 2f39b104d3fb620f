#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ctime>

#include "command_line.h"
#include "commands.h"
#include "content_loader.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/report/escape.h"
#include "daylight/report/json_values.h"
#include "daylight/sandbox/ask.h"
#include "daylight/sandbox/worker_process.h"
#include "messages.h"
#include "scan_feed.h"
#include "signals.h"

namespace dl::cli {

namespace {

std::string ExplainText(const report::ExplainAnswer& answer, const std::string& path) {
  const auto line = [](const std::string& text) { return report::EscapeLine(text); };
  std::string out = line(answer.rule) + (answer.matched ? " matches " : " does not match ") + line(path) + "\n";
  if (!answer.gate.empty()) out += "gate: " + line(answer.gate) + "\n";
  for (const report::ExplainLine& term : answer.lines) {
    // A worker's depth is only a number: an indent has an end.
    out += std::string(2 + 2 * std::min<std::size_t>(term.depth, 40), ' ') + line(term.text) + "  ->  " +
           line(term.result);
    if (!term.detail.empty()) out += "  (" + line(term.detail) + ")";
    out += "\n";
  }
  return out;
}

}  // namespace

int RulesExplain(const Arguments& command_line) {
  ContentOptions content;
  std::vector<std::string> values;
  std::string format = "text";
  CLI::App app("Says why a rule did or did not match a file, condition term by term.", "daylight rules explain");
  AddContentOptions(app, content);
  AddChoice(app, "--format", format, {"text", "json"}, "text or json");
  if (const auto exit = Parse(
          app, command_line,
          {"RULE PATH", "RULE: as NAME or NAMESPACE:NAME. PATH: the file; `-` reads standard input.", 2, 2}, values))
    return *exit;
  if (!FinishContentOptions(content)) return kExitTrouble;
  const std::string& rule = values[0];
  const std::string& path = values[1];
  const auto worker_program = FindWorker(content.unsafe);
  if (!worker_program) return kExitTrouble;
  struct stat info {};
  if (path != "-" && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    Say(path + ": is a folder, not a file");
    return kExitTrouble;
  }
  ScanFeed feed({}, {path}, std::uint64_t{1} << 30);
  const auto item = feed.Next();
  if (!item || item->report) {
    Say(path + ": " + (item ? item->report->failure : "nothing to read"));
    return kExitTrouble;
  }
  const auto loaded = LoadContent(content, *worker_program, false);
  if (!loaded) return kExitTrouble;
  sandbox::Question question;
  question.worker_program = *worker_program;
  question.databases = loaded->descriptors();
  question.settings.now = std::time(nullptr);
  question.settings.externals = content.values;
  question.settings.module_data = content.data;
  question.settings.list_strings = true;
  question.stop = &StopFlag();
  const auto answer = sandbox::Explain(question, {rule, {1, item->size, item->names}}, item->fd.get());
  if (!answer.value) {
    Say(answer.problem);
    return kExitTrouble;
  }
  if (!answer.value->found) {
    Say("there is no rule " + rule + " in this content");
    return kExitTrouble;
  }
  const std::string text = format == "json" ? report::ExplainToJson(*answer.value) : ExplainText(*answer.value, path);
  return os::WriteAll(STDOUT_FILENO, text) ? kExitClean : kExitTrouble;
}

}  // namespace dl::cli
