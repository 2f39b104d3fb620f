// Opener is the privileged part of the daemon: one loop that holds fanotify, starts
// the children that open paths and move files, and speaks with one client.
//
//   DL_TRY(auto opener, Opener::Create({.options = options, .client = std::move(fd)}));
//   return opener->Run();   // Until it is told to stop.
//
// Nothing in the loop waits: no file is opened there, none read, no child waited for.
// What the client says is checked for its form; what it may ask for is little (see
// docs/on-access.md). One thread, and one of these in a process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/opener/options.h"
#include "daylight/opener/quarantine_child.h"
#include "daylight/os/fd.h"

namespace dl::opener {

struct OpenerSetup {
  OpenerOptions options;
  // One of both: a connected client, with which it ends, or a socket that listens.
  os::Fd client;
  os::Fd listener;
  std::uint32_t daemon_uid = 0;  // Who may connect, besides root.
  TakeHandler take;
  std::vector<std::string> own_folders;
};

class Opener {
 public:
  virtual ~Opener() = default;
  static Result<std::unique_ptr<Opener>> Create(OpenerSetup setup);
  // The program's exit code.
  virtual int Run() = 0;
};

}  // namespace dl::opener
