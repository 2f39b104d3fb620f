#include <gtest/gtest.h>

#include <string>

#include "daylight/crypto/digest.h"
#include "daylight/rules/clamav/cvd_testing.h"
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

// A folder with containers that are signed with keys of the test, as if they were ClamAV's.
class ClamavOfficialTest : public ::testing::Test {
 protected:
  using Members = std::vector<clamav::TestMember>;

  static void SetUpTestSuite() {
    header_key_ = new clamav::TestKey(1024, clamav::PublishedKeys().header.exponent);
    info_key_ = new clamav::TestKey(2048, clamav::PublishedKeys().info.exponent);
  }
  static void TearDownTestSuite() {
    delete header_key_;
    delete info_key_;
  }

  static std::string Cvd(const Members& members) {
    const std::string payload = clamav::Gzip(clamav::MakeTar(members));
    const auto md5 = crypto::Md5::Of(AsBytes(payload));
    return clamav::HeaderOf(crypto::Hex(md5), header_key_->Sign(md5)) + payload;
  }
  // A .cld, or with no key a .cud.
  static std::string Cld(Members members, const clamav::TestKey* key) {
    members.insert(members.begin(), {"x.info", clamav::InfoOf(members, key)});
    return clamav::HeaderOf("X", "X") + clamav::MakeTar(members);
  }

  void Add(std::string name, std::string content) { files_.push_back({std::move(name), std::move(content)}); }

  void Open() {
    const clamav::SigningKeys keys{header_key_->Public(), info_key_->Public()};
    ClamavJob job;
    job.source_name = "tests";
    job.allow_unsigned = true;
    job.signing_keys = &keys;
    for (const clamav::TestMember& file : files_) job.files.push_back({"db/" + file.name, AsBytes(file.content)});
    database::Writer writer;
    const ClamavAnswer answer = CompileClamav(job, writer);
    ASSERT_FALSE(answer.failed) << (answer.diagnostics.empty() ? "" : answer.diagnostics[0].text);
    engine_ = EngineOf(writer.Finish());
  }

  // The names as clamscan has them.
  std::string Names(std::string_view text) const {
    std::string names;
    for (const report::Detection& detection : ScanText(engine_, text).detections) {
      names += (names.empty() ? "" : " ") + detection.rule + (detection.official ? "" : ".UNOFFICIAL");
    }
    return names;
  }

  static std::string Body(std::string_view name, std::string_view text) {
    return std::string(name) + ":0:*:" + Hex(text) + "\n";
  }
  static std::string Logical(std::string_view name, std::string_view text) {
    return std::string(name) + ";Engine:81-255,Target:0;0;" + Hex(text) + "\n";
  }
  static std::string Digest(std::string_view name, std::string_view text) {
    return crypto::Hex(crypto::Md5::Of(AsBytes(text))) + ":" + std::to_string(text.size()) + ":" + std::string(name) +
           "\n";
  }

  static clamav::TestKey* header_key_;
  static clamav::TestKey* info_key_;
  Members files_;
  std::shared_ptr<const Engine> engine_;
};
clamav::TestKey* ClamavOfficialTest::header_key_ = nullptr;
clamav::TestKey* ClamavOfficialTest::info_key_ = nullptr;

TEST_F(ClamavOfficialTest, SignaturesOfSignedContainersAre) {
  // All kinds from all kinds of files, in an order in which signed ones are first, last, side by side and apart.
  const auto members = [](const std::string& from) {
    return Members{{"x.ndb", Body(from + ".Body", "<" + from + " body")},
                   {"x.hdb", Digest(from + ".Digest", from + " digest of all")},
                   {"x.ldb", Logical(from + ".Logical", "<" + from + " logical")}};
  };
  Add("a.cvd", Cvd(members("Cvd")));
  Add("b.cld", Cld(members("Cld"), info_key_));
  for (const auto& member : members("Loose")) Add("c" + member.name.substr(1), member.content);
  Add("d.cld", Cld(members("OtherCld"), info_key_));
  Add("e.cud", Cld(members("Cud"), nullptr));
  Add("f.cld", Cld(members("UnsignedCld"), nullptr));
  Add("g.cvd", clamav::HeaderOf("X", "X") + clamav::MakeTar(members("UnsignedCvd")));
  Add("h.cvd", Cvd(members("LastCvd")));
  Open();
  for (const std::string from : {"Cvd", "Cld", "OtherCld", "LastCvd"}) {
    EXPECT_EQ(Names("the <" + from + " body"), from + ".Body");
    EXPECT_EQ(Names(from + " digest of all"), from + ".Digest");
    EXPECT_EQ(Names("the <" + from + " logical"), from + ".Logical");
  }
  for (const std::string from : {"Loose", "Cud", "UnsignedCld", "UnsignedCvd"}) {
    EXPECT_EQ(Names("the <" + from + " body"), from + ".Body.UNOFFICIAL");
    EXPECT_EQ(Names(from + " digest of all"), from + ".Digest.UNOFFICIAL");
    EXPECT_EQ(Names("the <" + from + " logical"), from + ".Logical.UNOFFICIAL");
  }
}

TEST_F(ClamavOfficialTest, TwoSignaturesOfOneNameAreEachTheirFiles) {
  Add("a.ndb", Body("Test.Same", "not of ClamAV"));
  Add("b.cvd", Cvd({{"x.ndb", Body("Test.Same", "of ClamAV itself")}}));
  Open();
  EXPECT_EQ(Names("this is not of ClamAV at all"), "Test.Same.UNOFFICIAL");
  EXPECT_EQ(Names("this is of ClamAV itself"), "Test.Same");
  // The name is told once: of the first that matches.
  EXPECT_EQ(Names("this is of ClamAV itself, and this not of ClamAV"), "Test.Same");
  EXPECT_EQ(Names("this is not of ClamAV, and this of ClamAV itself"), "Test.Same.UNOFFICIAL");
}

TEST_F(ClamavOfficialTest, IgnoreListsNameThemWithoutTheSuffix) {
  Add("a.ndb", Body("Test.Loose", "a loose one") + Body("Test.Kept", "a loose one that stays"));
  Add("b.cvd", Cvd({{"x.ndb", Body("Test.Signed", "a signed one") + Body("Test.Left", "a signed one that stays")}}));
  Add("z.ign2", "Test.Loose\nTest.Signed\n");
  Open();
  EXPECT_EQ(Names("here is a loose one"), "");
  EXPECT_EQ(Names("here is a signed one"), "");
  EXPECT_EQ(Names("here is a loose one that stays"), "Test.Kept.UNOFFICIAL");
  EXPECT_EQ(Names("here is a signed one that stays"), "Test.Left");
}

TEST_F(ClamavOfficialTest, HeuristicsOfLinksAreOfficialWhereverTheListsComeFrom) {
  Add("a.pdb", "H:bank.example.com\n");
  Open();
  EXPECT_EQ(Names("Received: from a by b\nFrom: a@b.c\nContent-Type: text/html\n\n"
                  "<a href=\"http://evil.example.org/x\">http://bank.example.com/</a>\n"),
            "Heuristics.Phishing.Email.SpoofedDomain");
}

TEST_F(ClamavOfficialTest, RulesOfYaraAreNot) {
  Add("a.cvd", Cvd({{"x.yar", "rule InACvd { strings: $a = \"in a container\" condition: $a }"}}));
  Add("b.yar", "rule Loose { strings: $a = \"beside it\" condition: $a }");
  Open();
  EXPECT_EQ(Names("what is in a container"), "InACvd.UNOFFICIAL");
  EXPECT_EQ(Names("what is beside it"), "Loose.UNOFFICIAL");
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
