#include "daylight/formats/elf/elf.h"

#include <gtest/gtest.h>

#include "daylight/formats/sample_testing.h"

namespace dl::elf {
namespace {

std::string Program() { return std::string(AsText(formats::ReadHexSample("elf/program_64le.hex"))); }
std::string Library() { return std::string(AsText(formats::ReadHexSample("elf/library_32be.hex"))); }

// Places in the samples' headers.
constexpr std::size_t kProgramType = 0x10;
constexpr std::size_t kProgramEntry = 0x18;
constexpr std::size_t kProgramSegmentTable = 0x20;
constexpr std::size_t kProgramSectionTable = 0x28;
constexpr std::size_t kProgramSegmentCount = 0x38;
constexpr std::size_t kProgramSectionCount = 0x3c;
constexpr std::size_t kProgramNamesIndex = 0x3e;
constexpr std::size_t kSegmentBytes = 56;
constexpr std::size_t kSectionBytes = 64;
constexpr std::size_t kSymbolBytes = 24;

void PutLe(std::string& bytes, std::size_t offset, std::size_t width, std::uint64_t value) {
  ASSERT_LE(offset + width, bytes.size());
  for (std::size_t i = 0; i < width; ++i) bytes[offset + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

ElfFile Parse(const std::string& bytes) {
  auto file = ParseElf(AsBytes(bytes));
  EXPECT_TRUE(file.has_value()) << (file ? "" : file.error().what);
  return file ? *std::move(file) : ElfFile{};
}

TEST(ElfTest, ProgramOf64BitsLittleEndian) {
  const std::string bytes = Program();
  const ElfFile file = Parse(bytes);
  EXPECT_TRUE(file.is_64_bit);
  EXPECT_EQ(file.byte_order, ByteOrder::kLittle);
  EXPECT_EQ(file.type, 2);
  EXPECT_EQ(file.machine, 62);
  EXPECT_EQ(file.entry_offset, 0xb0u);
  ASSERT_EQ(file.sections.size(), 9u);
  EXPECT_EQ(file.sections[1].name, ".text");
  EXPECT_EQ(file.sections[1].address, 0x4000b0u);
  EXPECT_EQ(file.sections[1].size, 16u);
  ASSERT_EQ(file.segments.size(), 2u);
  EXPECT_EQ(file.segments[0].flags, 7u);
  EXPECT_EQ(file.segments[0].virtual_address, 0x400000u);
  EXPECT_EQ(file.dynamic_count, 5u);
  EXPECT_EQ(file.dynamic.at(3).tag, 10u);  // DT_STRSZ
  ASSERT_TRUE(file.dynsym);
  EXPECT_EQ(file.dynsym->count, 13u);
  EXPECT_EQ(file.dynsym->symbols.at(0).name, "");
  EXPECT_EQ(file.dynsym->symbols.at(12).name, "daylight_hidden");
  EXPECT_EQ(file.dynsym->symbols.at(12).visibility, 2);
  ASSERT_TRUE(file.symtab);
  EXPECT_EQ(file.symtab->symbols.at(1).name, "sample.c");
  EXPECT_EQ(file.symtab->symbols.at(1).section_index, 0xfff1);
  EXPECT_FALSE(file.stopped);
}

TEST(ElfTest, LibraryOf32BitsBigEndian) {
  const std::string bytes = Library();
  const ElfFile file = Parse(bytes);
  EXPECT_FALSE(file.is_64_bit);
  EXPECT_EQ(file.byte_order, ByteOrder::kBig);
  EXPECT_EQ(file.machine, 8);
  EXPECT_EQ(file.entry_offset, 0x78u);
  EXPECT_EQ(file.segments.at(1).alignment, 8u);
  EXPECT_EQ(file.dynamic_count, 5u);
  EXPECT_FALSE(file.symtab);
  ASSERT_TRUE(file.dynsym);
  EXPECT_EQ(file.dynsym->symbols.at(9).name, "table");
  EXPECT_EQ(file.dynsym->symbols.at(9).value, 0x300u);
}

TEST(ElfTest, OtherFilesAreNotElf) {
  EXPECT_EQ(ParseElf(AsBytes("MZ")).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ParseElf({}).error().code, ErrorCode::kUnsupported);
  std::string bytes = Program();
  bytes[4] = 3;  // No such class.
  EXPECT_EQ(ParseElf(AsBytes(bytes)).error().code, ErrorCode::kUnsupported);
  bytes[4] = 2;
  bytes[5] = 0;  // No such byte order.
  EXPECT_EQ(ParseElf(AsBytes(bytes)).error().code, ErrorCode::kUnsupported);
}

TEST(ElfTest, AHeaderAloneIsTruncated) {
  EXPECT_EQ(ParseElf(AsBytes(Program().substr(0, 64))).error().code, ErrorCode::kTruncated);
  EXPECT_TRUE(ParseElf(AsBytes(Program().substr(0, 65))));
  EXPECT_EQ(ParseElf(AsBytes(Library().substr(0, 52))).error().code, ErrorCode::kTruncated);
  EXPECT_TRUE(ParseElf(AsBytes(Library().substr(0, 53))));
}

TEST(ElfTest, ATableThatLeavesTheFileHasNoEntries) {
  std::string bytes = Program();
  PutLe(bytes, kProgramSegmentTable, 8, bytes.size() - 2 * kSegmentBytes);
  EXPECT_EQ(Parse(bytes).segments.size(), 2u);
  PutLe(bytes, kProgramSegmentTable, 8, bytes.size() - 2 * kSegmentBytes + 1);
  EXPECT_EQ(Parse(bytes).segments.size(), 0u);
  EXPECT_EQ(Parse(bytes).segment_count, 2);  // Still what the header says.

  PutLe(bytes, kProgramSectionTable, 8, bytes.size() - 9 * kSectionBytes + 1);
  EXPECT_EQ(Parse(bytes).sections.size(), 0u);
  EXPECT_FALSE(Parse(bytes).dynsym);
}

TEST(ElfTest, TheSectionOfNamesMustExist) {
  std::string bytes = Program();
  PutLe(bytes, kProgramNamesIndex, 2, 9);
  EXPECT_EQ(Parse(bytes).sections.size(), 0u);
}

TEST(ElfTest, AStringTableBeginsWithNul) {
  std::string bytes = Program();
  const std::uint64_t names = Parse(bytes).sections.at(8).offset;
  bytes[names] = 'x';
  EXPECT_FALSE(Parse(bytes).sections.at(1).name);
}

TEST(ElfTest, ASymbolNameEndsInsideItsTable) {
  std::string bytes = Program();
  const ElfFile before = Parse(bytes);
  const Section& dynstr = before.sections.at(3);
  EXPECT_EQ(before.dynsym->symbols.at(12).name, "daylight_hidden");
  bytes[dynstr.offset + dynstr.size - 1] = 'x';  // Of libdaylight.so.1, which no symbol names.
  EXPECT_EQ(Parse(bytes).dynsym->symbols.at(12).name, "daylight_hidden");
  const std::string without_nul = bytes.substr(dynstr.offset, dynstr.size);
  PutLe(bytes, before.sections.at(2).offset, 4, without_nul.find("libdaylight"));
  EXPECT_FALSE(Parse(bytes).dynsym->symbols.at(0).name);
}

TEST(ElfTest, AnExecutableIsMappedBySegmentsAndTheRestBySections) {
  std::string bytes = Program();
  PutLe(bytes, kProgramEntry, 8, 0x400000 + 0x40);  // In a segment, in no section.
  EXPECT_EQ(Parse(bytes).entry_offset, 0x40u);
  PutLe(bytes, kProgramType, 2, 3);  // ET_DYN
  EXPECT_EQ(Parse(bytes).entry_offset, std::nullopt);
  const Section bss = Parse(bytes).sections.at(5);  // SHT_NOBITS has no place in the file.
  PutLe(bytes, kProgramEntry, 8, bss.address);
  EXPECT_EQ(Parse(bytes).entry_offset, std::nullopt);
  PutLe(bytes, kProgramEntry, 8, 0x4000b1);
  EXPECT_EQ(Parse(bytes).entry_offset, 0xb1u);
}

TEST(ElfTest, ASegmentCoversItsLastByteAndNoMore) {
  std::string bytes = Program();
  const Segment load = Parse(bytes).segments.at(0);
  PutLe(bytes, kProgramEntry, 8, load.virtual_address + load.memory_size - 1);
  EXPECT_EQ(Parse(bytes).entry_offset, load.memory_size - 1);
  PutLe(bytes, kProgramEntry, 8, load.virtual_address + load.memory_size);
  EXPECT_EQ(Parse(bytes).entry_offset, std::nullopt);
}

TEST(ElfTest, EntryPointKeywordIsZeroWhereNothingMapsIt) {
  std::string bytes = Program();
  EXPECT_EQ(ElfEntryPointOffset(AsBytes(bytes)), 0xb0u);
  PutLe(bytes, kProgramEntry, 8, 5);
  EXPECT_EQ(ElfEntryPointOffset(AsBytes(bytes)), 0u);
  EXPECT_EQ(ElfEntryPointOffset(AsBytes(Library())), 0u);  // Big-endian.
  EXPECT_EQ(ElfEntryPointOffset(AsBytes("plain text, long enough for a header")), std::nullopt);
  EXPECT_EQ(ElfEntryPointOffset(AsBytes(bytes.substr(0, 63))), std::nullopt);
  EXPECT_EQ(ElfEntryPointOffset(AsBytes(bytes.substr(0, 64))), 0u);
}

TEST(ElfTest, TheLastDynamicSegmentCounts) {
  std::string bytes = Program();
  PutLe(bytes, 0x40, 4, 2);                          // PT_LOAD becomes a second PT_DYNAMIC ...
  PutLe(bytes, 0x40 + 8, 8, bytes.size() - 3 * 16);  // ... of three entries without DT_NULL.
  for (std::size_t i = 3 * 16; i > 0; --i) bytes[bytes.size() - i] = '\x7f';
  ElfFile file = Parse(bytes);
  EXPECT_EQ(file.dynamic_count, 5u);
  EXPECT_EQ(file.dynamic.size(), 5u);
  EXPECT_EQ(file.dynamic.at(0).tag, 1u);

  // In the other order, two entries of the longer one stay behind.
  const std::string first = bytes.substr(0x40, kSegmentBytes);
  bytes.replace(0x40, kSegmentBytes, bytes.substr(0x40 + kSegmentBytes, kSegmentBytes));
  bytes.replace(0x40 + kSegmentBytes, kSegmentBytes, first);
  file = Parse(bytes);
  EXPECT_EQ(file.dynamic_count, 3u);
  ASSERT_EQ(file.dynamic.size(), 5u);
  EXPECT_EQ(file.dynamic[2].tag, 0x7f7f7f7f7f7f7f7fu);
  EXPECT_EQ(file.dynamic[3].tag, 10u);
}

// 65,534 segments, each a dynamic section that reaches to the end of the file.
TEST(ElfTest, OverlappingDynamicSegmentsMeetTheLimit) {
  std::string bytes = Program().substr(0, 64);
  constexpr std::size_t kCount = 0xfffe;
  PutLe(bytes, kProgramSegmentCount, 2, kCount);
  PutLe(bytes, kProgramSectionCount, 2, 0);
  std::string segment(kSegmentBytes, '\x01');
  PutLe(segment, 0, 4, 2);  // PT_DYNAMIC
  PutLe(segment, 8, 8, 64);
  for (std::size_t i = 0; i < kCount; ++i) bytes += segment;
  const ElfFile file = Parse(bytes);
  ASSERT_TRUE(file.stopped);
  EXPECT_EQ(file.stopped->code, ErrorCode::kBudget);
  EXPECT_EQ(file.segments.size(), kCount);
  EXPECT_LE(file.dynamic.size(), kMaxDynamicEntries);
}

// One section of `symbols` symbols, all named by one string of `name_bytes`.
std::string ManySymbols(std::size_t symbols, std::size_t name_bytes) {
  std::string bytes = Program().substr(0, 64);
  const std::size_t names = bytes.size();
  bytes += std::string(1, '\0') + std::string(name_bytes, 'n') + std::string(1, '\0');
  const std::size_t table = bytes.size();
  std::string symbol(kSymbolBytes, '\0');
  symbol[0] = 1;  // st_name
  for (std::size_t i = 0; i < symbols; ++i) bytes += symbol;
  PutLe(bytes, kProgramSectionTable, 8, bytes.size());
  PutLe(bytes, kProgramSectionCount, 2, 2);
  PutLe(bytes, kProgramNamesIndex, 2, 0);
  PutLe(bytes, kProgramSegmentCount, 2, 0);
  std::string section(kSectionBytes, '\0');
  PutLe(section, 4, 4, 3);  // SHT_STRTAB
  PutLe(section, 24, 8, names);
  PutLe(section, 32, 8, name_bytes + 2);
  bytes += section;
  PutLe(section, 4, 4, 2);  // SHT_SYMTAB; sh_link stays 0
  PutLe(section, 24, 8, table);
  PutLe(section, 32, 8, symbols * kSymbolBytes);
  return bytes + section;
}

TEST(ElfTest, SymbolsUpToTheLimitAndNoMore) {
  for (const std::size_t count : {kMaxSymbols, kMaxSymbols + 1}) {
    const std::string bytes = ManySymbols(count, 1);
    const ElfFile file = Parse(bytes);
    ASSERT_TRUE(file.symtab);
    EXPECT_EQ(file.symtab->count, count);
    EXPECT_EQ(file.symtab->symbols.size(), kMaxSymbols);
    EXPECT_EQ(file.stopped.has_value(), count > kMaxSymbols);
  }
}

TEST(ElfTest, NamesUpToTheLimitAndNoMore) {
  // The two sections' empty names take a byte each, so that 63 names of a MiB
  // fit, and a 64th that is two bytes shorter.
  constexpr std::size_t kNameBytes = (1u << 20) - 1;  // With its NUL a MiB.
  const std::string bytes = ManySymbols(64, kNameBytes);
  const ElfFile file = Parse(bytes);
  ASSERT_TRUE(file.symtab);
  EXPECT_TRUE(file.symtab->symbols.at(62).name);
  EXPECT_FALSE(file.symtab->symbols.at(63).name);
  EXPECT_TRUE(file.stopped);
  const std::string fitting = ManySymbols(64, kNameBytes - 1);
  EXPECT_TRUE(Parse(fitting).symtab->symbols.at(63).name);
  EXPECT_FALSE(Parse(fitting).stopped);
}

TEST(ElfTest, HostileVariantsKeepWhatTheHeaderPromises) {
  for (const std::string& sample : {Program(), Library()}) {
    formats::ForEachHostileVariant(AsBytes(sample), [](Bytes bytes) {
      (void)ElfEntryPointOffset(bytes);
      const auto file = ParseElf(bytes);
      if (!file) return;
      EXPECT_TRUE(file->sections.empty() || file->sections.size() == file->section_count);
      EXPECT_TRUE(file->segments.empty() || file->segments.size() == file->segment_count);
      EXPECT_LE(file->dynamic_count.value_or(0), file->dynamic.size());
      EXPECT_LE(file->dynamic.size() * 8, bytes.size());
      for (const auto& table : {file->symtab, file->dynsym}) {
        if (table) {
          EXPECT_EQ(table->symbols.size(), table->count);
        }
      }
      EXPECT_FALSE(file->stopped);  // So small a file meets no limit.
    });
  }
}

}  // namespace
}  // namespace dl::elf
