// Code that was not in the program, and memory of unusual kinds.
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "attempts.h"
#include "attempts_numbers.h"

namespace dl::worker {

namespace {

constexpr std::size_t kPage = 64 * 1024;  // A multiple of every page size.

#if defined(__x86_64__)
constexpr unsigned char kCode[] = {0xb8, 42, 0, 0, 0, 0xc3};  // mov $42,%eax; ret
#else
constexpr unsigned char kCode[] = {0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6};  // mov w0,#42; ret
#endif

void* Map(int protection) {
  const long address = ::syscall(SYS_mmap, nullptr, kPage, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return address == -1 ? MAP_FAILED : reinterpret_cast<void*>(address);
}

AttemptAnswer Run(void* code) {
  __builtin___clear_cache(static_cast<char*>(code), static_cast<char*>(code) + sizeof kCode);
  const int answer = reinterpret_cast<int (*)()>(code)();
  return answer == 42 ? Succeeded("ran") : Refused(EFAULT);
}

AttemptAnswer WritableAndExecutable(const Target&) {
  void* page = Map(PROT_READ | PROT_WRITE | PROT_EXEC);
  if (page == MAP_FAILED) return Judge(-1);
  std::memcpy(page, kCode, sizeof kCode);
  return Run(page);
}

AttemptAnswer WrittenThenExecutable(const Target&) {
  void* page = Map(PROT_READ | PROT_WRITE);
  if (page == MAP_FAILED) return Judge(-1);
  std::memcpy(page, kCode, sizeof kCode);
  if (::syscall(SYS_mprotect, page, kPage, PROT_READ | PROT_EXEC) != 0) return Judge(-1);
  return Run(page);
}

AttemptAnswer WrittenThenExecutableByKey(const Target&) {
  void* page = Map(PROT_READ | PROT_WRITE);
  if (page == MAP_FAILED) return Judge(-1);
  std::memcpy(page, kCode, sizeof kCode);
  // -1: no key, as mprotect().
  if (::syscall(SYS_pkey_mprotect, page, kPage, PROT_READ | PROT_EXEC, -1) != 0) return Judge(-1);
  return Run(page);
}

AttemptAnswer ObjectAsCode(const Target& target) {
  const long address = ::syscall(SYS_mmap, nullptr, kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE, target.object, 0);
  return address == -1 ? Judge(-1) : Succeeded();
}

AttemptAnswer OwnCodeWritable(const Target&) {
  const auto page = reinterpret_cast<std::uintptr_t>(&OwnCodeWritable) & ~std::uintptr_t{4095};
  return Judge(::syscall(SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

AttemptAnswer AddressSpace(const Target&) {
  constexpr std::size_t kSize = std::size_t{64} << 30;
  const long address =
      ::syscall(SYS_mmap, nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == -1) return Judge(-1);
  ::syscall(SYS_munmap, address, kSize);
  return Succeeded();
}

AttemptAnswer LockMemory(const Target&) {
  void* page = Map(PROT_READ | PROT_WRITE);
  if (page == MAP_FAILED) return Judge(-1);
  return Judge(::syscall(SYS_mlock, page, kPage));
}

AttemptAnswer SharedMemory(const Target&) {
  const long id = ::syscall(SYS_shmget, IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  if (id < 0) return Judge(id);
  ::syscall(SYS_shmctl, id, IPC_RMID, nullptr);
  return Succeeded();
}

AttemptAnswer SegmentTable(const Target&) {
  if (kModifyLdt < 0) return Unsupported("not on this architecture");
  // An empty segment at place 0.
  const struct {
    unsigned entry, base, limit, flags;
  } segment{0, 0, 0, 0x28};  // read_exec_only and seg_not_present: as good as none
  return Judge(::syscall(kModifyLdt, 1, &segment, sizeof segment));
}

constexpr Attempt kList[] = {
    {"mmap_writable_executable", WritableAndExecutable},
    {"mprotect_executable", WrittenThenExecutable},
    {"pkey_mprotect_executable", WrittenThenExecutableByKey},
    {"mmap_object_executable", ObjectAsCode},
    {"mprotect_text_writable", OwnCodeWritable},
    {"personality", [](const Target&) { return Judge(::syscall(SYS_personality, READ_IMPLIES_EXEC)); }},
    {"memfd_create", [](const Target&) { return JudgeFd(::syscall(SYS_memfd_create, "daylight-audit", 1u)); }},
    {"memfd_secret", [](const Target&) { return JudgeFd(::syscall(kMemfdSecret, 0)); }},
    {"address_space", AddressSpace},
    {"lock_memory", LockMemory},
    {"shared_memory", SharedMemory},
    {"modify_ldt", SegmentTable},
};

}  // namespace

std::span<const Attempt> MemoryAttempts() { return kList; }

}  // namespace dl::worker
