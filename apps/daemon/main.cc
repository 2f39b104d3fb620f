// daylightd: the daemon. It never looks into what it is given; contained workers do.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <exception>

#include "daemon.h"
#include "daylight/config/document.h"
#include "daylight/os/io.h"
#include "daylight/sandbox/worker_process.h"
#include "log.h"

namespace {

using dl::daemon::DaemonConfig;
using dl::daemon::Level;
using dl::daemon::Log;

constexpr char kDefaultConfig[] = "/etc/daylight/daylightd.toml";

struct Options {
  std::string config;
  bool foreground = false;
  bool check = false;
  std::string clamd_socket;
  std::vector<std::string> clamd_tcp;
  std::vector<std::string> icap;
  std::vector<std::string> http;
  std::vector<std::string> databases;

  bool overrides_listeners() const {
    return !clamd_socket.empty() || !clamd_tcp.empty() || !icap.empty() || !http.empty();
  }
};

void AddOptions(CLI::App& app, Options& options) {
  app.set_version_flag("--version", "daylightd " DAYLIGHT_VERSION);
  app.add_option("--config", options.config, std::string("The configuration (default: ") + kDefaultConfig + ")")
      ->type_name("FILE");
  app.add_flag("--foreground", options.foreground, "Stay in the foreground and log to standard error");
  app.add_flag("--check-config", options.check, "Say what is wrong with the configuration, and end");
  app.add_option("--clamd-socket", options.clamd_socket, "Speak clamd's protocol on this Unix socket")
      ->type_name("PATH");
  app.add_option("--clamd-tcp", options.clamd_tcp, "The same on TCP (repeatable)")
      ->type_name("ADDR:PORT")
      ->allow_extra_args(false);
  app.add_option("--icap", options.icap, "Speak ICAP (repeatable)")->type_name("ADDR:PORT")->allow_extra_args(false);
  app.add_option("--http", options.http, "Serve the HTTP interface (repeatable)")
      ->type_name("ADDR:PORT|PATH")
      ->allow_extra_args(false);
  app.add_option("--db", options.databases, "Scan with this database, and nothing else (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.footer(
      "With one of --clamd-socket, --clamd-tcp, --icap and --http, only those listen; without any,\n"
      "the configuration decides. SIGHUP reloads the configuration and the content; SIGTERM ends it\n"
      "when the work in hand is finished. Exit codes: 0 ended in good order; 2 could not start.");
}

std::string Absolute(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  char* folder = ::getcwd(nullptr, 0);
  const std::string result = (folder != nullptr ? std::string(folder) : std::string()) + "/" + path;
  ::free(folder);
  return result;
}

void Apply(const Options& options, DaemonConfig& config) {
  if (options.overrides_listeners()) {
    config.clamd.socket = Absolute(options.clamd_socket);
    config.clamd.tcp = options.clamd_tcp;
    config.icap.listen = options.icap;
    config.http.listen.clear();
    for (const std::string& where : options.http) {
      // A path has a slash; what else there is, is an address.
      config.http.listen.push_back(where.find('/') != std::string::npos ? Absolute(where) : where);
    }
    config.kav.http.clear();
    config.kav.line.clear();
  }
  if (!options.databases.empty()) {
    config.content = {};
    config.content.built_in = false;
    for (const std::string& path : options.databases) config.content.databases.push_back(Absolute(path));
  }
}

// False when it cannot be used; said.
bool ReadConfig(const Options& options, DaemonConfig& config) {
  const std::string path = options.config.empty() ? kDefaultConfig : options.config;
  const auto text = dl::config::ReadConfiguration(path);
  if (!text) {
    // Without one the defaults will do, unless it was named.
    const bool is_missing = text.error().offset == ENOENT;
    if (!is_missing || !options.config.empty()) {
      Log(Level::kError, path + ": " + dl::os::Describe(text.error()));
      return false;
    }
  } else {
    const std::vector<std::string> errors = dl::daemon::ParseDaemonConfig(*text, config);
    for (const std::string& error : errors) Log(Level::kError, path + ": " + error);
    if (!errors.empty()) return false;
  }
  Apply(options, config);
  return true;
}

// Goes to the background; the parent ends when the child is ready (0) or has ended (2).
int Detach(int& ready) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return 2;
  const pid_t pid = ::fork();
  if (pid < 0) return 2;
  if (pid > 0) {
    ::close(ends[1]);
    char byte = 0;
    ssize_t n = 0;
    do n = ::read(ends[0], &byte, 1);
    while (n < 0 && errno == EINTR);
    ::_exit(n == 1 ? 0 : 2);
  }
  ::close(ends[0]);
  ready = ends[1];
  ::setsid();
  return 0;
}

void CloseStandard() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  for (const int fd : {0, 1, 2}) ::dup2(null, fd);
  if (null > 2) ::close(null);
}

int Run(int argc, char** argv) {
  Options options;
  CLI::App app("The Daylight scanning daemon: clamd, ICAP and HTTP, files as they are opened", "daylightd");
  AddOptions(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return 2;
  }
  dl::daemon::DaemonSettings settings;
  if (!ReadConfig(options, settings.config)) return 2;
  if (options.check) {
    const std::string good = (options.config.empty() ? kDefaultConfig : options.config) + ": good\n";
    return dl::os::WriteAll(STDOUT_FILENO, good) ? 0 : 2;
  }
  int ready = -1;
  if (!options.foreground && Detach(ready) != 0) {
    Log(Level::kError, std::strerror(errno));
    return 2;
  }
  settings.config_path = Absolute(options.config.empty() ? kDefaultConfig : options.config);
  options.config = Absolute(options.config);
  settings.reread = [options](DaemonConfig& config) { return ReadConfig(options, config); };
  settings.passed = dl::daemon::TakePassedSockets();
  if (ready >= 0) {
    settings.ready = [ready] {
      static_cast<void>(dl::os::WriteAll(ready, "r"));
      ::close(ready);
      dl::daemon::LogToSyslog();
      CloseStandard();
    };
  }
  if (::chdir("/") != 0) Log(Level::kWarning, std::string("/: ") + std::strerror(errno));
  dl::daemon::Daemon daemon(std::move(settings));
  return daemon.Run();
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  dl::sandbox::ReserveForWorkers();
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {  // Out of memory, or a library's.
    Log(Level::kError, error.what());
    return 2;
  }
}
