#include "daylight/policy/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/policy/policy_testing.h"

namespace dl::policy {
namespace {

using report::PackageState;
using report::Presence;
using report::RootKind;
using report::SoftwareFacts;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr const char* kKesl = "kaspersky-endpoint-security-linux";

std::string Line(const char* product, const char* grade) { return std::string(product) + " " + grade; }

TEST(JudgeTest, OnePlaceIsOneFindingWithTheStrongestGradeAndAllEvidence) {
  SoftwareFacts facts;
  facts.packages.push_back(Package("kesl", "Kaspersky Lab <support@kaspersky.com>"));
  facts.files.push_back(Folder("opt/kaspersky"));
  facts.files.push_back(Folder("opt/kaspersky/kesl"));
  facts.files.push_back(File("opt/kaspersky/kesl/libexec/kesl"));
  facts.files.push_back(File("var/opt/kaspersky/kesl/common/updates/x"));
  facts.programs.push_back(Elf("opt/kaspersky/kesl/libexec/kesl"));
  facts.units.push_back(Unit("kesl.service", "/opt/kaspersky/kesl/libexec/kesl"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre(Line(kKesl, "installed")));
  facts.processes.push_back({7, "kesl", "opt/kaspersky/kesl/libexec/kesl", false, "kesl.service"});
  const Assessment assessment = Judged(facts, Ask({}, "", "2026-01-31"), "this machine");
  ASSERT_THAT(Lines(assessment), ElementsAre(Line(kKesl, "running")));
  const Finding& finding = assessment.findings[0];
  std::vector<std::string> kinds;
  for (const Evidence& evidence : finding.evidence)
    kinds.push_back(evidence.kind + " " + std::string(Name(evidence.grade)));
  EXPECT_THAT(kinds, UnorderedElementsAre("process running", "package installed", "path installed", "path installed",
                                          "unit installed", "path remnant"));
  EXPECT_EQ(finding.entity, "kaspersky");
  EXPECT_TRUE(assessment.forbidden());
  EXPECT_TRUE(assessment.complete());
}

TEST(JudgeTest, RunningIsAProcessOrAModuleOfTheProducts) {
  SoftwareFacts facts;
  facts.processes.push_back({1, "x", "opt/kaspersky/klnagent64/sbin/klnagent", true, ""});
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-network-agent running"));
  facts = {};
  facts.processes.push_back({1, "x", "usr/local/bin/x", false, "kesl.service"});
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre(Line(kKesl, "running")));
  facts = {};
  facts.modules.push_back({"falcon_lsm_serviceable"});
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("crowdstrike-falcon-sensor running"));
  // A name says nothing, neither a process's own nor another's unit.
  facts = {};
  facts.processes.push_back({1, "kesl", "usr/local/bin/kesl", false, "user@1000.service"});
  facts.processes.push_back({1, "kesl", "", false, ""});
  facts.modules.push_back({""});
  EXPECT_THAT(Lines(Judged(facts)), IsEmpty());
}

TEST(JudgeTest, PackageStatesDecide) {
  const auto graded = [](PackageState state, const char* kind) {
    SoftwareFacts facts;
    facts.packages.push_back(Package("kesl"));
    facts.packages[0].state = state;
    const Assessment assessment = Judged(facts, Ask({}, "", "2026-01-31"), kind);
    return assessment.findings.empty() ? "" : std::string(Name(assessment.findings[0].grade));
  };
  EXPECT_EQ(graded(PackageState::kInstalled, "root"), "installed");
  EXPECT_EQ(graded(PackageState::kBroken, "root"), "installed");
  EXPECT_EQ(graded(PackageState::kConfigFiles, "root"), "remnant");
  EXPECT_EQ(graded(PackageState::kNotInstalled, "root"), "");
  EXPECT_EQ(graded(PackageState::kFile, "package"), "installed");
  EXPECT_EQ(graded(PackageState::kFile, "file"), "installed");
  EXPECT_EQ(graded(PackageState::kFile, "root"), "remnant");
}

TEST(JudgeTest, APackageFileWithinARootIsARemnantOfIt) {
  SoftwareFacts facts;
  facts.roots.push_back(RootAt(1, RootKind::kPackage, "var/cache/apt/archives/kesl.deb"));
  facts.packages.push_back(Package("kesl"));
  facts.packages[0].state = PackageState::kFile;
  facts.packages[0].place = At("", 1);
  facts.programs.push_back(Elf("opt/kaspersky/kesl/libexec/kesl", 1));
  EXPECT_THAT(Lines(Judged(facts)),
              ElementsAre("kaspersky-endpoint-security-linux@var/cache/apt/archives/kesl.deb remnant"));
  EXPECT_FALSE(Judged(facts).forbidden());
  // Asked about directly it is the product.
  facts.roots[0].path.clear();
  EXPECT_THAT(Lines(Judged(facts, Ask({}, "", "2026-01-31"), "package")), ElementsAre(Line(kKesl, "installed")));
}

TEST(JudgeTest, TheVendorIsMatchedWhereNoProductIsDescribed) {
  SoftwareFacts facts;
  facts.packages.push_back(Package("something-new", "", "AO Kaspersky Lab"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky installed"));
  facts = {};
  facts.packages.push_back(Package("something-new", "\"Kaspersky Lab, Inc.\" <x@example.org>"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky installed"));
  facts = {};
  facts.packages.push_back(Package("something-new", "A Person <person@kaspersky.com>"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky mention"));
  facts = {};
  facts.packages.push_back(Package("something-new", "A Person <person@notkaspersky.com>", "Kasperskyish"));
  EXPECT_THAT(Lines(Judged(facts)), IsEmpty());
  facts = {};
  facts.programs.push_back(Elf("opt/kaspersky/unheard-of/bin/x"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky installed"));
}

TEST(JudgeTest, NamesThatOthersUseNeedAnotherSign) {
  SoftwareFacts facts;
  facts.packages.push_back(Package("kics", "Checkmarx <kics@checkmarx.com>"));
  facts.programs.push_back(Elf("usr/bin/kics"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-industrial-cybersecurity mention"));
  SoftwareFacts vendor = facts;
  vendor.packages[0].maintainer = "support@kaspersky.com";
  EXPECT_THAT(Lines(Judged(vendor)), Contains("kaspersky-industrial-cybersecurity installed"));
  // What nobody says is his is taken by its name.
  SoftwareFacts nobodys = facts;
  nobodys.packages[0].maintainer.clear();
  EXPECT_THAT(Lines(Judged(nobodys)), ElementsAre("kaspersky-industrial-cybersecurity installed"));
  nobodys.packages[0].homepage = "https://kics.io";
  EXPECT_THAT(Lines(Judged(nobodys)), ElementsAre("kaspersky-industrial-cybersecurity mention"));
  SoftwareFacts files = facts;
  files.files.push_back(File("opt/kaspersky/kics/readme"));
  EXPECT_THAT(Lines(Judged(files)), ElementsAre("kaspersky-industrial-cybersecurity installed"));
  SoftwareFacts unit;
  unit.units.push_back(Unit("kics.service", "-/opt/kaspersky/kics/bin/kics"));
  EXPECT_THAT(Lines(Judged(unit)), ElementsAre("kaspersky-industrial-cybersecurity remnant"));
  unit.programs.push_back(Elf("opt/kaspersky/kics/bin/kics"));
  EXPECT_THAT(Lines(Judged(unit)), ElementsAre("kaspersky-industrial-cybersecurity installed"));
}

TEST(JudgeTest, RemnantsAreWhatIsLeft) {
  SoftwareFacts facts;
  facts.files.push_back(File("var/log/kaspersky/kesl/x.log"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre(Line(kKesl, "remnant")));
  facts = {};
  facts.files.push_back(File("etc/opt/kaspersky/common.ini"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky remnant"));
  facts = {};
  facts.files.push_back(File("opt/kaspersky/kesl/doc/licence.txt"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre(Line(kKesl, "remnant")));
  facts = {};
  facts.units.push_back(Unit("kesl.service", "/opt/kaspersky/kesl/libexec/kesl"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre(Line(kKesl, "remnant")));
  facts = {};
  facts.files.push_back(File("etc/kavhttpd.xml"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-scan-engine remnant"));
  // An empty folder is less.
  facts = {};
  facts.files.push_back(Folder("opt/kaspersky"));
  facts.files.push_back(Folder("opt/kaspersky/kesl"));
  const Assessment empty = Judged(facts);
  for (const Finding& finding : empty.findings) EXPECT_EQ(finding.grade, Grade::kMention);
  EXPECT_FALSE(empty.forbidden());
}

TEST(JudgeTest, WhatALaterLayerDeletesIsARemnant) {
  SoftwareFacts facts;
  facts.roots.push_back(RootAt(1, RootKind::kImage, ""));
  facts.roots[0].name = "registry.example/app:1";
  facts.programs.push_back(Elf("opt/kaspersky/kesl/libexec/kesl", 1, Presence::kDeleted));
  facts.files.push_back(File("opt/kaspersky/kesl/libexec/kesl", 1, Presence::kDeleted));
  facts.packages.push_back(Package("kesl"));
  facts.packages[0].place = At("var/lib/dpkg/status", 1, Presence::kDeleted);
  facts.units.push_back(Unit("kesl.service", "/opt/kaspersky/kesl/libexec/kesl"));
  facts.units[0].place.root = 1;
  facts.units[0].place.presence = Presence::kDeleted;
  const Assessment assessment = Judged(facts, Ask({}, "", "2026-01-31"), "image");
  EXPECT_THAT(Lines(assessment), ElementsAre("kaspersky-endpoint-security-linux@registry.example/app:1 remnant"));
  EXPECT_FALSE(assessment.forbidden());
  EXPECT_THAT(assessment.findings[0].clauses[0].reason, HasSubstr("remove them"));
}

TEST(JudgeTest, EngineArtefactsAreEmbeddedFromTwoKindsOn) {
  SoftwareFacts facts;
  facts.programs.push_back(Elf("usr/lib/appliance/av/a.ppl"));
  facts.programs.push_back(Elf("usr/lib/appliance/av/b.PPL"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-anti-virus-engine mention"));
  SoftwareFacts bases = facts;
  bases.files.push_back(File("var/lib/appliance/bases/u1313g.xml"));
  EXPECT_THAT(Lines(Judged(bases)), ElementsAre("kaspersky-anti-virus-engine embedded"));
  SoftwareFacts image = facts;
  image.images.emplace_back();
  image.images[0].environment = {"PATH=/bin", "KL_PLUGINS_PATH=/usr/lib/appliance"};
  EXPECT_THAT(Lines(Judged(image)), ElementsAre("kaspersky-anti-virus-engine embedded"));
  // Texts called *.ppl, and bases elsewhere than in bases/, are nothing.
  SoftwareFacts none;
  none.files.push_back(File("home/x/people.ppl"));
  none.files.push_back(File("home/x/u1313g.xml"));
  EXPECT_THAT(Lines(Judged(none)), IsEmpty());
  // In the vendor's own folder they are its product.
  SoftwareFacts own;
  own.programs.push_back(Elf("opt/kaspersky/kesl/lib/a.ppl"));
  own.files.push_back(File("var/opt/kaspersky/kesl/bases/u1313g.xml"));
  EXPECT_THAT(Lines(Judged(own)), ElementsAre(Line(kKesl, "installed")));
}

TEST(JudgeTest, SignersDecideOfWindowsPrograms) {
  SoftwareFacts facts;
  facts.programs.push_back(SignedPe("srv/share/tool/engine.dll", "AO Kaspersky Lab", true));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky embedded"));
  facts.programs[0] = SignedPe("srv/backup/c/Program Files (x86)/Kaspersky Lab/KES/x.dll", "AO Kaspersky Lab", true);
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-windows installed"));
  facts.programs[0] = SignedPe("srv/share/AVP.EXE", "Kaspersky Lab JSC", true);
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-windows installed"));
  facts.programs[0] = SignedPe("windows/system32/drivers/klupd_klif_arkmon.sys", "AO Kaspersky Lab", true);
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-windows installed"));
  facts.programs[0] = SignedPe("srv/share/klnagent.exe", "AO Kaspersky Lab", true);
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-network-agent installed"));
  facts.programs[0] = SignedPe("srv/share/AVP.EXE", "AO Kaspersky Lab", false);
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-windows mention"));
  facts.programs[0] = SignedPe("srv/share/AVP.EXE", "AO Kaspersky Laboratories of Somebody Else", true);
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre("kaspersky-windows mention"));
}

TEST(JudgeTest, ComponentsOfSboms) {
  const auto graded = [](auto change) {
    SoftwareFacts facts;
    facts.roots.push_back(RootAt(1, RootKind::kSbom, ""));
    facts.components.emplace_back();
    facts.components[0].place.root = 1;
    facts.components[0].name = "something";
    change(facts.components[0]);
    const Assessment assessment = Judged(facts, Ask({}, "", "2026-01-31"), "sbom");
    return Lines(assessment).empty() ? std::string() : Lines(assessment)[0];
  };
  using Component = report::ComponentFact;
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:deb/vendor/kesl@12.1?arch=amd64"; }), Line(kKesl, "installed"));
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:deb/debian/kics@1.0"; }),
            "kaspersky-industrial-cybersecurity mention");
  EXPECT_EQ(graded([](Component& c) { c.supplier = "AO Kaspersky Lab"; }), "kaspersky embedded");
  EXPECT_EQ(graded([](Component& c) { c.publisher = "Organization: Kaspersky Lab (info@kaspersky.com)"; }),
            "kaspersky embedded");
  EXPECT_EQ(graded([](Component& c) { c.cpes = {"cpe:2.3:a:kaspersky:anti-virus_engine:8:*:*:*:*:*:*:*"}; }),
            "kaspersky embedded");
  EXPECT_EQ(graded([](Component& c) { c.cpes = {"cpe:/a:Kaspersky_Lab:x"}; }), "kaspersky embedded");
  EXPECT_EQ(graded([](Component& c) {
              c.supplier = "Kaspersky";
              c.is_subject = true;
            }),
            "kaspersky installed");
  EXPECT_EQ(graded([](Component& c) { c.cpes = {"cpe:2.3:a:kasperskyfan:kaspersky:1"}; }), "");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:npm/kaspersky-foo@1.0.0"; }), "kaspersky mention");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:npm/kesl@1.0.0"; }), "");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:pypi/kess@0.14.0"; }), "");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:golang/github.com/Checkmarx/kics@2"; }), "");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:generic/kesl@12.1"; }), Line(kKesl, "embedded"));
  EXPECT_EQ(graded([](Component& c) { c.name = "klnagent64"; }), "kaspersky-network-agent embedded");
  EXPECT_EQ(graded([](Component& c) { c.name = "kics"; }), "kaspersky-industrial-cybersecurity mention");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:generic/kaspersky-sdk@8"; }), "kaspersky embedded");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:generic/libnotkaspersky@8"; }), "");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:generic/kaspersky/sdk@8"; }), "kaspersky embedded");
  EXPECT_EQ(graded([](Component& c) { c.purl = "pkg:docker/kaspersky_scanengine_httpd@2"; }),
            "kaspersky-scan-engine embedded");
  EXPECT_EQ(graded([](Component& c) { c.copyright = "(c) AO Kaspersky Lab"; }), "kaspersky mention");
  EXPECT_EQ(graded([](Component& c) { c.author = "AO Kaspersky Lab"; }), "kaspersky mention");
  EXPECT_EQ(graded([](Component& c) {
              c.name = "Kaspersky Endpoint Security";
              c.is_subject = true;
            }),
            "kaspersky mention");
  EXPECT_EQ(graded([](Component& c) {
              c.name = "open-vm-tools";
              c.supplier = "VMware, Inc.";
              c.cpes = {"cpe:2.3:a:vmware:open_vm_tools:1"};
            }),
            "");
}

TEST(JudgeTest, ImagesByTheirNames) {
  const auto graded = [](auto change) {
    SoftwareFacts facts;
    facts.images.emplace_back();
    change(facts.images[0]);
    const Assessment assessment = Judged(facts, Ask({}, "", "2026-01-31"), "image");
    return Lines(assessment).empty() ? std::string() : Lines(assessment)[0];
  };
  using Image = report::ImageFact;
  EXPECT_EQ(graded([](Image& i) { i.names = {"registry.example:5000/x/kaspersky_scanengine_httpd:2.1"}; }),
            "kaspersky-scan-engine installed");
  EXPECT_EQ(graded([](Image& i) { i.names = {"someone/about-kaspersky:1"}; }), "kaspersky mention");
  EXPECT_EQ(graded([](Image& i) { i.labels = {"note=replaces Kaspersky"}; }), "kaspersky mention");
  EXPECT_EQ(graded([](Image& i) { i.volumes = {"/root/kesl-service/"}; }), Line(kKesl, "installed"));
  EXPECT_EQ(graded([](Image& i) { i.volumes = {"/root"}; }), "");
  EXPECT_EQ(graded([](Image& i) { i.names = {"debian:12"}; }), "");
}

// What must never be more than a mention, whatever else stands beside it.
TEST(JudgeTest, NearMissesStayMentions) {
  SoftwareFacts facts;
  for (const char* const name : {"rspamd", "amavisd-new", "mimedefang", "open-vm-tools", "open-vm-tools-desktop"}) {
    facts.packages.push_back(Package(name, "Debian Maintainers <pkg@lists.debian.org>"));
  }
  facts.packages.push_back(Package("kics", "Checkmarx <x@checkmarx.com>"));
  facts.files.push_back(File("home/x/kaspersky/notes.txt"));
  facts.files.push_back(File("srv/opt/kaspersky/kesl/readme.txt"));
  facts.programs.push_back(Elf("srv/opt/kaspersky/kesl/bin/kesl"));
  facts.programs.push_back(Elf("home/x/Kaspersky Lab/tool"));
  facts.programs.push_back(Elf("srv/Program Files/Kaspersky Lab/tool.exe"));
  facts.programs.push_back(Elf("tmp/sample.exe"));
  facts.programs.back().kind = report::ProgramKind::kPe;
  facts.programs.back().copyright = "© Kaspersky Lab ZAO";
  facts.programs.back().company = "AO Kaspersky Lab";
  facts.programs.push_back(SignedPe("tmp/avp.exe", "Kaspersky Lab ZAO", false));
  facts.mentions.push_back({At("usr/share/rspamd/lua/kaspersky.lua"), "kaspersky", 3, "-- /var/run/klms"});
  facts.mentions.push_back(
      {At("etc/amavis/conf.d/15-av_scanners"), "kaspersky", 9, "['Kaspersky', '/opt/kaspersky/kav4fs'"});
  facts.mentions.push_back({At("src/x.c"), "kaspersky", 1, "// © AO Kaspersky Lab"});
  facts.units.push_back(Unit("rspamd.service", "/usr/bin/rspamd"));
  facts.processes.push_back({5, "kesl", "usr/bin/rspamd", false, "rspamd.service"});
  const Assessment assessment = Judged(facts);
  EXPECT_FALSE(assessment.findings.empty());
  for (const Finding& finding : assessment.findings) {
    EXPECT_EQ(finding.grade, Grade::kMention) << finding.product << " " << finding.evidence[0].path;
    EXPECT_FALSE(finding.forbidden());
  }
  EXPECT_FALSE(assessment.forbidden());
}

TEST(JudgeTest, DatesDecide) {
  SoftwareFacts facts;
  facts.packages.push_back(Package("kesl"));
  const auto forbidding = [&](const char* role, const char* on) {
    std::vector<std::string> clauses;
    const Assessment assessment = Judged(facts, Ask({"US"}, role, on));
    for (const ClauseVerdict& clause : assessment.findings[0].clauses) {
      if (clause.standing == Standing::kForbids) clauses.push_back(clause.clause);
    }
    EXPECT_EQ(assessment.forbidden(), !clauses.empty());
    return clauses;
  };
  EXPECT_THAT(forbidding("reseller", "2024-07-19"), IsEmpty());
  EXPECT_THAT(forbidding("reseller", "2024-07-20"), ElementsAre("new-agreements"));
  EXPECT_THAT(forbidding("reseller", "2024-09-29"), ElementsAre("new-agreements", "updates", "resale"));
  EXPECT_EQ(forbidding("", "2024-07-19").size() + 1, forbidding("", "2024-07-20").size());
  EXPECT_LT(forbidding("", "2024-07-20").size(), forbidding("", "2024-09-29").size());
  // Who goes on using it is not bound.
  EXPECT_THAT(forbidding("operator", "2026-01-31"), IsEmpty());
}

TEST(JudgeTest, RootsHaveTheirOwnFindings) {
  SoftwareFacts facts;
  facts.roots.push_back(RootAt(1, RootKind::kContainer, "var/lib/docker/overlay2/abc/diff"));
  facts.roots.push_back(RootAt(2, RootKind::kArchive, "srv/app.tar"));
  facts.roots.push_back(RootAt(3, RootKind::kImage, "inner", 2));
  facts.programs.push_back(Elf("opt/kaspersky/kesl/bin/kesl", 1));
  facts.programs.push_back(Elf("opt/kaspersky/kesl/bin/kesl", 3));
  Judge judge(Shipped(), Ask({}, "", "2026-01-31"));
  judge.BeginTarget(
      {.name = "/", .kind = "this machine", .host = {}, .operating_system = {}, .sha256 = {}, .counts = {}});
  facts.unread.push_back({At("x/y", 3), "encrypted", ""});
  judge.Add(std::move(facts));
  judge.EndTarget();
  const std::vector<FileWanted> wanted = judge.WantsHash();
  ASSERT_FALSE(wanted.empty());
  for (const FileWanted& file : wanted) {
    EXPECT_EQ(file.path, "var/lib/docker/overlay2/abc/diff/opt/kaspersky/kesl/bin/kesl");
    judge.SetHash(file, "00ff");
  }
  const Assessment assessment = judge.Finish();
  EXPECT_THAT(Lines(assessment),
              ElementsAre("kaspersky-endpoint-security-linux@srv/app.tar//inner installed",
                          "kaspersky-endpoint-security-linux@var/lib/docker/overlay2/abc/diff installed"));
  EXPECT_EQ(assessment.findings[1].evidence[0].sha256 + assessment.findings[1].evidence[1].sha256, "00ff");
  ASSERT_EQ(assessment.unread.size(), 1u);
  EXPECT_EQ(assessment.unread[0].root, "srv/app.tar//inner");
  EXPECT_FALSE(assessment.complete());
}

TEST(JudgeTest, WhatAProcessCallsItselfHasToBeConfirmed) {
  SoftwareFacts facts;
  report::ProcessFact process;
  process.pid = 7;
  process.name = "kesl";
  process.program = "opt/kaspersky/kesl/libexec/kesl";
  process.by_own_word = true;
  facts.processes.push_back(process);
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre(Line(kKesl, "mention")));
  facts.programs.push_back(Elf("opt/kaspersky/kesl/libexec/kesl"));
  EXPECT_THAT(Lines(Judged(facts)), ElementsAre(Line(kKesl, "running")));
}

// Stronger findings of others, however many, do not push out what was asked for.
TEST(JudgeTest, OnlyWhatWasAskedFor) {
  SoftwareFacts facts;
  for (std::uint32_t i = 1; i <= 5000; ++i) {
    facts.roots.push_back(RootAt(i, RootKind::kFolder, ("srv/" + std::to_string(i)).c_str()));
    facts.programs.push_back(Elf("opt/kaspersky/kesl/libexec/kesl", i));
  }
  facts.files.push_back(File("etc/clamav/clamd.conf"));
  EXPECT_EQ(Judged(facts).findings.size(), 4000u);
  Question question = Ask({}, "", "2026-01-31");
  question.only = {"clamav"};
  question.fail_on = Grade::kRemnant;
  const Assessment assessment = Judged(facts, question);
  EXPECT_THAT(Lines(assessment), ElementsAre("clamav-scanner remnant"));
  EXPECT_TRUE(assessment.found());
  EXPECT_FALSE(assessment.forbidden());
  question.only = {"nobody"};
  EXPECT_THAT(Problem(Shipped(), question).value_or(""), testing::HasSubstr("nobody"));
}

TEST(JudgeTest, AbsurdFactsCostLittle) {
  SoftwareFacts facts;
  for (std::uint32_t i = 1; i <= 100'000; ++i) {
    // Parents that come later, that are themselves, that are not there.
    facts.roots.push_back(RootAt(i, RootKind::kFolder, "r", i % 3 == 0 ? i : i % 3 == 1 ? i + 1 : i - 1));
  }
  facts.roots.push_back(RootAt(0, RootKind::kPackage, "zero"));
  facts.roots.push_back(RootAt(5, RootKind::kPackage, "again"));
  for (std::uint32_t i = 0; i < 20'000; ++i) facts.programs.push_back(Elf("opt/kaspersky/kesl/x", i));
  facts.programs.push_back(Elf("opt/kaspersky/kesl/x", 4'000'000'000));
  const std::string huge(4 << 20, 'k');
  facts.packages.push_back(Package(huge.c_str(), huge.c_str(), huge.c_str()));
  facts.packages.push_back(Package("kesl", huge.c_str(), huge.c_str()));
  facts.packages[1].version = huge;
  facts.components.emplace_back();
  facts.components[0].name = facts.components[0].purl = facts.components[0].supplier = huge;
  facts.components[0].cpes = {huge, "cpe:2.3:", "cpe:/", "cpe:2.3:a:\\"};
  facts.files.push_back(File("opt/kaspersky/kesl/" + huge));
  facts.files.push_back(File(std::string(1 << 20, '/')));
  facts.files.push_back(File(""));
  facts.mentions.push_back({At(huge), "kaspersky", 0, huge});
  facts.mentions.push_back({At(""), "not a word", 0, ""});
  facts.units.push_back(Unit("kesl.service", "@-!+:"));
  facts.units[0].programs.assign(10'000, "/opt/kaspersky/kesl/x");
  for (int i = 0; i < 3000; ++i)
    facts.unread.push_back({At(std::to_string(i) + huge.substr(0, 10'000), 99), "damaged", huge.substr(0, 10'000)});
  facts.unread.push_back(facts.unread.back());  // Once is enough.
  const Assessment assessment = Judged(std::move(facts));
  EXPECT_EQ(assessment.findings.size(), 4000u);
  EXPECT_EQ(assessment.unread.size(), 1000u);
  EXPECT_EQ(assessment.more_unread, 2000u);
  for (const Finding& finding : assessment.findings) {
    EXPECT_LE(finding.evidence.size(), 100u);
    EXPECT_LE(finding.root.size(), 2100u);
    for (const Evidence& evidence : finding.evidence) EXPECT_LE(evidence.detail.size() + evidence.path.size(), 5000u);
  }
}

TEST(JudgeTest, EvidenceIsCutAndCounted) {
  SoftwareFacts facts;
  for (int i = 0; i < 1000; ++i) facts.programs.push_back(Elf("opt/kaspersky/kesl/bin/" + std::to_string(i)));
  facts.processes.push_back({1, "kesl", "opt/kaspersky/kesl/bin/1", false, ""});
  const Assessment assessment = Judged(std::move(facts));
  ASSERT_EQ(assessment.findings.size(), 1u);
  const Finding& finding = assessment.findings[0];
  EXPECT_EQ(finding.evidence.size(), 100u);
  EXPECT_EQ(finding.more_evidence, 902u);  // With the process and the folder.
  EXPECT_EQ(finding.evidence[0].kind, "process");
}

TEST(JudgeTest, QuestionsAreHeldAgainstThePolicies) {
  EXPECT_FALSE(Problem(Shipped(), Ask({"US", "DE"}, "reseller", "2026-01-31")));
  EXPECT_THAT(*Problem(Shipped(), Ask({"XX"}, "", "2026-01-31")), HasSubstr("jurisdiction \"XX\""));
  EXPECT_THAT(*Problem(Shipped(), Ask({}, "king", "2026-01-31")), HasSubstr("federal-agency"));
}

TEST(JudgeTest, RootsBeyondTheLimitAreNotTheTargets) {
  // A mirror of packages, more of them than are told apart; the last of them are the product's.
  SoftwareFacts facts;
  for (std::uint32_t id = 1; id <= 70000; ++id) {
    facts.roots.push_back({id, 0, RootKind::kPackage, "pool/" + std::to_string(id) + ".deb", {}, {}, {}});
  }
  for (const std::uint32_t id : {69998u, 69999u}) {
    facts.files.push_back(File("opt/kaspersky/kesl/libexec/kesl"));
    facts.files.back().place.root = id;
    facts.programs.push_back(Elf("opt/kaspersky/kesl/libexec/kesl"));
    facts.programs.back().place.root = id;
  }
  // An archive among them, and what is in it.
  facts.roots.push_back({70001, 0, RootKind::kArchive, "a.tar", {}, {}, {}});
  facts.files.push_back(File("opt/kaspersky/kesl/bin/x"));
  facts.programs.push_back(Elf("opt/kaspersky/kesl/bin/x"));
  facts.files.back().place.root = facts.programs.back().place.root = 70001;
  const Assessment assessment = Judged(facts);
  ASSERT_EQ(assessment.findings.size(), 2u);
  EXPECT_EQ(assessment.findings[0].grade, Grade::kInstalled);  // As it would be said of any archive.
  EXPECT_EQ(assessment.findings[1].grade, Grade::kRemnant);
  for (const Finding& finding : assessment.findings) EXPECT_THAT(finding.root, HasSubstr("more than"));
}

}  // namespace
}  // namespace dl::policy
