#include "daylight/extract/sbom/sbom.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "daylight/extract/sbom/json_events.h"
#include "daylight/report/escape.h"

namespace dl::sbom {
namespace {

struct Outcome {
  bool is_sbom = false;
  std::vector<report::ComponentFact> components;
  std::vector<report::UnreadFact> unread;
};

Outcome Read(ObjectSource& source) {
  Outcome outcome;
  extract::Facts facts([&](report::SoftwareFacts&& piece, bool) {
    for (auto& fact : piece.components) outcome.components.push_back(std::move(fact));
    for (auto& fact : piece.unread) outcome.unread.push_back(std::move(fact));
    return true;
  });
  outcome.is_sbom = ReadSbom(source, {.root = 3, .path = "srv/bom"}, facts);
  facts.Finish();
  return outcome;
}

Outcome Read(std::string_view text) {
  MemorySource source(AsBytes(text));
  return Read(source);
}

// A component a paragraph, a line each of what it has.
std::string Describe(const Outcome& outcome) {
  std::string text;
  const auto line = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text += "  " + std::string(name) + ": " + report::EscapeLine(value) + "\n";
  };
  for (const report::ComponentFact& fact : outcome.components) {
    text += fact.is_subject ? "subject\n" : "component\n";
    line("reference", fact.reference);
    line("within", fact.within);
    line("type", fact.type);
    line("name", fact.name);
    line("version", fact.version);
    line("group", fact.group);
    line("supplier", fact.supplier);
    line("publisher", fact.publisher);
    line("manufacturer", fact.manufacturer);
    line("author", fact.author);
    line("purl", fact.purl);
    for (const std::string& cpe : fact.cpes) line("cpe", cpe);
    line("licence", fact.licence);
    line("description", fact.description);
    line("copyright", fact.copyright);
  }
  for (const report::UnreadFact& fact : outcome.unread) text += "unread " + fact.reason + ": " + fact.detail + "\n";
  return text;
}

std::string Folder() { return std::string(DAYLIGHT_SOURCE_DIR) + "/src/daylight/extract/sbom/goldens/"; }

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

constexpr const char* kSamples[] = {"suite.cdx.json", "suite.cdx.xml", "suite.spdx.json", "suite.spdx"};

TEST(SbomTest, Goldens) {
  for (const char* name : kSamples) {
    const std::string text = FileText(Folder() + name);
    EXPECT_TRUE(IsSbom(AsBytes(text))) << name;
    const Outcome outcome = Read(text);
    EXPECT_TRUE(outcome.is_sbom);
    for (const report::ComponentFact& fact : outcome.components) {
      EXPECT_EQ(fact.place.root, 3u);
      EXPECT_EQ(fact.place.path, "srv/bom");
    }
    if (std::getenv("DAYLIGHT_UPDATE_GOLDENS")) std::ofstream(Folder() + name + ".facts") << Describe(outcome);
    EXPECT_EQ(Describe(outcome), FileText(Folder() + name + ".facts")) << name;
  }
}

// In every order of keys a document says the same.
TEST(SbomTest, TheOrderOfKeysIsFree) {
  const std::string child = R"({"name":"child","type":"library"})";
  const std::string parts[] = {R"("bomFormat":"CycloneDX")",
                               R"("components":[{"components":[)" + child + R"(],"name":"a","bom-ref":"A"}])",
                               R"("metadata":{"supplier":{"name":"S"},"component":{"name":"m"}})"};
  std::vector<std::size_t> order{0, 1, 2};
  do {
    std::string text = "{";
    for (const std::size_t i : order) text += (text.size() > 1 ? "," : "") + parts[i];
    Outcome outcome = Read(text + "}");
    ASSERT_TRUE(outcome.is_sbom);
    ASSERT_EQ(outcome.components.size(), 3u);
    std::sort(outcome.components.begin(), outcome.components.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    EXPECT_EQ(outcome.components[1].name, "child");
    EXPECT_EQ(outcome.components[1].within, "A");
    EXPECT_TRUE(outcome.components[2].is_subject);
    EXPECT_EQ(outcome.components[2].supplier, "S");
  } while (std::next_permutation(order.begin(), order.end()));

  // A big one that says only at its end what it is.
  std::string late = R"({"components":[)";
  for (int i = 0; i < 3000; ++i) late += R"({"name":"component )" + std::to_string(i) + R"(","bom-ref":"x"},)";
  late += R"({"name":"last"}],"bomFormat":"CycloneDX"})";
  ASSERT_GT(late.size(), kHeadBytes);
  EXPECT_TRUE(IsSbom(AsBytes(late))) << "by the references in it";
  EXPECT_EQ(Read(late).components.size(), 3001u);
}

TEST(SbomTest, WhatIsNone) {
  for (const std::string_view text :
       {"", "{", "{}", "[]", "null", "{\"a\":1}", "[{\"bomFormat\":\"CycloneDX\"}]",
        "{\"x\":{\"bomFormat\":\"CycloneDX\"}}", "{\"bomFormat\":\"Other\"}", "{\"bomFormat\":1}", "<html></html>",
        "<bom/>", "<bom xmlns=\"urn:x\"/>", "# SPDXVersion: in a comment",
        "\x7f"
        "ELF",
        "\xff\xfe", "\xef\xbb\xbf"}) {
    const Outcome outcome = Read(text);
    EXPECT_FALSE(outcome.is_sbom) << text;
    EXPECT_EQ(Describe(outcome), "") << text;
  }
  for (const std::string_view text : {"", "{}", "{\"name\":\"x\"}", "<html/>", "<?xml version=\"1.0\"?><project/>",
                                      "\x7f"
                                      "ELF",
                                      "plain text"})
    EXPECT_FALSE(IsSbom(AsBytes(text))) << text;
}

TEST(SbomTest, WhatIsNotSupportedIsSaid) {
  EXPECT_EQ(Describe(Read("<rdf:RDF xmlns:spdx=\"http://spdx.org/rdf/terms#\"></rdf:RDF>")),
            "unread unsupported: SPDX as RDF\n");
  EXPECT_EQ(Describe(Read("---\nSPDXID: \"SPDXRef-DOCUMENT\"\nspdxVersion: \"SPDX-2.3\"\n")),
            "unread unsupported: SPDX as YAML\n");
  EXPECT_EQ(Describe(Read("{\"@context\":\"https://spdx.org/rdf/3.0.1/spdx-context.jsonld\",\"@graph\":[]}")),
            "unread unsupported: SPDX 3\n");
}

// Whatever it is cut to: no crash; what is told is a beginning of the whole; and that something is missing is said, or
// it does not pass for an SBOM.
TEST(SbomTest, CutAtEveryByte) {
  for (const char* name : kSamples) {
    const std::string text = FileText(Folder() + name);
    const Outcome whole = Read(text);
    const bool is_tags = std::string_view(name) == "suite.spdx";
    // Behind the last bracket is nothing that would be missed.
    const std::size_t end = text.find_last_not_of('\n');
    for (std::size_t size = 0; size <= end; ++size) {
      // Of exactly that size, so that a sanitizer sees who reads more.
      const std::string cut(text, 0, size);
      const std::vector<char> exact(cut.begin(), cut.end());
      const Outcome outcome = Read(std::string_view(exact.data(), exact.size()));
      // Lines that are not there cannot be missed, and a package ends with whatever follows it.
      if (is_tags) continue;
      EXPECT_TRUE(!outcome.is_sbom || !outcome.unread.empty()) << name << " " << size;
      EXPECT_LE(outcome.components.size(), whole.components.size());
    }
  }
}

TEST(SbomTest, OtherEncodings) {
  for (const char* name : kSamples) {
    const std::string text = FileText(Folder() + name);
    const std::string expected = Describe(Read(text));
    EXPECT_EQ(Describe(Read("\xef\xbb\xbf" + text)), expected);
    // Only ASCII here: each character by itself.
    std::string ascii = text;
    std::replace_if(
        ascii.begin(), ascii.end(), [](char c) { return static_cast<unsigned char>(c) > 127; }, '?');
    if (const std::size_t at = ascii.find(" encoding=\"UTF-8\""); at != std::string::npos) ascii.erase(at, 17);
    const std::string ascii_expected = Describe(Read(ascii));
    std::string little = "\xff\xfe";
    std::string big = "\xfe\xff";
    for (const char c : ascii) {
      little += c;
      little += '\0';
      big += '\0';
      big += c;
    }
    EXPECT_TRUE(IsSbom(AsBytes(little))) << name;
    EXPECT_TRUE(IsSbom(AsBytes(big))) << name;
    EXPECT_EQ(Describe(Read(little)), ascii_expected) << name;
    EXPECT_EQ(Describe(Read(big)), ascii_expected) << name;
  }
}

TEST(SbomTest, InvalidUtf8IsDamage) {
  const std::string text = "{\"bomFormat\":\"CycloneDX\",\"components\":[{\"name\":\"good\"},{\"name\":\"\xff\"}]}";
  EXPECT_EQ(Describe(Read(text)), "component\n  name: good\nunread damaged: not JSON to its end\n");
  // Tags are lines of bytes, and so is XML to its reader.
  EXPECT_EQ(Describe(Read("SPDXVersion: SPDX-2.3\nPackageName: \xff\n")), "component\n  name: \\xff\n");
}

TEST(SbomTest, NestingUpToALimit) {
  const auto nested = [](std::size_t depth) {
    std::string text = R"({"bomFormat":"CycloneDX")";
    for (std::size_t i = 0; i < depth; ++i)
      text += (i == 0 ? R"(,"components":[{"name":"c)" : R"(","components":[{"name":"c)") + std::to_string(i);
    text += '"';
    for (std::size_t i = 0; i < depth; ++i) text += "}]";
    return text + "}";
  };
  // Two levels of brackets each, and the outermost.
  const Outcome most = Read(nested((kMaxDepth - 1) / 2));
  EXPECT_EQ(most.components.size(), (kMaxDepth - 1) / 2);
  EXPECT_TRUE(most.unread.empty());
  const Outcome more = Read(nested(kMaxDepth / 2));
  ASSERT_EQ(more.unread.size(), 1u);
  EXPECT_EQ(more.unread[0].reason, "damaged");

  const std::string open(5'000'000, '[');
  EXPECT_FALSE(Read(open).is_sbom);
  EXPECT_EQ(Read("{\"bomFormat\":\"CycloneDX\",\"x\":" + open).unread.at(0).reason, "damaged");
  EXPECT_EQ(Read("{\"spdxVersion\":\"SPDX-2.3\",\"packages\":" + open).unread.at(0).reason, "damaged");

  std::string xml = "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\">";
  for (std::size_t i = 0; i < 100'000; ++i) xml += "<components><component><name>x</name>";
  const Outcome outcome = Read(xml);
  EXPECT_EQ(outcome.components.size(), kMaxDepth);
  EXPECT_EQ(outcome.unread.at(0).reason, "damaged");
}

TEST(SbomTest, LongTextsAreCut) {
  const std::string name(100'000, 'n');
  const Outcome outcome = Read("{\"bomFormat\":\"CycloneDX\",\"components\":[{\"name\":\"" + name + "\"}]}");
  EXPECT_EQ(outcome.components.at(0).name.size(), 4096u);
  std::string wide;
  for (int i = 0; i < 3000; ++i) wide += "\u4e2d";
  const Outcome cut = Read("SPDXVersion: SPDX-2.3\nPackageName: " + wide + "\n");
  EXPECT_EQ(cut.components.at(0).name.size(), 4095u);
  EXPECT_TRUE(report::IsUtf8(cut.components[0].name));

  const Outcome endless =
      Read("{\"bomFormat\":\"CycloneDX\",\"x\":\"" + std::string(kMaxTokenBytes + 100, 'x') + "\",\"components\":[]}");
  ASSERT_EQ(endless.unread.size(), 1u);
  EXPECT_EQ(endless.unread[0].reason, "max-memory");
}

TEST(SbomTest, BracketsWithoutEndAreRefused) {
  std::string text = R"({"bomFormat":"CycloneDX","x":[)";
  while (text.size() < kMaxTokenBytes + 1024) text += "[],[],[],[],";
  EXPECT_EQ(Describe(Read(text + "1]}")),
            "unread max-memory: a single text, or nothing but brackets, of more than 16 MiB\n");
}

TEST(SbomTest, MoreXmlThanMemoryIsRefused) {
  std::string xml = "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\">";
  while (xml.size() < (24u << 20)) xml += "b<a/>b<a/>b<a/>b<a/>";
  const Outcome outcome = Read(xml + "</bom>");
  EXPECT_TRUE(outcome.is_sbom);
  EXPECT_EQ(Describe(outcome), "unread max-memory: XML with more elements than are held in memory\n");
}

TEST(SbomTest, ReferencesThatAreThereTwice) {
  const Outcome outcome = Read(
      R"({"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a","name":"one"},{"SPDXID":"SPDXRef-a","name":"two"}],
          "relationships":[{"spdxElementId":"SPDXRef-a","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-a"}]})");
  EXPECT_EQ(Describe(outcome),
            "component\n  reference: SPDXRef-a\n  name: one\ncomponent\n  reference: SPDXRef-a\n  name: two\n");
  // Keys that are there twice: the last counts; a component that is no object is none.
  EXPECT_EQ(Describe(Read(R"({"bomFormat":"CycloneDX","components":[{"name":"a","name":"b"}],"components":"x"})")),
            "component\n  name: b\n");
}

TEST(SbomTest, EndsWhenNoMoreIsWanted) {
  std::string text = R"({"bomFormat":"CycloneDX","components":[)";
  for (int i = 0; i < 50'000; ++i) text += R"({"name":"x"},)";
  text += R"({"name":"x"}]})";
  std::size_t pieces = 0;
  extract::Facts facts([&](report::SoftwareFacts&& piece, bool) {
    if (!piece.components.empty()) ++pieces;
    EXPECT_TRUE(piece.unread.empty());
    return false;
  });
  MemorySource source(AsBytes(text));
  EXPECT_TRUE(ReadSbom(source, {}, facts));
  EXPECT_EQ(pieces, 1u);
}

TEST(SbomTest, AStreamIsReadAsWell) {
  for (const char* name : kSamples) {
    const std::string text = FileText(Folder() + name);
    std::size_t at = 0;
    StreamSource source(
        [&](std::span<std::byte> out) -> Result<std::size_t> {
          const std::size_t size = std::min<std::size_t>({out.size(), text.size() - at, 100});
          std::copy_n(AsBytes(text).begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
          at += size;
          return size;
        },
        {});
    EXPECT_EQ(Describe(Read(source)), Describe(Read(text))) << name;
  }
}

}  // namespace
}  // namespace dl::sbom
