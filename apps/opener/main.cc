// daylight-opener: the privileged part of the daemon. It is started by systemd with
// a socket to listen on, or by daylightd with one that is connected.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/opener/opener.h"
#include "daylight/opener/options.h"
#include "daylight/os/fd.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "take.h"

namespace {

using dl::os::Fd;

constexpr int kFirstFd = 3;  // sd_listen_fds(3), and what daylightd hands over.
constexpr char kHelp[] =
    "daylight-opener: opens files and watches them for daylightd\n"
    "\n"
    "Usage: daylight-opener [OPTIONS]\n"
    "\n"
    "  --config FILE    the configuration (default: /etc/daylight/daylightd.toml)\n"
    "  --check-config   say what is wrong with it, and end\n"
    "  --client-fd      descriptor 3 is a connected client; end with it\n"
    "  --socket PATH    listen there, when systemd hands no socket over\n"
    "  -h, --help       this text\n";

int Complain(const std::string& text) {
  static_cast<void>(dl::os::WriteAll(STDERR_FILENO, "daylight-opener: " + text + "\n"));
  return 2;
}

// From the passwd file alone, as os/passwd.h does, and for its reasons.
std::optional<std::uint32_t> UserNumber(std::string_view name) {
  const auto text = dl::os::ReadFile("/etc/passwd", 16u << 20);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    const std::size_t at = line.find(':', name.size() + 1);  // Behind the password.
    std::uint32_t number = 0;
    if (at == line.npos) continue;
    if (std::from_chars(line.data() + at + 1, line.data() + line.size(), number).ec == std::errc()) return number;
  }
  return std::nullopt;
}

Fd Listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Fd();
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ::unlink(path.c_str());
  // Who may connect is decided by the peer's user, not by the mode alone.
  if (!fd.valid() || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 4) != 0) {
    return Fd();
  }
  return fd;
}

bool HandedOver() {
  const char* const pid = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  return pid != nullptr && count != nullptr && std::strtol(pid, nullptr, 10) == ::getpid() &&
         std::string_view(count) == "1";
}

}  // namespace

int main(int argc, char** argv) {
  std::string config = "/etc/daylight/daylightd.toml";
  std::string socket_path;
  bool check = false;
  bool client = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--config" && has_value) {
      config = argv[++i];
    } else if (argument == "--socket" && has_value) {
      socket_path = argv[++i];
    } else if (argument == "--check-config") {
      check = true;
    } else if (argument == "--client-fd") {
      client = true;
    } else if (argument == "-h" || argument == "--help") {
      return dl::os::WriteAll(STDOUT_FILENO, kHelp) ? 0 : 2;
    } else {
      return Complain("there is no option " + std::string(argument) + " (see --help)");
    }
  }
  dl::opener::OpenerSetup setup;
  std::string error;
  if (!dl::opener::LoadOptions(config, setup.options, error)) return Complain(config + ": " + error);
  if (check) return 0;
  if (client) {
    setup.client = Fd(kFirstFd);
    ::fcntl(kFirstFd, F_SETFD, FD_CLOEXEC);
  } else {
    if (HandedOver()) {
      setup.listener = Fd(kFirstFd);
      ::fcntl(kFirstFd, F_SETFD, FD_CLOEXEC);
      ::fcntl(kFirstFd, F_SETFL, O_NONBLOCK);
    } else if (!socket_path.empty()) {
      ::umask(0177);
      setup.listener = Listen(socket_path);
    }
    if (!setup.listener.valid()) return Complain("no socket to listen on: neither systemd's nor --socket");
    const auto uid = UserNumber(setup.options.daemon_user);
    if (!uid) return Complain("there is no user " + setup.options.daemon_user);
    setup.daemon_uid = *uid;
    if (!socket_path.empty() && !HandedOver())
      static_cast<void>(!::chown(socket_path.c_str(), *uid, static_cast<gid_t>(-1)));
  }
  setup.own_folders = {"/etc/daylight", "/usr/lib/daylight", "/var/lib/daylight", setup.options.state_folder,
                       setup.options.quarantine.folder};
  const std::string program_folder = dl::os::ProgramFolder().value_or("/usr/bin");
  for (const char* const name : {"daylight", "daylightd", "daylight-worker", "daylight-opener"}) {
    setup.own_folders.push_back(dl::os::Join(program_folder, name));
  }
#ifdef DAYLIGHT_QUARANTINE
  RecoverQuarantine(setup.options.quarantine, program_folder);
  setup.take = TakeInto(setup.options.quarantine, program_folder);
#endif
  auto opener = dl::opener::Opener::Create(std::move(setup));
  if (!opener) return Complain(std::string(opener.error().what) + ": " + dl::os::Describe(opener.error()));
  return (*opener)->Run();
}
