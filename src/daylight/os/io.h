// Whole reads and writes on descriptors, with interruptions and short counts
// taken care of.
//
//   DL_TRY(const std::string text, os::ReadAll(fd.get(), 1 << 20));
//   DL_TRY_STATUS(os::WriteAll(out.get(), text));
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::os {

// kIo with errno as the offset, EPIPE included.
Status WriteAll(int fd, std::string_view bytes);

// fstat() as the walls of a worker allow it. False with errno.
bool StatOpen(int fd, struct stat& info);

// Where an open file stands, in bytes; kIo when that cannot be told (no /proc).
// Unlike lseek() it never waits for a process that shares the file and is reading
// what never comes.
Result<std::uint64_t> OffsetOf(int fd);

// From the descriptor's position to its end; kBudget when that is more than
// `limit_bytes`.
Result<std::string> ReadAll(int fd, std::uint64_t limit_bytes);

// Opens for reading, following symbolic links, without ever waiting for the
// other end of a FIFO; kIo for what is not a regular file.
Result<Fd> OpenRegular(const std::string& path);

// OpenRegular and ReadAll.
Result<std::string> ReadFile(const std::string& path, std::uint64_t limit_bytes);

// Makes (or empties) a file for output, 0666 less the umask.
Result<Fd> CreateFile(const std::string& path);

// The operating system's words for an Error of kIo, else the error's own.
std::string Describe(const Error& error);

}  // namespace dl::os
