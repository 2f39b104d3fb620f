#include "daylight/policy/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/policy/names.h"
#include "daylight/policy/policy_testing.h"

namespace dl::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NamesTest, FormsOfCompaniesDoNotCount) {
  for (const char* const name : {"AO Kaspersky Lab", "Kaspersky Lab ZAO", "kaspersky lab, inc.", "\"Kaspersky Lab\"",
                                 "The Kaspersky-Lab Co., Ltd."}) {
    EXPECT_EQ(CanonicalName(name), "kaspersky lab") << name;
  }
  EXPECT_EQ(CanonicalName("AO"), "ao");
  EXPECT_EQ(CanonicalName("..."), "");
  EXPECT_EQ(CanonicalName(std::string(201, 'a')), "");
  EXPECT_EQ(CanonicalName(std::string(200, 'a')).size(), 200u);
  EXPECT_EQ(PlainName("Kaspersky Lab ZAO"), "kaspersky lab zao");
}

TEST(NamesTest, ContactsAndDomains) {
  EXPECT_EQ(ParseContact("Kaspersky Lab <a@Kaspersky.com>").name, "Kaspersky Lab");
  EXPECT_EQ(ParseContact("Kaspersky Lab <a@Kaspersky.com>").domain, "kaspersky.com");
  EXPECT_EQ(ParseContact("a@b.c").domain, "b.c");
  EXPECT_EQ(ParseContact("a@b.c").name, "");
  EXPECT_EQ(ParseContact("Somebody").name, "Somebody");
  EXPECT_EQ(ParseContact("<<<@").domain, "");
  EXPECT_TRUE(IsWithinDomain("mail.kaspersky.com", "kaspersky.com"));
  EXPECT_FALSE(IsWithinDomain("notkaspersky.com", "kaspersky.com"));
  EXPECT_FALSE(IsWithinDomain("kaspersky.com.example", "kaspersky.com"));
}

TEST(NamesTest, WordsAreWhole) {
  EXPECT_TRUE(HasWord("© kaspersky lab", "kaspersky"));
  EXPECT_TRUE(HasWord("x-kaspersky", "kaspersky"));
  EXPECT_TRUE(HasWord("kasperskyx kaspersky", "kaspersky"));
  EXPECT_FALSE(HasWord("kasperskyx", "kaspersky"));
  EXPECT_FALSE(HasWord("", "kaspersky"));
  EXPECT_FALSE(HasWord("kaspersk", "kaspersky"));
}

TEST(PurlTest, Parts) {
  const Purl purl = ParsePurl("pkg:deb/debian/kesl@12.1%2B1?arch=amd64#x");
  EXPECT_EQ(purl.type, "deb");
  EXPECT_EQ(purl.name_space, "debian");
  EXPECT_EQ(purl.name, "kesl");
  EXPECT_TRUE(purl.is_distribution());
  EXPECT_EQ(ParsePurl("pkg:npm/%40scope/name@1").name_space, "@scope");
  EXPECT_EQ(ParsePurl("pkg:npm/@scope/name").name_space, "@scope");
  EXPECT_EQ(ParsePurl("PKG:NPM/name").name, "name");
  for (const char* const text : {"", "pkg:", "pkg:deb", "pkg:/", "http://x", "pkg:deb/%", "pkg:deb/@"}) ParsePurl(text);
}

TEST(IdentifierTest, CpeVendorsAreExact) {
  const Identifier identifier(Shipped());
  EXPECT_NE(identifier.VendorOfCpe("cpe:2.3:a:kaspersky:anti-virus:1:*").entity, kNobody);
  EXPECT_EQ(identifier.VendorOfCpe("cpe:2.3:a:kaspersky:anti-virus:1:*").product, "anti-virus");
  EXPECT_NE(identifier.VendorOfCpe("cpe:/a:kaspersky_lab").entity, kNobody);
  EXPECT_EQ(identifier.VendorOfCpe("cpe:2.3:a:kaspersky\\:x:y").entity, kNobody);
  EXPECT_EQ(identifier.VendorOfCpe("cpe:2.3:a:x:kaspersky").entity, kNobody);
  EXPECT_EQ(identifier.VendorOfCpe("kaspersky").entity, kNobody);
}

TEST(IdentifierTest, NamesThatBeginWithTheVendors) {
  const Identifier identifier(Shipped());
  EXPECT_NE(identifier.VendorInFront("kaspersky"), kNobody);
  EXPECT_NE(identifier.VendorInFront("Kaspersky-SDK"), kNobody);
  for (const char* const name : {"", "kasperskyfan", "not-kaspersky", "kaspersk"}) {
    EXPECT_EQ(identifier.VendorInFront(name), kNobody) << name;
  }
}

TEST(IdentifierTest, NamesThatNobodyVerifiedAreKnownAsSuch) {
  const Identifier identifier(Shipped());
  const std::uint32_t kaspersky = identifier.VendorNamed("Kaspersky Lab");
  EXPECT_TRUE(identifier.IsUnverified(kaspersky, "Kaspersky_Lab"));
  EXPECT_FALSE(identifier.IsUnverified(kaspersky, "kaspersky"));
}

std::vector<std::string> Hits(const PathIndex& index, std::string_view path) {
  std::vector<PathHit> hits;
  index.Match(path, hits);
  std::vector<std::string> texts;
  for (const PathHit& hit : hits) texts.push_back(hit.rule->text + "@" + std::to_string(hit.begin));
  return texts;
}

TEST(PathIndexTest, EachKindMatchesAsItIsMeant) {
  using Kind = PathRule::Kind;
  PathIndex index;
  index.Add({Kind::kPrograms, 0, 0, "opt/vendor", 0});
  index.Add({Kind::kPrograms, 1, 0, "opt/vendor/tool", 0});
  index.Add({Kind::kFolder, 2, 0, "Program Files/Vendor", 0});
  index.Add({Kind::kWord, 3, 0, "vendor", 0});
  index.Add({Kind::kFile, 4, 0, "kavfs*.exe", 0});
  index.Add({Kind::kFile, 4, 0, "avp.exe", 0});
  index.Add({Kind::kEngine, 5, 0, "bases/u1.xml", 0});
  index.Add({Kind::kEngine, 5, 0, "lib/*.ppl", 0});
  index.Add({Kind::kEngine, 5, 0, "engine?", 0});
  index.Build();
  EXPECT_THAT(Hits(index, "opt/vendor/tool/bin/x"), ElementsAre("opt/vendor@0", "vendor@4", "opt/vendor/tool@0"));
  EXPECT_THAT(Hits(index, "opt/vendor"), ElementsAre("opt/vendor@0", "vendor@4"));
  EXPECT_THAT(Hits(index, "opt/vendors"), IsEmpty());
  EXPECT_THAT(Hits(index, "OPT/vendo"), IsEmpty());
  EXPECT_THAT(Hits(index, "Opt/Vendor/x"), ElementsAre("vendor@4"));
  EXPECT_THAT(Hits(index, "x/opt/vendor/tool"), ElementsAre("vendor@6"));
  EXPECT_THAT(Hits(index, "c/program FILES/vendor/x"), ElementsAre("Program Files/Vendor@2", "vendor@16"));
  EXPECT_THAT(Hits(index, "a/KavFSmain.EXE"), ElementsAre("kavfs*.exe@2"));
  EXPECT_THAT(Hits(index, "a/AVP.exe"), ElementsAre("avp.exe@2"));
  EXPECT_THAT(Hits(index, "avp.exe/x"), IsEmpty());
  EXPECT_THAT(Hits(index, "x/bases/U1.xml"), ElementsAre("bases/u1.xml@2"));
  EXPECT_THAT(Hits(index, "u1.xml"), IsEmpty());
  EXPECT_THAT(Hits(index, "xbases/u1.xml"), IsEmpty());
  EXPECT_THAT(Hits(index, "x/lib/a.ppl"), ElementsAre("lib/*.ppl@2"));
  EXPECT_THAT(Hits(index, "a.ppl"), IsEmpty());
  EXPECT_THAT(Hits(index, "x/engine1"), ElementsAre("engine?@2"));
  for (const char* const odd : {"", "/", "//", "a//b/", "...", "."}) EXPECT_THAT(Hits(index, odd), IsEmpty());
  EXPECT_THAT(Hits(index, "/opt//vendor/"), ElementsAre("vendor@6"));
}

// The obvious way, over all paths of a small alphabet.
TEST(PathIndexTest, AgreesWithComparingAll) {
  using Kind = PathRule::Kind;
  const std::vector<std::string> rules{"a", "a/b", "b/a", "a/a/b", "b"};
  PathIndex index;
  for (const std::string& rule : rules) index.Add({Kind::kPrograms, 0, 0, rule, 0});
  for (const std::string& rule : rules) index.Add({Kind::kFolder, 1, 0, rule, 0});
  index.Build();
  std::vector<std::string> paths{""};
  for (std::size_t i = 0; i < paths.size() && paths[i].size() < 7; ++i) {
    for (const char c : {'a', 'b', '/'}) {
      if (c == '/' && (paths[i].empty() || paths[i].back() == '/')) continue;
      paths.push_back(paths[i] + c);
    }
  }
  std::vector<PathHit> hits;
  for (const std::string& path : paths) {
    std::size_t expected = 0;
    for (const std::string& rule : rules) {
      const std::string slashed = path + "/";
      if (slashed.rfind(rule + "/", 0) == 0) ++expected;
      for (std::size_t at = 0; at + rule.size() < slashed.size(); ++at) {
        if ((at == 0 || slashed[at - 1] == '/') && slashed.compare(at, rule.size() + 1, rule + "/") == 0) ++expected;
      }
    }
    index.Match(path, hits);
    ASSERT_EQ(hits.size(), expected) << path;
  }
}

}  // namespace
}  // namespace dl::policy
