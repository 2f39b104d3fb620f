#include "daylight/match/atoms.h"

#include <gtest/gtest.h>

#include "daylight/match/byte_costs.h"

namespace dl::match {
namespace {

AtomSet OfText(std::string_view text) {
  const std::vector<std::uint8_t> values(text.begin(), text.end());
  return AtomsOfText(values, {}, {1, WindowUse()});
}

AtomSet OfRegexp(std::string_view source, bool wide = false) {
  const auto parsed = ParseRegexp(source, {});
  EXPECT_TRUE(parsed.has_value()) << source;
  const auto form = Normalize(parsed->root);
  EXPECT_TRUE(form.has_value());
  return AtomsOfTerm(form->root, wide, {1, WindowUse()});
}

// The window as text, e.g. "ABCD" for the folded "abcd".
std::string Window(const Atom& atom) {
  std::string out;
  for (std::uint32_t i = 0; i < atom.length; ++i) out += static_cast<char>(atom.window >> (8 * i) & 0xff);
  return out;
}

TEST(FoldTest, FoldsLettersAndNotZeros) {
  EXPECT_EQ(Fold('a'), Fold('A'));
  EXPECT_EQ(Fold('z'), Fold('Z'));
  EXPECT_NE(Fold(0), Fold(' '));
  EXPECT_NE(Fold('0'), Fold(0x10));
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto b = static_cast<std::uint8_t>(byte);
    EXPECT_EQ(Fold(Fold(b)), Fold(b));
    EXPECT_EQ(FoldWindow(byte | byte << 24), Fold(b) | static_cast<std::uint32_t>(Fold(b)) << 24);
  }
}

TEST(AtomsTest, TextsAvoidCommonWindows) {
  // Zeros, runs and words of the list of common windows lose.
  const std::string zeros = std::string(6, '\0') + "\x9f\x13\x77\xd2" + std::string(6, '\0');
  ASSERT_TRUE(OfText(zeros).found);
  EXPECT_GE(OfText(zeros).atoms[0].at, 4u);
  EXPECT_LE(OfText(zeros).atoms[0].at, 6u);
  EXPECT_GE(OfText(std::string("tion") + "\x9f\x13\x77\xd2\x8a\xb7\xe1\x95").atoms[0].at, 4u);
}

TEST(AtomsTest, WindowsWithKnownBytesBehindAreBetter) {
  // Not the last four, however rare, where eight bytes are to be had.
  EXPECT_EQ(OfText("qzxvkjwq").atoms[0].at, 0u);
  EXPECT_EQ(OfText("qzxvkjwq").atoms[0].before, 0u);
  EXPECT_LE(OfText("qzxvkjwqfbqx").atoms[0].at, 4u);
}

TEST(AtomsTest, EightBytesThatOtherTextsHaveAreAvoided) {
  // The first windows are as rare as the last ones, but a hundred texts have them.
  const std::string common = "qzxvkjwqfb";
  CommonEights eights(4000);
  const auto bytes_of = [](const std::string& text) { return std::vector<std::uint8_t>(text.begin(), text.end()); };
  for (int i = 0; i < 100; ++i) eights.Add(bytes_of(common));
  const std::vector<std::uint8_t> text = bytes_of(common + "\x9f\x13\x77\xd2\x8a\xb7\xe1\x95" + common);
  eights.Add(text);
  EXPECT_GT(eights.Share(text.data()), 0.00005);
  EXPECT_EQ(eights.Share(text.data() + common.size()), 0);
  const Atom atom = AtomsOfText(text, {}, {1, WindowUse(), &eights}).atoms[0];
  EXPECT_GT(atom.at, 2u);
  EXPECT_LT(atom.at, common.size() + 8);
}

TEST(AtomsTest, ShortTextsHaveShortWindows) {
  for (std::size_t size = 1; size <= 5; ++size) {
    const AtomSet set = OfText(std::string("qzxvk").substr(0, size));
    ASSERT_EQ(set.atoms.size(), 1u);
    EXPECT_EQ(set.atoms[0].length, std::min<std::size_t>(size, 4));
    EXPECT_EQ(set.atoms[0].bytes, size);
  }
}

TEST(AtomsTest, AnAtomComparesEightBytesAroundItsWindow) {
  const AtomSet set = OfText("0123456789ABCDEF");
  const Atom& atom = set.atoms[0];
  EXPECT_EQ(atom.mask, ~std::uint64_t{0});
  EXPECT_EQ(atom.bytes, 8u);
  const std::string around = std::string("0123456789ABCDEF").substr(atom.at - atom.before, 8);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(around[i])} << (8 * i);
  EXPECT_EQ(atom.value, value);
}

TEST(AtomsTest, OneAtomForEachXorKey) {
  const std::vector<std::uint8_t> text = {'q', 'z', 'x', 'v', 'k'};
  EXPECT_EQ(AtomsOfXorText(text, 0, 255, 1).atoms.size(), 256u);
  EXPECT_EQ(AtomsOfXorText(text, 7, 7, 1).atoms.size(), 1u);
  EXPECT_FALSE(AtomsOfXorText(text, 8, 7, 1).found);
}

TEST(AtomsTest, ExpressionsTakeTheBestRun) {
  EXPECT_EQ(Window(OfRegexp("a.*qzxv").atoms[0]), "QZXV");
  EXPECT_EQ(Window(OfRegexp("qzxv.*a").atoms[0]), "QZXV");
  EXPECT_EQ(Window(OfRegexp("(x|qzxv)+.*wkjq").atoms[0]), "WKJQ");
  EXPECT_EQ(Window(OfRegexp("q\\bzxv").atoms[0]), "QZXV");  // Assertions read nothing.
  EXPECT_EQ(Window(OfRegexp("(qz(xv))").atoms[0]), "QZXV");
}

TEST(AtomsTest, AlternativesAllHaveAtoms) {
  const AtomSet set = OfRegexp("(qzxv|wkjq|.jjjj)");
  ASSERT_EQ(set.atoms.size(), 3u);
  EXPECT_EQ(Window(set.atoms[2]), "JJJJ");
  EXPECT_FALSE(OfRegexp("(qzxv|.)").found);
  EXPECT_FALSE(OfRegexp("(qzxv)*").found);
  EXPECT_FALSE(OfRegexp("(qzxv)?").found);
  EXPECT_TRUE(OfRegexp("(qzxv)+").found);
}

TEST(AtomsTest, SmallClassesAreWrittenOut) {
  EXPECT_EQ(OfRegexp("[01]zxv").atoms.size(), 2u);
  EXPECT_EQ(OfRegexp("[Qq][Zz][Xx][Vv]").atoms.size(), 1u);  // One folded window.
  EXPECT_FALSE(OfRegexp(".+").found);
}

TEST(AtomsTest, WideWindowsMayBeginAtTheZero) {
  const AtomSet set = OfRegexp("qz", /*wide=*/true);
  ASSERT_EQ(set.atoms.size(), 1u);
  EXPECT_EQ(set.atoms[0].length, 4u);
  const bool at_zero = (set.atoms[0].window & 0xff) == 0;
  EXPECT_EQ(set.atoms[0].skip, at_zero ? 1u : 0u);
}

// With a stride of two: the second atom of each is a byte behind the first.
TEST(AtomsTest, WithAStrideOfTwoEveryAtomHasATwin) {
  const std::vector<std::uint8_t> text = {'q', 'z', 'x', 'v', 'k', 'j', 'w', 'q'};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const AtomSet set = AtomsOfText(std::span(text).first(size), {}, {2, WindowUse()});
    ASSERT_EQ(set.atoms.size(), size < 4 ? 1u : 2u) << size;
    EXPECT_EQ(set.atoms[0].in_filter, size >= 4);
    if (size < 4) continue;
    EXPECT_EQ(set.atoms[1].at, set.atoms[0].at + 1);
    EXPECT_EQ(set.atoms[0].length, 4u);
    EXPECT_EQ(set.atoms[1].length, size == 4 ? 3u : 4u);
    EXPECT_TRUE(set.atoms[1].in_filter);
  }
  EXPECT_EQ(AtomsOfXorText(text, 0, 255, 2).atoms.size(), 512u);
  EXPECT_EQ(AtomsOfXorText(std::span(text).first(3), 0, 255, 2).atoms.size(), 256u);
}

TEST(AtomsTest, WindowsInUseAreAvoided) {
  WindowUse use;
  const std::vector<std::uint8_t> text = {'s', 't', 'a', 'r', 't', 'e', 'd', 'o', 'n'};
  const Atom first = AtomsOfText(text, {}, {1, use}).atoms[0];
  for (int i = 0; i < 1000; ++i) use.Add(first.window, first.length);
  EXPECT_NE(AtomsOfText(text, {}, {1, use}).atoms[0].window, first.window);
}

}  // namespace
}  // namespace dl::match
