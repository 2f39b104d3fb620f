#include "daylight/unpack/disk/block_decoder.h"

#include <gtest/gtest.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace dl::unpack {
namespace {

constexpr std::size_t kBlock = 4096;

std::string Text() {
  std::string text;
  while (text.size() < kBlock) text += std::to_string(text.size()) + " and so on, ";
  text.resize(kBlock);
  return text;
}

std::string Pack(Compression kind, const std::string& text) {
  std::string out(2 * text.size() + 1024, '\0');
  auto* const bytes = reinterpret_cast<std::uint8_t*>(out.data());
  const auto* const from = reinterpret_cast<const std::uint8_t*>(text.data());
  switch (kind) {
    case Compression::kZlib:
    case Compression::kDeflate: {
      z_stream stream{};
      ::deflateInit2(&stream, 9, Z_DEFLATED, kind == Compression::kZlib ? 15 : -12, 8, Z_DEFAULT_STRATEGY);
      std::string copy = text;
      stream.next_in = reinterpret_cast<Bytef*>(copy.data());
      stream.avail_in = static_cast<uInt>(copy.size());
      stream.next_out = bytes;
      stream.avail_out = static_cast<uInt>(out.size());
      ::deflate(&stream, Z_FINISH);
      out.resize(stream.total_out);
      ::deflateEnd(&stream);
      return out;
    }
    case Compression::kXz: {
      std::size_t n = 0;
      EXPECT_EQ(::lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, nullptr, from, text.size(), bytes, &n, out.size()),
                LZMA_OK);
      out.resize(n);
      return out;
    }
    case Compression::kLzma: {
      lzma_options_lzma options;
      ::lzma_lzma_preset(&options, 6);
      options.dict_size = 1u << 20;
      lzma_stream stream = LZMA_STREAM_INIT;
      EXPECT_EQ(::lzma_alone_encoder(&stream, &options), LZMA_OK);
      stream.next_in = from;
      stream.avail_in = text.size();
      stream.next_out = bytes;
      stream.avail_out = out.size();
      EXPECT_EQ(::lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
      out.resize(stream.total_out);
      ::lzma_end(&stream);
      return out;
    }
    case Compression::kLz4:
      out.resize(static_cast<std::size_t>(::LZ4_compress_default(text.data(), out.data(), static_cast<int>(text.size()),
                                                                 static_cast<int>(out.size()))));
      return out;
    case Compression::kZstd:
      out.resize(::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
      return out;
  }
  return {};
}

constexpr Compression kAll[] = {Compression::kZlib, Compression::kDeflate, Compression::kLzma,
                                Compression::kXz,   Compression::kLz4,     Compression::kZstd};

TEST(BlockDecoderTest, GivesWhatWasPacked) {
  for (const Compression kind : kAll) {
    for (const std::string& text : {Text(), Text().substr(0, 100), std::string(kBlock, '\0')}) {
      std::vector<std::byte> out;
      const std::string packed = Pack(kind, text);
      ASSERT_TRUE(DecodeBlock(kind, AsBytes(packed), kBlock, out)) << static_cast<int>(kind);
      EXPECT_EQ(AsText(out), text) << static_cast<int>(kind);
    }
  }
}

TEST(BlockDecoderTest, WhatIsBehindIsLeft) {
  for (const Compression kind : {Compression::kZlib, Compression::kDeflate, Compression::kZstd}) {
    std::vector<std::byte> out;
    const std::string packed = Pack(kind, Text()) + std::string(500, 'x');
    ASSERT_TRUE(DecodeBlock(kind, AsBytes(packed), kBlock, out)) << static_cast<int>(kind);
    EXPECT_EQ(AsText(out), Text());
  }
}

TEST(BlockDecoderTest, NeverMoreThanTheLimit) {
  for (const Compression kind : kAll) {
    for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, kBlock - 1}) {
      std::vector<std::byte> out;
      const std::string packed = Pack(kind, Text());
      static_cast<void>(DecodeBlock(kind, AsBytes(packed), limit, out));
      EXPECT_LE(out.size(), limit);
    }
  }
}

TEST(BlockDecoderTest, TruncatedAndFlipped) {
  for (const Compression kind : kAll) {
    const std::string packed = Pack(kind, Text());
    std::vector<std::byte> out;
    for (std::size_t n = 0; n < packed.size(); ++n) {
      static_cast<void>(DecodeBlock(kind, AsBytes(packed).first(n), kBlock, out));
      EXPECT_LE(out.size(), kBlock);
    }
    for (std::size_t i = 0; i < packed.size(); ++i) {
      std::string flipped = packed;
      flipped[i] = static_cast<char>(flipped[i] ^ 0x11);
      static_cast<void>(DecodeBlock(kind, AsBytes(flipped), kBlock, out));
      EXPECT_LE(out.size(), kBlock);
    }
  }
}

}  // namespace
}  // namespace dl::unpack
