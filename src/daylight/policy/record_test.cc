// The shipped policies against the record of facts: each sign of a product, alone; what
// is not verified; where embedded code counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "daylight/policy/judge.h"
#include "daylight/policy/policy_testing.h"

namespace dl::policy {
namespace {

using report::SoftwareFacts;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Each name, path, unit, image, mount and file of the record, alone in a system.
TEST(RecordTest, EachSignOfTheRecordIsRecognised) {
  const auto alone = [](auto add, const char* kind = "root") {
    SoftwareFacts facts;
    add(facts);
    const Assessment assessment = Judged(facts, Ask({}, "", "2026-01-31"), kind);
    if (assessment.findings.size() != 1 || assessment.findings[0].entity != "kaspersky") return std::string("?");
    return std::string(Name(assessment.findings[0].grade));
  };
  for (const char* const name : {"kesl", "kesl-gui", "kesl-astra", "klnagent", "klnagent64", "kics", "kess", "epagent",
                                 "ksc64", "kpsn", "lightagent", "klms"}) {
    EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.packages.push_back(Package(name)); }), "installed") << name;
    EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.packages.push_back(Package(name, "", "AO Kaspersky Lab")); }),
              "installed")
        << name;
  }
  for (const char* const path :
       {"opt/kaspersky/kesl", "opt/kaspersky/klnagent64", "opt/kaspersky/kics", "opt/kaspersky/kess",
        "opt/kaspersky/klms", "opt/kaspersky/ksc64", "opt/kaspersky/ScanEngine", "opt/kaspersky/lightagent",
        "opt/kaspersky/kav4fs", "usr/local/kpsn", "usr/local/ksn", "opt/kav/5.5"}) {
    const std::string file = std::string(path) + "/bin/x";
    EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.programs.push_back(Elf(file)); }), "installed") << path;
    EXPECT_EQ(alone([&](SoftwareFacts& facts) {
                facts.processes.push_back({7, "x", file, false, ""});
              }),
              "running")
        << path;
    // What is left of it, even a text; but not an empty folder.
    EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.files.push_back(File(file)); }), "remnant") << path;
    EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.files.push_back(Folder(path)); }), "mention") << path;
  }
  EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.programs.push_back(Elf("usr/bin/kesl-control")); }), "installed");
  for (const char* const path : {"var/opt/kaspersky/a", "etc/opt/kaspersky/a", "var/log/kaspersky/a",
                                 "etc/kavhttpd.xml", "etc/kavicapd.xml", "etc/klScanEngineUI.xml"}) {
    EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.files.push_back(File(path)); }), "remnant") << path;
  }
  for (const char* const unit :
       {"kesl", "kesl-supervisor", "klnagent64", "kics", "kess", "kavhttpd", "kavicapd", "klScanEngineUI"}) {
    const std::string name = std::string(unit) + ".service";
    EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.units.push_back(Unit(name.c_str(), "/srv/x")); }), "remnant")
        << unit;
    EXPECT_EQ(alone([&](SoftwareFacts& facts) {
                facts.units.push_back(Unit(name.c_str(), "/srv/x"));
                facts.programs.push_back(Elf("srv/x"));
              }),
              "installed")
        << unit;
    EXPECT_EQ(alone([&](SoftwareFacts& facts) {
                facts.processes.push_back({7, "x", "srv/x", false, name});
              }),
              "running")
        << unit;
  }
  for (const char* const image : {"kaspersky_scanengine_httpd", "kaspersky_scanengine_icapd:latest"}) {
    EXPECT_EQ(alone(
                  [&](SoftwareFacts& facts) {
                    facts.images.emplace_back();
                    facts.images[0].names = {image};
                  },
                  "image"),
              "installed")
        << image;
  }
  for (const char* const file : {"avp.exe", "avpui.exe", "kavfs.exe", "kavfsgt.exe", "klnagent.exe", "ksde.exe",
                                 "klif.sys", "klhk.sys", "klflt.sys", "klim6.sys", "klupd_1_arkmon.sys"}) {
    const std::string path = std::string("srv/share/") + file;
    for (const char* const signer : {"AO Kaspersky Lab", "Kaspersky Lab JSC", "Kaspersky Lab", "Kaspersky Lab ZAO"}) {
      EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.programs.push_back(SignedPe(path, signer, true)); }),
                "installed")
          << path;
    }
    EXPECT_EQ(alone([&](SoftwareFacts& facts) { facts.programs.push_back(Elf(path)); }), "mention") << path;
  }
  EXPECT_EQ(alone([&](SoftwareFacts& facts) {
              facts.programs.push_back(Elf("Library/Application Support/Kaspersky Lab/KAV/kav"));
            }),
            "installed");
}

// "/opt/kaspersky" is no product's place: texts there are somebody's, unless the vendor is there for another reason.
TEST(RecordTest, TextsInTheVendorsFolderAloneAreAMention) {
  SoftwareFacts facts;
  facts.files.push_back(File("opt/kaspersky/readme.txt"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky mention"));
  facts.files.push_back(File("opt/kaspersky/new-product/licence.txt"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky mention"));
  SoftwareFacts left = facts;
  left.files.push_back(File("etc/opt/kaspersky/new-product.conf"));
  EXPECT_THAT(Lines(Judged(left)), ElementsAre("kaspersky remnant"));
  facts.programs.push_back(Elf("opt/kaspersky/new-product/bin/x"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky installed"));
}

TEST(RecordTest, WhatIsNotVerifiedSaysSo) {
  SoftwareFacts facts;
  facts.packages.push_back(Package("falcon-sensor"));
  EXPECT_THAT(Judged(facts).findings.at(0).evidence.at(0).detail, HasSubstr("not verified"));
  facts.packages[0] = Package("kesl");
  EXPECT_THAT(Judged(facts).findings.at(0).evidence.at(0).detail, Not(HasSubstr("not verified")));
  facts = {};
  facts.components.emplace_back();
  facts.components[0].name = "sdk";
  facts.components[0].cpes = {"cpe:2.3:a:kaspersky_lab:sdk:8"};
  EXPECT_THAT(Judged(facts, Ask({}, "", "2026-01-31"), "sbom").findings.at(0).evidence.at(0).detail,
              HasSubstr("not verified"));
  facts.components[0].cpes.emplace_back("cpe:2.3:a:kaspersky:sdk:8");
  EXPECT_THAT(Judged(facts, Ask({}, "", "2026-01-31"), "sbom").findings.at(0).evidence.at(0).detail,
              Not(HasSubstr("not verified")));
}

// Embedded code decides: in scope for the Final Determination, FAR 52.204-23 and the FCC; out of scope for
// BOD 17-01 and Australia; for the others the record does not say.
TEST(RecordTest, EmbeddedScopesDecide) {
  SoftwareFacts facts;
  facts.components.emplace_back();
  facts.components[0].supplier = "AO Kaspersky Lab";
  std::map<std::string, Standing> standings;
  const Assessment assessment = Judged(facts, Ask({}, "", "2026-01-31"), "sbom");
  for (const ClauseVerdict& clause : assessment.findings.at(0).clauses) {
    standings[clause.instrument + " " + clause.clause] = clause.standing;
    if (clause.jurisdiction == "DE") {
      EXPECT_THAT(clause.reason, HasSubstr("record does not say"));
    } else if (clause.jurisdiction == "AU") {
      EXPECT_THAT(clause.reason, HasSubstr("does not reach embedded"));
    }
  }
  for (const auto& [clause, standing] : standings) {
    const bool is_in = clause.rfind("us-commerce", 0) == 0 || clause.rfind("us-far-52-204-23", 0) == 0 ||
                       clause.rfind("us-fcc", 0) == 0;
    EXPECT_EQ(standing, is_in ? Standing::kForbids : Standing::kOutOfScope) << clause;
  }
  EXPECT_EQ(standings.size(), 21u);
}

}  // namespace
}  // namespace dl::policy
