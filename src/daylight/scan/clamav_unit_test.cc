#include <gtest/gtest.h>

#include <string>

#include "daylight/crypto/digest.h"
#include "daylight/rules/clamav/format.h"
#include "daylight/scan/scan_testing.h"

namespace dl::scan {
namespace {

report::ObjectReport ScanText(const std::shared_ptr<const Engine>& engine, std::string_view text) {
  Scanner scanner(engine, {});
  MemorySource source(AsBytes(text));
  return scanner.Scan(source, {});
}

std::string Hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

TEST(ClamavUnitTest, NamesWhatItFinds) {
  const auto engine =
      EngineOf(CompileSignatures("x.ldb", "Test.A;Target:0;0&1;" + Hex("first") + ";" + Hex("second") + "\n"));
  EXPECT_EQ(Summary(ScanText(engine, "first and second")), "detected\nTest.A\n");
  EXPECT_EQ(Summary(ScanText(engine, "first and last of all")), "clean\n");
}

// Enough signatures for many pages, so that one of them can be damaged and the
// database still opens.
std::string ManySignatures() {
  std::string lines;
  for (int i = 0; i < 4000; ++i) {
    const std::string word = "word" + std::to_string(10000 + i);
    lines += "Test." + word + ";Target:0;0;" + Hex(word + " and some more of it, so that it is long") + "\n";
  }
  return lines;
}

std::vector<std::byte> WithDamage(std::vector<std::byte> bytes, database::SectionKind kind) {
  auto database = database::Database::FromBytes(Bytes(bytes));
  DL_CHECK(database.has_value());
  for (const database::SectionInfo& section : (*database)->sections()) {
    if (section.kind == kind) bytes[section.offset + section.size / 2] ^= std::byte{1};
  }
  return bytes;
}

TEST(ClamavUnitTest, DamageIsToldForEachObjectFromThenOn) {
  const auto engine = EngineOf(WithDamage(CompileSignatures("x.ldb", ManySignatures()), clamav::kSectionSignatures));
  EXPECT_EQ(Summary(ScanText(engine, "nothing of this is looked up")), "clean\n");
  // In the middle of the section, on the damaged page.
  const std::string object = "word12000 and some more of it, so that it is long";
  const report::ObjectReport report = ScanText(engine, object);
  EXPECT_EQ(report.verdict, report::Verdict::kIncomplete);
  ASSERT_EQ(report.incomplete.size(), 2u);
  EXPECT_EQ(report.incomplete[0].reason, "database");
  EXPECT_EQ(report.incomplete[0].detail, "the database is damaged (page checksum)");
  EXPECT_EQ(Summary(ScanText(engine, "nothing of this is looked up")),
            "incomplete\nincomplete database: the database is damaged\n");
}

std::string DigestsOf(std::string_view text, std::size_t from) {
  std::string lines;
  for (std::size_t kind = from; kind < crypto::kDigestKinds.size(); ++kind) {
    const auto value = crypto::AnyDigest::Of(crypto::kDigestKinds[kind], AsBytes(text));
    lines += crypto::Hex(value.view()) + ":" + std::to_string(text.size()) + ":Test." + std::to_string(kind) + "\n";
  }
  return lines;
}

TEST(ClamavUnitTest, DigestsOfEveryKindFromEveryKindOfSource) {
  const std::string text(100'000, 'x');
  const auto engine = EngineOf(CompileSignatures("x.hsb", DigestsOf(text, 0)));
  const std::string found = "detected\nTest.0\nTest.1\nTest.2\n";
  EXPECT_EQ(Summary(ScanText(engine, text)), found);
  Scanner scanner(engine, {});
  StreamSource stream = MakeStream(text, 5000, {.window_bytes = 8192, .head_bytes = 4096, .tail_bytes = 4096});
  // It is text, whose other forms need all of it.
  EXPECT_EQ(Summary(scanner.Scan(stream, {})).substr(0, found.size()), found);
  const int fd = MemoryFile(text);
  GrowingBuffer scratch;
  DescriptorSource windows(fd, text.size(), scratch, {.copy_limit_bytes = 1000, .window_bytes = 8192});
  EXPECT_EQ(Summary(scanner.Scan(windows, {})), found);
  ::close(fd);
  EXPECT_EQ(Summary(ScanText(engine, text + "y")), "clean\n");
}

TEST(ClamavUnitTest, LinksOfMailsAreCheckedThoughNothingElseIsFound) {
  const auto engine = EngineOf(CompileSignatures("x.pdb", "H:bank.example.com\n"));
  const std::string head = "Received: from a by b\nFrom: a@b.c\nContent-Type: text/html\n\n";
  const std::string good = head + "<a href=\"http://bank.example.com/x\">http://bank.example.com/</a>\n";
  const std::string bad = head + "<a href=\"http://evil.example.org/x\">http://bank.example.com/</a>\n";
  EXPECT_EQ(Summary(ScanText(engine, good)), "clean\n");
  EXPECT_EQ(Summary(ScanText(engine, bad)), "detected\nHeuristics.Phishing.Email.SpoofedDomain\n");
}

TEST(ClamavUnitTest, FormsOfVeryLargeTextAreNotMade) {
  const auto engine = EngineOf(CompileSignatures("x.ldb", "Test.A;Target:7;0;" + Hex("not in it") + "\n"));
  Scanner scanner(engine, {});
  // A form needs all of the stream, which is not kept.
  const auto scan = [&](std::size_t size) {
    const std::string text(size, 'x');
    StreamSource stream = MakeStream(text, std::size_t{1} << 20, {});
    return scanner.Scan(stream, {}).verdict;
  };
  constexpr std::size_t kLimit = std::size_t{100} << 20;
  EXPECT_EQ(scan(kLimit), report::Verdict::kIncomplete);
  EXPECT_EQ(scan(kLimit + 1), report::Verdict::kClean);
}

}  // namespace
}  // namespace dl::scan
