// Processes, threads and namespaces of its own making, and other programs.
#include <elf.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

#include "attempts.h"
#include "attempts_numbers.h"

namespace dl::worker {

namespace {

// In the child, too: which ends at once, without any of the C library's care.
AttemptAnswer JudgeChild(long child) {
  if (child == 0) ::syscall(SYS_exit_group, 0);
  const AttemptAnswer answer = Judge(child);
  if (child > 0) ::syscall(SYS_wait4, child, nullptr, 0, nullptr);
  return answer;
}

template <unsigned long kFlags>
AttemptAnswer Clone(const Target&) {
  return JudgeChild(::syscall(SYS_clone, kFlags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

AttemptAnswer Clone3(const Target&) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  return JudgeChild(::syscall(kClone3, &arguments, sizeof arguments));
}

AttemptAnswer VFork(const Target&) {
  // The C library's own does nothing but the call; by syscall() the two would
  // share a frame.
  const pid_t child = ::vfork();
  if (child == 0) ::_exit(0);
  const AttemptAnswer answer = Judge(child);
  if (child > 0) ::syscall(SYS_wait4, child, nullptr, 0, nullptr);
  return answer;
}

std::atomic<bool> thread_ran{false};
alignas(16) char thread_stack[64 * 1024];

int ThreadMain(void*) {
  thread_ran.store(true);
  return 0;
}

AttemptAnswer Thread(const Target&) {
  constexpr int kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  return Judge(::clone(ThreadMain, thread_stack + sizeof thread_stack, kFlags, nullptr));
}

template <int kFlags>
AttemptAnswer Unshare(const Target&) {
  return Judge(::syscall(SYS_unshare, kFlags));
}

AttemptAnswer SetNamespaceByProc(const Target&) {
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (fd < 0) return Judge(fd);
  const AttemptAnswer answer = Judge(::syscall(SYS_setns, fd, CLONE_NEWNET));
  ::close(fd);
  return answer;
}

AttemptAnswer SetNamespaceByPidfd(const Target& target) {
  const int fd = static_cast<int>(::syscall(kPidfdOpen, target.where.parent, 0));
  if (fd < 0) return Judge(fd);
  const AttemptAnswer answer = Judge(::syscall(SYS_setns, fd, CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS));
  ::close(fd);
  return answer;
}

char program_name[] = "sh";
char program_option[] = "-c";
char program_text[] = "exit 42";
static_assert(report::kExitProgramRan == 42, "as program_text and kProgram say");
char* const program_arguments[] = {program_name, program_option, program_text, nullptr};
char* const no_environment[] = {nullptr};

// The smallest program: it needs no interpreter, no library and no other file,
// and ends with kExitProgramRan.
struct SmallProgram {
  Elf64_Ehdr header;
  Elf64_Phdr segment;
#if defined(__x86_64__)
  // mov $42,%edi; mov $60,%eax (exit); syscall
  unsigned char code[12] = {0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
  static constexpr Elf64_Half kMachine = EM_X86_64;
#else
  // mov x0,#42; mov x8,#93 (exit); svc #0
  unsigned char code[12] = {0x40, 0x05, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4};
  static constexpr Elf64_Half kMachine = EM_AARCH64;
#endif
};

SmallProgram MakeProgram() {
  constexpr Elf64_Addr kBase = 0x400000;
  SmallProgram program{};
  Elf64_Ehdr& header = program.header;
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = SmallProgram::kMachine;
  header.e_version = EV_CURRENT;
  header.e_entry = kBase + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  program.segment.p_type = PT_LOAD;
  program.segment.p_flags = PF_R | PF_X;
  program.segment.p_vaddr = program.segment.p_paddr = kBase;
  program.segment.p_filesz = program.segment.p_memsz = sizeof program;
  program.segment.p_align = 0x1000;
  return program;
}

// These come back only when they were refused.
AttemptAnswer RunShell(const Target&) {
  return Judge(::syscall(SYS_execve, "/bin/sh", program_arguments, no_environment));
}

AttemptAnswer RunShellAt(const Target&) {
  return Judge(::syscall(SYS_execveat, AT_FDCWD, "/bin/sh", program_arguments, no_environment, 0));
}

AttemptAnswer RunFromMemory(const Target&) {
  const SmallProgram program = MakeProgram();
  const int fd = static_cast<int>(::syscall(SYS_memfd_create, "daylight-audit", 1u));
  if (fd < 0 || ::syscall(SYS_write, fd, &program, sizeof program) < 0) return Judge(-1);
  return Judge(::syscall(SYS_execveat, fd, "", program_arguments, no_environment, AT_EMPTY_PATH));
}

AttemptAnswer RunWritten(const Target& target) {
  const SmallProgram program = MakeProgram();
  const std::string path = target.where.writable_folder + "/program";
  const int fd =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700));
  if (fd < 0 || ::syscall(SYS_write, fd, &program, sizeof program) < 0) return Judge(-1);
  ::close(fd);
  return Judge(::syscall(SYS_execve, path.c_str(), program_arguments, no_environment));
}

constexpr Attempt kList[] = {
    {"fork",
     [](const Target&) { return kFork < 0 ? Unsupported("not on this architecture") : JudgeChild(::syscall(kFork)); }},
    {"vfork", VFork},
    {"clone", Clone<0>},
    {"clone3", Clone3},
    {"fork_as_libc", Clone<CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID>},
    {"thread", Thread},
    {"clone_user", Clone<CLONE_NEWUSER>},
    {"clone_network", Clone<CLONE_NEWNET>},
    {"clone_mount", Clone<CLONE_NEWNS>},
    {"clone_pid", Clone<CLONE_NEWPID>},
    {"clone_ipc", Clone<CLONE_NEWIPC>},
    {"clone_uts", Clone<CLONE_NEWUTS>},
    {"clone_cgroup", Clone<CLONE_NEWCGROUP>},
    {"unshare_user", Unshare<CLONE_NEWUSER>},
    {"unshare_network", Unshare<CLONE_NEWNET>},
    {"unshare_mount", Unshare<CLONE_NEWNS>},
    {"unshare_pid", Unshare<CLONE_NEWPID>},
    {"unshare_time", Unshare<CLONE_NEWTIME>},
    {"unshare_files", Unshare<CLONE_FILES>},
    {"setns_proc", SetNamespaceByProc},
    {"setns_parent", SetNamespaceByPidfd},
    {"execve", RunShell},
    {"execveat", RunShellAt},
    {"exec_memory_file", RunFromMemory},
    {"exec_written_file", RunWritten},
};

}  // namespace

std::span<const Attempt> ChildAttempts() { return kList; }

}  // namespace dl::worker
