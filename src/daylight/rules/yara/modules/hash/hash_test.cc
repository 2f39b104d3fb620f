#include "daylight/rules/yara/modules/hash/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_hash;
namespace {

Value I(std::int64_t i) { return Value::Integer(i); }
Value S(std::string_view s) { return Value::String(s); }

class CountingSource final : public ObjectSource {
 public:
  explicit CountingSource(std::string_view text) : memory_(AsBytes(text)) {}
  std::optional<std::uint64_t> size() const override { return memory_.size(); }
  Result<Window> NextWindow(std::size_t overlap) override { return memory_.NextWindow(overlap); }
  Status Rewind() override { return memory_.Rewind(); }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    ++reads;
    return memory_.ReadAt(offset, out);
  }
  Result<Bytes> Whole(std::uint64_t limit) override { return memory_.Whole(limit); }
  int reads = 0;

 private:
  MemorySource memory_;
};

TEST(HashModuleTest, DigestsOfRanges) {
  PrepareHash();
  FakeModuleContext context(module_hash, AsBytes("abcde"));
  EXPECT_EQ(context.Call("md5", {I(0), I(5)}).string, "ab56b4d92b40713acc5af89985d4b786");
  EXPECT_EQ(context.Call("md5", {I(1), I(5)}).string, "e02cfbe5502b64aa5ae9f2d0d69eaa8d");
  EXPECT_EQ(context.Call("sha1", {I(0), I(5)}).string, "03de6c570bfe24bfc328ccd7ca46b76eadaf4334");
  EXPECT_EQ(context.Call("sha1", {I(1), I(5)}).string, "a302d65ae4d9e768a1538d53605f203fd8e2d6e2");
  EXPECT_EQ(context.Call("sha256", {I(0), I(5)}).string,
            "36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c");
  EXPECT_EQ(context.Call("md5", {I(4), I(0)}).string, "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(HashModuleTest, DigestsOfStrings) {
  FakeModuleContext context(module_hash, Bytes{});
  EXPECT_EQ(context.Call("md5", {S("TEST STRING")}).string, "2d7d687432758a8eeeca7b7e5d518e7f");
  EXPECT_EQ(context.Call("sha1", {S("TEST STRING")}).string, "d39d009c05797a93a79720952e99c7054a24e7c4");
  EXPECT_EQ(context.Call("sha256", {S("TEST STRING")}).string,
            "fb6ca29024bd42f1894620ffa45fd976217e72d988b04ee02bb4793ab9d0c862");
  EXPECT_EQ(context.Call("crc32", {S("TEST STRING")}).integer, 0x51f9be31);
  EXPECT_EQ(context.Call("checksum32", {S("TEST STRING")}).integer, 0x337);
  EXPECT_EQ(context.Call("md5", {S("")}).string, "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(context.Call("checksum32", {S("\xff\xff")}).integer, 0x1fe);
}

TEST(HashModuleTest, SumsOfRanges) {
  FakeModuleContext context(module_hash, AsBytes("xTEST STRINGx"));
  EXPECT_EQ(context.Call("crc32", {I(1), I(11)}).integer, 0x51f9be31);
  EXPECT_EQ(context.Call("checksum32", {I(1), I(11)}).integer, 0x337);
}

TEST(HashModuleTest, RangesOutsideTheObjectAreUndefined) {
  for (const char* function : {"md5", "sha1", "sha256", "checksum32", "crc32"}) {
    FakeModuleContext context(module_hash, AsBytes("abcde"));
    EXPECT_FALSE(context.Call(function, {I(5), I(1)}).defined()) << function;
    EXPECT_FALSE(context.Call(function, {I(-1), I(1)}).defined()) << function;
    EXPECT_FALSE(context.Call(function, {I(0), I(-1)}).defined()) << function;
    FakeModuleContext empty(module_hash, Bytes{});
    EXPECT_FALSE(empty.Call(function, {I(0), I(0)}).defined()) << function;
  }
}

TEST(HashModuleTest, LongRangesAreStreamed) {
  const std::string object(200'000, 'a');
  FakeModuleContext context(module_hash, AsBytes(object));
  context.whole_limit_bytes = 0;
  FakeModuleContext string(module_hash, Bytes{});
  EXPECT_EQ(context.Call("sha256", {I(1), I(200'000)}).string,
            string.Call("sha256", {S(std::string_view(object).substr(1))}).string);
  EXPECT_EQ(context.Call("checksum32", {I(0), I(200'000)}).integer, 200'000 * 'a');
  EXPECT_EQ(context.whole_requests, 0);
}

TEST(HashModuleTest, ResultsAreKeptForTheObject) {
  CountingSource source("abcde");
  FakeModuleContext context(module_hash, source);
  const std::string_view first = context.Call("md5", {I(0), I(5)}).string;
  const int reads = source.reads;
  EXPECT_EQ(context.Call("md5", {I(0), I(5)}).string, first);
  EXPECT_EQ(source.reads, reads);
  EXPECT_NE(context.Call("sha1", {I(0), I(5)}).string, first);
  EXPECT_GT(source.reads, reads);
}

TEST(HashModuleTest, MoreRangesThanAreKept) {
  const std::string object(6000, 'b');
  FakeModuleContext context(module_hash, AsBytes(object));
  for (std::int64_t i = 0; i < 6000; ++i) {
    ASSERT_EQ(context.Call("checksum32", {I(i), I(6000)}).integer, (6000 - i) * 'b');
  }
  EXPECT_EQ(context.Call("checksum32", {I(5999), I(1)}).integer, 'b');
}

}  // namespace
}  // namespace dl::yara
