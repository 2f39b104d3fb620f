#include "daylight/bytes/growing_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

namespace dl {
namespace {

TEST(GrowingBufferTest, WhatIsInItStays) {
  GrowingBuffer buffer;
  EXPECT_TRUE(buffer.bytes().empty());
  buffer.GrowTo(3);
  std::ranges::fill(buffer.bytes(), std::byte{7});
  // Past where pages are moved, not bytes.
  for (const std::size_t size : {4u, 5000u, 1u << 20, 64u << 20}) {
    buffer.GrowTo(size);
    ASSERT_EQ(buffer.bytes().size(), size);
    EXPECT_EQ(std::ranges::count(buffer.bytes().first(3), std::byte{7}), 3);
    buffer.bytes().back() = std::byte{1};
  }
}

TEST(GrowingBufferTest, DoesNotShrinkUnlessCleared) {
  GrowingBuffer buffer;
  buffer.GrowTo(100);
  buffer.GrowTo(10);
  EXPECT_EQ(buffer.size(), 100u);
  buffer.Clear();
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_TRUE(buffer.bytes().empty());
  buffer.GrowTo(1);
  EXPECT_EQ(buffer.bytes().size(), 1u);
  buffer.Renew(100'000);
  EXPECT_EQ(buffer.size(), 100'000u);
  buffer.bytes().back() = std::byte{1};
}

}  // namespace
}  // namespace dl
