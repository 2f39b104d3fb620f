#include <unistd.h>

#include "commands.h"
#include "daylight/os/io.h"
#include "messages.h"

namespace dl::cli {

namespace {

constexpr char kHelp[] =
    "Usage: daylight rules COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  check PATH...             compile rules and report what is wrong with them; with --corpus DIR\n"
    "                            also what costs most on the files of a folder\n"
    "  compile --rules PATH -o FILE.dldb\n"
    "                            write rules into a database\n"
    "  list DB                   what is inside a database\n"
    "  explain RULE PATH         why a rule did or did not match a file\n"
    "  verify DB                 check every page of a database\n"
    "\n"
    "Each has its own --help.\n";

}  // namespace

int RulesCommand(const Arguments& arguments) {
  const Arguments rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
  const std::string command = arguments.empty() ? "" : arguments.front();
  if (command == "check") return RulesCheck(rest);
  if (command == "compile") return RulesCompile(rest);
  if (command == "list") return RulesList(rest);
  if (command == "explain") return RulesExplain(rest);
  if (command == "verify") return RulesVerify(rest);
  if (command == "help" && !rest.empty()) return RulesCommand({rest.front(), "--help"});
  if (command == "--help" || command == "-h" || command == "help")
    return os::WriteAll(STDOUT_FILENO, kHelp) ? kExitClean : kExitTrouble;
  if (command.empty()) {
    static_cast<void>(os::WriteAll(STDERR_FILENO, kHelp));
  } else {
    Say("there is no command rules " + command + " (see daylight rules --help)");
  }
  return kExitTrouble;
}

}  // namespace dl::cli
