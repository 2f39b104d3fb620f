// Numbers of system calls that not every architecture has, or that are younger
// than the C library's headers. -1 is answered ENOSYS.
#pragma once

#include <sys/syscall.h>

namespace dl::worker {

#ifdef __x86_64__
inline constexpr long kOpen = SYS_open;
inline constexpr long kCreat = SYS_creat;
inline constexpr long kStat = SYS_stat;
inline constexpr long kAccess = SYS_access;
inline constexpr long kReadlink = SYS_readlink;
inline constexpr long kUnlink = SYS_unlink;
inline constexpr long kRename = SYS_rename;
inline constexpr long kMkdir = SYS_mkdir;
inline constexpr long kRmdir = SYS_rmdir;
inline constexpr long kSymlink = SYS_symlink;
inline constexpr long kLink = SYS_link;
inline constexpr long kMknod = SYS_mknod;
inline constexpr long kChmod = SYS_chmod;
inline constexpr long kChown = SYS_chown;
inline constexpr long kFork = SYS_fork;
inline constexpr long kNewFstatAt = SYS_newfstatat;
inline constexpr long kModifyLdt = SYS_modify_ldt;
inline constexpr long kIopl = SYS_iopl;
inline constexpr long kIoperm = SYS_ioperm;
#else
inline constexpr long kOpen = -1;
inline constexpr long kCreat = -1;
inline constexpr long kStat = -1;
inline constexpr long kAccess = -1;
inline constexpr long kReadlink = -1;
inline constexpr long kUnlink = -1;
inline constexpr long kRename = -1;
inline constexpr long kMkdir = -1;
inline constexpr long kRmdir = -1;
inline constexpr long kSymlink = -1;
inline constexpr long kLink = -1;
inline constexpr long kMknod = -1;
inline constexpr long kChmod = -1;
inline constexpr long kChown = -1;
inline constexpr long kFork = -1;
inline constexpr long kNewFstatAt = 79;  // include/uapi/asm-generic/unistd.h
inline constexpr long kModifyLdt = -1;
inline constexpr long kIopl = -1;
inline constexpr long kIoperm = -1;
#endif

// The same everywhere, include/uapi/asm-generic/unistd.h.
inline constexpr long kPidfdSendSignal = 424;
inline constexpr long kIoUringSetup = 425;
inline constexpr long kOpenTree = 428;
inline constexpr long kFsopen = 430;
inline constexpr long kPidfdOpen = 434;
inline constexpr long kClone3 = 435;
inline constexpr long kOpenAt2 = 437;
inline constexpr long kPidfdGetfd = 438;
inline constexpr long kFaccessAt2 = 439;
inline constexpr long kMemfdSecret = 447;

}  // namespace dl::worker
