// The samples, damaged in every way that a machine can think of: cut at every
// byte, and with each number set to the values that break arithmetic. Nothing
// may be read outside an exact allocation, and no invariant may break.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>

#include "daylight/formats/pe/invariants.h"
#include "golden.h"

namespace dl::pe {
namespace {

const char* const kSamples[] = {"full32.pe", "small64.pe", "header_only.pe", "signed_cms.hex"};

std::vector<std::byte> Sample(const std::string& name) {
  testing::Assembled sample = testing::LoadSample(DAYLIGHT_SOURCE_DIR "/tests/golden/pe/" + name);
  EXPECT_EQ(sample.error, "") << name;
  return std::move(sample.bytes);
}

// Parses a copy whose allocation ends where the bytes do.
bool ParseExact(Bytes bytes) {
  const std::unique_ptr<std::byte[]> exact(new std::byte[bytes.size()]);
  std::memcpy(exact.get(), bytes.data(), bytes.size());
  const Bytes copy(exact.get(), bytes.size());
  PeEntryPointOffset(copy);
  const auto file = ParsePe(copy);
  if (!file) return false;
  CheckInvariants(*file);
  CalculateChecksum(file->image);
  Imphash(file->imports);
  return true;
}

TEST(PeHostileTest, CutAtEveryByte) {
  for (const char* name : kSamples) {
    const std::vector<std::byte> sample = Sample(name);
    bool parsed = false;
    for (std::size_t size = 0; size <= sample.size(); ++size) {
      const bool now = ParseExact(Bytes(sample).first(size));
      EXPECT_TRUE(now || !parsed) << name << ": a longer file stopped being one at " << size;
      parsed = now;
    }
    EXPECT_TRUE(parsed) << name;
  }
}

template <typename Number>
void SetEachNumber(const std::vector<std::byte>& sample, std::size_t step) {
  constexpr Number kMax = static_cast<Number>(~Number{0});
  std::vector<std::byte> bytes = sample;
  for (std::size_t at = 0; at + sizeof(Number) <= bytes.size(); at += step) {
    Number original = 0;
    std::memcpy(&original, &bytes[at], sizeof original);
    const Number values[] = {Number{0},
                             Number{1},
                             kMax,
                             static_cast<Number>(kMax - 1),
                             static_cast<Number>(kMax / 2),
                             static_cast<Number>(kMax / 2 + 1),
                             static_cast<Number>(original + 1),
                             static_cast<Number>(original - 1),
                             static_cast<Number>(bytes.size())};
    for (const Number value : values) {
      std::memcpy(&bytes[at], &value, sizeof value);
      ParseExact(bytes);
    }
    std::memcpy(&bytes[at], &original, sizeof original);
  }
}

TEST(PeHostileTest, EachNumberSetToExtremes) {
  for (const char* name : {"full32.pe", "small64.pe", "header_only.pe"}) {
    const std::vector<std::byte> sample = Sample(name);
    SetEachNumber<std::uint16_t>(sample, 2);
    SetEachNumber<std::uint32_t>(sample, 2);
  }
}

TEST(PeHostileTest, EachByteOfASignatureSetToExtremes) {
  std::vector<std::byte> bytes = Sample("signed_cms.hex");
  for (std::size_t at = 0x400; at < bytes.size(); at += 5) {
    const std::byte original = bytes[at];
    for (const int value : {0x00, 0x30, 0x80, 0xff}) {
      bytes[at] = static_cast<std::byte>(value);
      ParseExact(bytes);
    }
    bytes[at] = original;
  }
}

// The remaining tests build files that make a careless parser work for hours.
// A limit of seconds is far above what is needed, even with sanitizers.
class Stopwatch {
 public:
  ~Stopwatch() { EXPECT_LT(std::chrono::steady_clock::now() - begin_, std::chrono::seconds(20)); }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// A PE32+ file of `size` bytes with no section, so every address is an offset;
// one directory points at 0x200.
std::vector<std::byte> Flat(std::size_t size, std::size_t directory) {
  std::string text =
      "ascii \"MZ\" at 0x3c u32 0x40 at 0x40 ascii \"PE\\0\\0\" u16 0x8664 0 u32 0 0 0 u16 240 0x22\n"
      "u16 0x20b u8 0 0 u32 0 0 0 0 0 u64 0 u32 0x1000 0x200 u16 0 0 0 0 0 0 u32 0 0x7fffffff 0 0 u16 0 0\n"
      "u64 0 0 0 0 u32 0 16\n";
  for (std::size_t i = 0; i < 16; ++i) text += i == directory ? "u32 0x200 0x100000\n" : "u32 0 0\n";
  testing::Assembled header = testing::AssembleText(text);
  EXPECT_EQ(header.error, "");
  header.bytes.resize(size);
  return std::move(header.bytes);
}

void Put32(std::vector<std::byte>& bytes, std::size_t at, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

TEST(PeHostileTest, EveryDelayedLibraryNamesTheSameLongTable) {
  constexpr std::size_t kSize = std::size_t{4} << 20;
  constexpr std::size_t kTable = std::size_t{2} << 20;
  std::vector<std::byte> bytes = Flat(kSize, kDelayImportDirectory);
  const std::string name(400, 'a');
  std::memcpy(&bytes[0x100000 + 2], name.data(), name.size());
  for (std::size_t i = 0; i < 16000; ++i) {
    const std::size_t at = 0x200 + i * 32;
    Put32(bytes, at, 1);
    Put32(bytes, at + 4, 0x100002);
    Put32(bytes, at + 12, kTable);
    Put32(bytes, at + 16, kTable);
  }
  for (std::size_t at = kTable; at < kSize; at += 8) Put32(bytes, at, 0x100000);
  const Stopwatch stopwatch;
  const auto file = ParsePe(bytes);
  ASSERT_TRUE(file);
  CheckInvariants(*file);
  EXPECT_TRUE(file->stopped);
  EXPECT_EQ(file->delayed_imports.at(0).functions.size(), 16384u);
}

TEST(PeHostileTest, EveryImportedLibraryNamesTheSameLongTable) {
  constexpr std::size_t kSize = std::size_t{4} << 20;
  constexpr std::size_t kTable = std::size_t{2} << 20;
  std::vector<std::byte> bytes = Flat(kSize, kImportDirectory);
  std::memset(&bytes[0x100000], 'b', 10);
  for (std::size_t i = 0; i < 16384; ++i) {
    const std::size_t at = 0x200 + i * 20;
    Put32(bytes, at, kTable);
    Put32(bytes, at + 12, 0x100000);
  }
  // Names that are none, so that no import ever counts.
  std::memset(&bytes[0x110000], '!', 10);
  for (std::size_t at = kTable; at < kSize; at += 8) Put32(bytes, at, 0x110000);
  const Stopwatch stopwatch;
  const auto file = ParsePe(bytes);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->stopped);
  EXPECT_TRUE(file->imports.empty());
}

TEST(PeHostileTest, ResourceDirectoriesThatAreAllTheSame) {
  constexpr std::size_t kSize = std::size_t{1} << 20;
  std::vector<std::byte> bytes = Flat(kSize, kResourceDirectory);
  // 32768 entries; each leads back to this directory.
  bytes[0x200 + 15] = std::byte{0x80};
  for (std::size_t i = 0; i < 32768; ++i) {
    Put32(bytes, 0x210 + i * 8, 16);
    Put32(bytes, 0x214 + i * 8, 0x80000000);
  }
  const Stopwatch stopwatch;
  const auto file = ParsePe(bytes);
  ASSERT_TRUE(file);
  CheckInvariants(*file);
  EXPECT_TRUE(file->stopped);
}

TEST(PeHostileTest, EveryResourceIsTheSameVersionInformation) {
  constexpr std::size_t kSize = std::size_t{1} << 20;
  std::vector<std::byte> bytes = Flat(kSize, kResourceDirectory);
  const testing::Assembled version = testing::AssembleText(
      "u16 0xffff 52 0 utf16 \"VS_VERSION_INFO\\0\" align 4 zero 52\n"
      "u16 0xfff0 0 1 utf16 \"StringFileInfo\\0\" align 4 u16 0xff00 0 1 utf16 \"040904b0\\0\" align 4\n");
  ASSERT_EQ(version.error, "");
  constexpr std::size_t kVersion = 0x80000;
  std::memcpy(&bytes[kVersion], version.bytes.data(), version.bytes.size());
  for (std::size_t at = kVersion + version.bytes.size(); at < kVersion + 0xff00; at += 16) {
    Put32(bytes, at, 0x0002000e);       // Length 14, value length 2...
    Put32(bytes, at + 4, 0x00410001);   // ...type 1, key "A"...
    Put32(bytes, at + 12, 0x00000042);  // ...value "B".
  }
  bytes[0x200 + 14] = std::byte{0x00};
  bytes[0x200 + 15] = std::byte{0x7f};
  for (std::size_t i = 0; i < 0x7f00; ++i) {
    Put32(bytes, 0x210 + i * 8, 16);
    Put32(bytes, 0x214 + i * 8, 0x60000);
  }
  Put32(bytes, 0x200 + 0x60000, kVersion);
  Put32(bytes, 0x204 + 0x60000, 0xffff);
  const Stopwatch stopwatch;
  const auto file = ParsePe(bytes);
  ASSERT_TRUE(file);
  CheckInvariants(*file);
  EXPECT_EQ(file->resources.version_strings.size(), 4096u);
  EXPECT_TRUE(file->stopped);
}

TEST(PeHostileTest, ExportsShareOneName) {
  constexpr std::size_t kSize = std::size_t{1} << 20;
  std::vector<std::byte> bytes = Flat(kSize, kExportDirectory);
  for (const auto& [field, value] : std::initializer_list<std::pair<std::size_t, std::uint32_t>>{
           {12, 0x80000}, {16, 1}, {20, 20000}, {24, 20000}, {28, 0x1000}, {32, 0x20000}, {36, 0x40000}}) {
    Put32(bytes, 0x200 + field, value);
  }
  for (std::size_t i = 0; i < 20000; ++i) {
    Put32(bytes, 0x1000 + i * 4, 0x80000);
    Put32(bytes, 0x20000 + i * 4, 0x80000);
    bytes[0x40000 + i * 2] = static_cast<std::byte>(i & 0xff);
    bytes[0x40001 + i * 2] = static_cast<std::byte>(i >> 8);
  }
  std::memset(&bytes[0x80000], 'c', 100);
  {
    const Stopwatch stopwatch;
    const auto file = ParsePe(bytes);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->exports.functions.size(), 16384u);  // And not one more.
    EXPECT_EQ(file->exports.functions.back().name->size(), 100u);
    EXPECT_FALSE(file->stopped);
  }
  // The same with names of the greatest length, which is more text than a
  // table may have.
  std::memset(&bytes[0x80000], 'c', 600);
  const auto file = ParsePe(bytes);
  ASSERT_TRUE(file);
  CheckInvariants(*file);
  EXPECT_TRUE(file->stopped);
  EXPECT_GT(file->exports.functions.size(), 8000u);
}

TEST(PeHostileTest, NestedSignaturesStopAtSomeDepth) {
  // SEQUENCE headers all the way down; OpenSSL and we must both give up.
  std::vector<std::byte> bytes = Flat(std::size_t{1} << 20, kSecurityDirectory);
  Put32(bytes, 0x40 + 24 + 112 + 4 * 8 + 4, (1u << 20) - 0x200);
  Put32(bytes, 0x200, (1u << 20) - 0x200);
  for (std::size_t at = 0x208; at + 2 <= bytes.size(); at += 2) {
    bytes[at] = std::byte{0x30};
    bytes[at + 1] = std::byte{0x80};
  }
  const Stopwatch stopwatch;
  const auto file = ParsePe(bytes);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->authenticode.signatures.empty());
}

}  // namespace
}  // namespace dl::pe
