#include "daylight/extract/sbom/text_feed.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dl::sbom {
namespace {

std::string ReadAll(TextFeed& feed) {
  std::string all;
  EXPECT_TRUE(feed.Restart());
  while (true) {
    const auto piece = feed.Next();
    if (!piece || piece->empty()) break;
    all += *piece;
  }
  return all;
}

std::string Utf16(std::u16string_view text, bool is_big_endian) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xff);
    const char high = static_cast<char>(unit >> 8);
    bytes += is_big_endian ? high : low;
    bytes += is_big_endian ? low : high;
  }
  return bytes;
}

// One that gives windows of `size` bytes, and can be read as often as wanted.
class SmallWindows final : public ObjectSource {
 public:
  SmallWindows(std::string_view text, std::size_t size) : bytes_(AsBytes(text)), window_(size) {}
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }
  Result<Window> NextWindow(std::size_t) override {
    const std::size_t size = std::min(window_, bytes_.size() - at_);
    Window window{bytes_.subspan(at_, size), at_, at_ + size == bytes_.size()};
    at_ += size;
    return window;
  }
  Status Rewind() override {
    at_ = 0;
    return {};
  }
  Result<std::size_t> ReadAt(std::uint64_t, std::span<std::byte>) override { return Fail(ErrorCode::kIo, "not here"); }
  Result<Bytes> Whole(std::uint64_t) override { return bytes_; }

 private:
  Bytes bytes_;
  std::size_t window_;
  std::size_t at_ = 0;
};

TEST(TextFeedTest, EncodingsAndWindowsOfAnySizeGiveTheSameText) {
  const std::u16string text = u"{\"n\": \"a\u00e9\u4e2d\U0001f600z\"}";
  const std::string expected = "{\"n\": \"a\u00e9\u4e2d\U0001f600z\"}";
  const std::string files[] = {expected,          "\xef\xbb\xbf" + expected,       Utf16(text, false),
                               Utf16(text, true), "\xff\xfe" + Utf16(text, false), "\xfe\xff" + Utf16(text, true)};
  for (const std::string& file : files) {
    for (std::size_t window = 3; window <= file.size(); ++window) {
      SmallWindows source(file, window);
      TextFeed feed(source);
      EXPECT_EQ(ReadAll(feed), expected) << window;
      EXPECT_EQ(ReadAll(feed), expected) << "again, " << window;
    }
    MemorySource source(AsBytes(file));
    TextFeed feed(source);
    EXPECT_EQ(ReadAll(feed), expected);
  }
}

TEST(TextFeedTest, AStreamIsKeptAsItCanOnlyBeReadOnce) {
  const std::string text = std::string(100'000, 'x');
  std::size_t at = 0;
  StreamSource source(
      [&](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t size = std::min<std::size_t>({out.size(), text.size() - at, 777});
        std::copy_n(AsBytes(text).begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
        at += size;
        return size;
      },
      {.window_bytes = 4096, .head_bytes = 4096, .tail_bytes = 4096});
  TextFeed feed(source);
  EXPECT_TRUE(ReadAll(feed) == text);
  EXPECT_TRUE(ReadAll(feed) == text);
  EXPECT_EQ(feed.Whole(1 << 20)->size(), text.size());
  EXPECT_FALSE(feed.Whole(99'999));
}

TEST(TextFeedTest, OddEndsOfUtf16) {
  for (const std::string& file : {std::string("{\0\"", 3), std::string("\xff\xfe{", 3), std::string("{\0\x3d\xd8", 4),
                                  std::string("\xff\xfe"), std::string("\xfe\xff\0", 3), std::string()}) {
    MemorySource source(AsBytes(file));
    TextFeed feed(source);
    EXPECT_LE(ReadAll(feed).size(), 6u);
  }
}

}  // namespace
}  // namespace dl::sbom
