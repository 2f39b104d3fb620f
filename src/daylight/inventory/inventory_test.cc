#include "daylight/inventory/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "daylight/inventory/inventory_testing.h"
#include "daylight/inventory/items.h"
#include "daylight/report/escape.h"

namespace dl::inventory {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr WriteOptions kOptions{.program = "daylight", .version = "0.8.0", .at = 1'764'522'000};

template <typename Write>
std::string TextOf(const Write& write) {
  std::string text;
  EXPECT_TRUE(write([&](std::string_view piece) {
    text += piece;
    return true;
  }));
  return text;
}
std::string CycloneDx(const Contents& contents, const WriteOptions& options = kOptions) {
  return TextOf([&](const Sink& sink) { return WriteCycloneDx(contents, options, sink); });
}
std::string Spdx(const Contents& contents, const WriteOptions& options = kOptions) {
  return TextOf([&](const Sink& sink) { return WriteSpdx(contents, options, sink); });
}
std::string Text(const Contents& contents) {
  return TextOf([&](const Sink& sink) { return WriteText(contents, sink); });
}

json Named(const json& list, const std::string& name) {
  for (const json& entry : list)
    if (entry["name"] == name) return entry;
  return {};
}
std::string Property(const json& component, const std::string& name) {
  const json property = Named(component["properties"], name);
  return property.is_null() ? "" : property["value"].get<std::string>();
}

TEST(InventoryTest, CycloneDxOfAMachine) {
  const json document = json::parse(CycloneDx(testing::Machine()));
  EXPECT_EQ(document["bomFormat"], "CycloneDX");
  EXPECT_EQ(document["specVersion"], "1.5");
  EXPECT_EQ(document["metadata"]["timestamp"], "2025-11-30T17:00:00Z");
  const json& subject = document["metadata"]["component"];
  EXPECT_EQ(subject["type"], "operating-system");
  EXPECT_EQ(subject["name"], "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(subject["version"], "12");
  EXPECT_EQ(subject["cpe"], "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*");
  EXPECT_EQ(Property(subject, "daylight:target"), "this machine");
  const json& components = document["components"];
  EXPECT_EQ(components.size(), 6u);
  const json bash = Named(components, "bash");
  EXPECT_EQ(bash["purl"], "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12");
  EXPECT_EQ(bash["bom-ref"], "place-1/dpkg/bash:amd64@5.2.15-2+b2");
  EXPECT_EQ(bash["publisher"], "Matthias Klose <doko@debian.org>");
  EXPECT_EQ(bash["licenses"], json::parse(R"([{"expression": "GPL-3.0-or-later"}])"));
  EXPECT_EQ(bash["externalReferences"][0]["url"], "http://tiswww.case.edu/php/chet/bash/bashtop.html");
  EXPECT_EQ(Property(bash, "daylight:origin"), "dpkg");
  EXPECT_EQ(Property(bash, "daylight:database"), "var/lib/dpkg/status");
  EXPECT_EQ(Property(bash, "daylight:state"), "installed");
  EXPECT_EQ(Property(bash, "daylight:installed_at"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(Property(Named(components, "torn"), "daylight:state"), "broken");
  const json vim = Named(components, "Vim-X11");
  EXPECT_EQ(vim["supplier"]["name"], "Example Linux");
  EXPECT_EQ(vim["licenses"], json::parse(R"([{"license": {"name": "Vim and MIT"}}])"));
  EXPECT_TRUE(Named(components, "gone").is_null()) << "removed, only its settings are left";
  ASSERT_EQ(document["dependencies"].size(), 1u);
  EXPECT_EQ(document["dependencies"][0]["ref"], "place-1");
  EXPECT_EQ(document["dependencies"][0]["dependsOn"].size(), 6u);
}

TEST(InventoryTest, SpdxOfAMachine) {
  const json document = json::parse(Spdx(testing::Machine()));
  EXPECT_EQ(document["spdxVersion"], "SPDX-2.3");
  EXPECT_EQ(document["dataLicense"], "CC0-1.0");
  EXPECT_EQ(document["creationInfo"]["creators"][0], "Tool: daylight-0.8.0");
  EXPECT_EQ(document["packages"].size(), 7u);
  const json bash = Named(document["packages"], "bash");
  EXPECT_EQ(bash["versionInfo"], "5.2.15-2+b2");
  EXPECT_EQ(bash["supplier"], "Person: Matthias Klose (doko@debian.org)");
  EXPECT_EQ(bash["licenseDeclared"], "GPL-3.0-or-later");
  EXPECT_EQ(bash["downloadLocation"], "NOASSERTION");
  EXPECT_THAT(bash["sourceInfo"].get<std::string>(), HasSubstr("daylight:database=var/lib/dpkg/status"));
  EXPECT_EQ(bash["externalRefs"][0]["referenceLocator"],
            "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12");
  const json vim = Named(document["packages"], "Vim-X11");
  EXPECT_EQ(vim["supplier"], "Organization: Example Linux");
  EXPECT_EQ(vim["licenseDeclared"], "NOASSERTION");
  EXPECT_EQ(vim["licenseComments"], "As the package has it: Vim and MIT");
  const json& relations = document["relationships"];
  EXPECT_EQ(relations.size(), 7u);
  EXPECT_EQ(relations[0]["relationshipType"], "DESCRIBES");
  EXPECT_EQ(relations[0]["spdxElementId"], "SPDXRef-DOCUMENT");
  EXPECT_EQ(relations[1]["relationshipType"], "CONTAINS");
  EXPECT_EQ(relations[1]["spdxElementId"], relations[0]["relatedSpdxElement"]);
}

TEST(InventoryTest, TextOfAMachine) {
  EXPECT_EQ(Text(testing::Machine()), R"(# this machine, Debian GNU/Linux 12 (bookworm)
ii      dpkg     bash             5.2.15-2+b2       amd64   var/lib/dpkg/status
ii      dpkg     libc6            1:2.36-9+deb12u4  amd64   var/lib/dpkg/status
ii      dpkg     libc6            1:2.36-9+deb12u4  i386    var/lib/dpkg/status
broken  dpkg     torn             2.0               amd64   var/lib/dpkg/status
ii      rpm      Vim-X11          2:9.0-1.el9       x86_64  var/lib/rpm/rpmdb.sqlite
ii      flatpak  org.example.App  1.2               x86_64  )"
                                      R"(var/lib/flatpak/app/org.example.App/x86_64/stable/1/metadata
rc      dpkg     gone             1.0               all     var/lib/dpkg/status
)");
}

TEST(InventoryTest, AnImageWithAPackageFileInIt) {
  const json document = json::parse(CycloneDx(testing::Image()));
  const json& subject = document["metadata"]["component"];
  EXPECT_EQ(subject["type"], "container");
  EXPECT_EQ(subject["name"], "registry.example/app:1.2");
  EXPECT_EQ(subject["hashes"][0]["content"], std::string(64, 'a'));
  EXPECT_EQ(Named(document["components"], "Alpine Linux v3.19")["type"], "operating-system");
  EXPECT_EQ(Named(document["components"], "musl")["purl"],
            "pkg:apk/alpine/musl@1.2.4_git20230717-r4?arch=x86_64&distro=alpine-3.19.1");
  EXPECT_TRUE(Named(document["components"], "deleted").is_null());
  const json tool = Named(document["components"], "tool");
  EXPECT_EQ(tool["purl"], "pkg:deb/debian/tool@1.0?arch=all") << "not of the system that the image is of";
  EXPECT_EQ(Property(tool, "daylight:root"), "app.tar/srv/tool.deb");
  EXPECT_EQ(Property(tool, "daylight:state"), "file");
  EXPECT_EQ(document["dependencies"][1]["ref"], "place-2");
  EXPECT_EQ(document["dependencies"][1]["dependsOn"], json::array({tool["bom-ref"]}));
  EXPECT_THAT(Text(testing::Image()), HasSubstr("deleted  apk"));
}

TEST(InventoryTest, SeveralTargetsAreComponentsBesideEachOther) {
  const json document = json::parse(CycloneDx(testing::Many()));
  EXPECT_FALSE(document["metadata"].contains("component"));
  EXPECT_EQ(document["components"].size(), 15u);
  EXPECT_EQ(Named(document["components"], "empty")["type"], "file");
  const json spdx = json::parse(Spdx(testing::Many()));
  EXPECT_EQ(std::count_if(spdx["relationships"].begin(), spdx["relationships"].end(),
                          [](const json& relation) { return relation["relationshipType"] == "DESCRIBES"; }),
            3);
}

TEST(InventoryTest, TheSameSoftwareGivesTheSameDocumentButForItsTime) {
  report::SoftwareFacts facts = testing::MachineFacts();
  std::reverse(facts.packages.begin(), facts.packages.end());
  Inventory inventory;
  inventory.BeginTarget("this machine", TargetKind::kMachine);
  inventory.Add(facts);
  inventory.Add(facts);  // Told twice.
  const Contents reversed = inventory.Finish();
  EXPECT_EQ(CycloneDx(reversed), CycloneDx(testing::Machine()));
  EXPECT_EQ(Spdx(reversed), Spdx(testing::Machine()));

  WriteOptions later = kOptions;
  later.at += 86400;
  json first = json::parse(CycloneDx(reversed));
  json second = json::parse(CycloneDx(reversed, later));
  EXPECT_NE(first["metadata"]["timestamp"], second["metadata"]["timestamp"]);
  EXPECT_EQ(first["serialNumber"], second["serialNumber"]);
  first["metadata"].erase("timestamp");
  second["metadata"].erase("timestamp");
  EXPECT_EQ(first, second);

  facts.packages[0].version += "1";
  inventory.BeginTarget("this machine", TargetKind::kMachine);
  inventory.Add(facts);
  EXPECT_NE(json::parse(CycloneDx(inventory.Finish()))["serialNumber"], first["serialNumber"]);
}

// Every identifier once, every reference to something that is there, everything reached from a target.
TEST(InventoryTest, DocumentsOfHostileFactsAreWhole) {
  for (const Contents& contents : {testing::Hostile(), testing::Many(), testing::Image(), Inventory().Finish()}) {
    const json document = json::parse(CycloneDx(contents));
    std::set<std::string> refs;
    const auto add = [&](const json& component) {
      EXPECT_TRUE(refs.insert(component["bom-ref"].get<std::string>()).second) << component["bom-ref"];
      EXPECT_NE(component["name"], "");
    };
    if (document["metadata"].contains("component")) add(document["metadata"]["component"]);
    for (const json& component : document["components"]) add(component);
    std::set<std::string> parents;
    for (const json& dependency : document["dependencies"]) {
      EXPECT_TRUE(refs.count(dependency["ref"].get<std::string>()));
      EXPECT_TRUE(parents.insert(dependency["ref"].get<std::string>()).second);
      for (const json& ref : dependency["dependsOn"]) EXPECT_TRUE(refs.count(ref.get<std::string>()));
    }

    const json spdx = json::parse(Spdx(contents));
    std::set<std::string> ids{"SPDXRef-DOCUMENT"};
    for (const json& package : spdx["packages"]) {
      const std::string id = package["SPDXID"];
      EXPECT_TRUE(ids.insert(id).second) << id;
      EXPECT_EQ(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"),
                std::string::npos);
    }
    for (const json& relation : spdx["relationships"]) {
      EXPECT_TRUE(ids.count(relation["spdxElementId"].get<std::string>()));
      EXPECT_TRUE(ids.count(relation["relatedSpdxElement"].get<std::string>()));
    }
    EXPECT_EQ(spdx["relationships"].size() + 1, ids.size());
    const std::string text = Text(contents);
    EXPECT_TRUE(report::IsUtf8(text));
    EXPECT_EQ(text.find_first_of(std::string_view("\x1b\r\0", 3)), std::string::npos);
  }
}

TEST(InventoryTest, ComponentsOfAnSbomAreTakenOver) {
  report::SoftwareFacts facts;
  report::ComponentFact app;
  app.reference = "app";
  app.type = "application";
  app.name = "app";
  app.is_subject = true;
  report::ComponentFact part;
  part.reference = "part";
  part.type = "OPERATING-SYSTEM";
  part.name = "part";
  part.group = "org.example";
  part.within = "app";
  part.supplier = "Example";
  part.cpes = {"cpe:2.3:a:example:part:1:*:*:*:*:*:*:*", "cpe:/a:example:part:1"};
  part.purl = "pkg:npm/part@1";
  facts.components = {part, app};
  Inventory inventory;
  inventory.BeginTarget("bom.json", TargetKind::kSbom);
  inventory.Add(facts);
  const Contents contents = inventory.Finish();
  const json document = json::parse(CycloneDx(contents));
  const json written = Named(document["components"], "part");
  EXPECT_EQ(written["type"], "operating-system");
  EXPECT_EQ(written["group"], "org.example");
  EXPECT_EQ(written["purl"], part.purl);
  EXPECT_EQ(written["cpe"], part.cpes[0]);
  EXPECT_EQ(Property(written, "daylight:cpe"), part.cpes[1]);
  EXPECT_EQ(Property(written, "daylight:reference"), "part");
  const json& dependencies = document["dependencies"];
  EXPECT_EQ(dependencies[1]["ref"], Named(document["components"], "app")["bom-ref"]);
  EXPECT_EQ(dependencies[1]["dependsOn"], json::array({written["bom-ref"]}));
  const json spdx = json::parse(Spdx(contents));
  EXPECT_EQ(Named(spdx["packages"], "org.example/part")["externalRefs"].size(), 3u);
}

TEST(InventoryTest, ASinkThatWantsNoMoreEndsIt) {
  for (const Contents& contents : {testing::Machine(), testing::Hostile()}) {
    const Sink refuse = [](std::string_view) { return false; };
    EXPECT_FALSE(WriteCycloneDx(contents, kOptions, refuse));
    EXPECT_FALSE(WriteSpdx(contents, kOptions, refuse));
    EXPECT_FALSE(WriteText(contents, refuse));
  }
}

TEST(InventoryTest, WhatCouldNotBeReadIsSaid) {
  EXPECT_EQ(json::parse(CycloneDx(testing::Hostile()))["metadata"]["properties"][0]["value"], "1");
  EXPECT_THAT(Spdx(testing::Hostile()), HasSubstr("not the whole of it"));
  EXPECT_THAT(Text(testing::Hostile()), HasSubstr("1 objects could not be read"));
  EXPECT_THAT(Text(testing::Machine()), Not(HasSubstr("could not be read")));
}

TEST(InventoryTest, TimesAddressesAndCpes) {
  EXPECT_EQ(TimeText(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(TimeText(951'782'400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(TimeText(4'107'542'399), "2100-02-28T23:59:59Z");
  EXPECT_EQ(TimeText(INT64_MAX), "9999-12-31T23:59:59Z");
  EXPECT_EQ(TimeText(-1), "1970-01-01T00:00:00Z");
  EXPECT_EQ(WebAddress("https://example.org:80/a?b#c"), "https://example.org:80/a?b#c");
  for (const char* text : {"", "ftp://example.org", "https://", "https:///x", "https://a b", "https://a:b",
                           "http://a#b#c", "javascript:x", "http://[::1", "http://a%zz"})
    EXPECT_EQ(WebAddress(text), "") << text;
  EXPECT_TRUE(IsCpe("cpe:2.3:a:x:y\\:z:1:*:*:*:*:*:*:*"));
  EXPECT_TRUE(IsCpe("cpe:/o:fedoraproject:fedora:39"));
  for (const char* text : {"", "cpe:2.3:a:x", "cpe:/x:y", "cpe:/a:", "cpe:2.3:a:x::1:*:*:*:*:*:*:*", "cpe:/a:x y"})
    EXPECT_FALSE(IsCpe(text)) << text;
}

}  // namespace
}  // namespace dl::inventory
