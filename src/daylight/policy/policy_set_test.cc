#include "daylight/policy/policy_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "daylight/os/io.h"
#include "daylight/policy/policy_testing.h"

namespace dl::policy {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kTests = DAYLIGHT_SOURCE_DIR "/tests/policy/";

// A folder for one test.
class PolicySetTest : public ::testing::Test {
 protected:
  PolicySetTest() {
    std::string pattern = fs::temp_directory_path() / "daylight-policy-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PolicySetTest() override { fs::remove_all(folder_); }
  std::string Write(const std::string& name, std::string_view text) {
    const fs::path path = fs::path(folder_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  std::string folder_;
};

TEST_F(PolicySetTest, TheShippedPoliciesLoad) {
  const LoadedPolicies loaded = LoadPolicies({DAYLIGHT_SOURCE_DIR "/content/policies"});
  EXPECT_THAT(loaded.errors, IsEmpty());
  ASSERT_NE(loaded.set, nullptr);
  const PolicyVersion& version = loaded.set->version();
  EXPECT_EQ(version.instruments, loaded.set->instruments().size());
  EXPECT_EQ(version.products + loaded.set->entities().size(), loaded.set->products().size());
  EXPECT_EQ(version.digest.size(), 64u);
  EXPECT_GT(version.as_of, *ParseDate("2026-01-01"));
  EXPECT_THAT(version.files, Contains("instruments/us.toml"));
  // What the record marks as not verified says so.
  for (const Instrument& instrument : loaded.set->instruments()) {
    if (instrument.jurisdiction == "RU") {
      EXPECT_FALSE(instrument.verified);
    }
    if (instrument.jurisdiction == "AU" || instrument.jurisdiction == "CN" || instrument.jurisdiction == "RO" ||
        instrument.id == "us-fcc-covered-list-integration-2024") {
      EXPECT_TRUE(instrument.secondary_source) << instrument.id;
    }
    // Who has it from somebody else has not read it.
    EXPECT_FALSE(instrument.secondary_source && instrument.verified) << instrument.id;
  }
  EXPECT_TRUE(loaded.set->IsBound("federal-agency", {"government"}));
  EXPECT_TRUE(loaded.set->IsBound("federal-agency", {"anyone"}));
  EXPECT_FALSE(loaded.set->IsBound("government", {"federal-agency"}));
  EXPECT_FALSE(loaded.set->IsBound("nobody", {"anyone"}));
}

// What the schema refuses and what it cannot see; schema_test.py is the other side.
TEST_F(PolicySetTest, BadFilesAreRefusedWithTheirLine) {
  ASSERT_THAT(LoadPolicies({kTests + "base"}).errors, IsEmpty());
  int tested = 0;
  for (const char* const folder : {"bad-shape", "bad-meaning"}) {
    for (const auto& entry : fs::directory_iterator(kTests + folder)) {
      SCOPED_TRACE(entry.path().string());
      const std::string text = os::ReadFile(entry.path(), 1 << 20).value();
      const std::string mark = "# expect: ";
      const std::size_t at = text.rfind(mark);
      ASSERT_NE(at, std::string::npos);
      const std::string expected = text.substr(at + mark.size(), text.size() - at - mark.size() - 1);
      const LoadedPolicies loaded = LoadPolicies({kTests + "base", entry.path()});
      EXPECT_EQ(loaded.set, nullptr);
      ASSERT_FALSE(loaded.errors.empty());
      EXPECT_THAT(loaded.errors, Contains(HasSubstr(expected)));
      for (const std::string& error : loaded.errors)
        EXPECT_THAT(error, ::testing::MatchesRegex(".*\\.toml:[0-9]+: .*"));
      ++tested;
    }
  }
  EXPECT_GT(tested, 70);
}

TEST_F(PolicySetTest, ClausesOfOneIdentifierMayFollowEachOther) {
  std::string law = os::ReadFile(kTests + "base/law.toml", 1 << 20).value();
  law.replace(law.find("\"law\""), 5, "\"law-2\"");
  law +=
      "until = 2024-12-31\n[[instrument.clause]]\nid = \"one\"\neffective = 2025-01-01\nwhat = \"No.\"\nbinds = []\n";
  const LoadedPolicies loaded = LoadPolicies({kTests + "base", Write("law.toml", law)});
  EXPECT_THAT(loaded.errors, IsEmpty());
}

TEST_F(PolicySetTest, TheDigestIsOfNamesAndContentsNotOfThePlace) {
  const auto digest = [](const std::string& path) { return LoadPolicies({path}).set->version().digest; };
  const std::string first = digest(kTests + "base");
  fs::copy(kTests + "base", folder_ + "/copy");
  EXPECT_EQ(digest(folder_ + "/copy"), first);
  EXPECT_EQ(digest(folder_ + "/copy/"), first);
  Write("copy/readme.txt", "not a policy");
  EXPECT_EQ(digest(folder_ + "/copy"), first);
  fs::rename(folder_ + "/copy/law.toml", folder_ + "/copy/laws.toml");
  EXPECT_NE(digest(folder_ + "/copy"), first);
  fs::rename(folder_ + "/copy/laws.toml", folder_ + "/copy/law.toml");
  std::ofstream(folder_ + "/copy/law.toml", std::ios::app) << "# a remark\n";
  EXPECT_NE(digest(folder_ + "/copy"), first);
  // As sha256sum says it.
  const std::string command =
      "cd '" + folder_ +
      "/copy' && find . -name '*.toml' -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum | sha256sum";
  FILE* const pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  char text[65] = {};
  EXPECT_EQ(std::fread(text, 1, 64, pipe), 64u);
  ::pclose(pipe);
  EXPECT_EQ(digest(folder_ + "/copy"), text);
}

TEST_F(PolicySetTest, WhatIsNotThereOrNotTomlIsSaid) {
  EXPECT_THAT(LoadPolicies({folder_ + "/none.toml"}).errors, ElementsAre(HasSubstr("none.toml: ")));
  EXPECT_THAT(LoadPolicies({folder_}).errors, ElementsAre("there are no policy files"));
  EXPECT_THAT(LoadPolicies({Write("odd.toml", "a = = 1\n")}).errors, ElementsAre(HasSubstr("odd.toml:1: ")));
  EXPECT_THAT(LoadPolicies({Write("odd.toml", "schema = 1\n\xff\n")}).errors, Not(IsEmpty()));
  EXPECT_THAT(LoadPolicies({Write("odd.toml", "instrument = 3\nschema = 1\n")}).errors, Not(IsEmpty()));
  EXPECT_THAT(LoadPolicies({Write("odd.toml", "schema = 1\n[[instrument]]\n[[product]]\n")}).errors,
              ElementsAre(HasSubstr("stands beside tables of another kind")));
}

TEST_F(PolicySetTest, SuccessorsInheritWhatIsSaid) {
  const std::string more = Write("more.toml",
                                 "schema = 1\n[[entity]]\nid = \"heir\"\nname = \"Heir\"\nsuccessors = [\"old\"]\n"
                                 "[[entity]]\nid = \"old\"\nname = \"Old\"\nsuccessors = [\"heir\"]\n");
  std::string law = os::ReadFile(kTests + "base/law.toml", 1 << 20).value();
  law.replace(law.find("\"law\""), 5, "\"law-2\"");
  law.replace(law.find("[\"vendor\"]"), 10, "[\"old\"]");
  const LoadedPolicies loaded = LoadPolicies({kTests + "base", more, Write("law.toml", law)});
  ASSERT_THAT(loaded.errors, IsEmpty());
  const Instrument& instrument = loaded.set->instruments().back();
  ASSERT_EQ(instrument.id, "law-2");
  EXPECT_TRUE(loaded.set->Concerns(instrument, *loaded.set->FindProduct("heir")));
  EXPECT_FALSE(loaded.set->Concerns(instrument, *loaded.set->FindProduct("tool")));
}

TEST_F(PolicySetTest, ACleanPolicyOfAUsersOwnIsJudged) {
  // An end, and leftovers that are forbidden too.
  std::string law = os::ReadFile(kTests + "base/law.toml", 1 << 20).value();
  law.replace(law.find("\"law\""), 5, "\"law-2\"");
  law += "until = 2024-12-31\ngrades = [\"remnant\"]\n";
  const LoadedPolicies loaded = LoadPolicies({kTests + "base", Write("law.toml", law)});
  ASSERT_THAT(loaded.errors, IsEmpty());
  const auto standing = [&](const char* on, report::PackageState state) {
    Judge judge(*loaded.set, Ask({"US"}, "agency", on));
    judge.BeginTarget({.name = "/", .kind = "root", .host = {}, .operating_system = {}, .sha256 = {}, .counts = {}});
    report::SoftwareFacts facts;
    facts.packages.push_back(Package("vendor-tool"));
    facts.packages[0].state = state;
    judge.Add(std::move(facts));
    const Assessment assessment = judge.Finish();
    for (const ClauseVerdict& clause : assessment.findings.at(0).clauses) {
      if (clause.instrument == "law-2") return clause.standing;
    }
    return Standing::kReported;
  };
  EXPECT_EQ(standing("2024-12-31", report::PackageState::kConfigFiles), Standing::kForbids);
  EXPECT_EQ(standing("2025-01-01", report::PackageState::kConfigFiles), Standing::kEnded);
  EXPECT_EQ(standing("2024-12-31", report::PackageState::kInstalled), Standing::kOutOfScope);
}

// What docs/policy.md shows is right.
TEST_F(PolicySetTest, TheExamplesOfTheDocumentationLoad) {
  const std::string text = os::ReadFile(DAYLIGHT_SOURCE_DIR "/docs/policy.md", 1 << 20).value();
  std::vector<std::string> paths{DAYLIGHT_SOURCE_DIR "/content/policies"};
  const std::string begin = "```toml\n";
  for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
    const std::size_t from = at + begin.size();
    paths.push_back(Write("example-" + std::to_string(at) + ".toml", text.substr(from, text.find("```", from) - from)));
  }
  EXPECT_EQ(paths.size(), 3u);
  EXPECT_THAT(LoadPolicies(paths).errors, IsEmpty());
}

}  // namespace
}  // namespace dl::policy
