// How much memory a worker takes, seen from outside.
//
//   const std::optional<std::uint64_t> bytes = sandbox::PrivateBytes(worker.pid());
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace dl::sandbox {

// Resident memory that is the process's own, in bytes, with that of its children
// (a worker in its own process namespace has a process above it). Pages of mapped
// files, such as the database, are everybody's and not counted. Nothing when the
// kernel does not tell (it ended, /proc is not there).
std::optional<std::uint64_t> PrivateBytes(pid_t pid);

}  // namespace dl::sandbox
