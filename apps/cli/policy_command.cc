// `daylight policy`: what laws say of the software that is there.
#include <unistd.h>

#include "commands.h"
#include "daylight/os/io.h"
#include "messages.h"

namespace dl::cli {

namespace {

constexpr char kHelp[] =
    "Usage: daylight policy COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  check [TARGET...]         find software that a law forbids: on this machine, below another system's root,\n"
    "                            in images, packages, folders, SBOMs; say which law, whom it binds and since when\n"
    "  list                      the instruments, products and roles that are known\n"
    "  validate PATH...          say what is wrong with policy files of one's own\n"
    "  verify --key KEY FILE     check the signature that check --sign has made\n"
    "\n"
    "Each has its own --help.\n";

}  // namespace

int PolicyCommand(const Arguments& arguments) {
  const Arguments rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
  const std::string command = arguments.empty() ? "" : arguments.front();
  if (command == "check") return PolicyCheck(rest);
  if (command == "list") return PolicyList(rest);
  if (command == "validate") return PolicyValidate(rest);
  if (command == "verify") return PolicyVerify(rest);
  if (command == "help" && !rest.empty()) return PolicyCommand({rest.front(), "--help"});
  if (command == "--help" || command == "-h" || command == "help")
    return os::WriteAll(STDOUT_FILENO, kHelp) ? kExitClean : kExitTrouble;
  if (command.empty()) {
    static_cast<void>(os::WriteAll(STDERR_FILENO, kHelp));
  } else {
    Say("there is no command policy " + command + " (see daylight policy --help)");
  }
  return kExitTrouble;
}

}  // namespace dl::cli
