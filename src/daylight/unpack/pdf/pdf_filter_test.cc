#include "daylight/unpack/pdf/pdf_filter.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "daylight/unpack/pdf/pdf_testing.h"

namespace dl::unpack::pdf {
namespace {

// What is decoded, and "!" behind it where it is damaged. Pieces of every size give the same.
std::string Undo(FilterKind kind, std::string_view encoded, const FilterParameters& parameters = {}) {
  std::string first;
  for (const std::size_t piece : {1u, 3u, 65536u}) {
    Work work(1u << 30);
    std::unique_ptr<Stage> stage = Decode(kind, parameters, StartWith(AsBytes(encoded), work), work);
    if (stage == nullptr) return "cannot be";
    std::string out;
    std::string room(piece, '\0');
    for (;;) {
      const auto n = stage->Pull(std::as_writable_bytes(std::span(room)));
      if (!n) out += "!";
      if (!n || *n == 0) break;
      out.append(room, 0, *n);
    }
    if (piece == 1) first = out;
    EXPECT_EQ(out, first) << piece;
  }
  return first;
}

TEST(PdfFilterTest, Ascii) {
  EXPECT_EQ(Undo(FilterKind::kAsciiHex, "48 65\n6C6c 6F>ignored"), "Hello");
  EXPECT_EQ(Undo(FilterKind::kAsciiHex, "487>"), "Hp");
  EXPECT_EQ(Undo(FilterKind::kAsciiHex, "48"), "H");
  EXPECT_EQ(Undo(FilterKind::kAsciiHex, "48xx"), "H!");
  EXPECT_EQ(Undo(FilterKind::kAscii85, "87cUR\nD]i,\"Ebo80~>"), "Hello World!");
  EXPECT_EQ(Undo(FilterKind::kAscii85, "<~87cURDZ~>"), "Hello");
  EXPECT_EQ(Undo(FilterKind::kAscii85, "z~>"), std::string(4, '\0'));
  EXPECT_EQ(Undo(FilterKind::kAscii85, "87cUR\x80"), "Hell!");
}

TEST(PdfFilterTest, RunLength) {
  EXPECT_EQ(Undo(FilterKind::kRunLength,
                 "\x02"
                 "abc\xfex\x80zz"),
            "abcxxx");
  EXPECT_EQ(Undo(FilterKind::kRunLength,
                 "\x05"
                 "abc"),
            "abc!");
}

TEST(PdfFilterTest, Lzw) {
  // The example of ISO 32000-1, 7.4.4.2.
  EXPECT_EQ(Undo(FilterKind::kLzw, "\x80\x0B\x60\x50\x22\x0C\x0C\x85\x01"), "-----A---B");
  // Long enough for codes of 12 bits and for the table to be full.
  std::string text;
  for (unsigned i = 0; i < 60'000; ++i) text.push_back(static_cast<char>((i * i >> 5) % 251));
  for (const bool early : {true, false}) {
    FilterParameters parameters;
    parameters.early_change = early;
    EXPECT_EQ(Undo(FilterKind::kLzw, Lzw(text, early), parameters), text) << early;
  }
  EXPECT_EQ(Undo(FilterKind::kLzw, "\x80\x7f\xff"), "!");
}

TEST(PdfFilterTest, Flate) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(Undo(FilterKind::kFlate, Deflate(text)), text);
  EXPECT_EQ(Undo(FilterKind::kFlate, "\r\n" + Deflate("ab")), "ab");
  EXPECT_EQ(Undo(FilterKind::kFlate, Deflate("ab").substr(2)), "ab");
  EXPECT_EQ(Undo(FilterKind::kFlate, ""), "");
  const std::string cut = Undo(FilterKind::kFlate, Deflate("some text that ends early").substr(0, 20));
  EXPECT_TRUE(cut.starts_with("some") && cut.ends_with("!")) << cut;
  // The checksum is wrong.
  std::string other = Deflate("ab");
  other.back() = static_cast<char>(other.back() ^ 1);
  EXPECT_EQ(Undo(FilterKind::kFlate, other), "ab");
}

TEST(PdfFilterTest, Predictors) {
  FilterParameters png;
  png.predictor = 12;
  png.columns = 3;
  // None, left, above, average, Paeth.
  const std::string rows("\0abc\1a\1\1\2\1\1\1\3\1\0\0\4\1\1\1\0x", 22);
  EXPECT_EQ(Undo(FilterKind::kFlate, Deflate(rows), png), "abcabcbcd2JW3KXx");
  FilterParameters tiff;
  tiff.predictor = 2;
  tiff.columns = 3;
  EXPECT_EQ(Undo(FilterKind::kFlate, Deflate("a\1\1b\1\1"), tiff), "abcbcd");
  tiff.bits = 16;
  EXPECT_EQ(Undo(FilterKind::kFlate, Deflate(std::string("\0\xff\0\1\0\1", 6)), tiff),
            std::string("\0\xff\1\0\1\1", 6));
  tiff.bits = 4;
  tiff.columns = 4;
  EXPECT_EQ(Undo(FilterKind::kFlate, Deflate("\x11\x11"), tiff), "\x12\x34");
  tiff.columns = std::int64_t{1} << 58;
  EXPECT_EQ(Undo(FilterKind::kFlate, Deflate("x"), tiff), "cannot be");
  tiff.columns = 1;
  tiff.bits = 7;
  EXPECT_EQ(Undo(FilterKind::kFlate, Deflate("x"), tiff), "cannot be");
}

TEST(PdfFilterTest, WorkEnds) {
  // White space that becomes nothing, out of little: the last filter's output would never be charged.
  const std::string twice = Deflate(Deflate(std::string(64u << 20, ' ')));
  Work work(8u << 20);
  std::unique_ptr<Stage> stage = StartWith(AsBytes(twice), work);
  for (const FilterKind kind : {FilterKind::kFlate, FilterKind::kFlate, FilterKind::kAsciiHex}) {
    stage = Decode(kind, {}, std::move(stage), work);
  }
  std::string room(100, '\0');
  const auto n = stage->Pull(std::as_writable_bytes(std::span(room)));
  ASSERT_FALSE(n);
  EXPECT_EQ(n.error().code, ErrorCode::kBudget);
}

}  // namespace
}  // namespace dl::unpack::pdf
