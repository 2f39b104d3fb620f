// Attempts are what a worker that is taken over would try, by direct system
// calls, so that `daylight audit sandbox` can show what stops each of them.
//
//   const report::AttemptAnswerMessage answer = RunAttempt(message, object_fd, socket_fd);
//
// The list itself is in daylight/report/attempts.h. Every attempt is also run
// without walls, by root, to show that it is a real one: so none may do harm when
// it succeeds. Signals are 0 or ignored ones, children end at once, what is
// made is taken away again, dangerous calls get arguments that the kernel
// refuses only after it has asked for the right to make them.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "daylight/report/attempts.h"
#include "daylight/report/protocol.h"

namespace dl::worker {

using AttemptAnswer = report::AttemptAnswerMessage;

struct Target {
  const report::AttemptMessage& where;
  int object = -1;  // A regular file, open for reading; as the worker has while it scans.
  int socket = 3;   // The worker's own.
};

struct Attempt {
  std::string_view name;
  AttemptAnswer (*function)(const Target&);
};

std::span<const Attempt> NetworkAttempts();
std::span<const Attempt> FileAttempts();
std::span<const Attempt> ObjectAttempts();
std::span<const Attempt> ProcessAttempts();
std::span<const Attempt> ChildAttempts();
std::span<const Attempt> MemoryAttempts();
std::span<const Attempt> KernelAttempts();
std::span<const Attempt> SelfAttempts();

// Nothing for a name that there is not.
const Attempt* FindAttempt(std::string_view name);
// May end the process, which is an answer too.
AttemptAnswer RunAttempt(const report::AttemptMessage& message, int object, int socket);

// For the attempts themselves.
AttemptAnswer Succeeded(std::string_view detail = "");
AttemptAnswer Refused(int error);
AttemptAnswer Unsupported(std::string_view detail);
// A system call's own answer: `result` below 0 is a failure, errno says which.
// `granted`: errors that come only after the right was given, so the attempt
// was not stopped.
AttemptAnswer Judge(long result, std::initializer_list<int> granted = {});
// The same for what gives a descriptor, which is closed again.
AttemptAnswer JudgeFd(long fd, std::initializer_list<int> granted = {});

}  // namespace dl::worker
