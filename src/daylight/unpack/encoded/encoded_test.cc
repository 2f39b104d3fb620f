#include "daylight/unpack/encoded/encoded.h"

#include <gtest/gtest.h>

#include <chrono>

#include "daylight/unpack/encoded/decode.h"
#include "daylight/unpack/encoded/encoded_testing.h"
#include "daylight/unpack/encoded/text_kind.h"
#include "daylight/unpack/unpack_testing.h"

namespace dl::unpack {
namespace {

// A program's beginning, and nothing behind it that could run.
std::string Marker(std::size_t size = 96) {
  std::string marker = "MZ";
  while (marker.size() < size) marker.push_back(static_cast<char>(marker.size() * 37 + marker.size() / 7));
  return marker;
}

std::string List(const std::string& object) {
  Listing listing;
  return listing.Run(kEncoded, object) ? listing.text() : "not opened";
}

// The one child there is.
std::string Only(const std::string& object) {
  Listing listing;
  if (!listing.Run(kEncoded, object)) return "not opened";
  if (listing.children().size() != 1) return listing.text();
  return listing.children().begin()->second;
}

template <typename Format>
std::string Each(const std::string& bytes, const Format& format) {
  std::string out;
  for (const char c : bytes) out += format(static_cast<unsigned>(static_cast<unsigned char>(c)));
  return out;
}

std::string Hex2(unsigned c) {
  const char* digits = "0123456789abcdef";
  return {digits[c / 16], digits[c % 16]};
}

std::string InLines(const std::string& text, std::size_t width, const std::string& end) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += width) out += text.substr(at, width) + end;
  return out;
}

// Larger than what is held: told, but only where there is something.
TEST(EncodedTest, TextThatIsTooLarge) {
  std::string text(kMaxWholeBytes + 1000, '.');
  EXPECT_EQ(List(text), "not opened");
  const std::string base64 = ToBase64(Marker());
  text.replace(text.size() / 2, base64.size(), base64);
  EXPECT_EQ(List(text), "!max-memory ");
}

TEST(EncodedTest, TextThatPasses) {
  const std::string base64 = ToBase64(Marker());
  for (const std::size_t at :
       {std::size_t{0}, (1u << 20) - base64.size() / 2, std::size_t{1} << 20, 3'000'000 - base64.size()}) {
    for (const std::size_t piece : {1'000u, 65'536u, 3'000'000u}) {
      std::string text(3'000'000, '.');
      for (const bool has_run : {false, true}) {
        if (has_run) text.replace(at, base64.size(), base64);
        EncodedWatch watch(AsBytes(text).first(Probe::kHeadBytes));
        for (std::size_t from = 0; from < text.size(); from += piece) watch.See(AsBytes(text.substr(from, piece)));
        EXPECT_EQ(watch.Finish(), has_run) << at << " " << piece;
      }
    }
  }
  EncodedWatch binary(AsBytes(std::string(100, '\0')));
  binary.See(AsBytes(base64));
  EXPECT_FALSE(binary.Finish());
}

TEST(EncodedTest, Base64) {
  const std::string marker = Marker();
  const std::string base64 = ToBase64(marker);
  EXPECT_EQ(Only("var a = atob(\"" + base64 + "\");"), marker);
  EXPECT_EQ(Only("powershell -enc " + base64), marker);
  EXPECT_EQ(Only("-----BEGIN CERTIFICATE-----\n" + InLines(base64, 64, "\n") + "-----END CERTIFICATE-----\n"), marker);
  EXPECT_EQ(Only("x\r\n\r\n" + InLines(base64, 76, "\r\n") + "\r\nx"), marker);
  EXPECT_EQ(Only("s = '" + std::string(base64.rbegin(), base64.rend()) + "'[::-1]").substr(0, 2),
            base64.ends_with('=') ? "MZ" : "no");
  // Two of them are two children.
  EXPECT_EQ(List("a='" + base64 + "'\nb='" + base64 + "'"), "encoded 1=96 encoded 2=96 ");
}

TEST(EncodedTest, Utf16) {
  const std::string marker = Marker();
  std::string wide = "\xff\xfe";
  for (const char c : "$x = '" + ToBase64(marker) + "'") wide += {c, '\0'};
  EXPECT_EQ(Only(wide), marker);
  EXPECT_EQ(Only(wide.substr(2)), marker);
}

TEST(EncodedTest, HexadecimalAndEscapes) {
  const std::string marker = Marker();
  EXPECT_EQ(Only("x = \"" + Each(marker, Hex2) + "\""), marker);
  EXPECT_EQ(Only("SELECT 0x" + Each(marker, Hex2) + ";"), marker);
  EXPECT_EQ(Only("x = \"" + Each(marker, [](unsigned c) { return "\\x" + Hex2(c); }) + "\""), marker);
  EXPECT_EQ(Only("x = \"" + Each(marker, [](unsigned c) { return "\\u00" + Hex2(c); }) + "\""), marker);
  EXPECT_EQ(Only("unescape('" + Each(marker, [](unsigned c) { return "%" + Hex2(c); }) + "')"), marker);
  std::string units = "unescape('";
  for (std::size_t i = 0; i < marker.size(); i += 2) {
    units += "%u" + Hex2(static_cast<unsigned char>(marker[i + 1])) + Hex2(static_cast<unsigned char>(marker[i]));
  }
  EXPECT_EQ(Only(units + "')"), marker);
}

TEST(EncodedTest, Numbers) {
  const std::string marker = Marker();
  EXPECT_EQ(Only("[Byte[]] $b = " + Each(marker, [](unsigned c) { return "0x" + Hex2(c) + ","; })), marker);
  const auto list = Each(marker, [](unsigned c) { return std::to_string(c) + ", "; });
  EXPECT_EQ(Only("String.fromCharCode(" + list.substr(0, list.size() - 2) + ")"), marker);
  EXPECT_EQ(Only("a = [" + list.substr(0, list.size() - 2) + "]"), marker);
  // A table of numbers, not of bytes.
  EXPECT_EQ(List("a = [" + Each(std::string(200, '\1'), [](unsigned) { return std::string("17,"); }) + "0]"),
            "not opened");
  EXPECT_EQ(Only("<?php eval(" + Each(marker, [](unsigned c) { return "chr(" + std::to_string(c) + ")."; }) + "'')"),
            marker);
  EXPECT_EQ(Only("s = " + Each(marker, [](unsigned c) { return "ChrW(&H" + Hex2(c) + ") & "; }) + "\"\""), marker);
  EXPECT_EQ(Only("$s = " + Each(marker, [](unsigned c) { return "[char]" + std::to_string(c) + "+"; }) + "''"), marker);
}

TEST(EncodedTest, Concatenations) {
  const std::string marker = Marker();
  const std::string base64 = ToBase64(marker);
  const auto joined = [&](const std::string& first, const std::string& between, const std::string& last) {
    std::string out = first;
    for (std::size_t at = 0; at < base64.size(); at += 20) {
      out += (at == 0 ? "" : between) + base64.substr(at, 20);
    }
    return out + last;
  };
  EXPECT_EQ(Only(joined("x = \"", "\" + \"", "\";")), marker);
  EXPECT_EQ(Only(joined("x = '", "'+\n  '", "';")), marker);
  EXPECT_EQ(Only(joined("x = \"", "\" & _\r\n \"", "\"")), marker);
  EXPECT_EQ(Only(joined("x = \"", "\"\r\nx = x & \"", "\"\r\n")), marker);
  EXPECT_EQ(Only(joined("x = \"", "\";\nx += \"", "\";\n")), marker);
  EXPECT_EQ(Only(joined("<?php $x = '", "' . '", "';")), marker);
}

TEST(EncodedTest, EncodedScripts) {
  EXPECT_EQ(Only("#@~^DgAAAA==\\ko$K6,JC\x7fV^GJqAQAAA==^#~@"), "MsgBox \"Hello\"");
  const std::string script =
      "var a = '<b>@\tx</b>';\r\nif (a > 1) WScript.Echo(\"inert\"); // ~^#\xe4, so that all 64 places come";
  const std::string encoded = ToEncodedScript(script);
  EXPECT_EQ(Only(encoded), script);
  EXPECT_EQ(Only("before\r\n" + encoded + "\r\nbehind"), script);
  EXPECT_EQ(List(encoded + encoded),
            "encoded 1=" + std::to_string(script.size()) + " encoded 2=" + std::to_string(script.size()) + " ");
  // Its end is missing, or something only looks like one.
  EXPECT_EQ(Only(encoded.substr(0, encoded.size() - 12)), script);
  EXPECT_EQ(Only("#@~^DgAAAA==^#~@&==^#~@&JqAQAA==^#~@").size(), 10u);
  std::string wide = "\xff\xfe";
  for (const char c : encoded) wide += {c, '\0'};
  EXPECT_EQ(Only(wide).substr(0, 50), script.substr(0, 50));
  for (const char* none : {"#@~^", "#@~^DgAAAA=", "#@~^DgAAAA==", "#@~^Dg AAA==\\ko$K6", "#@~^DgAAAA==JqAQAA==^#~@"}) {
    EXPECT_EQ(List(none), "not opened") << none;
  }
}

TEST(EncodedTest, NothingWorthIt) {
  EXPECT_EQ(List("no such run"), "not opened");
  EXPECT_EQ(List(std::string(1000, '-') + std::string(1000, '=') + std::string(1000, 'A')), "not opened");
  EXPECT_EQ(List("/usr/share/" + ToBase64(Marker().substr(2, 90))), "not opened");  // No kind that is known.
  std::string words;
  for (int i = 0; i < 10'000; ++i) words += "word" + std::to_string(i) + "\n";
  EXPECT_EQ(List(words), "not opened");
  std::string program = Marker(1000);
  program[5] = '\0';
  EXPECT_EQ(List(program + ToBase64(Marker())), "not opened");
}

TEST(EncodedTest, WhatIsReadElsewhere) {
  const std::string run = "\"" + ToBase64(Marker()) + "\"";
  EXPECT_NE(List(run), "not opened");
  EXPECT_EQ(List("<html>" + run), "not opened");
  EXPECT_EQ(List("%PDF-1.4\n" + run), "not opened");
  EXPECT_EQ(List("{\\rtf1 " + run), "not opened");
  const std::string header = "Subject: x\nMIME-Version: 1.0\n\n";
  EXPECT_EQ(List(header + InLines(ToBase64(Marker(1000)), 76, "\n")), "not opened");
  EXPECT_NE(List(header + run), "not opened");
}

TEST(EncodedTest, KindsOfText) {
  const auto kind = [](std::string_view text) { return TextKindOf(AsBytes(text)); };
  EXPECT_EQ(kind("\xef\xbb\xbf <!-- x --> <HTML>"), TextKind::kMarkup);
  EXPECT_EQ(kind("text <script>"), TextKind::kMarkup);
  EXPECT_EQ(kind("a <scripted> b"), TextKind::kPlain);
  EXPECT_EQ(kind("a < b"), TextKind::kPlain);
  EXPECT_EQ(kind("<?xml version='1.0'?>"), TextKind::kMarkup);
  EXPECT_EQ(kind(std::string_view("a\0b", 3)), TextKind::kBinary);
  EXPECT_EQ(kind(""), TextKind::kBinary);
}

TEST(EncodedTest, TruncatedAtEveryByteAndFlipped) {
  const std::string marker = Marker();
  const std::string object = "a=\"" + ToBase64(marker) + "\"+\"" + ToBase64(marker) + "\";\n" +
                             Each(marker, [](unsigned c) { return "chr(" + std::to_string(c) + ")."; }) + "\n(" +
                             Each(marker, [](unsigned c) { return std::to_string(c) + ","; }) + "1)\n" +
                             Each(marker, [](unsigned c) { return "\\x" + Hex2(c); });
  for (std::size_t n = 0; n < object.size(); ++n) {
    Listing listing;
    listing.Run(kEncoded, object.substr(0, n));
    std::string flipped = object;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << (n % 8)));
    Listing other;
    other.Run(kEncoded, flipped);
    EXPECT_LE(other.bytes(), 4 * object.size());
  }
}

TEST(EncodedTest, EncodedScriptsTruncatedAndFlipped) {
  const std::string script = "x = \"some script\" & Chr(64) ' <>@";
  const std::string encoded = ToEncodedScript(script);
  for (std::size_t n = 0; n < encoded.size(); ++n) {
    List(encoded.substr(0, n));
    std::string flipped = encoded;
    flipped[n] = static_cast<char>(static_cast<unsigned char>(flipped[n]) ^ (1u << n % 8));
    List(flipped);
  }
}

TEST(EncodedTest, TimeIsLinear) {
  for (const char* part : {"\"+\"", "+\"", "\"+", "chr(1).", "chr(", "1,", "0x1,", "A", "A\n", "\\x", "%u", "+'+\"",
                           "=", "word and other word ", "x=x+\"", "&"}) {
    std::string text;
    while (text.size() < 4u << 20) text += part;
    const auto begin = std::chrono::steady_clock::now();
    Listing listing(10, 1u << 20);
    listing.Run(kEncoded, text);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    EXPECT_LT(seconds, 5) << part;  // Of milliseconds, but for sanitizers and a busy machine.
  }
}

}  // namespace
}  // namespace dl::unpack
