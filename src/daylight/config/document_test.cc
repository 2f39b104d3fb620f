#include "daylight/config/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dl::config {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DocumentTest, ReadsWhatIsThereAndLeavesTheRest) {
  Document document(
      "[a]\nflag = true\nnumber = 7\nsize = \"3 KiB\"\nbytes = 5\nwait = \"2m\"\ntext = \"x\"\npath = \"/srv/\"\n"
      "paths = [\"/a\", \"/b/\"]\nmode = \"0640\"\nchoice = \"two\"\nids = [0, 65534]\n[[e]]\nwho = \"p\"\n[[e]]\nwho "
      "= \"q\"\n");
  Section a = document.Table("a");
  bool flag = false;
  std::uint32_t number = 0, mode = 0, kept = 9;
  std::uint64_t size = 0, bytes = 0;
  milliseconds wait{};
  std::string text, path;
  std::vector<std::string> paths;
  std::vector<std::uint32_t> ids;
  std::size_t choice = 0;
  a.Flag("flag", flag);
  a.Number("number", number, 7, 7);
  a.Number("missing", kept, 0, 1);
  a.Size("size", size);
  a.Size("bytes", bytes);
  a.Duration("wait", wait, milliseconds(0), milliseconds(120'000));
  a.Text("text", text);
  a.Path("path", path);
  a.Paths("paths", paths);
  a.Mode("mode", mode);
  a.Choice("choice", {"one", "two"}, choice);
  a.Numbers("ids", ids, "user numbers");
  std::vector<std::string> who;
  for (Section& entry : document.Tables("e")) entry.Text("who", who.emplace_back());
  document.Finish();
  EXPECT_THAT(document.errors(), IsEmpty());
  EXPECT_TRUE(flag);
  EXPECT_EQ(number, 7u);
  EXPECT_EQ(kept, 9u);
  EXPECT_EQ(size, 3072u);
  EXPECT_EQ(bytes, 5u);
  EXPECT_EQ(wait, milliseconds(120'000));
  EXPECT_EQ(text, "x");
  EXPECT_EQ(path, "/srv");
  EXPECT_THAT(paths, ElementsAre("/a", "/b"));
  EXPECT_EQ(mode, 0640u);
  EXPECT_EQ(choice, 1u);
  EXPECT_THAT(ids, ElementsAre(0u, 65534u));
  EXPECT_THAT(who, ElementsAre("p", "q"));
}

TEST(DocumentTest, SaysInWhichLineAKeyIsThatNobodyAskedFor) {
  Document document("[a]\nx = 1\nmispelt = 2\n\n[b]\ny = 1\n");
  std::uint32_t x = 0;
  document.Table("a").Number("x", x, 0, 9);
  document.Finish();
  EXPECT_THAT(document.errors(), ElementsAre("line 5: there is no section or key b", "line 3: [a] has no key mispelt"));
}

TEST(DocumentTest, AWrongValueIsAnErrorAndChangesNothing) {
  Document document(
      "[a]\nn = 11\ns = \"3 parsecs\"\nd = \"2y\"\np = \"relative\"\nm = \"0999\"\nf = \"yes\"\nc = \"x\"\n"
      "big = \"99999999999999999999 MiB\"\nwraps = \"17179869184 TiB\"\n");
  Section a = document.Table("a");
  std::uint32_t n = 1, m = 1;
  std::uint64_t s = 1;
  milliseconds d{1};
  std::string p = "/x";
  bool f = false;
  std::size_t c = 0;
  a.Number("n", n, 0, 10);
  a.Size("s", s);
  a.Size("big", s);
  a.Size("wraps", s);
  a.Duration("d", d, milliseconds(0), milliseconds(9));
  a.Path("p", p);
  a.Mode("m", m);
  a.Flag("f", f);
  a.Choice("c", {"allow", "deny"}, c);
  document.Finish();
  EXPECT_EQ(document.errors().size(), 9u);
  EXPECT_THAT(document.errors()[0], HasSubstr("line 2: n must be a number from 0 to 10"));
  EXPECT_THAT(document.errors()[8], HasSubstr("must be \"allow\" or \"deny\""));
  EXPECT_EQ(n, 1u);
  EXPECT_EQ(s, 1u);
  EXPECT_EQ(p, "/x");
}

TEST(DocumentTest, WhatIsNoTomlIsOneError) {
  Document document("[a\n");
  document.Table("a");
  document.Finish();
  ASSERT_EQ(document.errors().size(), 1u);
  EXPECT_THAT(document.errors()[0], HasSubstr("line 1: "));
}

TEST(DocumentTest, OneTableCanBeFinishedByItself) {
  Document document("other = 1\n[a]\nx = true\ny = 1\n[b]\nz = 1\n");
  Section a = document.Table("a");
  bool x = false;
  a.Flag("x", x);
  document.Table("b");
  a.Finish();
  EXPECT_TRUE(x);
  EXPECT_THAT(document.errors(), testing::ElementsAre("line 4: [a] has no key y"));
}

TEST(DocumentTest, DatesWithAndWithoutAnOffset) {
  Document document("[a]\nu = 2027-01-31T00:00:00Z\nv = 2027-01-31T01:00:00+01:00\nw = \"soon\"\n");
  Section a = document.Table("a");
  std::int64_t u = 0, v = 0, w = 0;
  a.Date("u", u);
  a.Date("v", v);
  a.Date("w", w);
  EXPECT_EQ(u, 1801353600);
  EXPECT_EQ(v, u);
  EXPECT_EQ(document.errors().size(), 1u);
}

TEST(DocumentTest, TablesNest) {
  Document document(
      "schema = 1\n[[law]]\nid = \"a\"\n[[law.clause]]\nfrom = 2024-07-20\n[[law.clause]]\nfrom = \"2024-07\"\nx = 1\n"
      "[law.clause.below]\ny = 1\n[[law]]\nid = \"b\"\nclause = 3\n");
  std::uint32_t schema = 0;
  document.Root().Number("schema", schema, 1, 1);
  std::vector<Section> laws = document.Tables("law");
  ASSERT_EQ(laws.size(), 2u);
  std::string id, from;
  laws[0].Text("id", id);
  laws[1].Text("id", id);
  std::vector<Section> clauses = laws[0].Tables("clause");
  ASSERT_EQ(clauses.size(), 2u);
  clauses[0].DateText("from", from);
  EXPECT_EQ(from, "2024-07-20");
  clauses[1].DateText("from", from);
  EXPECT_EQ(from, "2024-07");
  clauses[1].Table("below");
  EXPECT_EQ(clauses[1].Line("from"), 7u);
  EXPECT_THAT(laws[1].Tables("clause"), IsEmpty());
  document.Finish();
  EXPECT_THAT(document.errors(),
              ElementsAre("line 13: law.clause must be tables: [[law.clause]]", "line 8: [[law.clause]] has no key x",
                          "line 10: [law.clause.below] has no key y"));
}

}  // namespace
}  // namespace dl::config
