#include "daylight/formats/macho/macho.h"

#include <gtest/gtest.h>

#include "daylight/formats/macho/linkedit.h"
#include "daylight/formats/macho/utf8.h"
#include "daylight/formats/sample_testing.h"

namespace dl::macho {
namespace {

std::string Sample(const std::string& name) {
  return std::string(AsText(formats::ReadHexSample("macho/" + name + ".hex")));
}

void PutLe(std::string& bytes, std::size_t offset, std::size_t width, std::uint64_t value) {
  ASSERT_LE(offset + width, bytes.size());
  for (std::size_t i = 0; i < width; ++i) bytes[offset + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

MachoFile Parse(const std::string& bytes) {
  auto file = ParseMacho(AsBytes(bytes));
  EXPECT_TRUE(file.has_value());
  return file ? *std::move(file) : MachoFile{};
}

Limits NoLimits() { return {kMaxLoadCommands, kMaxSections, kMaxNames, kMaxNameBytes, {}}; }

TEST(MachoTest, ProgramOf64Bits) {
  const std::string bytes = Sample("program_64le");
  const MachoFile file = Parse(bytes);
  ASSERT_TRUE(file.image);
  const Image& image = *file.image;
  EXPECT_EQ(image.magic, 0xcffaedfeu);  // The file's own first four bytes.
  EXPECT_TRUE(image.is_64_bit);
  EXPECT_FALSE(image.big_endian);
  ASSERT_EQ(image.segments.size(), 1u);
  EXPECT_EQ(image.segments[0].name, "__TEXT");
  ASSERT_EQ(image.segments[0].sections.size(), 1u);
  EXPECT_EQ(image.segments[0].sections[0].address, 0x100000040u);
  EXPECT_EQ(image.entry_offset, 0x48u);
  EXPECT_EQ(image.stack_size, 0x10000u);
  EXPECT_EQ(image.dynamic_linker, "/usr/lib/dyld");
  ASSERT_EQ(image.dylibs.size(), 1u);
  EXPECT_EQ(image.dylibs[0].name, "/usr/lib/libSystem.B.dylib");
  EXPECT_EQ(image.exports, (std::vector<std::string>{"_weak", "_daylight", "_daylight_init"}));
  EXPECT_EQ(image.imports, (std::vector<std::string_view>{"_puts", "_exit"}));
  EXPECT_EQ(image.entitlements, (std::vector<std::string>{"com.example.net", "com.example.groups", "one"}));
  ASSERT_TRUE(image.symtab);
  EXPECT_EQ(image.symtab->names, (std::vector<std::string_view>{"_daylight", "_puts"}));  // Not the blank one.
  EXPECT_EQ(image.symtab->symbols.size(), 2u);
  EXPECT_FALSE(file.stopped);
}

TEST(MachoTest, AnEntryPointInAThreadState) {
  const std::string bytes = Sample("program_ppc");
  const MachoFile file = Parse(bytes);
  ASSERT_TRUE(file.image);
  EXPECT_TRUE(file.image->big_endian);
  EXPECT_FALSE(file.image->is_64_bit);
  EXPECT_EQ(file.image->entry_offset, 0x48u);  // 0x2048, mapped from 0x2000.
  EXPECT_FALSE(file.image->stack_size);
}

TEST(MachoTest, UniversalFileWithAHole) {
  const std::string bytes = Sample("universal");
  const MachoFile file = Parse(bytes);
  EXPECT_EQ(file.fat_magic, 0xcafebabeu);
  EXPECT_EQ(file.arch_count, 3u);
  ASSERT_EQ(file.archs.size(), 3u);
  ASSERT_TRUE(file.archs[0].image);
  EXPECT_EQ(file.archs[0].image->entry_offset, 0x10u);
  EXPECT_FALSE(file.archs[1].within_file);
  EXPECT_FALSE(file.archs[1].image);
  ASSERT_TRUE(file.archs[2].image);
  EXPECT_EQ(file.archs[2].image->cpu_type, 0x0100000cu);
}

TEST(MachoTest, AJavaClassIsAUniversalFileWithoutImages) {
  const std::string bytes = std::string("\xca\xfe\xba\xbe\0\0\0\x34", 8) + std::string(100, 'j');
  const MachoFile file = Parse(bytes);
  EXPECT_EQ(file.arch_count, 0x34u);
  EXPECT_TRUE(file.archs.empty());  // 52 of them do not fit.
}

TEST(MachoTest, OtherFilesAreNotMacho) {
  EXPECT_EQ(ParseMacho(AsBytes("\x7f"
                               "ELF and so on"))
                .error()
                .code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(ParseMacho({}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ParseMacho(AsBytes(Sample("program_64le").substr(0, 31))).error().code, ErrorCode::kTruncated);
  EXPECT_TRUE(ParseMacho(AsBytes(Sample("program_64le").substr(0, 32))));
}

TEST(MachoTest, CommandsEndAtTheFirstThatDoesNotFit) {
  std::string bytes = Sample("program_64le");
  EXPECT_EQ(Parse(bytes).image->segments.size(), 1u);
  PutLe(bytes, 36, 4, 7);  // cmdsize of the first, less than its own header.
  EXPECT_EQ(Parse(bytes).image->segment_count, 0u);
  PutLe(bytes, 36, 4, bytes.size() - 32);
  EXPECT_EQ(Parse(bytes).image->segment_count, 1u);
  EXPECT_FALSE(Parse(bytes).image->entry_offset);
  PutLe(bytes, 36, 4, bytes.size() - 31);
  EXPECT_EQ(Parse(bytes).image->segment_count, 0u);
}

// Every architecture is the same image, which has many commands of 8 bytes.
TEST(MachoTest, OverlappingImagesShareTheLimits) {
  constexpr std::size_t kArchs = 200;
  constexpr std::size_t kCommands = 2000;
  const auto be = [](std::uint32_t n) {
    return std::string{static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                       static_cast<char>(n)};
  };
  std::string image = Sample("program_64le").substr(0, 32);
  PutLe(image, 16, 4, kCommands);
  for (std::size_t i = 0; i < kCommands; ++i) image += std::string("\x99\0\0\0\x08\0\0\0", 8);
  const auto image_size = static_cast<std::uint32_t>(image.size());
  std::string bytes = be(0xcafebabe) + be(kArchs);
  for (std::size_t i = 0; i < kArchs; ++i) bytes += be(7) + be(3) + be(8 + 20 * kArchs) + be(image_size) + be(0);
  bytes += image;
  const MachoFile file = Parse(bytes);
  ASSERT_TRUE(file.stopped);
  EXPECT_EQ(file.stopped->code, ErrorCode::kBudget);
  EXPECT_EQ(file.archs.size(), kArchs);
}

TEST(LinkeditTest, ATrieWithACycleEnds) {
  // The root's child is the root.
  std::vector<std::string> exports;
  Limits limits = NoLimits();
  ReadExportTrie(AsBytes(std::string("\0\1a\0\0", 5)), limits, exports);
  EXPECT_TRUE(exports.empty());
  EXPECT_FALSE(limits.stopped);
}

TEST(LinkeditTest, LongPrefixesMeetTheLimit) {
  // A chain of nodes, each with a label of 100 bytes.
  std::string trie;
  constexpr std::size_t kNodes = 200;
  constexpr std::size_t kNodeBytes = 2 + 101 + 3;
  for (std::size_t i = 0; i < kNodes; ++i) {
    const std::size_t next = (i + 1) * kNodeBytes;
    trie += std::string("\0\1", 2) + std::string(100, 'p') + '\0';
    trie += static_cast<char>(0x80 | (next & 0x7f));
    trie += static_cast<char>(0x80 | (next >> 7 & 0x7f));
    trie += static_cast<char>(next >> 14);
  }
  trie += std::string("\1\0\0", 3);
  std::vector<std::string> exports;
  Limits limits = NoLimits();
  ReadExportTrie(AsBytes(trie), limits, exports);
  ASSERT_EQ(exports.size(), 1u);
  EXPECT_EQ(exports[0].size(), kNodes * 100);
  exports.clear();
  limits.name_bytes_left = kNodes * 100;  // The sum of the prefixes is 100 times that.
  ReadExportTrie(AsBytes(trie), limits, exports);
  EXPECT_TRUE(exports.empty());
  EXPECT_TRUE(limits.stopped);
}

TEST(LinkeditTest, ImportsOfChainedFixups) {
  const auto words = [](std::initializer_list<std::uint32_t> numbers) {
    std::string bytes;
    for (const std::uint32_t n : numbers) {
      for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(n >> shift & 0xff);
    }
    return bytes;
  };
  const std::string names("\0_one\0_two\0", 11);
  for (const std::uint32_t format : {1u, 2u, 3u, 4u}) {
    const std::string imports = format == 1   ? words({1 << 9 | 1, 6 << 9 | 1})
                                : format == 2 ? words({1 << 9, 0xffffffff, 6 << 9, 8})
                                              : words({1, 1, 5, 0, 1, 6, 5, 0});
    const std::string fixups = words({0, 0, 28, 28 + static_cast<std::uint32_t>(imports.size()), 2, format, 0});
    std::vector<std::string_view> found;
    Limits limits = NoLimits();
    const std::string bytes = fixups + imports + names;
    ReadChainedImports(AsBytes(bytes), false, limits, found);
    EXPECT_EQ(found.size(), format == 4 ? 0u : 2u) << format;
    if (format != 4) {
      EXPECT_EQ(found.at(1), "_two") << format;
    }
  }
}

TEST(LinkeditTest, BindOpcodesSkipTheirOperands) {
  // Addends may be negative and ten bytes long.
  const std::string opcodes = std::string("\x40_a\0", 4) + '\x60' + std::string(9, '\xff') + '\x7f' + "\x72\x08" +
                              std::string("\xc0\x02\x08", 3) + std::string("\x40_b\0", 4) + '\x90';
  std::vector<std::string_view> imports;
  Limits limits = NoLimits();
  ReadBindImports(AsBytes(opcodes), limits, imports);
  EXPECT_EQ(imports, (std::vector<std::string_view>{"_a", "_b"}));
}

TEST(Utf8Test, KnowsWhatRfc3629Allows) {
  for (const std::string_view good :
       {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const std::string_view bad :
       {"\x80", "\xc0\x80", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "\xff", "a\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(MachoTest, HostileVariantsCountWhatTheyHave) {
  for (const char* name : {"program_64le", "program_ppc", "universal"}) {
    formats::ForEachHostileVariant(AsBytes(Sample(name)), [](Bytes bytes) {
      const auto file = ParseMacho(bytes);
      if (!file) return;
      EXPECT_EQ(file->image.has_value(), !file->fat_magic.has_value());
      EXPECT_TRUE(file->archs.empty() || file->archs.size() == file->arch_count);
      for (const Arch& arch : file->archs) EXPECT_TRUE(arch.within_file || !arch.image);
      if (file->image) {
        EXPECT_LE(file->image->segments.size(), file->image->segment_count);
        for (const Segment& segment : file->image->segments) {
          EXPECT_LE(segment.sections.size(), segment.section_count);
        }
      }
    });
  }
}

}  // namespace
}  // namespace dl::macho
