// OpenHelper opens files and lists folders in a process of its own, for file
// systems that may never answer: the process can be killed, a call in the kernel
// cannot be left.
//
//   os::OpenHelper helper({.timeout_ms = 20000});
//   os::Opened opened = helper.Open(folder, "name", how);
//   if (opened.silent) ...   // No answer in time; errno ETIMEDOUT.
//
// The process is forked at the first use, does nothing but these calls, holds no
// descriptors but its socket, and ends with its owner. Used by one thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "daylight/os/fd.h"
#include "daylight/os/open.h"

namespace dl::os {

// What getdents64() tells of one name.
struct FolderName {
  std::string text;
  std::uint64_t inode = 0;
  unsigned char type = 0;  // DT_*
};

struct Listed {
  int error = 0;  // errno
  bool silent = false;
  std::vector<FolderName> names;  // In no order; without "." and "..".
};

// In this process. `folder`: open for reading.
Listed ListFolder(int folder);

class OpenHelper {
 public:
  struct Options {
    std::uint32_t timeout_ms = 20000;         // A listing gets three times as long.
    const std::atomic<bool>* stop = nullptr;  // When set, what is waited for is silent at once.
    // What the process does; another one in tests.
    Opened (*open)(int folder, const char* name, const OpenHow& how) noexcept = &os::Open;
  };
  explicit OpenHelper(Options options) : options_(options) {}
  ~OpenHelper();
  OpenHelper(const OpenHelper&) = delete;
  OpenHelper& operator=(const OpenHelper&) = delete;

  Opened Open(int folder, const std::string& name, const OpenHow& how);
  Listed List(int folder);
  // Of the running process; -1 for none.
  pid_t pid() const { return pid_; }

 private:
  struct Request;
  struct Reply;
  int Start();
  void Stop();
  [[noreturn]] void Serve(int socket) const noexcept;
  // 0, or errno; `silent` when it took too long.
  int Ask(const Request& request, int folder, std::uint64_t timeout_ms, Reply& reply, Fd& fd, bool& silent);

  Options options_;
  pid_t pid_ = -1;
  Fd socket_;
  std::vector<pid_t> strays_;  // Killed, but the kernel has not let go of them yet.
};

}  // namespace dl::os
