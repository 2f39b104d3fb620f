#include "daylight/formats/lnk/lnk.h"

#include <gtest/gtest.h>

#include <string>

#include "daylight/base/check.h"
#include "daylight/formats/sample_testing.h"

namespace dl::formats {
namespace {

std::string Sample(const std::string& name) { return formats::ReadHexSampleText("lnk/" + name); }

std::string Header(std::uint32_t flags) {
  std::string bytes = Sample("header.hex");
  DL_CHECK(bytes.size() == kLnkHeaderBytes);
  for (std::size_t i = 0; i < 4; ++i) bytes[20 + i] = static_cast<char>(flags >> (8 * i) & 0xff);
  return bytes;
}
Result<LnkFacts> ParseWith(std::uint32_t flags, std::string_view rest = {}) {
  static std::string bytes;  // Facts may be views of it.
  bytes = Header(flags) + std::string(rest);
  return ParseLnk(AsBytes(bytes));
}

TEST(LnkTest, WhatIsNoShortcut) {
  EXPECT_FALSE(IsLnk({}));
  EXPECT_FALSE(ParseLnk({}));
  EXPECT_EQ(ParseLnk(AsBytes("MZ")).error().code, ErrorCode::kMalformed);
  const std::string header = Header(0);
  EXPECT_TRUE(IsLnk(AsBytes(header)));
  EXPECT_TRUE(ParseLnk(AsBytes(header)));
  EXPECT_EQ(ParseLnk(AsBytes(header).first(kLnkHeaderBytes - 1)).error().code, ErrorCode::kTruncated);
}

TEST(LnkTest, AHeaderAloneHasNoTerminalBlock) {
  const auto facts = ParseWith(0);
  ASSERT_TRUE(facts);
  ASSERT_TRUE(facts->damage);
  EXPECT_EQ(facts->damage->code, ErrorCode::kTruncated);
  EXPECT_FALSE(facts->overlay_size);
}

TEST(LnkTest, TheOverlayBeginsAfterTheTerminalBlock) {
  const auto none = ParseWith(0, {"\3\0\0\0", 4});
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->damage);
  EXPECT_EQ(none->overlay_size, 0u);
  EXPECT_FALSE(none->overlay_offset);
  const auto some = ParseWith(0, {"\0\0\0\0tail", 8});
  ASSERT_TRUE(some);
  EXPECT_EQ(some->overlay_size, 4u);
  EXPECT_EQ(some->overlay_offset, kLnkHeaderBytes + 4);
}

TEST(LnkTest, FactsBeforeTheDamageAreKept) {
  // A name of 2 characters, then a relative path that promises 9.
  const auto facts = ParseWith(0x04 | 0x08, {"\2\0ab\x09\0c", 7});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name, "ab");
  EXPECT_FALSE(facts->relative_path);
  ASSERT_TRUE(facts->damage);
  EXPECT_EQ(facts->damage->code, ErrorCode::kTruncated);
}

TEST(LnkTest, CountsAreOfCharacters) {
  const auto facts = ParseWith(0x04 | 0x80, {"\2\0a\0b\0\0\0\0\0", 10});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name, "ab");
  EXPECT_FALSE(facts->damage);
}

TEST(LnkTest, AnItemLongerThanItsListIsCut) {
  const auto facts = ParseWith(0x01, {"\x05\0\xff\0\x2f"
                                      "C:\0\0\0\0",
                                      11});
  ASSERT_TRUE(facts);
  ASSERT_EQ(facts->target_id_list.size(), 1u);
  EXPECT_EQ(facts->target_id_list[0].item_class, ShellItem::Class::kVolume);
  EXPECT_EQ(AsText(facts->target_id_list[0].data), "C:");
  EXPECT_FALSE(facts->damage);
}

TEST(LnkTest, TimesBefore1970AreAbsent) {
  const std::string sample = Sample("header.hex");
  const auto facts = ParseLnk(AsBytes(sample));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->creation_time, 1221051237u);
  EXPECT_EQ(facts->access_time, 0u);
  EXPECT_FALSE(facts->write_time);
}

TEST(LnkTest, HostileVariantsAreFactsOrErrors) {
  for (const char* name : {"standard.hex", "items.hex", "unicode.hex"}) {
    const std::string sample = Sample(name);
    std::size_t parsed = 0;
    formats::ForEachHostileVariant(AsBytes(sample), [&parsed](Bytes variant) {
      const auto facts = ParseLnk(variant);
      if (!facts) return;
      ++parsed;
      ASSERT_LE(facts->target_id_list.size(), variant.size() / 3);
      ASSERT_EQ(facts->overlay_size.has_value(), !facts->damage.has_value());
      if (facts->overlay_offset) {
        ASSERT_EQ(*facts->overlay_offset + *facts->overlay_size, variant.size());
      }
    });
    EXPECT_GT(parsed, sample.size());
  }
}

}  // namespace
}  // namespace dl::formats
