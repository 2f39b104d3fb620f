#include "daylight/rules/clamav/phishing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/crypto/digest.h"

namespace dl::clamav {
namespace {

using filetype::ClamType;
using testing::ElementsAre;

constexpr std::string_view kSpoofed = "Heuristics.Phishing.Email.SpoofedDomain";
constexpr std::string_view kSslSpoof = "Heuristics.Phishing.Email.SSL-Spoof";

Phishing Of(FileKind kind, std::initializer_list<std::string> lines) {
  Phishing phishing;
  for (const std::string& line : lines) EXPECT_TRUE(phishing.Add(kind, line).has_value()) << line;
  return phishing;
}
std::vector<std::string> Names(const Phishing& phishing, std::string target, std::string shown) {
  return phishing.Check({{CheckedLink::Kind::kAnchor, std::move(target), std::move(shown)}}).names;
}

TEST(PhishingTest, Hosts) {
  const Phishing phishing = Of(FileKind::kPdb, {"H:paypal.com"});
  EXPECT_THAT(Names(phishing, "http://evil.org/", "http://www.paypal.com/"), ElementsAre(kSpoofed));
  EXPECT_THAT(Names(phishing, "http://evil.org/", "https://paypal.com/"), ElementsAre(kSslSpoof));
  EXPECT_THAT(Names(phishing, "http://evil.org/", "w w w . paypal . com"), ElementsAre(kSpoofed));
  EXPECT_THAT(Names(phishing, "http://evil%00.org/", "www.paypal.com"),
              ElementsAre("Heuristics.Phishing.Email.Cloaked.Null"));
  EXPECT_THAT(Names(phishing, "http://evil.org/", "http://www.notpaypal.com/"), ElementsAre());
  EXPECT_THAT(Names(phishing, "http://a.paypal.com/", "http://www.paypal.com/"), ElementsAre());
  EXPECT_THAT(Names(phishing, "http://evil.org/", "go to paypal.com now"), ElementsAre());
}

TEST(PhishingTest, ExpressionsAndWhatIsAllowed) {
  Phishing phishing = Of(FileKind::kPdb, {"R:.+:.+\\.paypal\\.com([/?].*)?"});
  const auto names = [&] { return Names(phishing, "http://evil.org/", "https://www.paypal.com/"); };
  EXPECT_THAT(names(), ElementsAre(kSpoofed));
  ASSERT_TRUE(phishing.Add(FileKind::kWdb, "M:evil.org:paypal.net"));
  ASSERT_TRUE(phishing.Add(FileKind::kWdb, "M:evil.org:www.paypal.com:300-"));
  EXPECT_THAT(names(), ElementsAre(kSpoofed));
  ASSERT_TRUE(phishing.Add(FileKind::kWdb, "M:evil.org:www.paypal.com:17-"));
  EXPECT_THAT(names(), ElementsAre());
}

TEST(PhishingTest, Digests) {
  const auto digest = [](std::string_view text) { return crypto::Hex(crypto::Sha256::Of(AsBytes(text))); };
  Phishing phishing = Of(FileKind::kGdb, {"S1:F:" + digest("evil.org/x"), "S2:F:" + digest("b.evil.org/"),
                                          "S:F:" + digest("third.org/a/"), "S:P:01234567"});
  EXPECT_THAT(Names(phishing, "http://evil.org/x", "x"), ElementsAre("Heuristics.Phishing.URL.Blocked"));
  EXPECT_THAT(Names(phishing, "http://a.b.EVIL.org/y", "x"),
              ElementsAre("Heuristics.Safebrowsing.Suspected-phishing_safebrowsing.clamav.net"));
  EXPECT_THAT(Names(phishing, "http://third.org/a/b", "x"),
              ElementsAre("Heuristics.Safebrowsing.Suspected-malware_safebrowsing.clamav.net"));
  EXPECT_THAT(Names(phishing, "http://evil.org/y", "x"), ElementsAre());
}

TEST(PhishingTest, LinesThatAreRefused) {
  Phishing phishing;
  for (const char* line : {"nothing", "Q:a.com", "X:a:b", "R:a||b:c", "R:.+:.+", "S:Q:00", "S1:F:00", "H:", "R:a(:b"}) {
    EXPECT_FALSE(phishing.Add(FileKind::kPdb, line).has_value()) << line;
  }
  EXPECT_FALSE(phishing.Add(FileKind::kWdb, "H:a.com").has_value());
  EXPECT_TRUE(phishing.empty());
}

TEST(PhishingTest, OnlyMails) {
  const Phishing phishing = Of(FileKind::kPdb, {"H:paypal.com"});
  const std::string html = "<a href=\"http://evil.org\">paypal.com</a> <p>\n";
  const std::string mail = "From: a@b.c\nContent-Type: text/html\n\n" + html;
  EXPECT_THAT(FindPhishing(AsBytes(mail), phishing).names, ElementsAre(kSpoofed));
  EXPECT_TRUE(IsReadAsMail(ClamType::kMail, {}));
  EXPECT_FALSE(IsReadAsMail(ClamType::kHtml, {}));
  filetype::RawTypes raw;
  raw.embedded.push_back({ClamType::kMhtml, 10});
  EXPECT_TRUE(IsReadAsMail(ClamType::kTextAscii, raw));
}

TEST(PhishingTest, HostileExpressionsAreBounded) {
  Phishing phishing;
  std::string nested = "a";
  for (int i = 0; i < 12; ++i) nested = "(" + nested + "{200})";
  EXPECT_FALSE(phishing.Add(FileKind::kPdb, "R:" + nested + ":b.com").has_value());
  ASSERT_TRUE(phishing.Add(FileKind::kPdb, "R:(a*)*(a*)*(a|aa)+x:.+b\\.com").has_value());
  std::vector<CheckedLink> links;
  for (int i = 0; i < 5000; ++i) {
    links.push_back({CheckedLink::Kind::kAnchor, "http://" + std::string(900, 'a') + std::to_string(i), "b.com"});
  }
  phishing.Check(links);
}

}  // namespace
}  // namespace dl::clamav
