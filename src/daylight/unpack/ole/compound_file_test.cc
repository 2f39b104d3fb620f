#include "daylight/unpack/ole/compound_file.h"

#include <gtest/gtest.h>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/ole/compound_testing.h"
#include "daylight/unpack/ole/names.h"

namespace dl::unpack {
namespace {

// Paths with their bytes; what cannot be read of a stream is marked.
std::string List(std::string_view bytes) {
  const auto file = CompoundFile::Parse(AsBytes(bytes));
  if (!file) return "none";
  std::string out;
  for (const auto& entry : file->entries()) {
    if (!entry.is_stream) continue;
    CompoundFile::Reader reader(*file, entry);
    std::size_t n = 0;
    for (Bytes run = reader.NextRun(); !run.empty(); run = reader.NextRun()) n += run.size();
    EXPECT_LE(n, bytes.size());
    out += entry.path + "=" + std::to_string(n) + (reader.is_broken() ? "! " : " ");
  }
  if (!file->problems().empty()) out += "damaged";
  return out;
}

std::string Pattern(std::size_t n, unsigned seed) {
  std::string out;
  while (out.size() < n) out += std::to_string(out.size() * seed) + ",";
  out.resize(n);
  return out;
}

std::string ReadAll(std::string_view bytes, std::string_view path) {
  const auto file = CompoundFile::Parse(AsBytes(bytes));
  if (!file) return "none";
  std::vector<std::byte> scratch;
  for (const auto& entry : file->entries()) {
    if (entry.path == path) return std::string(AsText(file->Read(entry, entry.size, scratch)));
  }
  return "missing";
}

void Poke(std::string& bytes, std::size_t at, std::uint32_t n) { bytes.replace(at, 4, CompoundWriter::U32(n)); }

std::uint32_t NumberAt(std::string_view bytes, std::size_t at) {
  return *Cursor(AsBytes(bytes).subspan(at)).ReadU32Le();
}

TEST(CompoundFileTest, StreamsOfEverySize) {
  for (const unsigned shift : {9u, 12u}) {
    for (const bool is_scattered : {false, true}) {
      CompoundStreams streams;
      for (const std::size_t n : {0u, 1u, 63u, 64u, 65u, 511u, 512u, 4095u, 4096u, 4097u, 100'000u}) {
        const std::string name = std::to_string(n);
        streams.emplace_back(u"a/b" + std::u16string(name.begin(), name.end()), Pattern(n, 7));
      }
      const std::string file = MakeCompound(streams, {shift, is_scattered});
      EXPECT_EQ(List(file),
                "a/b0=0 a/b1=1 a/b63=63 a/b64=64 a/b65=65 a/b511=511 a/b512=512 a/b4095=4095 a/b4096=4096 "
                "a/b4097=4097 a/b100000=100000 ");
      for (const auto& [path, bytes] : streams) {
        EXPECT_EQ(ReadAll(file, std::string(path.begin(), path.end())), bytes) << bytes.size();
      }
    }
  }
}

TEST(CompoundFileTest, TableOfTablesBeyondTheHeader) {
  // 109 tables of 128 sectors each hold 7 MB.
  const std::string large = Pattern(std::size_t{9} << 20, 3);
  const std::string file = MakeCompound({{u"large", large}, {u"small", "s"}}, {9, true});
  EXPECT_EQ(ReadAll(file, "large"), large);
  EXPECT_EQ(ReadAll(file, "small"), "s");
  std::string loop = file;
  const std::uint32_t difat = NumberAt(file, 0x44);
  Poke(loop, (std::size_t{difat} + 2) * 512 - 4, difat);
  EXPECT_EQ(List(loop), List(file));  // The rest of the tables is not needed.
}

TEST(CompoundFileTest, Names) {
  // "Binary.a" as installers pack it: two characters in one.
  std::u16string packed = u"\x4840";
  const std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
  const std::string_view text = "Binary.ab";
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    packed += static_cast<char16_t>(0x3800 + alphabet.find(text[i]) + (alphabet.find(text[i + 1]) << 6));
  }
  packed += static_cast<char16_t>(0x4800 + alphabet.find(text.back()));
  const std::string file = MakeCompound({{u"\x01Ole", "a"}, {packed, "b"}, {u"\u00e9\\\u4e2d", "c"}});
  EXPECT_EQ(List(file), "_01_Ole=1 !Binary.ab=1 \u00e9_\u4e2d=1 ");
  EXPECT_TRUE(IsSameName("vBa", "VbA"));
  EXPECT_FALSE(IsSameName("VBA", "VB"));
}

TEST(CompoundFileTest, LoopsAndCrossLinks) {
  const std::string file = MakeCompound({{u"a", Pattern(5000, 7)}, {u"b", Pattern(6000, 5)}, {u"c", "small"}});
  const std::uint32_t directory = NumberAt(file, 0x30);
  const std::size_t nodes = (std::size_t{directory} + 1) * 512;
  // The second entry is its own sibling, child, and outside.
  for (const std::size_t link : {0x44u, 0x48u, 0x4cu}) {
    for (const std::uint32_t to : {0u, 1u, 2u, 3u, 99u, 0xfffffffeu}) {
      std::string tree = file;
      Poke(tree, nodes + 2 * 128 + link, to);
      EXPECT_NE(List(tree).find("a=5000 "), std::string::npos);
      EXPECT_NE(List(tree).find("b=6000 "), std::string::npos);
    }
  }
  // The first sector of a follows itself; the table says nothing; sizes of all kinds.
  const std::uint32_t table = NumberAt(file, 0x4c);
  const std::size_t fat = (std::size_t{table} + 1) * 512;
  for (const std::uint32_t to : {0u, 12u, 98u, 0xfffffffbu, 0xffffffffu}) {
    std::string chain = file;
    Poke(chain, fat, to);
    List(chain);
    Poke(chain, nodes + 128 + 0x78, 0xffffffff);
    List(chain);
    Poke(chain, 0x30, to);
    List(chain);
  }
  std::string crossed = file;
  Poke(crossed, nodes + 2 * 128 + 0x74, 0);
  EXPECT_EQ(List(crossed), "a=5000 b=5120! c=5 ");
  // A directory that follows itself.
  std::string loop = file;
  Poke(loop, fat + 4 * directory, directory);
  EXPECT_NE(List(loop).find("damaged"), std::string::npos);
}

TEST(CompoundFileTest, EntriesInNoStorageAreReadToo) {
  std::string file = MakeCompound({{u"a", "first"}, {u"b", "hidden"}});
  const std::uint32_t directory = NumberAt(file, 0x30);
  Poke(file, (std::size_t{directory} + 1) * 512 + 128 + 0x48, 0xffffffff);
  EXPECT_EQ(List(file), "a=5 b=6 ");
}

TEST(CompoundFileTest, SectorsOfEverySize) {
  std::string file = MakeCompound({{u"a", "first"}});
  for (unsigned shift = 0; shift < 70; ++shift) {
    file[0x1e] = static_cast<char>(shift);
    List(file);
  }
}

TEST(CompoundFileTest, TruncatedAtEveryByteAndFlipped) {
  for (const unsigned shift : {9u, 12u}) {
    const std::string file = MakeCompound({{u"a", Pattern(4200, 7)}, {u"d/b", "small"}, {u"d/e/c", ""}}, {shift});
    for (std::size_t n = 0; n < file.size(); n += shift == 9 ? 1 : 37) {
      List(file.substr(0, n));
      std::string flipped = file;
      flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << (n % 8)));
      List(flipped);
    }
  }
}

}  // namespace
}  // namespace dl::unpack
