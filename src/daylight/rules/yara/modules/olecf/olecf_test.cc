#include <gtest/gtest.h>

#include "daylight/rules/yara/module_testing.h"
#include "daylight/unpack/ole/compound_testing.h"

namespace dl::yara {
extern const ModuleInfo module_olecf;
namespace {

using unpack::CompoundStreams;
using unpack::MakeCompound;

std::string Facts(std::string_view object) { return FakeModuleContext(module_olecf, AsBytes(object)).Dump(); }

const CompoundStreams kStreams = {
    {u"WordDocument", std::string(5000, 'x')}, {u"\x0005SummaryInformation", "short"}, {u"Macros/VBA/dir", ""}};

TEST(OlecfModuleTest, StreamsStoragesAndTheRoot) {
  EXPECT_EQ(Facts(MakeCompound(kStreams)),
            "olecf.is_olecf = true\n"
            "olecf.streams[0].name = \"Root Entry\"\n"
            "olecf.streams[0].type = 5\n"
            "olecf.streams[0].size = 64\n"
            "olecf.streams[1].name = \"WordDocument\"\n"
            "olecf.streams[1].type = 2\n"
            "olecf.streams[1].size = 5000\n"
            "olecf.streams[2].name = \"SummaryInformation\"\n"
            "olecf.streams[2].type = 2\n"
            "olecf.streams[2].size = 5\n"
            "olecf.streams[3].name = \"Macros\"\n"
            "olecf.streams[3].type = 1\n"
            "olecf.streams[3].size = 0\n"
            "olecf.streams[4].name = \"VBA\"\n"
            "olecf.streams[4].type = 1\n"
            "olecf.streams[4].size = 0\n"
            "olecf.streams[5].name = \"dir\"\n"
            "olecf.streams[5].type = 2\n"
            "olecf.streams[5].size = 0\n");
  EXPECT_NE(Facts(MakeCompound(kStreams, {12})).find("streams[5].name = \"dir\""), std::string::npos);
}

// What the directory says, not what there is: a lie is a fact, too.
TEST(OlecfModuleTest, SizesAreAsTheyAreStated) {
  std::string object = MakeCompound({{u"lie", "short"}});
  const std::size_t record = object.find(std::string("l\0i\0e", 5));
  object.replace(record + 0x78, 8, "\xff\xff\xff\x7f\x01\x02\x03\x04");
  // The upper half means nothing where sectors have 512 bytes.
  EXPECT_NE(Facts(object).find("streams[1].size = 2147483647\n"), std::string::npos);
  std::string large = MakeCompound({{u"lie", "short"}}, {12});
  const std::size_t large_record = large.find(std::string("l\0i\0e", 5));
  large.replace(large_record + 0x78, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f");
  EXPECT_NE(Facts(large).find("streams[1].size = 9223372036854775807\n"), std::string::npos);
  // What no integer of a rule can hold is undefined.
  large[large_record + 0x7f] = '\x80';
  EXPECT_EQ(Facts(large).find("streams[1].size"), std::string::npos);
}

TEST(OlecfModuleTest, OtherObjectsAreNotLoaded) {
  for (const std::string_view text : {"", "hello", "\xd0\xcf\x11\xe0"}) {
    FakeModuleContext context(module_olecf, AsBytes(text));
    EXPECT_EQ(context.Dump(), "olecf.is_olecf = false\n");
    EXPECT_EQ(context.whole_requests, 0);
    EXPECT_EQ(context.root().Get("streams").array->size(), 0u);
  }
}

TEST(OlecfModuleTest, WhatCannotBeHeldIsUndefined) {
  const std::string object = MakeCompound(kStreams);
  FakeModuleContext context(module_olecf, AsBytes(object));
  context.whole_limit_bytes = 100;
  EXPECT_EQ(context.Dump(), "");
}

TEST(OlecfModuleTest, Constants) {
  FakeModuleContext context(module_olecf, Bytes{});
  context.Load();
  const StructValue& types = *context.root().Get("StreamType").structure;
  EXPECT_EQ(types.Get("UNKNOWN").integer, 0);
  EXPECT_EQ(types.Get("STORAGE").integer, 1);
  EXPECT_EQ(types.Get("STREAM").integer, 2);
  EXPECT_EQ(types.Get("ROOT").integer, 5);
}

TEST(OlecfModuleTest, CutAtEveryByteAndFlipped) {
  const std::string whole = MakeCompound({{u"a/b", "text"}, {u"c", "more"}});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::string facts = Facts(std::string_view(whole).substr(0, n));
    EXPECT_TRUE(facts.starts_with("olecf.is_olecf = ")) << n;
    std::string flipped = whole;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << n % 8));
    FakeModuleContext context(module_olecf, AsBytes(flipped));
    context.Load();
    EXPECT_LE(context.root().Get("streams").array->size(), whole.size() / 128);
  }
  EXPECT_EQ(Facts(std::string_view(whole).substr(0, 512)), "olecf.is_olecf = false\n");
}

}  // namespace
}  // namespace dl::yara
