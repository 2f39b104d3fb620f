// ContentManager makes what is scanned with ready: opens databases, and has rules and
// ClamAV signatures compiled by another process, so that neither text nor memory of
// a compilation is ever in this one.
//
//   ContentManager manager(loop, options);
//   manager.Load(true, [&](Loaded loaded) { ... });     // Now, or when it is compiled.
//   if (manager.HasChanged()) manager.Load(...);        // Now and then.
//
// What was compiled lies in the state folder with a note of what it was compiled from,
// and is used again while that is the same. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daylight/daemon/config/daemon_config.h"
#include "daylight/daemon/net/event_loop.h"
#include "daylight/daemon/service/scan_service.h"

namespace dl::daemon {

struct ContentOptions {
  ContentConfig content;
  std::string compiler;                          // The program `daylight`.
  std::string folder;                            // Where what was compiled is kept; made if need be.
  std::string version;                           // Of this program.
  std::function<void(const std::string&)> tell;  // What the compiler says; for people.
};

struct Loaded {
  Content content;
  std::string problem;      // Why there is none, or not all that was asked for; for people.
  bool lacks_some = false;  // A database that was asked for is not among it.
  bool is_old = false;      // A newer one is being compiled and comes later.
};

class ContentManager {
 public:
  ContentManager(EventLoop& loop, ContentOptions options);
  ~ContentManager();
  using Ready = std::function<void(Loaded loaded)>;
  // `ready` is called from here or later. With `old_will_do` it is called twice where
  // something must be compiled and something older is there. A second call ends a
  // compilation that is under way.
  void Load(bool old_will_do, Ready ready);
  // Whether the sources are others than at the last Load().
  bool HasChanged() const;
  void Configure(ContentConfig content);
  bool compiling() const { return compilation_ != nullptr; }

 private:
  struct Sources;
  struct Compilation;
  Sources Find() const;
  Loaded Open(const Sources& sources) const;
  void Compile(const Sources& sources, Ready ready);
  void Compiled(int status);
  std::string Path(const char* name) const;

  EventLoop& loop_;
  ContentOptions options_;
  std::string loaded_stamp_;
  std::unique_ptr<Compilation> compilation_;
};

}  // namespace dl::daemon
