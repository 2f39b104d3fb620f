// Spawn starts a program of the administrator's choice: without a shell, in a session of its
// own, in "/", with no more of an environment than PATH and LANG, no signal blocked or
// ignored, and none of our descriptors but those that it is given.
//
//   os::Spawn spawn;
//   spawn.Give(input, STDIN_FILENO);
//   spawn.Open("/dev/null", O_WRONLY, STDOUT_FILENO);
//   if (const int error = spawn.Run({"/usr/bin/logger", "-t", "x"}, 3, pid); error != 0) ...
//
// posix_spawn(3): the C library knows at once when the program cannot be started. Used once,
// by one thread.
#pragma once

#include <spawn.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace dl::os {

class Spawn {
 public:
  Spawn();
  ~Spawn();
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  // `as` is its number there; in the order of the calls. Giving one as what it is only makes it stay open.
  void Give(int fd, int as);
  // `path` has to stay until Run().
  void Open(const char* path, int flags, int as);
  // 0, or errno. All descriptors from `first_closed` on are closed there; `argv` begins with an absolute path.
  int Run(const std::vector<std::string>& argv, int first_closed, pid_t& pid);

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  int failed_ = 0;
};

}  // namespace dl::os
