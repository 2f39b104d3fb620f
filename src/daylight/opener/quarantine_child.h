// Moving a file into quarantine in a child of the opener, so that a slow disk keeps
// nobody waiting.
//
//   DL_TRY(TakeChild child, StartTake(request, file.get(), own_folders, handler));
//   ... when child.socket is readable: ...
//   const Taken taken = ReadTaken(child.socket.get());
//
// What the move is, is the handler's (the quarantine's); here is only that it happens
// elsewhere, and that Daylight's own files are never the ones.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/opener/messages.h"
#include "daylight/os/fd.h"

namespace dl::opener {

// Called in a child, as root. `file`: the descriptor that was scanned, for reading.
// Nothing in `request` is to be believed, but that somebody asks for this file.
using TakeHandler = std::function<Taken(const TakeRequest& request, int file)>;

struct TakeChild {
  os::Fd socket;
  pid_t pid = -1;
};
// `own_folders`: nothing below them is taken, by the path asked for or the file's own.
Result<TakeChild> StartTake(const TakeRequest& request, int file, const std::vector<std::string>& own_folders,
                            const TakeHandler& handler);
// Of a child that is through or has ended: kFailed when it said nothing.
Taken ReadTaken(int socket);

}  // namespace dl::opener
