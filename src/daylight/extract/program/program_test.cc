#include "daylight/extract/program/program.h"

#include <gtest/gtest.h>

#include "daylight/crypto/digest.h"
#include "golden.h"

namespace dl::extract {
namespace {

std::vector<std::byte> Sample(const std::string& name) {
  testing::Assembled sample = testing::LoadSample(DAYLIGHT_SOURCE_DIR "/tests/golden/pe/" + name);
  EXPECT_EQ(sample.error, "") << name;
  return std::move(sample.bytes);
}

report::ProgramFact FactOf(Bytes bytes, bool hash = true) {
  EXPECT_TRUE(crypto::Init());
  std::vector<report::ProgramFact> told;
  Facts facts([&](report::SoftwareFacts&& piece, bool) {
    for (report::ProgramFact& fact : piece.programs) told.push_back(std::move(fact));
    EXPECT_TRUE(piece.unread.empty());
    return true;
  });
  MemorySource source(bytes);
  ReadProgram(source, {3, "a/b", report::Presence::kDeleted}, hash, facts);
  facts.Finish();
  EXPECT_EQ(told.size(), 1u);
  if (told.empty()) return {};
  EXPECT_EQ(told[0].place.path, "a/b");
  EXPECT_EQ(told[0].place.root, 3u);
  EXPECT_EQ(told[0].place.presence, report::Presence::kDeleted);
  EXPECT_EQ(told[0].size, bytes.size());
  EXPECT_EQ(told[0].sha256.has_value(), hash);
  return told[0];
}

TEST(ProgramTest, KindsByTheirFirstBytes) {
  using namespace std::string_view_literals;
  using report::ProgramKind;
  const auto kind = [](std::string_view head) { return ProgramKindOf(AsBytes(head)); };
  EXPECT_EQ(kind("\x7f"
                 "ELF"sv),
            ProgramKind::kElf);
  EXPECT_EQ(kind("MZ"sv), ProgramKind::kPe);
  EXPECT_EQ(kind("\xcf\xfa\xed\xfe\x07"sv), ProgramKind::kMachO);
  EXPECT_EQ(kind("\xfe\xed\xfa\xce"sv), ProgramKind::kMachO);
  EXPECT_EQ(kind("\xca\xfe\xba\xbe\0\0\0\x02"sv), ProgramKind::kMachO);
  EXPECT_EQ(kind("\xca\xfe\xba\xbe\0\0\0\x34"sv), std::nullopt);  // A Java class.
  EXPECT_EQ(kind("\xca\xfe\xba\xbe"sv), std::nullopt);
  for (const std::string_view other : {""sv, "M"sv, "#!/bin/sh"sv,
                                       "\x7f"
                                       "EL"sv}) {
    EXPECT_EQ(kind(other), std::nullopt);
  }
}

TEST(ProgramTest, ElfIsKindSizeAndHash) {
  const std::string elf = std::string("\x7f") + "ELF and more";
  const report::ProgramFact fact = FactOf(AsBytes(elf));
  EXPECT_EQ(fact.kind, report::ProgramKind::kElf);
  EXPECT_EQ(crypto::Hex(std::as_bytes(std::span(*fact.sha256))), crypto::Hex(crypto::Sha256::Of(AsBytes(elf))));
  FactOf(AsBytes(elf), /*hash=*/false);
  const report::ProgramFact old = FactOf(AsBytes(std::string_view("MZ")));
  EXPECT_EQ(old.kind, report::ProgramKind::kPe);
  EXPECT_TRUE(old.signers.empty());
}

// tests/golden/pe/*.facts, made with osslsigncode, have the same certificates.
TEST(ProgramTest, SignersAreWhoSigned) {
  const report::ProgramFact fact = FactOf(Sample("signed_cms.hex"));
  ASSERT_EQ(fact.signers.size(), 1u);
  const report::Signer& signer = fact.signers[0];
  EXPECT_TRUE(signer.verified);
  EXPECT_EQ(signer.thumbprint.size(), 40u);
  EXPECT_NE(signer.subject.find("CN=" + signer.common_name), std::string::npos) << signer.subject;
  EXPECT_FALSE(signer.common_name.empty());
  EXPECT_FALSE(signer.issuer.empty());
  if (signer.subject.find("/O=") != std::string::npos) {
    EXPECT_FALSE(signer.organization.empty());
  }
}

TEST(ProgramTest, AllSignaturesAreTold) {
  const report::ProgramFact fact = FactOf(Sample("signed_nested.hex"));
  ASSERT_GE(fact.signers.size(), 2u);
  // In its subject this name looks like two.
  EXPECT_EQ(fact.signers[0].organization, "Daylight A/B Test");
  EXPECT_EQ(fact.signers[0].common_name, "Daylight Test Signer");
  EXPECT_EQ(fact.signers[0].thumbprint, "95e785d6e300353c57298bf19e83b45fe78931b3");
}

TEST(ProgramTest, ASignatureOfAnotherFileIsNotVerified) {
  std::vector<std::byte> bytes = Sample("signed_cms.hex");
  // A byte of the code.
  bytes[0x210] ^= std::byte{1};
  const report::ProgramFact fact = FactOf(bytes);
  ASSERT_EQ(fact.signers.size(), 1u);
  EXPECT_FALSE(fact.signers[0].verified);
  EXPECT_FALSE(fact.signers[0].common_name.empty());
}

TEST(ProgramTest, CutAtEveryByte) {
  const std::vector<std::byte> bytes = Sample("signed_cms.hex");
  for (std::size_t size = 2; size < bytes.size(); size += size < 1024 ? 1 : 7) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    for (const report::Signer& signer : FactOf(cut).signers) EXPECT_FALSE(signer.verified) << size;
  }
}

// What anyone may write, as characters and not as the low bytes of them.
TEST(ProgramTest, VersionInformation) {
  const report::ProgramFact fact = FactOf(Sample("full32.pe"));
  EXPECT_TRUE(fact.signers.empty());
  EXPECT_EQ(fact.company, "Example");
  EXPECT_EQ(fact.version, "1.2.3");
}

}  // namespace
}  // namespace dl::extract
