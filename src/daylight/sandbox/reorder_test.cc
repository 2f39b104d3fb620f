#include "daylight/sandbox/reorder.h"

#include <gtest/gtest.h>

namespace dl::sandbox {
namespace {

class ReorderTest : public testing::Test {
 protected:
  Reorder Make(std::size_t held, std::size_t bytes = 1000000) {
    return Reorder({.max_held = held, .max_held_bytes = bytes},
                   [this](const report::FileRecord& record) { out_ += record.path; });
  }
  static void Finish(Reorder& reorder, std::uint64_t sequence) {
    reorder.Finish(sequence, {std::string(1, static_cast<char>('a' + sequence)), {}}, 10);
  }
  std::string out_;
};

TEST_F(ReorderTest, InOrder) {
  Reorder reorder = Make(10);
  for (const std::uint64_t sequence : {2u, 0u, 3u, 1u}) Finish(reorder, sequence);
  EXPECT_EQ(out_, "abcd");
  EXPECT_EQ(reorder.held(), 0u);
}

TEST_F(ReorderTest, ASlowOneHoldsBackOnlySoMany) {
  Reorder reorder = Make(3);
  for (const std::uint64_t sequence : {1u, 2u, 3u}) Finish(reorder, sequence);
  EXPECT_EQ(out_, "");  // At the limit.
  Finish(reorder, 5);
  EXPECT_EQ(out_, "bcdf");  // One past it.
  Finish(reorder, 0);
  Finish(reorder, 4);
  Finish(reorder, 6);
  EXPECT_EQ(out_, "bcdfaeg");
}

TEST_F(ReorderTest, BytesCountToo) {
  Reorder reorder = Make(100, 20);
  for (const std::uint64_t sequence : {1u, 2u}) Finish(reorder, sequence);
  EXPECT_EQ(out_, "");
  Finish(reorder, 3);
  EXPECT_EQ(out_, "bcd");
}

TEST_F(ReorderTest, FlushAtTheEnd) {
  Reorder reorder = Make(100);
  for (const std::uint64_t sequence : {4u, 2u}) Finish(reorder, sequence);
  reorder.Flush();
  EXPECT_EQ(out_, "ce");
}

}  // namespace
}  // namespace dl::sandbox
