// daylight: the command. Each command has a file of its own.
#include <unistd.h>

#include <exception>
#include <string>
#include <vector>

#include "commands.h"
#include "daylight/os/io.h"
#include "messages.h"
#include "signals.h"

namespace {

constexpr char kHelp[] =
    "Daylight: a malware scanner that nobody has to trust\n"
    "\n"
    "Usage: daylight COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  scan PATH...      scan files and folders\n"
    "  rules check       compile rules and report what is wrong with them\n"
    "  rules compile     write rules into a database\n"
    "  rules list        what is inside a database\n"
    "  rules explain     why a rule did or did not match a file\n"
    "  rules verify      check every page of a database\n"
    "  events            what the daemon has written down\n"
    "  audit sandbox     have workers try to break out, and show what stops them\n"
    "  quarantine list   what was moved out of the way; also show, restore, delete, export, add\n"
    "  policy check      find software that a law forbids; also list, validate, verify\n"
    "  inventory         the installed software, as CycloneDX, SPDX or text\n"
    "  migrate FILE...   the settings of another scanner as a configuration of daylightd\n"
    "\n"
    "Options:\n"
    "  -h, --help        this text; behind a command, its options (also: daylight help COMMAND)\n"
    "  --version         the version\n"
    "\n"
    "Exit codes: 0 nothing detected and everything read; 1 something detected; 2 something failed\n"
    "or stayed unread, or the command could not run.\n";

int Print(const std::string& text) {
  return dl::os::WriteAll(STDOUT_FILENO, text) ? dl::cli::kExitClean : dl::cli::kExitTrouble;
}

int Run(const dl::cli::Arguments& arguments) {
  if (arguments.empty()) {
    static_cast<void>(dl::os::WriteAll(STDERR_FILENO, kHelp));
    return dl::cli::kExitTrouble;
  }
  const std::string& command = arguments.front();
  const dl::cli::Arguments rest(arguments.begin() + 1, arguments.end());
  if (command == "scan") return dl::cli::ScanCommand(rest);
  if (command == "rules") return dl::cli::RulesCommand(rest);
  if (command == "events") return dl::cli::EventsCommand(rest);
  if (command == "audit") return dl::cli::AuditCommand(rest);
  if (command == "policy") return dl::cli::PolicyCommand(rest);
  if (command == "inventory") return dl::cli::InventoryCommand(rest);
  if (command == "migrate") return dl::cli::MigrateCommand(rest);
  if (command == "quarantine") return dl::cli::QuarantineCommand(rest);
  if (command == "--version" || command == "-V") return Print("daylight " DAYLIGHT_VERSION "\n");
  if (command == "help" && !rest.empty()) {  // daylight help rules check
    dl::cli::Arguments asked = rest;
    asked.emplace_back("--help");
    return Run(asked);
  }
  if (command == "--help" || command == "-h" || command == "help") return Print(kHelp);
  dl::cli::Say("there is no command " + command + " (see daylight --help)");
  return dl::cli::kExitTrouble;
}

}  // namespace

int main(int argc, char** argv) {
  dl::cli::HandleSignals();
  try {
    return Run(dl::cli::Arguments(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {  // Out of memory, or a library's.
    dl::cli::Say(error.what());
    return dl::cli::kExitTrouble;
  }
}
