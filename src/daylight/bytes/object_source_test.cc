#include "daylight/bytes/object_source.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace dl {
namespace {

std::string Pattern(std::size_t n) {
  std::string text(n, '\0');
  for (std::size_t i = 0; i < n; ++i) text[i] = static_cast<char>((i * 131 + i / 251) & 0xff);
  return text;
}

int MemoryFile(const std::string& text) {
  const int fd = ::memfd_create("object", 0);
  EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return fd;
}

// Joins the windows of a pass and checks that each begins with the overlap.
std::string ReadAll(ObjectSource& source, std::size_t overlap) {
  std::string all;
  for (;;) {
    auto window = source.NextWindow(overlap);
    if (!window) {
      ADD_FAILURE() << window.error().what;
      return all;
    }
    EXPECT_LE(window->offset, all.size());
    const std::size_t known = all.size() - static_cast<std::size_t>(window->offset);
    if (window->offset > 0) {
      EXPECT_EQ(known, overlap);
    }
    EXPECT_EQ(all.substr(static_cast<std::size_t>(window->offset)), AsText(window->bytes).substr(0, known));
    all += AsText(window->bytes).substr(known);
    if (window->last) return all;
  }
}

TEST(ObjectSourceTest, AllSourcesGiveTheSameBytes) {
  for (const std::size_t size : {0u, 1u, 99u, 100u, 101u, 150u, 151u, 1000u}) {
    const std::string text = Pattern(size);
    MemorySource memory(AsBytes(text));
    EXPECT_EQ(ReadAll(memory, 10), text);

    const int fd = MemoryFile(text);
    GrowingBuffer scratch;
    for (const std::size_t overlap : {0u, 1u, 49u, 60u}) {
      DescriptorSource windows(fd, size, scratch, {.copy_limit_bytes = 0, .window_bytes = 100});
      EXPECT_EQ(ReadAll(windows, overlap), text) << size << " " << overlap;
      ASSERT_TRUE(windows.Rewind());
      EXPECT_EQ(ReadAll(windows, overlap), text);
    }
    DescriptorSource copied(fd, size, scratch, {});
    EXPECT_EQ(ReadAll(copied, 10), text);
    ::close(fd);

    for (const std::size_t chunk : {1u, 7u, 100u, 5000u}) {
      std::size_t at = 0;
      StreamSource stream(
          [&](std::span<std::byte> out) -> Result<std::size_t> {
            const std::size_t n = std::min({chunk, out.size(), text.size() - at});
            std::copy_n(AsBytes(text).begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
            at += n;
            return n;
          },
          {.window_bytes = 100, .head_bytes = 64, .tail_bytes = 16});
      EXPECT_EQ(ReadAll(stream, 10), text) << size << " " << chunk;
      EXPECT_EQ(stream.size(), size);
    }
  }
}

TEST(ObjectSourceTest, AStreamKeepsItsHeadAndTail) {
  const std::string text = Pattern(1000);
  std::size_t at = 0;
  StreamSource stream(
      [&](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t n = std::min(out.size(), text.size() - at);
        std::copy_n(AsBytes(text).begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
        at += n;
        return n;
      },
      {.window_bytes = 100, .head_bytes = 64, .tail_bytes = 16});
  ReadAll(stream, 10);
  std::vector<std::byte> out(16);
  EXPECT_EQ(*stream.ReadAt(0, out), 16u);
  EXPECT_EQ(AsText(out), text.substr(0, 16));
  EXPECT_EQ(*stream.ReadAt(984, out), 16u);
  EXPECT_EQ(AsText(out), text.substr(984));
  EXPECT_EQ(*stream.ReadAt(990, out), 10u);
  EXPECT_EQ(*stream.ReadAt(1000, out), 0u);
  auto middle = stream.ReadAt(500, out);
  ASSERT_FALSE(middle);
  EXPECT_EQ(middle.error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(stream.Whole(10000));
}

TEST(ObjectSourceTest, AFileThatShrankIsReadAsItIs) {
  const std::string text = Pattern(300);
  const int fd = MemoryFile(text);
  GrowingBuffer scratch;
  DescriptorSource source(fd, 500, scratch, {.copy_limit_bytes = 0, .window_bytes = 100});
  EXPECT_EQ(ReadAll(source, 10), text);
  EXPECT_EQ(source.size(), 300u);
  ::close(fd);
}

// A small file is looked at once, whichever call comes first.
TEST(ObjectSourceTest, ACopyIsWhatTheFirstLookSaw) {
  const std::string text = Pattern(300);
  const int fd = MemoryFile(text);
  GrowingBuffer scratch;
  for (const std::uint64_t copy_limit : {300u, 299u}) {
    DescriptorSource source(fd, 300, scratch, {.copy_limit_bytes = copy_limit, .window_bytes = 400});
    std::vector<std::byte> out(4);
    ASSERT_EQ(*source.ReadAt(0, out), 4u);
    ASSERT_EQ(::pwrite(fd, "####", 4, 100), 4);
    EXPECT_EQ(ReadAll(source, 10) == text, copy_limit == 300);
    ASSERT_EQ(::pwrite(fd, text.data(), text.size(), 0), 300);
  }
  ::close(fd);
}

// A look at the head of a larger file reads no more than that.
TEST(ObjectSourceTest, AHeadIsNotTheWhole) {
  std::string text = Pattern(DescriptorSource::kReadOnceBytes + 1);
  const int fd = MemoryFile(text);
  GrowingBuffer scratch;
  for (const std::size_t size : {text.size() - 1, text.size()}) {
    DescriptorSource source(fd, size, scratch, {});
    std::vector<std::byte> out(4);
    ASSERT_EQ(*source.ReadAt(0, out), 4u);
    ASSERT_EQ(::pwrite(fd, "####", 4, 5000), 4);
    ASSERT_EQ(*source.ReadAt(5000, out), 4u);
    EXPECT_EQ(AsText(out) == "####", size > DescriptorSource::kReadOnceBytes) << size;
    ASSERT_EQ(::pwrite(fd, text.data() + 5000, 4, 5000), 4);
  }
  ::close(fd);
}

TEST(ObjectSourceTest, WholeKeepsToItsLimit) {
  const std::string text = Pattern(300);
  const int fd = MemoryFile(text);
  GrowingBuffer scratch;
  DescriptorSource source(fd, 300, scratch, {.copy_limit_bytes = 0, .window_bytes = 100});
  auto refused = source.Whole(299);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBudget);
  EXPECT_EQ(AsText(*source.Whole(300)), text);
  ::close(fd);
}

// One large object that was loaded whole must not keep its memory for the rest
// of a worker's life.
TEST(ObjectSourceTest, ScratchOfALargeObjectIsGivenBack) {
  const std::string text = Pattern(5000);
  const int fd = MemoryFile(text);
  GrowingBuffer scratch;
  const DescriptorSource::Limits limits{.copy_limit_bytes = 1000, .window_bytes = 100};
  {
    DescriptorSource large(fd, 5000, scratch, limits);
    ASSERT_TRUE(large.Whole(5000));
    EXPECT_EQ(scratch.size(), 5000u);
  }
  DescriptorSource small(fd, 900, scratch, limits);
  EXPECT_EQ(ReadAll(small, 10), text.substr(0, 900));
  EXPECT_LE(scratch.size(), 2000u);
  // Memory of the usual size is kept.
  const auto* kept = scratch.bytes().data();
  DescriptorSource next(fd, 800, scratch, limits);
  EXPECT_EQ(ReadAll(next, 10), text.substr(0, 800));
  EXPECT_EQ(scratch.bytes().data(), kept);
  ::close(fd);
}

TEST(ObjectSourceTest, ADescriptorThatCannotBeReadIsAnError) {
  GrowingBuffer scratch;
  for (const std::uint64_t copy_limit : {0u, 1000u}) {
    DescriptorSource source(-1, 300, scratch, {.copy_limit_bytes = copy_limit, .window_bytes = 100});
    const auto window = source.NextWindow(10);
    ASSERT_FALSE(window);
    EXPECT_EQ(window.error().code, ErrorCode::kIo);
    std::vector<std::byte> out(4);
    EXPECT_FALSE(source.ReadAt(0, out));
    EXPECT_FALSE(source.Whole(1000));
  }
}

TEST(ObjectSourceTest, WholeInTheMiddleOfAPass) {
  const std::string text = Pattern(300);
  const int fd = MemoryFile(text);
  GrowingBuffer scratch;
  DescriptorSource source(fd, 300, scratch, {.copy_limit_bytes = 0, .window_bytes = 100});
  ASSERT_TRUE(source.NextWindow(10));
  ASSERT_TRUE(source.Whole(300));
  const auto rest = source.NextWindow(10);
  ASSERT_TRUE(rest);
  EXPECT_TRUE(rest->last);
  EXPECT_EQ(AsText(rest->bytes), text);
  std::vector<std::byte> out(10);
  EXPECT_EQ(*source.ReadAt(295, out), 5u);
  EXPECT_EQ(*source.ReadAt(~std::uint64_t{0}, out), 0u);
  ::close(fd);
}

TEST(ObjectSourceTest, NoWindowAfterTheLast) {
  MemorySource memory(AsBytes(std::string_view("abc")));
  ASSERT_TRUE(memory.NextWindow(0));
  EXPECT_FALSE(memory.NextWindow(0));
  ASSERT_TRUE(memory.Rewind());
  EXPECT_TRUE(memory.NextWindow(0));
}

TEST(ObjectSourceTest, AStreamThatBreaksIsAnError) {
  int pulls = 0;
  StreamSource stream(
      [&](std::span<std::byte> out) -> Result<std::size_t> {
        if (++pulls > 3) return Fail(ErrorCode::kIo, "broken pipe");
        std::fill(out.begin(), out.begin() + 10, std::byte{1});
        return std::size_t{10};
      },
      {.window_bytes = 100, .head_bytes = 64, .tail_bytes = 16});
  EXPECT_TRUE(stream.Rewind());  // Nothing was read yet.
  EXPECT_FALSE(stream.NextWindow(10));
  EXPECT_FALSE(stream.size());
  EXPECT_FALSE(stream.Rewind());
  EXPECT_FALSE(stream.Whole(1000));
  // A source that claims to have written more than it was given room for is not believed.
  int lies = 0;
  StreamSource liar(
      [&](std::span<std::byte> out) -> Result<std::size_t> { return ++lies == 1 ? out.size() + 5 : std::size_t{0}; },
      {.window_bytes = 100, .head_bytes = 64, .tail_bytes = 16});
  const auto window = liar.NextWindow(10);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->bytes.size(), 116u);
}

}  // namespace
}  // namespace dl
