#include "daylight/sandbox/process_memory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace dl::sandbox {
namespace {

constexpr std::size_t kSize = 64u << 20;

void* Take(int flags) {
  void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  std::memset(memory, 1, kSize);
  return memory;
}

TEST(ProcessMemoryTest, CountsWhatIsTouchedAndOnesOwn) {
  const auto before = PrivateBytes(::getpid());
  ASSERT_TRUE(before);
  void* shared = Take(MAP_SHARED);
  const auto with_shared = PrivateBytes(::getpid());
  ASSERT_TRUE(with_shared);
  EXPECT_LT(*with_shared, *before + kSize / 2);
  void* own = Take(MAP_PRIVATE);
  const auto with_own = PrivateBytes(::getpid());
  ASSERT_TRUE(with_own);
  EXPECT_GE(*with_own, *before + kSize - (1u << 20));
  ::munmap(own, kSize);
  ::munmap(shared, kSize);
}

TEST(ProcessMemoryTest, CountsChildren) {
  int pipes[2];
  ASSERT_EQ(::pipe(pipes), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Take(MAP_PRIVATE);
    static_cast<void>(!::write(pipes[1], "x", 1));
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(pipes[0], &byte, 1), 1);
  const auto bytes = PrivateBytes(::getpid());
  ASSERT_TRUE(bytes);
  EXPECT_GE(*bytes, kSize);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(pipes[0]);
  ::close(pipes[1]);
}

TEST(ProcessMemoryTest, NothingOfNobody) {
  EXPECT_FALSE(PrivateBytes(-1));
  EXPECT_FALSE(PrivateBytes(0x7ffffff0));
}

}  // namespace
}  // namespace dl::sandbox
