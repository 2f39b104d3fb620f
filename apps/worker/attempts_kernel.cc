// The kernel's other doors. Each rare one is a wider front than a scanner needs.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "attempts.h"
#include "attempts_numbers.h"

namespace dl::worker {

namespace {

AttemptAnswer IoUring(const Target&) {
  alignas(8) unsigned char parameters[120] = {};  // struct io_uring_params
  return JudgeFd(::syscall(kIoUringSetup, 1, parameters));
}

AttemptAnswer Bpf(const Target&) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return JudgeFd(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

AttemptAnswer Perf(const Target&) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.exclude_kernel = 1;
  return JudgeFd(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

AttemptAnswer AddKey(const Target&) {
  // In a key ring that ends with this process.
  return Judge(::syscall(SYS_add_key, "user", "daylight-audit", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

AttemptAnswer MessageQueue(const Target&) {
  const long id = ::syscall(SYS_msgget, IPC_PRIVATE, IPC_CREAT | 0600);
  if (id >= 0) ::syscall(SYS_msgctl, id, IPC_RMID, nullptr);
  return Judge(id);
}

AttemptAnswer Semaphores(const Target&) {
  const long id = ::syscall(SYS_semget, IPC_PRIVATE, 1, IPC_CREAT | 0600);
  if (id >= 0) ::syscall(SYS_semctl, id, 0, IPC_RMID, 0);
  return Judge(id);
}

AttemptAnswer PosixQueue(const Target& target) {
  // The last part of the folder's name: of this try only.
  const std::string& folder = target.where.writable_folder;
  const std::string name = "daylight-audit-" + folder.substr(folder.rfind('/') + 1);
  const long fd = ::syscall(SYS_mq_open, name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600, nullptr);
  if (fd >= 0) ::syscall(SYS_mq_unlink, name.c_str());
  return JudgeFd(fd);
}

AttemptAnswer Signalfd(const Target&) {
  const std::uint64_t none = 0;
  return JudgeFd(::syscall(SYS_signalfd4, -1, &none, sizeof none, 0));
}

AttemptAnswer Mount(const Target& target) {
  const std::string at = target.where.writable_folder + "/empty";
  const AttemptAnswer answer = Judge(::syscall(SYS_mount, "none", at.c_str(), "tmpfs", 0, nullptr));
  if (answer.outcome == report::AttemptOutcome::kSucceeded) ::syscall(SYS_umount2, at.c_str(), MNT_DETACH);
  return answer;
}

// Nothing is mounted there, which the kernel says only to those who might.
AttemptAnswer Unmount(const Target& target) {
  return Judge(::syscall(SYS_umount2, (target.where.writable_folder + "/empty").c_str(), 0), {EINVAL});
}

AttemptAnswer PivotRoot(const Target& target) {
  const std::string at = target.where.writable_folder + "/empty";
  return Judge(::syscall(SYS_pivot_root, at.c_str(), at.c_str()), {EINVAL, EBUSY});
}

AttemptAnswer KernelLog(const Target&) {
  char text[64];
  constexpr int kReadAll = 3;
  return Judge(::syscall(SYS_syslog, kReadAll, text, sizeof text));
}

AttemptAnswer SystemInformation(const Target&) {
  struct sysinfo info {};
  return Judge(::syscall(SYS_sysinfo, &info));
}

AttemptAnswer HostAndKernel(const Target&) {
  utsname name{};
  return Judge(::syscall(SYS_uname, &name));
}

#ifdef __x86_64__
long By32BitGate(long number, long first, long second, long third) {
  long result = number;
  asm volatile("int $0x80" : "+a"(result) : "b"(first), "c"(second), "d"(third) : "memory", "r8", "r9", "r10", "r11");
  return static_cast<std::int32_t>(result);
}

AttemptAnswer JudgeRaw(long result) {
  return result < 0 && result > -4096 ? Refused(static_cast<int>(-result)) : Succeeded();
}

// Numbers of arch/x86/entry/syscalls/syscall_32.tbl. Where there is no such gate,
// the process ends with SIGSEGV, without walls too.
AttemptAnswer GateGetpid(const Target&) { return JudgeRaw(By32BitGate(20, 0, 0, 0)); }
AttemptAnswer GateSocket(const Target&) { return JudgeRaw(By32BitGate(359, 2, 1, 0)); }
AttemptAnswer X32(const Target&) { return Judge(::syscall(0x40000000 | SYS_getpid)); }
#else
AttemptAnswer GateGetpid(const Target&) { return Unsupported("not on this architecture"); }
AttemptAnswer GateSocket(const Target&) { return Unsupported("not on this architecture"); }
AttemptAnswer X32(const Target&) { return Unsupported("not on this architecture"); }
#endif

constexpr unsigned kUserModeOnly = 1;           // UFFD_USER_MODE_ONLY
constexpr unsigned long kNoSuchFlags = 0xbad0;  // Of kexec_load.

constexpr Attempt kList[] = {
    {"io_uring", IoUring},
    {"bpf", Bpf},
    {"perf_event", Perf},
    {"userfaultfd", [](const Target&) { return JudgeFd(::syscall(SYS_userfaultfd, O_CLOEXEC | kUserModeOnly)); }},
    {"keyctl",
     [](const Target&) {
       return Judge(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0), {ENOKEY});
     }},
    {"add_key", AddKey},
    {"request_key",
     [](const Target&) {
       return Judge(::syscall(SYS_request_key, "user", "daylight-audit-none", nullptr, 0), {ENOKEY});
     }},
    {"msgget", MessageQueue},
    {"semget", Semaphores},
    {"mq_open", PosixQueue},
    {"inotify", [](const Target&) { return JudgeFd(::syscall(SYS_inotify_init1, O_CLOEXEC)); }},
    {"fanotify", [](const Target&) { return JudgeFd(::syscall(SYS_fanotify_init, 0x200, 0)); }},  // FAN_REPORT_FID
    {"timerfd", [](const Target&) { return JudgeFd(::syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0)); }},
    {"epoll", [](const Target&) { return JudgeFd(::syscall(SYS_epoll_create1, 0)); }},
    {"signalfd", Signalfd},
    {"mount", Mount},
    {"umount", Unmount},
    {"pivot_root", PivotRoot},
    {"fsopen", [](const Target&) { return JudgeFd(::syscall(kFsopen, "tmpfs", 1)); }},
    // An empty image is no module, and a descriptor of nothing neither.
    {"init_module", [](const Target&) { return Judge(::syscall(SYS_init_module, nullptr, 0, ""), {ENOEXEC}); }},
    {"finit_module", [](const Target&) { return Judge(::syscall(SYS_finit_module, -1, "", 0), {EBADF}); }},
    {"delete_module",
     [](const Target&) { return Judge(::syscall(SYS_delete_module, "daylight_none", O_NONBLOCK), {ENOENT}); }},
    {"kexec_load",
     [](const Target&) { return Judge(::syscall(SYS_kexec_load, 0, 0, nullptr, kNoSuchFlags), {EINVAL}); }},
    // Without its magic numbers this restarts nothing.
    {"reboot", [](const Target&) { return Judge(::syscall(SYS_reboot, 0, 0, 0, nullptr), {EINVAL}); }},
    {"swapon", [](const Target&) { return Judge(::syscall(SYS_swapon, "/nonexistent/daylight", 0), {ENOENT}); }},
    {"acct", [](const Target&) { return Judge(::syscall(SYS_acct, "/nonexistent/daylight"), {ENOENT}); }},
    // Far too long a name.
    {"sethostname", [](const Target&) { return Judge(::syscall(SYS_sethostname, "", 100000), {EINVAL}); }},
    {"syslog", KernelLog},
    {"sysinfo", SystemInformation},
    {"uname", HostAndKernel},
    {"iopl",
     [](const Target&) { return kIopl < 0 ? Unsupported("not on this architecture") : Judge(::syscall(kIopl, 3)); }},
    {"ioperm",
     [](const Target&) {
       return kIoperm < 0 ? Unsupported("not on this architecture") : Judge(::syscall(kIoperm, 0x80, 1, 1));
     }},
    {"int80", GateGetpid},
    {"int80_socket", GateSocket},
    {"x32", X32},
};

}  // namespace

std::span<const Attempt> KernelAttempts() { return kList; }

}  // namespace dl::worker
