#include <gtest/gtest.h>

#include <map>

#include "daylight/scan/scan_testing.h"
#include "daylight/unpack/archive/archive_testing.h"
#include "daylight/unpack/ole/compound_testing.h"
#include "daylight/unpack/ole/encrypted_testing.h"

namespace dl::scan {
namespace {

using unpack::Compress;
using unpack::Entries;
using unpack::MakeArchive;

constexpr std::string_view kRules =
    "rule needle { strings: $a = \"needle\" condition: $a }\n"
    "rule named { condition: filename == \"b.exe\" and extension == \".exe\" and filetype == \"EXE\" }\n";

report::ScanSettings Settings() {
  report::ScanSettings settings;
  settings.budget = {0, 0, 16, 100000, 0};
  return settings;
}

report::ObjectReport Scan(const std::string& object, const report::ScanSettings& settings = Settings(),
                          std::string_view rules = kRules, Deadline deadline = {}) {
  // Compiling takes longer than scanning.
  static std::map<std::string_view, std::shared_ptr<const Engine>> engines;
  std::shared_ptr<const Engine>& engine = engines[rules];
  if (engine == nullptr) {
    std::vector<report::ExternalValue> externals;
    for (const char* name : {"filename", "extension", "filetype"}) {
      externals.push_back({name, report::ExternalValue::Kind::kString, 0, 0, ""});
    }
    auto compiled = CompileEngine(rules, false, externals);
    DL_CHECK(compiled.has_value());
    engine = *compiled;
  }
  Scanner scanner(engine, settings);
  MemorySource source(AsBytes(object));
  report::ObjectNames names;
  names.object = "top";
  names.filename = "top.bin";
  return scanner.Scan(source, names, 0, deadline);
}

// "verdict: rule@object ... object!reason ..."
std::string Say(const report::ObjectReport& report) {
  std::string text(report::VerdictName(report.verdict));
  for (const auto& detection : report.detections) text += " " + detection.rule + "@" + detection.object;
  for (const auto& incomplete : report.incomplete) text += " " + incomplete.object + "!" + incomplete.reason;
  return text;
}

std::string Zip(const Entries& entries) { return MakeArchive(ARCHIVE_FORMAT_ZIP, entries); }

TEST(DescentTest, ChildrenAreScannedUnderTheirNames) {
  EXPECT_EQ(Say(Scan(Zip({{"a.txt", "a needle"}, {"b.exe", "MZ"}}))), "detected needle@top//a.txt named@top//b.exe");
  EXPECT_EQ(Say(Scan(Zip({{"a.txt", "nothing"}}))), "clean");
  // The digest is that of the file.
  const auto report = Scan(Zip({{"a.txt", "a needle"}}));
  report::ScanSettings hashed = Settings();
  hashed.hash_all = true;
  EXPECT_TRUE(report.sha256.has_value());
  EXPECT_EQ(report.sha256, Scan(Zip({{"a.txt", "a needle"}}), hashed).sha256);
}

TEST(DescentTest, NestedInEveryPairing) {
  const std::vector<std::pair<std::string, std::function<std::string(const std::string&)>>> kinds = {
      {"zip",
       [](const std::string& x) {
         return Zip({{"x", x}});
       }},
      {"7z",
       [](const std::string& x) {
         return MakeArchive(ARCHIVE_FORMAT_7ZIP, {{"x", x}});
       }},
      {"tar",
       [](const std::string& x) {
         return MakeArchive(ARCHIVE_FORMAT_TAR_USTAR, {{"x", x}});
       }},
      {"cpio",
       [](const std::string& x) {
         return MakeArchive(ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, {{"x", x}});
       }},
      {"gz", [](const std::string& x) { return Compress(ARCHIVE_FILTER_GZIP, x); }},
      {"xz", [](const std::string& x) { return Compress(ARCHIVE_FILTER_XZ, x); }},
      {"zst", [](const std::string& x) { return Compress(ARCHIVE_FILTER_ZSTD, x); }},
  };
  for (const auto& [a, outer] : kinds) {
    for (const auto& [b, middle] : kinds) {
      for (const auto& [c, inner] : kinds) {
        const auto report = Scan(outer(middle(inner("a needle"))));
        EXPECT_EQ(report.verdict, report::Verdict::kDetected) << a << " " << b << " " << c << " " << Say(report);
        EXPECT_TRUE(report.incomplete.empty()) << a << " " << b << " " << c << " " << Say(report);
      }
    }
  }
}

TEST(DescentTest, DepthChildrenAndTotalAreLimits) {
  report::ScanSettings settings = Settings();
  settings.budget.max_depth = 2;
  EXPECT_EQ(Say(Scan(Zip({{"a", Zip({{"b", "needle"}})}}), settings)), "detected needle@top//a//b");
  EXPECT_EQ(Say(Scan(Zip({{"a", Zip({{"b", Zip({{"c", "needle"}})}})}}), settings)), "incomplete top//a//b!max-depth");
  settings = Settings();
  settings.budget.max_children = 2;
  EXPECT_EQ(Say(Scan(Zip({{"a", "needle"}, {"b", "1"}, {"c", "2"}}), settings)),
            "detected needle@top//a top!max-children");
  settings = Settings();
  settings.budget.max_total_bytes = 100;
  EXPECT_EQ(Say(Scan(Zip({{"a", "needle"}, {"b", std::string(200, 'b')}, {"c", "2"}}), settings)),
            "detected needle@top//a top//b!max-total");
}

TEST(DescentTest, PastTheDeadlineNothingIsOpened) {
  const std::string tar = MakeArchive(ARCHIVE_FORMAT_TAR_USTAR, {{"a", "a needle"}});
  const auto now = Deadline::Clock::now();
  const auto say = [&](const std::string& object, Deadline deadline) {
    return Say(Scan(object, Settings(), kRules, deadline));
  };
  // The object itself is read by then.
  EXPECT_EQ(say(tar, {now, now}), "detected needle@top top!timeout");
  EXPECT_EQ(say("nothing", {now, now}), "incomplete top!timeout");
  EXPECT_EQ(say(tar, {now + std::chrono::hours(1), now + std::chrono::hours(1)}), "detected needle@top needle@top//a");
  EXPECT_FALSE(Deadline::Before(0).has_passed());
  EXPECT_FALSE(Deadline::Before(60'000).has_passed());
  EXPECT_TRUE(Deadline(now, now).has_passed());
}

// The deadline passes while the object is read: what it begins with is looked at.
TEST(DescentTest, ALastLookAtWhatIsTooLongToBeRead) {
  const std::string tar =
      MakeArchive(ARCHIVE_FORMAT_TAR_USTAR, {{"a", "a needle"}, {"b", std::string(20u << 20, 'b')}});
  const int fd = MemoryFile(tar);
  const auto engine = CompileEngine("rule needle { strings: $a = \"needle\" condition: $a }");
  ASSERT_TRUE(engine);
  report::ScanSettings settings = Settings();
  settings.hash_all = true;
  Scanner scanner(*engine, settings);
  GrowingBuffer scratch;
  DescriptorSource source(fd, tar.size(), scratch, {});
  report::ObjectNames names;
  names.object = "top";
  const auto now = Deadline::Clock::now();
  const auto report = scanner.Scan(source, names, 0, {now, now + std::chrono::hours(1)});
  EXPECT_EQ(Say(report), "detected needle@top//a top!timeout");
  EXPECT_EQ(report.size, tar.size());
  DescriptorSource again(fd, tar.size(), scratch, {});
  EXPECT_EQ(report.sha256, scanner.Scan(again, names).sha256);
  ::close(fd);
}

// And while an archive is unpacked that another one holds.
TEST(DescentTest, ALastLookAtAnArchiveThatIsCutByTime) {
  const std::string tar =
      MakeArchive(ARCHIVE_FORMAT_TAR_USTAR, {{"a", "a needle"}, {"b", std::string(100u << 20, 'b')}});
  const std::string gz = Compress(ARCHIVE_FILTER_GZIP, tar);
  std::string text;
  // The first that is not over before anything is unpacked is over long before all is.
  for (int ms = 1; ms < 10'000 && text.find("content") == std::string::npos; ms *= 2) {
    const auto now = Deadline::Clock::now();
    text = Say(Scan(gz, Settings(), kRules, {now + std::chrono::milliseconds(ms), now + std::chrono::hours(1)}));
  }
  EXPECT_EQ(text, "detected needle@top//content needle@top//content//a top//content!timeout");
}

TEST(DescentTest, NoUnpacking) {
  report::ScanSettings settings = Settings();
  settings.budget.max_depth = 0;
  EXPECT_EQ(Say(Scan(Compress(ARCHIVE_FILTER_GZIP, "a needle"), settings)), "clean");
}

TEST(DescentTest, FarMoreThanAnHonestFileHolds) {
  const std::string zeros = Compress(ARCHIVE_FILTER_ZSTD, std::string(300u << 20, '\0'));
  EXPECT_EQ(Say(Scan(zeros)), "incomplete top//content!max-ratio");
}

// A disc whose one file is, by its place and size, the disc itself.
TEST(DescentTest, WhatContainsItselfIsReadOnce) {
  constexpr std::string_view kSize("\x39\x30\0\0\0\0\x30\x39", 8);  // 12,345, in both byte orders.
  std::string disc = MakeArchive(ARCHIVE_FORMAT_ISO9660, {{"a", "needle" + std::string(12339, 'a')}});
  const auto both = [](std::uint32_t value) {
    std::string out;
    for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    for (unsigned i = 4; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
  };
  std::size_t records = 0;
  for (std::size_t at = disc.find(kSize); at != std::string::npos; at = disc.find(kSize, at + 1)) {
    disc.replace(at - 8, 8, both(0));
    disc.replace(at, 8, both(static_cast<std::uint32_t>(disc.size())));
    ++records;
  }
  ASSERT_GT(records, 0u);
  EXPECT_EQ(Say(Scan(disc)), "detected needle@top needle@top//a");
}

TEST(DescentTest, PasswordsOfTheUserAndTheUsualOnes) {
  const auto zip = [](const char* password) {
    return MakeArchive(ARCHIVE_FORMAT_ZIP, {{"a", "a needle"}}, "zip:encryption=aes256", password);
  };
  EXPECT_EQ(Say(Scan(zip("infected"))), "detected needle@top//a");
  EXPECT_EQ(Say(Scan(zip("Tr0ub4dor"))), "incomplete top//a!encrypted");
  report::ScanSettings settings = Settings();
  settings.passwords = {"Tr0ub4dor"};
  EXPECT_EQ(Say(Scan(zip("Tr0ub4dor"), settings)), "detected needle@top//a");
}

TEST(DescentTest, DerivingKeysHasABudget) {
  unpack::EncryptedDocument document = unpack::MakeEncrypted(true, "Tr0ub4dor", "");
  const std::string spins = "spinCount=\"1000\"";
  document.info.replace(document.info.find(spins), spins.size(), "spinCount=\"990000\"");
  const std::string file =
      unpack::MakeCompound({{u"EncryptionInfo", document.info}, {u"EncryptedPackage", document.package}});
  // Seven passwords for the first, three for the second.
  const auto begin = Deadline::Clock::now();
  EXPECT_EQ(Say(Scan(Zip({{"a", file}, {"b", file}, {"c", file}}))),
            "incomplete top//a//EncryptedPackage!encrypted top//b//EncryptedPackage!budget "
            "top//c//EncryptedPackage!budget");
  EXPECT_LT(Deadline::Clock::now() - begin, std::chrono::seconds(60));
}

TEST(DescentTest, PasswordsThatAMailNames) {
  const std::string zip = MakeArchive(ARCHIVE_FORMAT_ZIP, {{"a", "a needle"}}, "zip:encryption=aes256", "Qx7-blue");
  const std::string hex = [&] {
    std::string out;
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    for (const char c : zip) {
      const auto byte = static_cast<unsigned char>(c);
      out += '=';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
      if (out.size() % 72 == 0) out += "=\r\n";
    }
    return out;
  }();
  const auto mail = [&](const std::string& text) {
    return "From: a@example.com\r\nTo: b@example.com\r\nSubject: invoice\r\nMIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\n" +
           text +
           "\r\n--cut\r\nContent-Type: application/zip; name=i.zip\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
           hex + "\r\n--cut--\r\n";
  };
  EXPECT_EQ(Say(Scan(mail("The password is Qx7-blue"))), "detected needle@top//i.zip//a");
  EXPECT_EQ(Say(Scan(mail("No word of it"))), "incomplete top//i.zip//a!encrypted");
}

TEST(DescentTest, WhatIsLargerThanMemoryIsScannedAsItPasses) {
  // 300 MiB that do not compress below a 200th.
  std::string large(300u << 20, '\0');
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < large.size(); i += 64) {
    state = state * 1664525 + 1013904223;
    large[i] = static_cast<char>(state >> 24);
  }
  // Only the rule sees the two halves together.
  large.replace(large.size() - 100, 7, "needles");
  EXPECT_EQ(Say(Scan(Compress(ARCHIVE_FILTER_GZIP, large), Settings(),
                     "rule a { strings: $a = \"needles\" condition: $a and filesize > 200MB }")),
            "detected a@top//content");
}

TEST(DescentTest, EncodedRunsInTextThatIsLargerThanMemoryAreTold) {
  std::string text(210u << 20, '\n');
  for (std::size_t i = 0; i < text.size(); i += 40) text.replace(i, 30, "a line of some log, and so on ");
  EXPECT_EQ(Say(Scan(Compress(ARCHIVE_FILTER_GZIP, text))), "clean");
  std::string hex;
  for (int i = 0; i < 200; ++i) hex += std::string{"0123456789abcdef"[i % 16], "fedcba98"[i % 7]};
  text.replace(210'000'000, hex.size() + 18, "\"4d5a900003000000" + hex + "\"");
  EXPECT_EQ(Say(Scan(Compress(ARCHIVE_FILTER_GZIP, text))), "incomplete top//content!max-memory");
}

TEST(DescentTest, SignaturesKnowWhatTheirObjectLiesIn) {
  const auto engine = EngineOf(
      CompileSignatures("x.ldb",
                        "InZip;Engine:81-255,Container:CL_TYPE_ZIP,Target:0;0;6e6565646c65\n"
                        "InGz;Engine:81-255,Container:CL_TYPE_GZ,Target:0;0;6e6565646c65\n"
                        "ZipInGz;Engine:81-255,Intermediates:CL_TYPE_GZ>CL_TYPE_ZIP,Target:0;0;6e6565646c65\n"));
  Scanner scanner(engine, Settings());
  const auto names_in = [&](const std::string& object) {
    MemorySource source(AsBytes(object));
    report::ObjectNames names;
    names.object = "top";
    std::string all;
    for (const auto& detection : scanner.Scan(source, names).detections) all += detection.rule + " ";
    return all;
  };
  EXPECT_EQ(names_in("a needle in the open"), "");
  EXPECT_EQ(names_in(Zip({{"a", "a needle in a zip"}})), "InZip ");
  EXPECT_EQ(names_in(Compress(ARCHIVE_FILTER_GZIP, "a needle in gzip")), "InGz ");
  EXPECT_EQ(names_in(Compress(ARCHIVE_FILTER_GZIP, Zip({{"a", "a needle in both"}}))), "InZip ZipInGz ");
}

}  // namespace
}  // namespace dl::scan
