#include "daylight/quarantine/packages.h"

#include "daylight/quarantine/quarantine_testing.h"

namespace dl::quarantine {
namespace {

constexpr char kAbc[] = "900150983cd24fb0d6963f7d28e17f72";    // The MD5 of "abc".
constexpr char kOther[] = "d41d8cd98f00b204e9800998ecf8427e";  // Of nothing.

class PackagesTest : public QuarantineTest {
 protected:
  void SetUp() override {
    QuarantineTest::SetUp();
    std::filesystem::create_directory(Work("info"));
  }
  void Sums(const std::string& package, const std::string& text) { Write(Work("info/" + package + ".md5sums"), text); }
  std::string Claims(const std::string& path) {
    std::vector<std::string> said;
    for (const PackageClaim& claim : PackageClaims(Work(), path))
      said.push_back(claim.package + "=" + claim.md5.substr(0, 4));
    std::sort(said.begin(), said.end());
    std::string text;
    for (const std::string& one : said) text += (text.empty() ? "" : " ") + one;
    return text;
  }
};

TEST_F(PackagesTest, WholeLinesOnly) {
  Sums("a", std::string(kOther) + "  usr/bin/ab\n" + kAbc + "  usr/bin/abc\n" + kAbc + "  x/usr/bin/abcd\n");
  Sums("b:amd64", std::string(kAbc) + "  usr/bin/b c\nnonsense  usr/bin/short\n" + "x" + kAbc + "  usr/bin/long\n");
  EXPECT_EQ(Claims("/usr/bin/abc"), "a=9001");
  EXPECT_EQ(Claims("/usr/bin/ab"), "a=d41d");
  EXPECT_EQ(Claims("/usr/bin/abcd"), "");
  EXPECT_EQ(Claims("/usr/bin/b c"), "b=9001");
  EXPECT_EQ(Claims("/usr/bin/short"), "");
  EXPECT_EQ(Claims("/usr/bin/long"), "");
  EXPECT_EQ(Claims("/usr/bin/ab\n" + std::string(kAbc) + "  usr/bin/abc"), "");
  EXPECT_EQ(Claims("usr/bin/abc"), "");
  EXPECT_EQ(Claims(""), "");
}

TEST_F(PackagesTest, FilesFromBeforeTheMergeOfUsr) {
  Sums("a", std::string(kAbc) + "  bin/ls\n" + kAbc + "  lib/x.so\n");
  EXPECT_EQ(Claims("/usr/bin/ls"), "a=9001");
  EXPECT_EQ(Claims("/bin/ls"), "a=9001");
  EXPECT_EQ(Claims("/usr/lib/x.so"), "a=9001");
  EXPECT_EQ(Claims("/usr/local/bin/ls"), "");
}

TEST_F(PackagesTest, Diversions) {
  Sums("first", std::string(kAbc) + "  usr/bin/tool\n");
  Sums("second", std::string(kOther) + "  usr/bin/tool\n");
  Write(Work("diversions"), "/usr/bin/tool\n/usr/bin/tool.first\nsecond\n/usr/bin/mine\n/usr/bin/mine.away\n:\n");
  Sums("third", std::string(kAbc) + "  usr/bin/mine\n");
  EXPECT_EQ(Claims("/usr/bin/tool"), "second=d41d");
  EXPECT_EQ(Claims("/usr/bin/tool.first"), "first=9001");
  // The administrator's own.
  EXPECT_EQ(Claims("/usr/bin/mine"), "");
  EXPECT_EQ(Claims("/usr/bin/mine.away"), "third=9001");
}

TEST_F(PackagesTest, ConffilesOfWhatIsInstalled) {
  const std::string sum = kAbc;
  Write(Work("status"), "Package: a\nStatus: install ok installed\nConffiles:\n /etc/a " + sum + "\n /etc/old " + sum +
                            " obsolete\nDescription: x\n /etc/fake " + sum +
                            "\n\nPackage: b\nStatus: deinstall ok config-files\nConffiles:\n /etc/b " + sum + "\n");
  EXPECT_EQ(Claims("/etc/a"), "a=9001");
  EXPECT_EQ(Claims("/etc/old"), "");
  EXPECT_EQ(Claims("/etc/fake"), "");
  EXPECT_EQ(Claims("/etc/b"), "");
}

TEST_F(PackagesTest, ThisMachinesOwn) {
  const std::string path = std::filesystem::canonical("/bin/sh").string();
  if (PackageClaims("/var/lib/dpkg", path).empty()) GTEST_SKIP() << "dpkg does not know /bin/sh here";
  EXPECT_TRUE(PristinePackage("/var/lib/dpkg", path, OpenFile(path).get()));
  Write(Work("sh"), "abc");
  EXPECT_FALSE(PristinePackage("/var/lib/dpkg", path, OpenFile(Work("sh")).get()));
}

}  // namespace
}  // namespace dl::quarantine
