#include "daylight/formats/elf/tlsh.h"

#include <gtest/gtest.h>

namespace dl::elf {
namespace {

// "0,1,4,9,16," and so on: `n` squares.
std::string Squares(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += (i > 0 ? "," : "") + std::to_string(i * i);
  return text;
}

// As Debian's libtlsh 3.4.4 computes them (it prints no version).
TEST(TlshTest, EqualsTheReferenceImplementation) {
  EXPECT_EQ(Tlsh(AsBytes(Squares(100))), "T148F0A35D427641BE77701CAD63433C505C5897287C887890F1A1BCA91C7FCD054917B6");
  EXPECT_EQ(Tlsh(AsBytes(Squares(400))), "T1914125D6103246BF77F50ED593522C08ACA4B93E2C407D50F290BEEE186EDE0548DA7B");
  EXPECT_EQ(Tlsh(AsBytes(Squares(3000))), "T1B8A28592113689BEB3F50ED6936629187C64B93F6C843D50E280BEEE1C6DDE0444DE7B");
}

TEST(TlshTest, FiftyBytesAreEnoughAndFewerAreNot) {
  const std::string text = "connect,getaddrinfo,inotify_add_watch,sendfile,uname";
  EXPECT_TRUE(Tlsh(AsBytes(text).first(kMinTlshBytes)));
  EXPECT_FALSE(Tlsh(AsBytes(text).first(kMinTlshBytes - 1)));
  EXPECT_FALSE(Tlsh({}));
}

TEST(TlshTest, UniformInputHasNoHash) {
  EXPECT_FALSE(Tlsh(AsBytes(std::string(100000, 'a'))));
  std::string period;
  for (int i = 0; i < 1000; ++i) period += "ab";
  EXPECT_FALSE(Tlsh(AsBytes(period)));
}

TEST(TlshTest, OneChangedByteLeavesASimilarHash) {
  std::string text = Squares(400);
  const std::string before = *Tlsh(AsBytes(text));
  text[1000] = 'x';
  const std::string after = *Tlsh(AsBytes(text));
  int different = 0;
  for (std::size_t i = 8; i < before.size(); ++i) different += before[i] != after[i];
  EXPECT_NE(before, after);
  EXPECT_LE(different, 8);
}

}  // namespace
}  // namespace dl::elf
