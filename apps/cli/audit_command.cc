// `daylight audit sandbox`: has workers try to break out.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "audit_report.h"
#include "command_line.h"
#include "commands.h"
#include "daylight/os/io.h"
#include "daylight/sandbox/worker_process.h"
#include "messages.h"
#include "signals.h"

namespace dl::cli {

namespace {

constexpr int kExitEscape = 1;

constexpr char kHelp[] =
    "Usage: daylight audit COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  sandbox           have workers try to break out, and show what stops each attempt\n"
    "\n"
    "It has its own --help.\n";

// On a terminal only: a line that is written over and taken away.
void ShowProgress(std::size_t done, std::size_t of) {
  const std::string text =
      done < of ? "\r" + std::to_string(done) + " of " + std::to_string(of) + " attempts" : "\r\033[K";
  static_cast<void>(os::WriteAll(STDERR_FILENO, text));
}

int AuditSandbox(const Arguments& command_line) {
  std::vector<std::string> none;
  std::string format = "text";
  sandbox::AuditOptions options;
  CLI::App app(
      "Has workers try to break out: each attempt is made without walls, where it must succeed to mean something, "
      "inside all walls, with each wall left out in turn, and inside each wall alone. Nothing that is tried does harm "
      "when it succeeds. Exit 0 when every attempt was stopped inside, 1 when one succeeded there, 2 when that could "
      "not be found out.",
      "daylight audit sandbox");
  AddChoice(app, "--format", format, {"text", "json"}, "text or json");
  app.add_flag("--quick", options.quick, "leave walls out only where that is needed to name the one that stops");
  if (const auto exit = Parse(app, command_line, {"", "", 0, 0}, none)) return *exit;
  auto worker_program = sandbox::FindWorkerProgram();
  if (!worker_program) {
    Say(worker_program.error().what);
    return kExitTrouble;
  }
  options.worker_program.path = std::move(worker_program->path);
  options.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 16u);
  options.stop = &StopFlag();
  if (::isatty(STDERR_FILENO) == 1) options.progress = ShowProgress;

  const sandbox::Audit audit = sandbox::AuditSandbox(options);
  if (!audit.problem.empty()) {
    if (options.progress) static_cast<void>(os::WriteAll(STDERR_FILENO, "\r\033[K"));
    Say(audit.problem);
    return kExitTrouble;
  }
  if (!os::WriteAll(STDOUT_FILENO, format == "json" ? AuditJson(audit) : AuditText(audit))) return kExitTrouble;
  if (audit.escapes != 0) {
    Say(std::to_string(audit.escapes) + (audit.escapes == 1 ? " attempt" : " attempts") +
        " succeeded inside the walls");
    return kExitEscape;
  }
  return audit.unclear == 0 ? kExitClean : kExitTrouble;
}

}  // namespace

int AuditCommand(const Arguments& arguments) {
  const Arguments rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
  const std::string command = arguments.empty() ? "" : arguments.front();
  if (command == "sandbox") return AuditSandbox(rest);
  if (command == "help" && !rest.empty()) return AuditCommand({rest.front(), "--help"});
  if (command == "--help" || command == "-h" || command == "help") {
    return os::WriteAll(STDOUT_FILENO, kHelp) ? kExitClean : kExitTrouble;
  }
  if (command.empty()) {
    static_cast<void>(os::WriteAll(STDERR_FILENO, kHelp));
  } else {
    Say("there is no command audit " + command + " (see daylight audit --help)");
  }
  return kExitTrouble;
}

}  // namespace dl::cli
