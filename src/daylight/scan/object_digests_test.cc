#include "daylight/scan/object_digests.h"

#include <gtest/gtest.h>

#include <string>

namespace dl::scan {
namespace {

using crypto::DigestKind;

// Counts how often its bytes are read.
class CountedSource final : public ObjectSource {
 public:
  explicit CountedSource(std::string_view text, bool can_rewind = true)
      : source_(AsBytes(text)), can_rewind_(can_rewind) {}
  std::optional<std::uint64_t> size() const override { return source_.size(); }
  Result<Window> NextWindow(std::size_t overlap_bytes) override {
    ++passes;
    return source_.NextWindow(overlap_bytes);
  }
  Status Rewind() override {
    if (!can_rewind_) return Fail(ErrorCode::kUnsupported, "gone");
    return source_.Rewind();
  }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    return source_.ReadAt(offset, out);
  }
  Result<Bytes> Whole(std::uint64_t limit_bytes) override { return source_.Whole(limit_bytes); }

  int passes = 0;

 private:
  MemorySource source_;
  bool can_rewind_;
};

std::string HexOf(ObjectDigests& digests, ObjectSource& object, DigestKind kind) {
  const auto value = digests.Get(object, kind);
  return value ? crypto::Hex(*value) : std::string(value.error().what);
}

TEST(ObjectDigestsTest, WhatIsWantedIsComputedAsItPasses) {
  const std::string text(100'000, 'x');
  CountedSource object(text, false);
  ObjectDigests digests;
  digests.Begin();
  for (const DigestKind kind : crypto::kDigestKinds) digests.Want(kind);
  digests.Update(AsBytes(text).first(20'000));
  digests.Update(AsBytes(text).subspan(20'000));
  for (const DigestKind kind : crypto::kDigestKinds) {
    EXPECT_EQ(HexOf(digests, object, kind), crypto::Hex(crypto::AnyDigest::Of(kind, AsBytes(text)).view()));
  }
  EXPECT_EQ(object.passes, 0);
}

TEST(ObjectDigestsTest, TheRestTakesOnePassForAll) {
  const std::string text = "some text";
  CountedSource object(text);
  ObjectDigests digests;
  digests.Begin();
  digests.Want(DigestKind::kMd5);
  digests.Update(AsBytes(text));
  digests.Want(DigestKind::kSha1);
  digests.Want(DigestKind::kSha256);
  for (const DigestKind kind : crypto::kDigestKinds) {
    EXPECT_EQ(HexOf(digests, object, kind), crypto::Hex(crypto::AnyDigest::Of(kind, AsBytes(text)).view()));
  }
  EXPECT_EQ(object.passes, 1);
  // Nothing is left of it for the next object.
  digests.Begin();
  digests.Want(DigestKind::kMd5);
  EXPECT_EQ(HexOf(digests, object, DigestKind::kMd5), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(ObjectDigestsTest, WhatCannotBeReadAgainIsAnError) {
  CountedSource object("x", false);
  ObjectDigests digests;
  digests.Begin();
  digests.Update(AsBytes("x"));
  EXPECT_EQ(HexOf(digests, object, DigestKind::kMd5), "gone");
  EXPECT_EQ(HexOf(digests, object, DigestKind::kMd5), "gone");
}

}  // namespace
}  // namespace dl::scan
