#include "daylight/os/open_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "daylight/os/memfd.h"

namespace dl::os {
namespace {

TEST(OpenFileTest, FilesInMemoryArePrompt) {
  const auto fd = SealedMemfd("test", {"12345"});
  ASSERT_TRUE(fd);
  const auto file = LookAtOpen(fd->get());
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->is_regular);
  EXPECT_TRUE(file->is_prompt);
  EXPECT_EQ(file->size, 5u);
  EXPECT_FALSE(file->is_read_only);
}

TEST(OpenFileTest, WhatIsNoFileOrShowsTheKernelIsNot) {
  const Fd folder(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_FALSE(LookAtOpen(folder.get())->is_regular);
  const Fd proc(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(LookAtOpen(proc.get())->is_prompt);
  EXPECT_TRUE(LookAtOpen(proc.get())->is_read_only);
  const Fd path(::open("/proc/self/status", O_PATH | O_CLOEXEC));
  EXPECT_FALSE(LookAtOpen(path.get())->is_read_only);
  EXPECT_FALSE(LookAtOpen(-1));
}

TEST(OpenFileTest, TheCloserCloses) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd reader(ends[0]);
  PatientCloser closer;
  closer.Close(Fd(ends[1]));
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0);  // Waits until the other end is closed.
  while (closer.waiting() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace dl::os
