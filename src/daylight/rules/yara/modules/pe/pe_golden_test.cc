// The facts of every sample in tests/golden/pe, as text beside it.
#include <gtest/gtest.h>

#include "daylight/crypto/digest.h"
#include "golden.h"
#include "module_context.h"

namespace dl::yara {

extern const ModuleInfo module_pe;

namespace {

const std::filesystem::path kSamples = DAYLIGHT_SOURCE_DIR "/tests/golden/pe";

TEST(PeGoldenTest, FactsOfEverySample) {
  ASSERT_TRUE(crypto::Init());
  int samples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kSamples)) {
    if (entry.path().extension() != ".pe" && entry.path().extension() != ".hex") continue;
    const testing::Assembled sample = testing::LoadSample(entry.path());
    ASSERT_EQ(sample.error, "") << entry.path();
    testing::ModuleTestContext context(sample.bytes);
    const std::string facts = DumpFacts("pe", context.Load(module_pe));
    EXPECT_EQ(testing::ExpectedText(std::filesystem::path(entry.path()).replace_extension(".facts"), facts), facts)
        << entry.path();
    ++samples;
  }
  EXPECT_GE(samples, 5);
}

TEST(PeGoldenTest, OneFlippedByteOfTheFileUndoesItsSignatures) {
  const testing::Assembled sample = testing::LoadSample(kSamples / "signed_nested.hex");
  ASSERT_EQ(sample.error, "");
  std::vector<std::byte> bytes = sample.bytes;
  bytes[0x200] ^= std::byte{1};  // The only instruction.
  testing::ModuleTestContext context(bytes);
  const StructValue& root = context.Load(module_pe);
  EXPECT_EQ(root.Get("number_of_signatures").integer, 2);
  EXPECT_EQ(root.Get("is_signed").integer, 0);
  for (int i = 0; i < 2; ++i) {
    const StructValue& signature = *root.Get("signatures").array->at(i).structure;
    EXPECT_EQ(signature.Get("verified").integer, 0);
    EXPECT_NE(signature.Get("digest").string, signature.Get("file_digest").string);
    // The countersignature covers the signature, which is still intact.
    EXPECT_EQ(signature.Get("countersignatures").array->at(0).structure->Get("verified").integer, 1);
  }
}

// Bytes of the certificate table are flipped. Whatever breaks, the table cannot
// be made to say more than it did, and most of it is covered by a signature.
TEST(PeGoldenTest, FlippedBytesOfTheTableNeverAddASignature) {
  constexpr std::size_t kTable = 0x400;
  constexpr std::size_t kStep = 11;
  const testing::Assembled sample = testing::LoadSample(kSamples / "signed_cms.hex");
  ASSERT_EQ(sample.error, "");
  std::vector<std::byte> bytes = sample.bytes;
  std::size_t flips = 0, still_verified = 0;
  for (std::size_t i = kTable; i < bytes.size(); i += kStep, ++flips) {
    bytes[i] ^= std::byte{0x21};
    testing::ModuleTestContext context(bytes);
    const StructValue& root = context.Load(module_pe);
    EXPECT_LE(root.Get("number_of_signatures").integer, 1);
    still_verified += root.Get("is_signed").integer == 1 ? 1u : 0u;
    bytes[i] ^= std::byte{0x21};
  }
  // Uncovered: the table's header and padding, the time stamp, and what a
  // certificate says beside its key and the names that lead to it.
  EXPECT_LT(still_verified, flips * 3 / 4);
  EXPECT_GT(still_verified, 0u);
}

}  // namespace
}  // namespace dl::yara
