#include "daylight/os/spawn.h"

#include <cerrno>
#include <csignal>

namespace dl::os {

Spawn::Spawn() {
  ::posix_spawn_file_actions_init(&actions_);
  ::posix_spawnattr_init(&attributes_);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  failed_ |= ::posix_spawnattr_setflags(
      &attributes_, static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  failed_ |= ::posix_spawnattr_setsigmask(&attributes_, &none);
  failed_ |= ::posix_spawnattr_setsigdefault(&attributes_, &all);
}

Spawn::~Spawn() {
  ::posix_spawn_file_actions_destroy(&actions_);
  ::posix_spawnattr_destroy(&attributes_);
}

void Spawn::Give(int fd, int as) { failed_ |= ::posix_spawn_file_actions_adddup2(&actions_, fd, as); }

void Spawn::Open(const char* path, int flags, int as) {
  failed_ |= ::posix_spawn_file_actions_addopen(&actions_, as, path, flags, 0);
}

int Spawn::Run(const std::vector<std::string>& argv, int first_closed, pid_t& pid) {
  failed_ |= ::posix_spawn_file_actions_addclosefrom_np(&actions_, first_closed);
  failed_ |= ::posix_spawn_file_actions_addchdir_np(&actions_, "/");
  if (failed_ != 0) return ENOMEM;
  std::vector<char*> arguments;
  // posix_spawn() changes none of them.
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char lang[] = "LANG=C.UTF-8";
  char* environment[] = {path, lang, nullptr};
  return ::posix_spawn(&pid, arguments.front(), &actions_, &attributes_, arguments.data(), environment);
}

}  // namespace dl::os
