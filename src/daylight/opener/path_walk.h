// PathWalk finds the files below a path with the rights of somebody else, and
// hands each over, opened for reading.
//
//   DL_TRY(opener::PathWalk walk, opener::StartPathWalk(request, WalkRights::kOfRequest));
//   opener::WalkReader reader(std::move(walk.socket));
//   ... poll(reader.fd()) ...
//   DL_TRY(opener::WalkReader::Step step, reader.Next());
//
// A forked child takes on the rights, for good, and walks by os::Walker; so it can
// open nothing that they could not. Each file is a packet on a socket, and a full
// socket holds the child back. Whoever reads ends it by closing the socket. A file
// system that never answers costs the child, which its parent kills.
#pragma once

#include <sys/types.h>

#include <string>

#include "daylight/base/error.h"
#include "daylight/opener/messages.h"
#include "daylight/opener/packet.h"
#include "daylight/os/fd.h"

namespace dl::opener {

enum class WalkRights : unsigned char {
  kOfRequest,  // Those of uid, gid and groups; takes root.
  kOwn,        // As the calling process; uid, gid and groups do not count.
};

struct PathWalk {
  os::Fd socket;  // For a WalkReader.
  os::Fd other;  // The child's side, which tells (EPOLLHUP) when `socket` is closed everywhere. Close it once the child
                 // has ended, or at once: as long as it is open, `socket` has no end.
  pid_t pid = -1;  // To be waited for, and killed if it does not end.
};

// Whether a request may be tried at all: an absolute path, no more than fits.
Status CheckWalkRequest(const WalkRequest& request);
// Forks; for programs of one thread.
Result<PathWalk> StartPathWalk(const WalkRequest& request, WalkRights rights);

class WalkReader {
 public:
  explicit WalkReader(os::Fd socket);
  int fd() const { return socket_.get(); }

  struct Step {
    enum class Kind : unsigned char { kNone, kFile, kEnd };  // kNone: nothing there now.
    Kind kind = Kind::kNone;
    WalkFile file;
    os::Fd fd;  // Of the file, unless it failed.
    WalkEnd end;
  };
  // Fails when the child ended before its end, or sent what is none of its
  // messages; then, and after kEnd, there is nothing more to read.
  Result<Step> Next();

 private:
  os::Fd socket_;  // Non-blocking.
  std::string buffer_;
};

}  // namespace dl::opener
