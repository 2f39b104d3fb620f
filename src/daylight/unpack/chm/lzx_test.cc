#include "daylight/unpack/chm/lzx.h"

#include <gtest/gtest.h>

#include "daylight/unpack/chm/chm_testing.h"

namespace dl::unpack {
namespace {

// Text that repeats itself near and far, and does not.
std::string Text(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    if (text.size() > 64'000 && state >> 29 == 0) {
      text += text.substr(text.size() - 60'000, 300);
    } else if (text.size() > 1000 && state >> 30 == 0) {
      text += text.substr(text.size() - 1000, state >> 24 & 63);
    } else if (state >> 29 == 3) {
      text.append(state >> 20 & 511, static_cast<char>(state >> 8));
    } else {
      text += static_cast<char>(state >> 16);
    }
  }
  text.resize(size);
  return text;
}

// All frames, as far as they are right.
std::string Decompressed(const std::string& packed, const LzxOptions& options, std::size_t size) {
  LzxDecoder decoder(options.window_bits);
  decoder.Reset(AsBytes(packed));
  std::string out;
  while (out.size() < size) {
    if (options.interval != 0 && !out.empty() && out.size() % options.interval == 0) {
      const std::string rest(AsText(decoder.rest()));
      decoder.Reset(AsBytes(packed).last(rest.size()));
    }
    const auto frame = decoder.Next(size - out.size());
    out += AsText(frame ? *frame : decoder.partial());
    if (!frame) break;
  }
  return out;
}

TEST(LzxTest, AllKindsOfBlocksInAllWindows) {
  const std::string text = Text(200'001);
  for (unsigned bits = LzxDecoder::kMinWindowBits; bits <= LzxDecoder::kMaxWindowBits; ++bits) {
    for (unsigned kind = 0; kind <= 3; ++kind) {
      for (const std::uint64_t interval : {std::uint64_t{0}, std::uint64_t{32768}, std::uint64_t{65536}}) {
        for (const std::size_t block : {std::size_t{1001}, std::size_t{32768}, std::size_t{100'000}}) {
          const LzxOptions options{.window_bits = bits, .kind = kind, .block = block, .interval = interval};
          const std::string packed = LzxWriter(options).Write(text);
          EXPECT_TRUE(Decompressed(packed, options, text.size()) == text) << bits << " " << kind << " " << interval;
        }
      }
    }
  }
}

TEST(LzxTest, Matches) {
  const std::string text = Text(100'000);
  EXPECT_LT(LzxWriter({.interval = 0}).Write(text).size(), text.size() / 2) << "so that there are some";
}

TEST(LzxTest, CallsAreTranslatedBack) {
  // To 5 from place 10, before and behind; and what is no address.
  std::string text(40'000, '.');
  const auto put = [&](std::size_t at, std::uint32_t address) {
    text.replace(at, 5, "\xe8" + LittleEndian(address, 4));
  };
  put(10, 5);
  put(100, static_cast<std::uint32_t>(-100));
  put(200, static_cast<std::uint32_t>(-201));
  put(300, 20'000);
  put(32'760, 7);  // So near the end of a frame that it stays.
  put(32'800, 7);
  const LzxOptions options{.interval = 0, .translated_size = 20'000};
  const std::string out = Decompressed(LzxWriter(options).Write(text), options, text.size());
  ASSERT_EQ(out.size(), text.size());
  EXPECT_EQ(out.substr(10, 5), "\xe8" + LittleEndian(static_cast<std::uint32_t>(5 - 10), 4));
  EXPECT_EQ(out.substr(100, 5), "\xe8" + LittleEndian(20'000 - 100, 4));
  EXPECT_EQ(out.substr(200, 5), text.substr(200, 5));
  EXPECT_EQ(out.substr(300, 5), text.substr(300, 5));
  EXPECT_EQ(out.substr(32'760, 5), text.substr(32'760, 5));
  EXPECT_EQ(out.substr(32'800, 5), "\xe8" + LittleEndian(static_cast<std::uint32_t>(7 - 32'800), 4));
}

TEST(LzxTest, TruncatedGivesWhatCameBefore) {
  const std::string text = Text(3000);
  for (unsigned kind = 1; kind <= 3; ++kind) {
    const LzxOptions options{.kind = kind, .block = 700};
    const std::string packed = LzxWriter(options).Write(text);
    for (std::size_t n = 0; n + 1 < packed.size(); ++n) {
      const std::string out = Decompressed(packed.substr(0, n), options, text.size());
      EXPECT_TRUE(text.starts_with(out)) << n;
    }
  }
}

TEST(LzxTest, FlippedBitsEndOrGiveNoMore) {
  const std::string text = Text(2000);
  const LzxOptions options{.window_bits = 15, .kind = 0, .block = 500};
  const std::string packed = LzxWriter(options).Write(text);
  for (std::size_t n = 0; n < 8 * packed.size(); ++n) {
    std::string flipped = packed;
    flipped[n / 8] = static_cast<char>(static_cast<unsigned char>(flipped[n / 8]) ^ (1u << n % 8));
    EXPECT_LE(Decompressed(flipped, options, text.size()).size(), text.size());
  }
}

TEST(LzxTest, NothingFromBeforeTheBeginning) {
  // A literal would do; "the last distance" is 1.
  LzxDecoder decoder(15);
  const std::string text(100, 'x');
  std::string packed = LzxWriter({.window_bits = 15}).Write(text);
  decoder.Reset(AsBytes(packed));
  ASSERT_TRUE(decoder.Next(100));
  EXPECT_FALSE(LzxDecoder(15).Next(1));
  EXPECT_FALSE(decoder.Next(32768)) << "the frame ends before that";
}

}  // namespace
}  // namespace dl::unpack
