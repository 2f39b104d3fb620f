// What a forked child of the opener does before anything else: it lets go of all
// that is the opener's.
//
//   const pid_t pid = ::fork();
//   if (pid == 0) { const int socket = opener::BecomeChild(fd); Work(socket); ::_exit(0); }
//
// A child that kept a descriptor of a fanotify group would keep the group alive
// when the opener dies, and with it everybody who waits for an answer.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "daylight/base/error.h"

namespace dl::opener {

// Keeps standard input, output and error, and `keep` in this order from 3 on;
// signals are as in a new program. Calls only the kernel.
void BecomeChild(const std::vector<int>& keep);
// SIGKILL when the parent ends. After the last change of users, which takes it back.
void EndWithParent(pid_t parent);

// The rights of a user and no more, for good: no capability, none to be had again.
// Root keeps one, to read what is not its own (CAP_DAC_READ_SEARCH), if it has it.
Status TakeRights(std::uint32_t uid, std::uint32_t gid, const std::vector<std::uint32_t>& groups);

}  // namespace dl::opener
