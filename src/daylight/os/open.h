// Opening what is to be scanned, by name, without surprises.
//
//   os::Opened opened = os::Open(folder, "name", {.want = os::Want::kFile});
//   if (opened.error == 0 && S_ISREG(opened.info.st_mode)) Read(opened.fd.get());
//
// openat2() follows no link that was not asked for, and none of /proc's that
// lead into processes. Only regular files and folders are opened for reading;
// for the rest `info` says what it is.
#pragma once

#include <sys/stat.h>

#include <string>

#include "daylight/os/fd.h"

namespace dl::os {

enum class Want : unsigned char {
  kFile,    // Known to be a file: a race with what else gets its name ends in an error.
  kFolder,  // The same of a folder.
  kAny,     // Looked at before it is opened.
};

struct OpenHow {
  Want want = Want::kAny;
  bool follow = false;       // Symbolic links.
  bool magic = false;        // Links of /proc that lead into processes.
  bool in_root = false;      // As if `folder` were "/": neither links nor ".." lead out of it (RESOLVE_IN_ROOT).
  bool cross = true;         // Into what is mounted there; else EXDEV, without touching it.
  bool look_only = false;    // `fd` is for fstat() only, for files (O_PATH).
  bool file_system = false;  // `f_type` is wanted.
};

struct Opened {
  int error = 0;        // errno; the rest means nothing unless 0.
  bool silent = false;  // The file system did not answer (with `error` set).
  Fd fd;                // Invalid for what is neither a file nor a folder.
  struct stat info {};
  unsigned long f_type = 0;  // See statfs(); 0 when not asked for.
};

// `folder` may be AT_FDCWD. Calls nothing but the kernel, so that it may run in
// a child process of a program with threads.
Opened Open(int folder, const char* name, const OpenHow& how) noexcept;

}  // namespace dl::os
