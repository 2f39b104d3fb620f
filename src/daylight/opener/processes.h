// What /proc says of the process that opens a file. It waits in the kernel until it
// is answered, so its number is its own while it is asked about here.
//
//   if (opener::IsWithin(pid, {::getpid(), client_pid})) Allow();
//
// /proc is never watched, so reading it waits for nobody.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dl::opener {

// Whether `pid` is one of `roots` or a descendant of one (by /proc/PID/stat).
bool IsWithin(pid_t pid, std::span<const pid_t> roots);

struct Users {
  std::uint32_t effective = 0;
  bool all_same = false;  // Real, effective, saved and of the file system.
};
std::optional<Users> UsersOf(pid_t pid);
// As the process's own namespace names it; empty when unknown.
std::string ProgramOf(pid_t pid);

// For tests: of the texts of /proc/PID/stat and /proc/PID/status.
std::optional<pid_t> ParentIn(std::string_view stat);
std::optional<Users> UsersIn(std::string_view status);

}  // namespace dl::opener
