// Images that someone made to do harm.
#include <gtest/gtest.h>

#include <memory>

#include "daylight/extract/image/documents.h"
#include "daylight/extract/image/image_testing.h"

namespace dl::extract {
namespace {

using nlohmann::json;

const std::string kElf = std::string("\x7f") + "ELF" + std::string(100, '\1');

SavedImage Small() {
  SavedImage image;
  image.AddLayer(MakeTar({File("a", kElf), Folder("d"), File("d/b")}));
  image.AddLayer(MakeTar({File("d/.wh.b", ""), Link("l", "a"), HardLink("h", "a")}));
  return image;
}

TEST(HostileImageTest, CutAtEveryByte) {
  for (const std::string& whole : {Small().Oci(), Small().Docker()}) {
    // Most lengths end within zeros that fill a block up.
    for (std::size_t size = 0; size < whole.size(); size += size % 512 < 16 ? 1u : 31u) {
      const std::unique_ptr<char[]> exact(new char[size]);
      std::copy_n(whole.begin(), size, exact.get());
      MemorySource source(AsBytes(std::string_view(exact.get(), size)));
      IsImage(source);
      IsArchive(source);
      TellOf([&](const MemberReader& reader, Budget& budget, Facts& facts) {
        return ReadImage(source, {0, "x"}, reader, budget, facts);
      });
    }
  }
}

TEST(HostileImageTest, WhatIsCutIsTold) {
  const std::string whole = Small().Oci();
  const Tale tale = TellImage(whole.substr(0, whole.size() - 2500));
  EXPECT_TRUE(tale.is_read);
  EXPECT_NE(tale.unread(), "");
}

TEST(HostileImageTest, BytesThatAreNotThoseOfTheirDigest) {
  SavedImage image = Small();
  std::vector<TarEntry> files = image.OciFiles();
  files.back().bytes = MakeTar({File("other", kElf)});
  const Tale tale = TellImage(MakeTar(files));
  EXPECT_EQ(tale.unread(), "!damaged");
  // Told all the same.
  EXPECT_EQ(tale.files(), "a d/ d/b other");
  files = image.OciFiles();
  files[2].bytes += "\n";
  EXPECT_EQ(TellImage(MakeTar(files)).unread(), "image.tar!damaged");
  // Behind the end of the archive in it.
  files = image.OciFiles();
  files.back().bytes += std::string(1024, '\0');
  EXPECT_EQ(TellImage(MakeTar(files)).unread(), "!damaged");
  std::vector<TarEntry> saved = image.DockerFiles();
  saved[0].bytes = MakeTar({File("other")});
  EXPECT_EQ(TellImage(MakeTar(saved)).unread(), "!damaged h!damaged");
}

TEST(HostileImageTest, NamesOfFilesThatAreNotInIt) {
  SavedImage image = Small();
  std::vector<TarEntry> files = image.DockerFiles();
  files.back().bytes = json::array({{{"Config", "/etc/passwd"},
                                     {"RepoTags", {"x"}},
                                     {"Layers", {"/etc/passwd", "../../../../etc/passwd", "", files[0].name}}}})
                           .dump();
  const Tale tale = TellImage(MakeTar(files));
  EXPECT_EQ(tale.files(), "a d/ d/b");
  EXPECT_EQ(tale.unread(), "!damaged !damaged !damaged !damaged");
  files = image.OciFiles();
  files[1].bytes =
      json({{"manifests", {{{"digest", "sha256:../../index"}}, {{"digest", "x"}}, {{"digest", 7}}, 5}}}).dump();
  EXPECT_EQ(TellImage(MakeTar(files)).unread(), "image.tar!damaged image.tar!damaged image.tar!damaged");
}

TEST(HostileImageTest, LayersThatAreElsewhereOrClosed) {
  SavedImage image = Small();
  std::vector<TarEntry> files = image.OciFiles();
  json manifest = json::parse(image.Manifest());
  const json present = manifest["layers"][0];
  manifest["layers"] = {{{"digest", "sha256:" + std::string(64, '0')},
                         {"mediaType", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}},
                        {{"digest", "sha256:" + std::string(64, '1')},
                         {"mediaType", "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"}},
                        {{"digest", "sha256:" + std::string(64, '2')}, {"mediaType", "application/vnd.in-toto+json"}},
                        present};
  files[2] = SavedImage::Blob(manifest.dump());
  files[1].bytes = json({{"manifests", {{{"digest", "sha256:" + HexDigest(manifest.dump())}}}}}).dump();
  const Tale tale = TellImage(MakeTar(files));
  EXPECT_EQ(tale.unread(), "!encrypted !unsupported !unsupported");
  EXPECT_EQ(tale.files(), "a d/ d/b");
}

TEST(HostileImageTest, IndexesInCircles) {
  // A digest cannot contain itself, but nobody says that a blob has its own.
  const std::string hex(64, 'a');
  const json manifest = {{"digest", "sha256:" + hex}};
  const std::string index = json({{"manifests", json::array({manifest, manifest})}}).dump();
  const Tale tale = TellImage(MakeTar({File("index.json", index), File("blobs/sha256/" + hex, index)}));
  EXPECT_TRUE(tale.is_read);
  EXPECT_TRUE(tale.all.images.empty());
  EXPECT_EQ(tale.unread(), "image.tar!damaged");
  // And in a long row.
  std::vector<TarEntry> files = {File("index.json", index)};
  for (int i = 0; i < 100; ++i) {
    const auto name = [](int n) {
      const std::string digits = std::to_string(n);
      return std::string(64 - digits.size(), n == 0 ? 'a' : 'b') + (n == 0 ? "a" : digits);
    };
    const std::string next = json({{"manifests", {{{"digest", "sha256:" + name(i + 1)}}}}}).dump();
    files.push_back(File("blobs/sha256/" + (i == 0 ? hex : name(i)), next));
  }
  EXPECT_NE(TellImage(MakeTar(files)).unread().find("image.tar!budget"), std::string::npos);
}

TEST(HostileImageTest, DocumentsThatAreDeepOrLarge) {
  const std::string deep = std::string(1 << 20, '[');
  EXPECT_FALSE(TellImage(MakeTar({File("index.json", deep)})).is_read);
  EXPECT_TRUE(TellImage(MakeTar({File("oci-layout", "{}"), File("index.json", deep)})).is_read);
  std::string nested;
  for (int i = 0; i < 10'000; ++i) nested += R"({"manifests":[)";
  EXPECT_FALSE(TellImage(MakeTar({File("index.json", nested)})).is_read);
  for (int i = 0; i < 10'000; ++i) nested += "]}";
  TellImage(MakeTar({File("index.json", nested)}));
  std::string many = R"({"manifests":[)";
  while (many.size() < (3u << 20)) many += R"({"digest":"sha256:ab"},)";
  many += "{}]}";
  EXPECT_TRUE(TellImage(MakeTar({File("index.json", many)})).is_read);
  for (const char* text : {"{", "[]", "null", "{\"manifests\":{}}", "{\"manifests\":[[],{},null]}", "\xff\xfe{}"}) {
    TellImage(MakeTar({File("index.json", text), File("manifest.json", text), File("repositories", text)}));
  }
}

TEST(HostileImageTest, MoreLayersThanAreRead) {
  SavedImage image = Small();
  std::vector<TarEntry> files = image.DockerFiles();
  json layers = json::array();
  for (int i = 0; i < 30'000; ++i) layers.push_back(files[0].name);
  files.back().bytes = json::array({{{"Config", files[2].name}, {"Layers", layers}}}).dump();
  const Tale tale = TellImage(MakeTar(files));
  EXPECT_NE(tale.unread().find("!budget"), std::string::npos);
  EXPECT_EQ(tale.files(), "a d/ d/b");
  // One of the layers lies upon itself a thousand times; of replaced files only programs are told.
  EXPECT_EQ(tale.all.programs.size(), kMaxLayers);
}

TEST(HostileImageTest, ALayerThatIsNoArchiveOrABomb) {
  SavedImage image;
  image.AddLayer("no tar");
  image.AddLayer(MakeTar({File("a")}));
  const Tale tale = TellImage(image.Docker());
  EXPECT_EQ(tale.files(), "a");
  EXPECT_EQ(tale.unread(), "!damaged");
  SavedImage bomb;
  const std::string zeros = MakeTar({File("zeros", std::string(64 << 20, '\0')), File("behind")});
  bomb.AddLayer(zeros, unpack::Compress(ARCHIVE_FILTER_GZIP, zeros));
  const Tale spent = TellImage(bomb.Docker(), {.bytes = 8 << 20});
  EXPECT_NE(spent.unread().find("!budget"), std::string::npos);
}

TEST(HostileImageTest, FarTooManyLinks) {
  std::vector<TarEntry> entries = {Link("a", "b"), Link("b", "c"), Link("c", std::string(100, 'x') + "/../a")};
  for (int i = 0; i < 1000; ++i) entries.push_back(File("a/" + std::to_string(i)));
  for (int i = 0; i < 1000; ++i) entries.push_back(HardLink("h" + std::to_string(i), "h" + std::to_string(i - 1)));
  SavedImage image;
  image.AddLayer(MakeTar(entries));
  EXPECT_TRUE(TellImage(image.Oci()).is_read);
}

}  // namespace
}  // namespace dl::extract
