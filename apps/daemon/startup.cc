#include "startup.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "log.h"

namespace dl::daemon {

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool FindPrograms(Programs& programs) {
  auto worker = sandbox::FindWorkerProgram();
  if (!worker) {
    Log(Level::kError, worker.error().what);
    return false;
  }
  programs.worker = std::move(*worker);
  const auto folder = os::ProgramFolder();
  const std::string own = folder ? *folder : "/usr/sbin";
  const auto first = [&](std::initializer_list<std::string> places) {
    for (const std::string& place : places) {
      if (::access(place.c_str(), X_OK) == 0) return place;
    }
    return std::string();
  };
  programs.compiler =
      first({os::Join(own, "daylight"), os::Join(os::ParentFolder(own), "bin/daylight"), "/usr/bin/daylight"});
  programs.opener =
      first({os::Join(own, "daylight-opener"), os::Join(os::ParentFolder(own), "libexec/daylight/daylight-opener"),
             os::Join(os::ParentFolder(own), "lib/daylight/daylight-opener"), "/usr/lib/daylight/daylight-opener"});
  return true;
}

void MakeFolders(DaemonConfig& config, const std::optional<Account>& account) {
  const auto make = [&](const std::string& path, mode_t mode, bool keep_root = false) {
    if (path.empty()) return false;
    if (::mkdir(path.c_str(), mode) != 0) return errno == EEXIST;
    if (account && ::geteuid() == 0) GiveAway(path, S_IFDIR, keep_root ? 0 : account->uid, account->gid, mode);
    return true;
  };
  make(config.run_folder, 0755);
  // Root's quarantine lies in it: with the sticky bit, in a folder that is root's, nobody who has taken us over can put
  // another in its place.
  const bool has_state = make(config.state_folder, account && ::geteuid() == 0 ? 01770 : 0750, true);
  // What is below folders of that user is made with his rights alone: as root we would be led away by links.
  if (account && ::geteuid() == 0) return;
  if (!has_state || !make(config.spool.folder, 0700)) {
    struct stat info {};
    const char* temporary = std::getenv("TMPDIR");
    std::string other = temporary != nullptr && *temporary != '\0' ? temporary : "/var/tmp";
    if (::stat(other.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) other.clear();
    config.spool.folder = other;  // Files there have no name, so nobody can open them.
  }
}

bool StartOpener(const DaemonConfig& config, const std::string& program, const std::string& config_path,
                 OpenerChild& child) {
  if (::geteuid() != 0 || program.empty()) return true;
  if (!config.opener_socket.empty() && ::access(config.opener_socket.c_str(), F_OK) == 0) return true;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return true;
  os::Fd ours(ends[0]);
  const os::Fd theirs(ends[1]);
  std::vector<std::string> arguments = {program, "--client-fd"};
  if (::access(config_path.c_str(), R_OK) == 0) {
    arguments.emplace_back("--config");
    arguments.push_back(config_path);
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 3);
  char* environment[] = {nullptr};
  const int error = ::posix_spawn(&child.pid, program.c_str(), &actions, nullptr, argv.data(), environment);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    Log(Level::kError, program + ": " + std::strerror(error));
    return false;
  }
  child.socket = std::move(ours);
  return true;
}

bool DropRights(const DaemonConfig& config, const std::optional<Account>& account) {
  if (::geteuid() != 0) return true;
  // The user that comes with the package is not there where somebody tries us out; one
  // that the administrator has named should be.
  if (!account && !config.user.empty() && config.user != DaemonConfig().user) {
    Log(Level::kError, "there is no user " + config.user);
    return false;
  }
  if (!account) {
    Log(Level::kWarning, config.user.empty() ? "running as root, since the configuration names no user"
                                             : "running as root: there is no user " + config.user);
    return true;
  }
  if (const Status became = Become(config.user, *account); !became) {
    Log(Level::kError, config.user + ": " + std::string(became.error().what) + ": " + os::Describe(became.error()));
    return false;
  }
  return true;
}

}  // namespace dl::daemon
