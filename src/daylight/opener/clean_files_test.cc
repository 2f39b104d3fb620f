#include "daylight/opener/clean_files.h"

#include <gtest/gtest.h>

namespace dl::opener {
namespace {

os::FileState State(std::uint64_t inode) {
  os::FileState state;
  state.device = 1;
  state.inode = inode;
  state.size = 10;
  state.changed_ns = 5;
  return state;
}

TEST(CleanFilesTest, AnyDifferenceIsAnotherFile) {
  CleanFiles clean(100);
  clean.Add(7, State(1), 3);
  EXPECT_TRUE(clean.Has(7, State(1), 3));
  EXPECT_FALSE(clean.Has(8, State(1), 3));
  EXPECT_FALSE(clean.Has(7, State(1), 4));
  EXPECT_FALSE(clean.Has(7, State(2), 3));
  os::FileState later = State(1);
  later.changed_ns = 6;
  EXPECT_FALSE(clean.Has(7, later, 3));
  clean.Add(7, later, 3);
  EXPECT_FALSE(clean.Has(7, State(1), 3));
  clean.Clear();
  EXPECT_FALSE(clean.Has(7, later, 3));
}

TEST(CleanFilesTest, WhatIsOfUseStaysAndTheWholeIsBounded) {
  CleanFiles clean(100);
  clean.Add(7, State(1), 0);
  for (std::uint64_t inode = 2; inode < 1000; ++inode) {
    clean.Add(7, State(inode), 0);
    EXPECT_TRUE(clean.Has(7, State(1), 0)) << inode;
    EXPECT_LE(clean.size(), 100U);
  }
  EXPECT_FALSE(clean.Has(7, State(2), 0));
  CleanFiles none(0);
  none.Add(7, State(1), 0);
  EXPECT_FALSE(none.Has(7, State(1), 0));
}

TEST(CleanFilesTest, AYoungFileIsTooYoung) {
  os::FileState state = State(1);
  state.modified_ns = 10'000'000'000;
  state.changed_ns = 9'000'000'000;
  EXPECT_FALSE(CleanFiles::IsOldEnough(state, 11'999'999'999));
  EXPECT_TRUE(CleanFiles::IsOldEnough(state, 12'000'000'000));
  EXPECT_FALSE(CleanFiles::IsOldEnough(state, 0));  // From the future.
}

}  // namespace
}  // namespace dl::opener
