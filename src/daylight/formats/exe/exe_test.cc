#include "daylight/formats/exe/exe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assemble.h"
#include "daylight/formats/exe/exe_testing.h"
#include "daylight/formats/exe/invariants.h"
#include "daylight/formats/sample_testing.h"
#include "golden.h"

namespace dl::exe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::byte> Assemble(const std::string& text) {
  testing::Assembled result = testing::AssembleText(text);
  EXPECT_EQ(result.error, "");
  return std::move(result.bytes);
}

struct Sample {
  const char* kind;
  const char* path;
};
// What clamscan 1.4.6 says of them was compared by tests/differential/clamav_exe.py.
const Sample kSamples[] = {
    {"pe", "pe/full32.pe"},
    {"pe", "pe/small64.pe"},
    {"pe", "exe/versions32.pe"},
    {"elf", "elf/program_64le.hex"},
    {"elf", "elf/library_32be.hex"},
    {"macho", "macho/program_64le.hex"},
    {"macho", "macho/program_ppc.hex"},
    {"macho", "macho/universal.hex"},
};

std::vector<std::byte> Load(const Sample& sample) {
  if (std::string_view(sample.kind) != "pe") return formats::ReadHexSample(sample.path);
  testing::Assembled result = testing::LoadSample(formats::GoldenPath(sample.path));
  EXPECT_EQ(result.error, "") << sample.path;
  return std::move(result.bytes);
}

TEST(ExeTest, SamplesHaveTheirGoldens) {
  for (const Sample& sample : kSamples) {
    const std::string facts = DumpExe(sample.kind, Load(sample));
    const std::string name =
        "exe/" + std::string(sample.kind) + "_" + std::filesystem::path(sample.path).stem().string();
    EXPECT_EQ(formats::ReadGolden(name + ".facts", facts), facts) << sample.path;
  }
}

TEST(ExeTest, NothingIsReadOutsideHoweverDamaged) {
  for (const Sample& sample : kSamples) formats::ForEachHostileVariant(Load(sample), CheckInvariants);
}

// --- PE.

struct PeOptions {
  std::string sections = "u32 0x100 0x1000 0x200 0x200";  // Virtual size, address, size, offset.
  std::string count = "1";
  std::string magic = "0x10b";
  std::string optional_size = "0xe0";
  std::string entry = "0x1000";
  std::string alignments = "0x1000 0x200";
  std::string headers_size = "0x200";
  std::string directory_count = "16";
  std::string import_directory = "0 0";
  std::string characteristics = "2";
  std::string body = "zero 0x200";
};

std::vector<std::byte> Pe(const PeOptions& options) {
  std::string table;
  std::size_t from = 0;
  // Each section's numbers between a name and what is not read.
  for (std::size_t to = 0; to != std::string::npos; from = to + 1) {
    to = options.sections.find(';', from);
    table += "ascii \".s\" zero 6 " + options.sections.substr(from, to - from) + " zero 16 ";
  }
  const bool wide = options.magic == "0x20b";
  return Assemble("ascii \"MZ\" at 0x3c u32 0x40 ascii \"PE\\0\\0\" u16 0x14c " + options.count + " zero 12 u16 " +
                  options.optional_size + " " + options.characteristics + " u16 " + options.magic + " zero 14 u32 " +
                  options.entry + " at 0x78 u32 " + options.alignments + " at 0x94 u32 " + options.headers_size +
                  (wide ? " at 0xc4" : " at 0xb4") + " u32 " + options.directory_count + " 0 0 " +
                  options.import_directory + (wide ? " at 0x148 " : " at 0x138 ") + table + " at 0x200 map 0x1000 " +
                  options.body);
}

std::vector<std::uint32_t> Numbers(const Section& s) { return {s.raw, s.raw_size, s.rva, s.virtual_size}; }

TEST(ExePeTest, SectionsAreAligned) {
  PeOptions options;
  options.sections = "u32 0x100 0x1234 0x101 0x2ff";
  options.entry = "0x1000";
  options.body = "zero 0x400";
  const auto pe = ParsePe(Pe(options));
  ASSERT_TRUE(pe);
  EXPECT_THAT(Numbers(pe->sections[0]), ElementsAre(0x200, 0x200, 0x1000, 0x1000));
  EXPECT_EQ(pe->entry_point, 0x200u);
}

TEST(ExePeTest, ASectionOnAnotherSectorPutsAllOnSectors) {
  PeOptions options;
  options.alignments = "0x1000 0x400";
  options.count = "2";
  options.sections = "u32 0x100 0x1000 0x1ff 0x400;u32 0x100 0x2000 0x200 0x401";
  options.body = "zero 0x1000";
  const auto aligned = ParsePe(Pe(options));
  ASSERT_TRUE(aligned);
  EXPECT_THAT(Numbers(aligned->sections[0]), ElementsAre(0x400, 0x400, 0x1000, 0x1000));

  options.sections = "u32 0x100 0x1000 0x1ff 0x400;u32 0x100 0x2000 0x200 0x600";
  const auto sectors = ParsePe(Pe(options));
  ASSERT_TRUE(sectors);
  EXPECT_THAT(Numbers(sectors->sections[0]), ElementsAre(0x400, 0x200, 0x1000, 0x1000));
}

TEST(ExePeTest, WithoutAlignmentNothingIsRounded) {
  PeOptions options;
  options.alignments = "0 0";
  options.sections = "u32 0x101 0x1001 0x11 0x203";
  options.entry = "0x1002";
  const auto pe = ParsePe(Pe(options));
  ASSERT_TRUE(pe);
  EXPECT_THAT(Numbers(pe->sections[0]), ElementsAre(0x203, 0x11, 0x1001, 0x101));
  EXPECT_EQ(pe->entry_point, 0x204u);
}

TEST(ExePeTest, SizesEndWithTheFileAndVirtualOnesAreMadeUp) {
  PeOptions options;
  options.sections = "u32 0 0x1000 0x1001 0x200";
  options.body = "zero 0x123";
  const std::vector<std::byte> bytes = Pe(options);
  const auto pe = ParsePe(bytes);
  ASSERT_TRUE(pe);
  EXPECT_THAT(Numbers(pe->sections[0]), ElementsAre(0x200, 0x123, 0x1000, 0x1000));
  const std::vector<SectionToHash> hashed = SectionsToHash(bytes);
  ASSERT_EQ(hashed.size(), 1u);
  EXPECT_EQ(hashed[0].offset, 0x200u);
  EXPECT_EQ(hashed[0].size, 0x123u);
}

TEST(ExePeTest, SectionsPastTheEndHaveNumbersButNoBytes) {
  PeOptions options;
  options.count = "2";
  options.sections = "u32 0x100 0x1000 0x200 0x200;u32 0x100 0x2000 0x200 0x400";
  const std::vector<std::byte> bytes = Pe(options);
  const auto pe = ParsePe(bytes);
  ASSERT_TRUE(pe);
  ASSERT_EQ(pe->sections.size(), 2u);
  EXPECT_THAT(Numbers(pe->sections[1]), ElementsAre(0x400, 0, 0x2000, 0x1000));
  EXPECT_EQ(SectionsToHash(bytes).size(), 1u);
}

TEST(ExePeTest, AnchorsAndHashesCanDisagreeOnWhetherTheFileIsGood) {
  // The only section lies past the end: no bytes to hash, though the entry point
  // is good in the headers.
  PeOptions options;
  options.sections = "u32 0x100 0x1000 0x200 0x10000";
  options.entry = "0x10";
  EXPECT_TRUE(ParsePe(Pe(options)));
  EXPECT_THAT(SectionsToHash(Pe(options)), IsEmpty());
  // A dropped section's address may be anything; a kept one's may not.
  options.count = "2";
  options.sections = "u32 0x100 0x1000 0x200 0x200;u32 0x100 0x80000000 0x200 0x10000";
  EXPECT_FALSE(ParsePe(Pe(options)));
  EXPECT_EQ(SectionsToHash(Pe(options)).size(), 1u);
}

TEST(ExePeTest, EntryPointsAreInTheHeadersOrInBytes) {
  PeOptions options;
  options.entry = "0xfff";  // The headers are as large as a section's alignment.
  options.body = "zero 0x1000";
  EXPECT_EQ(ParsePe(Pe(options))->entry_point, 0xfffu);
  options.entry = "0x11ff";
  EXPECT_EQ(ParsePe(Pe(options))->entry_point, 0x3ffu);
  options.entry = "0x1200";
  EXPECT_FALSE(ParsePe(Pe(options)));
  options.entry = "0x0";
  EXPECT_EQ(ParsePe(Pe(options))->entry_point, 0u);
  options.headers_size = "0";
  EXPECT_FALSE(ParsePe(Pe(options)));
}

TEST(ExePeTest, OverlappingSectionsAreLookedUpFromTheLast) {
  PeOptions options;
  options.count = "2";
  options.sections = "u32 0x100 0x1000 0x200 0x200;u32 0x100 0x1000 0x200 0x400";
  options.body = "zero 0x600";
  EXPECT_EQ(ParsePe(Pe(options))->entry_point, 0x400u);
}

TEST(ExePeTest, NumberOfSectionsHasBounds) {
  for (const auto& [count, good] : {std::pair{0, false}, {1, true}, {96, true}, {97, false}}) {
    PeOptions options;
    options.entry = "0";
    options.headers_size = "0x1000";
    // Behind the first section's header there is room for empty ones.
    std::vector<std::byte> bytes = Pe(options);
    bytes.resize(0x2000);
    bytes[0x46] = static_cast<std::byte>(count);
    EXPECT_EQ(ParsePe(bytes).has_value(), good) << count;
  }
}

TEST(ExePeTest, TheOptionalHeaderMustHoldItsDirectories) {
  PeOptions options;
  EXPECT_TRUE(ParsePe(Pe(options)));
  options.optional_size = "0xdf";
  EXPECT_FALSE(ParsePe(Pe(options)));
  // More than sixteen count as sixteen, and none are as good.
  options.optional_size = "0xe0";
  options.directory_count = "0xffffffff";
  EXPECT_TRUE(ParsePe(Pe(options)));
  options.directory_count = "0";
  EXPECT_TRUE(ParsePe(Pe(options)));
  options.optional_size = "0x5f";
  EXPECT_FALSE(ParsePe(Pe(options)));
  options.magic = "0x20b";
  options.optional_size = "0x6f";
  EXPECT_FALSE(ParsePe(Pe(options)));
  options.optional_size = "0xf0";
  EXPECT_TRUE(ParsePe(Pe(options)));
}

TEST(ExePeTest, BothDosMagicsWillDo) {
  std::vector<std::byte> bytes = Pe({});
  std::swap(bytes[0], bytes[1]);
  EXPECT_TRUE(ParsePe(bytes));
  bytes[1] = std::byte{'N'};
  EXPECT_FALSE(ParsePe(bytes));
}

TEST(ExePeTest, IconsAreOfProgramsOnly) {
  const auto library = ParsePe(Load({"pe", "pe/full32.pe"}));
  ASSERT_TRUE(library);
  EXPECT_NE(library->resource_rva, 0u);
  EXPECT_EQ(library->icon_resource_rva(), 0u);
}

TEST(ExePeTest, ResourcesOfATypeUntilEnough) {
  const std::vector<std::byte> bytes = Load({"pe", "exe/versions32.pe"});
  const auto pe = ParsePe(bytes);
  ASSERT_TRUE(pe);
  std::vector<std::uint32_t> languages;
  ForEachResource(bytes, *pe, 16, [&languages](const Resource& resource) {
    languages.push_back(resource.language);
    return true;
  });
  EXPECT_THAT(languages, ElementsAre(1033, 1031));
  languages.clear();
  ForEachResource(bytes, *pe, 16, [&languages](const Resource& resource) {
    languages.push_back(resource.language);
    return false;
  });
  EXPECT_THAT(languages, ElementsAre(1033));
  ForEachResource(bytes, *pe, 15, [](const Resource&) {
    ADD_FAILURE() << "there is none of type 15";
    return true;
  });
}

// --- Import hashes.

// One library whose names and lookup table are given.
std::vector<std::byte> PeWithImports(const std::string& library, const std::string& thunks, const std::string& names,
                                     const std::string& size = "40") {
  PeOptions options;
  options.import_directory = "0x1000 " + size;
  options.sections = "u32 0x800 0x1000 0x800 0x200";
  options.body = "u32 rva:thunks 0 0 rva:library rva:thunks zero 20 label thunks u32 " + thunks +
                 " 0 label library ascii \"" + library + "\\0\" " + names + " at 0xa00";
  return Pe(options);
}

TEST(ExeImportTest, NamesAndOrdinalsInLowerCase) {
  const std::string names = "label f u16 0 ascii \"FooBar\\0\"";
  EXPECT_EQ(ImportText(PeWithImports("A.Dll", "rva:f 0x80000007", names)), "a.foobar,a.ord7");
  EXPECT_EQ(ImportText(PeWithImports("WS2_32.dll", "0x80000073", names)), "ws2_32.wsastartup");
  EXPECT_EQ(ImportText(PeWithImports("a.drv", "rva:f", names)), "a.drv.foobar");
  // The first dot begins the ending, of which three characters are compared.
  EXPECT_EQ(ImportText(PeWithImports("a.b.dll", "rva:f", names)), "a.b.dll.foobar");
  EXPECT_EQ(ImportText(PeWithImports("a.dll.b", "rva:f", names)), "a.foobar");
  // Only functions' names are looked at.
  EXPECT_EQ(ImportText(PeWithImports("a-b.dll", "rva:f", names)), "a-b.foobar");
  EXPECT_EQ(ImportText(PeWithImports("a.dll", "rva:f", "label f u16 0 ascii \"F@4\\0\"")), std::nullopt);
  EXPECT_EQ(ImportText(PeWithImports("a.dll", "rva:f 0x80000001", "label f u16 0 ascii \"\\0\"")), "a.,a.ord1");
}

TEST(ExeImportTest, AnAddressThatIsNowhereNamesWhatIsBehindTheMagic) {
  EXPECT_EQ(ImportText(PeWithImports("a.dll", "0x70000000", "")), "a.");
}

TEST(ExeImportTest, TheLastDescriptorNeedsAByteBehindIt) {
  const std::string names = "label f u16 0 ascii \"F\\0\"";
  EXPECT_EQ(ImportText(PeWithImports("a.dll", "rva:f", names, "21")), "a.f");
  EXPECT_EQ(ImportText(PeWithImports("a.dll", "rva:f", names, "20")), "");
  EXPECT_EQ(ImportText(PeWithImports("a.dll", "rva:f", names, "0")), std::nullopt);
  EXPECT_EQ(ImportText(PeWithImports("a.dll", "rva:f", names, "0x800")), "a.f");
  EXPECT_EQ(ImportText(PeWithImports("a.dll", "rva:f", names, "0x801")), std::nullopt);
}

TEST(ExeImportTest, OverlappingTablesOfAHostileFileEnd) {
  // A thousand libraries that share one table of functions as long as the file.
  std::string body;
  for (int i = 0; i < 1025; ++i) body += "u32 0x6200 0 0 0x6100 0x6200 ";
  PeOptions options;
  options.import_directory = "0x1000 20500";
  options.sections = "u32 0x100000 0x1000 0x100000 0x200";
  options.body = body + "at 0x5300 ascii \"a.dll\\0\"";
  std::vector<std::byte> bytes = Pe(options);
  bytes.resize(0x6000, std::byte{0x81});
  EXPECT_GT(ImportText(bytes)->size(), 4u << 20);
  bytes.resize(0x100000, std::byte{0x81});
  EXPECT_EQ(ImportText(bytes), std::nullopt);
}

// --- ELF.

// A 64-bit file; `body` begins at 64.
std::vector<std::byte> Elf(const std::string& entry, const std::string& segments, const std::string& sections,
                           const std::string& body) {
  // Offset, entry size and count of each table.
  const auto part = [](const std::string& text, int n) {
    std::size_t from = 0;
    for (; n > 0; --n) from = text.find(' ', from) + 1;
    return text.substr(from, text.find(' ', from) - from);
  };
  return Assemble("u32 0x464c457f u8 2 1 1 zero 9 u16 2 62 u32 1 u64 " + entry + " " + part(segments, 0) + " " +
                  part(sections, 0) + " u32 0 u16 64 " + part(segments, 1) + " " + part(segments, 2) + " " +
                  part(sections, 1) + " " + part(sections, 2) + " 0 " + body);
}

TEST(ExeElfTest, TheFirstSegmentInMemoryHasTheEntryPoint) {
  const std::string body =
      "u32 6 4 u64 0x40 0x1000 0 0 0x800 0 "
      "u32 1 5 u64 0x90 0x1000 0 0 0x1000 0";
  EXPECT_EQ(ParseElf(Elf("0x1010", "64 56 2", "0 64 0", body))->entry_point, 0x50u);
  EXPECT_EQ(ParseElf(Elf("0x1fff", "64 56 2", "0 64 0", body))->entry_point, 0x108fu);
  EXPECT_FALSE(ParseElf(Elf("0x2000", "64 56 2", "0 64 0", body)));
  EXPECT_FALSE(ParseElf(Elf("0x1010", "64 56 3", "0 64 0", body)));
  EXPECT_FALSE(ParseElf(Elf("0x1010", "64 55 2", "0 64 0", body)));
  // Without an entry point or segments nothing of them is read but their number.
  EXPECT_EQ(ParseElf(Elf("0", "64 1 128", "0 64 0", ""))->entry_point, 0u);
  EXPECT_FALSE(ParseElf(Elf("0", "64 1 129", "0 64 0", "")));
  EXPECT_EQ(ParseElf(Elf("0x1010", "64 1 0", "0 64 0", ""))->entry_point, 0u);
}

TEST(ExeElfTest, SectionsKeepTheLowHalvesOfTheirNumbers) {
  const auto elf = ParseElf(Elf("0", "0 0 0", "64 64 1", "u32 1 1 u64 2 0x500001000 0x600000040 0x700000080 zero 24"));
  ASSERT_TRUE(elf);
  EXPECT_THAT(Numbers(elf->sections[0]), ElementsAre(0x40, 0x80, 0x1000, 0));
}

TEST(ExeElfTest, NumberAndSizeOfSectionsHaveBounds) {
  EXPECT_EQ(ParseElf(Elf("0", "0 0 0", "64 64 256", "zero 16384"))->sections.size(), 256u);
  EXPECT_FALSE(ParseElf(Elf("0", "0 0 0", "64 64 256", "zero 16383")));
  EXPECT_FALSE(ParseElf(Elf("0", "0 0 0", "64 64 257", "zero 16448")));
  EXPECT_TRUE(ParseElf(Elf("0", "0 0 0", "0 64 0", "")));
  EXPECT_FALSE(ParseElf(Elf("0", "0 0 0", "0 0 0", "")));
}

// --- Mach-O.

// A 64-bit little-endian file with one section.
std::vector<std::byte> MachO(const std::string& cpu, const std::string& section, const std::string& command = "",
                             const std::string& commands = "1", const std::string& flags = "0") {
  return Assemble("u32 0xfeedfacf " + cpu + " 0 2 " + commands + " 0 0 0 " + command +
                  " u32 0x19 152 zero 16 u64 0 0 0 0 u32 0 0 1 0 zero 32 " + section + " u32 0 0 " + flags + " 0 0 0");
}

TEST(ExeMachoTest, SizesAreRoundedUpAndMustFit) {
  const auto good = [](const std::string& section) { return ParseMachO(MachO("0x1000007", section)); };
  EXPECT_THAT(Numbers(good("u64 0x1000 0x77 u32 100 4")->sections[0]), ElementsAre(100, 0x80, 0x1000, 0x77));
  EXPECT_EQ(good("u64 0x100001000 0x77 u32 100 31")->sections[0].raw_size, 0x80000000u);
  EXPECT_EQ(good("u64 0x100001000 0x77 u32 100 31")->sections[0].rva, 0x1000u);
  EXPECT_FALSE(good("u64 0x1000 0x77 u32 100 32"));
  EXPECT_TRUE(good("u64 0x1000 0xfffff000 u32 100 12"));
  EXPECT_FALSE(good("u64 0x1000 0xfffff001 u32 100 12"));
  EXPECT_FALSE(good("u64 0x1000 0x100000000 u32 100 0"));
}

TEST(ExeMachoTest, ZeroFilledSectionsHaveNoBytes) {
  const auto numbers = [](const std::string& flags) {
    return Numbers(ParseMachO(MachO("7", "u64 0x1000 0x77 u32 100 4", "", "1", flags))->sections[0]);
  };
  for (const char* flags : {"1", "0xc", "0x12", "0x80000001"}) {
    EXPECT_THAT(numbers(flags), ElementsAre(100, 0, 0x1000, 0x77)) << flags;
  }
  // So their size may be anything, but not their alignment.
  EXPECT_TRUE(ParseMachO(MachO("7", "u64 0x1000 0x100000000 u32 100 4", "", "1", "1")));
  EXPECT_FALSE(ParseMachO(MachO("7", "u64 0x1000 0x77 u32 100 32", "", "1", "1")));
  for (const char* flags : {"0", "2", "0x11", "0x100"}) {
    EXPECT_THAT(numbers(flags), ElementsAre(100, 0x80, 0x1000, 0x77)) << flags;
  }
}

TEST(ExeMachoTest, OnlyPowerPcHasAnEntryPoint) {
  const std::string section = "u64 0x1000 0x1000 u32 100 0";
  const std::string thread = "u32 5 320 1 76 u64 0x1010 zero 304";
  EXPECT_EQ(ParseMachO(MachO("0x1000012", section, thread, "2"))->entry_point, 116u);
  EXPECT_EQ(ParseMachO(MachO("0x1000007", section, thread, "2"))->entry_point, 0u);
  EXPECT_FALSE(ParseMachO(MachO("0x1000012", "u64 0x1000 0x10 u32 100 0", thread, "2")));
  // Without sections an address stays one.
  EXPECT_EQ(ParseMachO(MachO("0x1000012", section, thread, "1"))->entry_point, 0x1010u);
}

TEST(ExeMachoTest, NumberOfCommandsHasBounds) {
  const std::string section = "u64 0x1000 0x1000 u32 100 0";
  EXPECT_FALSE(ParseMachO(MachO("7", section, "", "0")));
  EXPECT_TRUE(ParseMachO(MachO("7", section, "zero 8184", "1024")));
  EXPECT_FALSE(ParseMachO(MachO("7", section, "zero 8192", "1025")));
  EXPECT_FALSE(ParseMachO(MachO("7", section, "zero 8176", "1024")));
}

TEST(ExeMachoTest, MembersOfAUniversalFileLieInIt) {
  const std::vector<std::byte> bytes = formats::ReadHexSample("macho/universal.hex");
  EXPECT_FALSE(ParseMachO(bytes));
  const std::vector<UniversalMember> members = UniversalMembers(bytes);
  ASSERT_FALSE(members.empty());
  for (const UniversalMember& member : members)
    EXPECT_TRUE(ParseMachO(Bytes(bytes).subspan(member.offset, member.size)));
}

// A universal file of 68 bytes with one member.
std::vector<UniversalMember> MembersOf(std::uint32_t offset, std::uint32_t size, const std::string& count = "1") {
  std::string text = "u32 0xbebafeca u8 0 0 0 " + count + " zero 8";
  for (const std::uint32_t number : {offset, size}) {
    for (const int shift : {24, 16, 8, 0}) text += " u8 " + std::to_string(number >> shift & 0xff);
  }
  return UniversalMembers(Assemble(text + " zero 44"));
}

TEST(ExeMachoTest, MembersAreCutAtTheEnd) {
  const auto sizes = [](const std::vector<UniversalMember>& members) {
    std::vector<std::uint32_t> result;
    for (const UniversalMember& member : members) result.push_back(member.size);
    return result;
  };
  EXPECT_THAT(sizes(MembersOf(28, 40)), ElementsAre(40));
  EXPECT_THAT(sizes(MembersOf(28, 41)), ElementsAre(40));
  EXPECT_THAT(sizes(MembersOf(28, 0)), ElementsAre(40));
  EXPECT_THAT(sizes(MembersOf(28, 6)), ElementsAre(6));
  EXPECT_THAT(sizes(MembersOf(28, 5)), IsEmpty());
  EXPECT_THAT(sizes(MembersOf(62, 0)), ElementsAre(6));
  EXPECT_THAT(sizes(MembersOf(63, 0)), IsEmpty());
  EXPECT_THAT(sizes(MembersOf(68, 10)), IsEmpty());
  EXPECT_THAT(sizes(MembersOf(0xffffffff, 0xffffffff)), IsEmpty());
  EXPECT_THAT(sizes(MembersOf(28, 40, "32")), ElementsAre(40, 68, 68));  // Zeros are members too.
  EXPECT_THAT(sizes(MembersOf(28, 40, "33")), IsEmpty());
}

}  // namespace
}  // namespace dl::exe
