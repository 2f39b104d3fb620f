// Walking is what a protocol asks when a client names a path: the files there, open,
// as far as that client may read them.
//
//   walk_ = walking.Start(peer, "/srv/x", {.recursive = true}, [this](std::optional<WalkedFile> file) { ... });
//   walk_->Next();       // One call of the function for each; nothing: that was all.
//
// Files are opened by a process that has the peer's rights and no others. The function
// is never called from within Start() or Next(), nor once the walk is gone, which may
// happen while it is called. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daylight/daemon/service/scanning.h"

namespace dl::daemon {

struct WalkedFile {
  enum class Kind : std::uint8_t {
    kFile,
    kMissing,      // What was named is not there; `problem` in the operating system's words.
    kDenied,       // The peer may not read it.
    kUnsupported,  // A device, a pipe, a socket.
    kFailed,       // Anything else; `problem`.
  };
  Kind kind = Kind::kFile;
  std::string path;
  os::Fd fd;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::uint32_t owner = 0;  // User number.
  std::string problem;
};

struct WalkWants {
  bool recursive = true;  // What is below a folder too; else a folder is kUnsupported.
  bool one_file_system = false;
  bool idle = false;                       // Only when nobody else wants the disk or the processor.
  std::vector<std::string> exclude;        // Patterns as in --exclude.
  std::vector<std::string> exclude_masks;  // As in os/path_mask.h.
  std::vector<std::string> only_masks;
};

class Walk {
 public:
  virtual ~Walk() = default;
  virtual void Next() = 0;
};

class Walking {
 public:
  using OnFile = std::function<void(std::optional<WalkedFile> file)>;
  virtual ~Walking() = default;
  // `peer`: one that is not local has the rights of a user that the configuration names.
  virtual std::unique_ptr<Walk> Start(const PeerInfo& peer, const std::string& path, const WalkWants& wants,
                                      OnFile on_file) = 0;
};

// What a file that was walked to is scanned as; takes its descriptor.
ScanRequest RequestOf(WalkedFile& file, Protocol protocol, const PeerInfo& peer);

}  // namespace dl::daemon
