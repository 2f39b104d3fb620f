#include "daylight/extract/image/image.h"

#include <gtest/gtest.h>

#include "daylight/extract/image/image_testing.h"

namespace dl::extract {
namespace {

const std::string kElf = std::string("\x7f") + "ELF" + std::string(100, '\1');

std::string FilesOf(const std::vector<std::string>& layers) {
  SavedImage image;
  for (const std::string& layer : layers) image.AddLayer(layer);
  const Tale tale = TellImage(image.Oci());
  EXPECT_TRUE(tale.is_read);
  EXPECT_EQ(tale.unread(), "");
  return tale.files();
}

TEST(ImageTest, SaysWhatTheImageIs) {
  SavedImage image;
  image.config["config"] = {{"Env", {"A=b", "KL_PLUGINS_PATH=/opt"}},
                            {"Entrypoint", {"/opt/run"}},
                            {"Cmd", {"--now"}},
                            {"Labels", {{"vendor", "Example"}}},
                            {"Volumes", {{"/data", nlohmann::json::object()}}}};
  image.AddLayer(MakeTar({File("opt/run", kElf)}));
  for (const std::string& bytes : {image.Oci(), image.Docker()}) {
    MemorySource source(AsBytes(bytes));
    EXPECT_TRUE(IsImage(source));
    const Tale tale = TellImage(bytes);
    ASSERT_EQ(tale.all.images.size(), 1u);
    const report::ImageFact& fact = tale.all.images[0];
    EXPECT_EQ(fact.names, std::vector<std::string>{"registry.example/app:1.2"});
    EXPECT_EQ(fact.operating_system + fact.architecture, "linuxamd64");
    EXPECT_EQ(fact.environment, (std::vector<std::string>{"A=b", "KL_PLUGINS_PATH=/opt"}));
    EXPECT_EQ(fact.command, (std::vector<std::string>{"/opt/run", "--now"}));
    EXPECT_EQ(fact.labels, std::vector<std::string>{"vendor=Example"});
    EXPECT_EQ(fact.volumes, std::vector<std::string>{"/data"});
    EXPECT_EQ(fact.layers, 1u);
    ASSERT_EQ(tale.all.roots.size(), 1u);
    EXPECT_EQ(tale.all.roots[0].kind, report::RootKind::kImage);
    EXPECT_EQ(tale.all.roots[0].path, "image.tar");
    EXPECT_EQ(tale.all.roots[0].name, "registry.example/app:1.2");
    EXPECT_EQ(tale.files(), "opt/run");
    EXPECT_EQ(tale.all.files[0].layer, "sha256:" + HexDigest(image.layers()[0]));
    EXPECT_EQ(tale.programs(), "opt/run");
    ASSERT_TRUE(tale.all.programs[0].sha256.has_value());
    EXPECT_EQ(crypto::Hex(std::as_bytes(std::span(*tale.all.programs[0].sha256))), HexDigest(kElf));
    EXPECT_EQ(tale.all.programs[0].size, kElf.size());
    EXPECT_EQ(tale.unread(), "");
  }
}

// layer.md, "Whiteouts" and "Opaque Whiteout".
TEST(ImageTest, WhiteoutsDeleteWhatLowerLayersHave) {
  EXPECT_EQ(FilesOf({MakeTar({File("a"), File("b")}), MakeTar({File(".wh.a", "")})}), "-a b");
  EXPECT_EQ(FilesOf({MakeTar({Folder("d"), File("d/a"), File("d/e/b"), File("da")}), MakeTar({File(".wh.d", "")})}),
            "-d/ -d/a -d/e/b da");
  EXPECT_EQ(
      FilesOf({MakeTar({File("d/a"), File("d/b")}), MakeTar({Folder("d"), File("d/.wh..wh..opq", ""), File("d/c")})}),
      "-d/a -d/b d/ d/c");
  // Where in its layer it stands does not matter, and its own layer is not meant.
  EXPECT_EQ(FilesOf({MakeTar({File("d/a")}), MakeTar({File("d/c"), File("d/.wh..wh..opq", "")})}), "-d/a d/c");
  EXPECT_EQ(FilesOf({MakeTar({File("a", "1")}), MakeTar({File("a", "2"), File(".wh.a", "")})}), "a");
  EXPECT_EQ(FilesOf({MakeTar({File("a")}), MakeTar({File(".wh..wh..opq", "")})}), "-a");
  // Notes of AUFS, and names that are none.
  EXPECT_EQ(FilesOf({MakeTar({File("a/b")}), MakeTar({File(".wh..wh.plnk", ""), File("a/.wh.", ""), File("a/.wh..", ""),
                                                      File("a/.wh...", "")})}),
            "a/b");
}

TEST(ImageTest, WhatCameBackIsNotDeleted) {
  EXPECT_EQ(FilesOf({MakeTar({File("a", "1")}), MakeTar({File(".wh.a", "")}), MakeTar({File("a", "2")})}), "a");
  EXPECT_EQ(
      FilesOf({MakeTar({File("a")}), MakeTar({File(".wh.a", "")}), MakeTar({File("a")}), MakeTar({File(".wh.a", "")})}),
      "-a -a");  // Two of them, each in its layer.
}

TEST(ImageTest, FilesAndFoldersReplaceEachOther) {
  EXPECT_EQ(FilesOf({MakeTar({Folder("d"), File("d/a")}), MakeTar({File("d")})}), "-d/a d");
  EXPECT_EQ(FilesOf({MakeTar({File("d/a")}), MakeTar({Link("d", "e")})}), "-d/a d>e");
  EXPECT_EQ(FilesOf({MakeTar({File("d")}), MakeTar({Folder("d"), File("d/a")})}), "d/ d/a");
  EXPECT_EQ(FilesOf({MakeTar({File("d")}), MakeTar({File("d/a")})}), "-d d/a");
  EXPECT_EQ(FilesOf({MakeTar({Folder("d"), File("d/a")}), MakeTar({Folder("d")})}), "d/ d/a");
}

TEST(ImageTest, LinksInTheWayAreFollowedWithinTheRoot) {
  EXPECT_EQ(FilesOf({MakeTar({Folder("usr/lib"), Link("lib", "usr/lib"), File("usr/lib/old")}),
                     MakeTar({File("lib/x"), File("lib/.wh.old", "")})}),
            "-usr/lib/old lib>usr/lib usr/lib/ usr/lib/x");
  EXPECT_EQ(FilesOf({MakeTar({Link("a", "/b/../../c")}), MakeTar({File("a/x")})}), "a>/b/../../c c/x");
  EXPECT_EQ(FilesOf({MakeTar({Link("a", "../../../etc")}), MakeTar({File("a/passwd")})}), "a>../../../etc etc/passwd");
  // In a circle: it ends somewhere.
  FilesOf({MakeTar({Link("a", "b"), Link("b", "a")}), MakeTar({File("a/x")})});
  FilesOf({MakeTar({Link("a", "a/a/a")}), MakeTar({File("a/x")})});
}

TEST(ImageTest, NamesStayInTheRoot) {
  EXPECT_EQ(FilesOf({MakeTar({File("../../a"), File("/b"), File("./c//d/../e"), File("..")})}), "a b c/e");
}

TEST(ImageTest, HardLinksHaveTheBytesOfWhatTheyLinkTo) {
  SavedImage image;
  image.AddLayer(MakeTar({File("a", kElf), HardLink("b", "a")}));
  image.AddLayer(MakeTar({File(".wh.a", ""), File("n")}));
  image.AddLayer(MakeTar({HardLink("c", "b"), HardLink("d", "gone")}));
  const Tale tale = TellImage(image.Oci());
  EXPECT_EQ(tale.files(), "-a b c d n");
  EXPECT_EQ(tale.programs(), "-a b c");
  EXPECT_EQ(tale.unread(), "d!damaged");
  for (const report::FileFact& file : tale.all.files) {
    if (file.place.path == "c") {
      EXPECT_EQ(file.size, kElf.size());
    }
  }
}

// The difference that matters: the files of a product that a later layer removes.
TEST(ImageTest, TheProductThatALaterLayerDeletes) {
  SavedImage image;
  image.AddLayer(MakeTar({File("opt/kaspersky/kesl/bin/kesl", kElf), File("var/lib/dpkg/status", "base kesl old"),
                          File("etc/os-release", "debian")}));
  image.AddLayer(MakeTar({File("opt/.wh.kaspersky", ""), File("var/lib/dpkg/status", "base new")}));
  const Tale tale = TellImage(image.Docker());
  EXPECT_EQ(tale.files(), "-opt/kaspersky/kesl/bin/kesl etc/os-release var/lib/dpkg/status");
  EXPECT_EQ(tale.programs(), "-opt/kaspersky/kesl/bin/kesl");
  EXPECT_EQ(tale.packages(), "-kesl -old base new");
  EXPECT_EQ(tale.units(), "etc/os-release=debian");
  EXPECT_EQ(tale.unread(), "");
}

TEST(ImageTest, OfReplacedFilesOnlyProgramsAreTold) {
  SavedImage image;
  image.AddLayer(MakeTar({File("bin/x", kElf + "1"), File("etc/os-release", "11"), File("t", "text")}));
  image.AddLayer(MakeTar({File("bin/x", kElf + "2"), File("etc/os-release", "12"), File("t", "other")}));
  const Tale tale = TellImage(image.Oci());
  EXPECT_EQ(tale.files(), "bin/x etc/os-release t");
  EXPECT_EQ(tale.programs(), "-bin/x bin/x");
  EXPECT_EQ(tale.units(), "etc/os-release=12");
}

TEST(ImageTest, LayersAreCompressedAsTheyLike) {
  const std::string tar = MakeTar({File("a", kElf), File("big", std::string(3 << 20, 'x'))});
  for (const int filter : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_XZ}) {
    SavedImage image;
    image.AddLayer(tar, unpack::Compress(filter, tar));
    for (const std::string& bytes : {image.Oci(), unpack::Compress(ARCHIVE_FILTER_GZIP, image.Docker())}) {
      MemorySource source(AsBytes(bytes));
      EXPECT_TRUE(IsImage(source));
      const Tale tale = TellImage(bytes);
      EXPECT_EQ(tale.files(), "a big");
      EXPECT_EQ(tale.programs(), "a");
      EXPECT_EQ(tale.unread(), "");
    }
  }
}

TEST(ImageTest, BothKindsAtOnceAreOneImage) {
  SavedImage image;
  image.name = "1.2";
  image.AddLayer(MakeTar({File("a")}));
  std::vector<TarEntry> files = image.OciFiles();
  files.push_back(
      File("manifest.json", nlohmann::json::array({{{"Config", "blobs/sha256/" + HexDigest(image.Config())},
                                                    {"RepoTags", {"app:1.2", "app:latest"}},
                                                    {"Layers", {"blobs/sha256/" + HexDigest(image.layers()[0])}}}})
                                .dump()));
  const Tale tale = TellImage(MakeTar(files));
  ASSERT_EQ(tale.all.images.size(), 1u);
  EXPECT_EQ(tale.all.images[0].names, (std::vector<std::string>{"1.2", "app:1.2", "app:latest"}));
  EXPECT_EQ(tale.files(), "a");
}

TEST(ImageTest, SeveralArchitecturesAreSeveralImagesThatShareLayers) {
  SavedImage one;
  SavedImage two;
  const std::string shared = MakeTar({File("base", kElf)});
  one.AddLayer(shared);
  two.AddLayer(shared);
  two.config["architecture"] = "arm64";
  two.AddLayer(MakeTar({File(".wh.base", ""), File("own")}));
  const std::string inner =
      nlohmann::json(
          {{"manifests",
            {{{"digest", "sha256:" + HexDigest(one.Manifest())}},
             {{"digest", "sha256:" + HexDigest(two.Manifest())}},
             {{"digest", "sha256:00"}, {"annotations", {{"vnd.docker.reference.type", "attestation-manifest"}}}}}}})
          .dump();
  std::vector<TarEntry> files = one.OciFiles();
  for (const TarEntry& file : two.OciFiles()) {
    if (file.name.starts_with("blobs/")) files.push_back(file);
  }
  files.push_back(SavedImage::Blob(inner));
  files[1] = File(
      "index.json",
      nlohmann::json({{"manifests",
                       {{{"digest", "sha256:" + HexDigest(inner)},
                         {"annotations",
                          {{"io.containerd.image.name", "x/app:2"}, {"org.opencontainers.image.ref.name", "2"}}}}}}})
          .dump());
  const Tale tale = TellImage(MakeTar(files));
  ASSERT_EQ(tale.all.images.size(), 2u);
  EXPECT_EQ(tale.all.images[1].architecture, "arm64");
  EXPECT_EQ(tale.all.images[1].names, std::vector<std::string>{"x/app:2"});
  EXPECT_EQ(tale.files(), "-2:base 2:own base");
  EXPECT_EQ(tale.programs(), "-2:base base");
  EXPECT_EQ(tale.unread(), "");
}

TEST(ImageTest, OldestWayToSave) {
  const std::string low = MakeTar({File("a"), File("b")});
  const std::string top = MakeTar({File(".wh.a", "")});
  const std::string tar =
      MakeTar({File("repositories", R"({"app":{"1":"22","2":"22"}})"), File("11/json", R"({"id":"11"})"),
               File("11/layer.tar", low), File("22/json", R"({"id":"22","parent":"11","os":"linux"})"),
               File("22/layer.tar", top)});
  const Tale tale = TellImage(tar);
  ASSERT_EQ(tale.all.images.size(), 1u);
  EXPECT_EQ(tale.all.images[0].names, (std::vector<std::string>{"app:1", "app:2"}));
  EXPECT_EQ(tale.files(), "-a b");
}

TEST(ImageTest, LayersThatLinkToEachOther) {
  SavedImage image;
  image.AddLayer(MakeTar({File("a")}));
  std::vector<TarEntry> files = image.DockerFiles();
  const std::string layer = files[0].name;
  const std::string other = HexDigest("other");
  files.insert(files.begin() + 1, Link(other + "/layer.tar", "../" + layer));
  files.back().bytes =
      nlohmann::json::array({{{"Config", files[2].name}, {"Layers", {layer, other + "/layer.tar"}}}}).dump();
  const Tale tale = TellImage(MakeTar(files));
  EXPECT_EQ(tale.files(), "a");
  EXPECT_EQ(tale.all.images[0].layers, 2u);
  EXPECT_EQ(tale.unread(), "");
}

TEST(ImageTest, ALayoutThatIsAFolder) {
  SavedImage image;
  image.AddLayer(MakeTar({File("a", kElf)}));
  const std::vector<TarEntry> files = image.OciFiles();
  std::vector<MemorySource> sources;
  sources.reserve(files.size());
  std::vector<NamedFile> named;
  for (const TarEntry& file : files) {
    sources.emplace_back(AsBytes(file.bytes));
    named.push_back({file.name, &sources.back()});
  }
  const Tale tale = TellOf([&](const MemberReader& reader, Budget& budget, Facts& facts) {
    return ReadImageFolder(named, {0, ""}, reader, budget, facts);
  });
  EXPECT_TRUE(tale.is_read);
  EXPECT_EQ(tale.files(), "a");
  EXPECT_EQ(tale.programs(), "a");
  EXPECT_EQ(tale.unread(), "");
}

TEST(ImageTest, ContainersWithinAreReadByTheReader) {
  SavedImage inner;
  inner.AddLayer(MakeTar({File("deep", kElf)}));
  SavedImage image;
  image.AddLayer(MakeTar({File("srv/inner.tar", inner.Docker()),
                          File("srv/b.zip", unpack::MakeArchive(ARCHIVE_FORMAT_ZIP, {{"z", kElf}})),
                          File("usr/share/man/x.1.gz", unpack::Compress(ARCHIVE_FILTER_GZIP, "a page")),
                          File("lib/m.ko.xz", unpack::Compress(ARCHIVE_FILTER_XZ, kElf))}));
  const Tale tale = TellImage(image.Oci());
  EXPECT_EQ(tale.programs(), "2:deep 3:z");
  EXPECT_EQ(tale.units(), "lib/m.ko.xz=any");
  EXPECT_EQ(tale.all.roots.size(), 3u);
  EXPECT_EQ(tale.all.roots[1].parent, 1u);
  EXPECT_EQ(tale.all.roots[1].path, "srv/inner.tar");
}

}  // namespace
}  // namespace dl::extract
