#include "daylight/unpack/zip/zip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <sstream>

#include "daylight/unpack/unpack_testing.h"
#include "daylight/unpack/zip/old_methods.h"

namespace dl::unpack {
namespace {

std::string ReadFile(const std::string& name) {
  std::ifstream file(std::string(DAYLIGHT_SOURCE_DIR) + "/fuzz/corpus/unpack/" + name, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

const Unpacker kOldEntries = {
    "old", [](const Probe&) { return true; },
    [](const Probe& probe, const ChildInfo&, Sink& sink) { UnpackOldZipEntries(probe, sink); }};

std::string Text(const std::vector<std::byte>& bytes) { return std::string(AsText(bytes)); }

class BitWriter {
 public:
  void Put(std::uint32_t value, unsigned bits) {
    for (unsigned i = 0; i < bits; ++i) PutBit(value >> i & 1);
  }
  // Codes of prefix trees come with their highest bit first.
  void PutCode(std::uint32_t code, unsigned bits) {
    for (unsigned i = bits; i-- > 0;) PutBit(code >> i & 1);
  }
  std::string bytes() const { return bytes_; }

 private:
  void PutBit(std::uint32_t bit) {
    if (used_ % 8 == 0) bytes_.push_back('\0');
    bytes_.back() = static_cast<char>(static_cast<unsigned char>(bytes_.back()) | bit << (used_ % 8));
    ++used_;
  }
  std::string bytes_;
  std::size_t used_ = 0;
};

// Imploded by trees in which all symbols are equally long; codes count down.
class Imploder {
 public:
  explicit Imploder(bool has_literals) : has_literals_(has_literals) {
    if (has_literals) Tree(16, 8);
    Tree(4, 6);
    Tree(4, 6);
  }
  void Literal(char c) {
    out_.Put(1, 1);
    if (has_literals_) {
      out_.PutCode(255u - static_cast<unsigned char>(c), 8);
    } else {
      out_.Put(static_cast<unsigned char>(c), 8);
    }
  }
  void Match(std::uint32_t distance, std::uint32_t length) {
    const std::uint32_t stored = length - (has_literals_ ? 3 : 2);
    out_.Put(0, 1);
    out_.Put((distance - 1) & 63, 6);
    out_.PutCode(63 - ((distance - 1) >> 6), 6);
    out_.PutCode(63 - std::min(stored, 63u), 6);
    if (stored >= 63) out_.Put(stored - 63, 8);
  }
  std::string bytes() const { return out_.bytes(); }

 private:
  void Tree(std::uint32_t runs, std::uint32_t bits) {
    out_.Put(runs - 1, 8);
    for (std::uint32_t i = 0; i < runs; ++i) out_.Put(15u << 4 | (bits - 1), 8);
  }
  bool has_literals_;
  BitWriter out_;
};

TEST(OldMethodsTest, Exploding) {
  for (const bool has_literals : {false, true}) {
    Imploder imploder(has_literals);
    for (const char c : std::string("abcd")) imploder.Literal(c);
    imploder.Match(4, 8);
    imploder.Match(100, 3);  // Before the beginning are zeros.
    imploder.Match(1, 80);
    std::vector<std::byte> out;
    const std::string packed = imploder.bytes();
    ASSERT_TRUE(Explode(AsBytes(packed), false, has_literals, 95, out));
    EXPECT_EQ(Text(out), "abcdabcdabcd" + std::string(83, '\0'));
    for (std::size_t n = 0; n < packed.size(); ++n) {
      std::vector<std::byte> part;
      static_cast<void>(Explode(AsBytes(packed).first(n), false, has_literals, 95, part));
      EXPECT_LE(part.size(), 95u);
    }
  }
}

TEST(OldMethodsTest, WhatDeflateHasInCommon) {
  // Without its longest match, which means another length here.
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "line " + std::to_string(i * i) + "\n";
  for (const int level : {0, 1, 9}) {
    std::string packed(2 * text.size() + 1000, '\0');
    z_stream stream{};
    ASSERT_EQ(deflateInit2(&stream, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    std::vector<std::byte> out;
    ASSERT_TRUE(Inflate64(AsBytes(packed), text.size(), out)) << level;
    EXPECT_EQ(Text(out), text);
  }
}

TEST(ZipTest, Deflate64AsRealToolsMakeIt) {
  const std::string zip = ReadFile("deflate64.zip");
  ASSERT_FALSE(zip.empty());
  Listing listing;
  EXPECT_TRUE(listing.Run(kOldEntries, zip));
  EXPECT_EQ(listing.text(), "a.bin=120000 ");
  std::string expected;
  for (int i = 0; i < 40000; ++i) expected += "abc";
  EXPECT_EQ(listing.children().at("a.bin"), expected);
  // Also behind something else.
  Listing behind;
  EXPECT_TRUE(behind.Run(kOldEntries, "MZ program" + zip));
  EXPECT_EQ(behind.text(), "a.bin=120000 ");
}

TEST(ZipTest, TruncatedAndFlippedAtEveryByte) {
  const std::string zip = ReadFile("deflate64.zip");
  for (std::size_t n = 0; n < zip.size(); ++n) {
    Listing cut;
    cut.Run(kOldEntries, zip.substr(n));
    std::string flipped = zip;
    flipped[n] = static_cast<char>(flipped[n] ^ 0x10);
    Listing listing;
    listing.Run(kOldEntries, flipped);
    // Either all is as it was, or something is told.
    const auto found = listing.children().find("a.bin");
    if (found != listing.children().end() && found->second.size() == 120000 && listing.closed() == 0) {
      EXPECT_EQ(::crc32(0, reinterpret_cast<const Bytef*>(found->second.data()), 120000), 0xbf161f94u) << n;
    }
  }
}

}  // namespace
}  // namespace dl::unpack
