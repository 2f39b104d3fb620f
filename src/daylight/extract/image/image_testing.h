// Images and archives made in memory, and what an extractor says of them as text.
//
//   const std::string layer = MakeTar({File("opt/kesl/x", "\x7f" "ELF…"), Folder("etc"), Link("bin", "usr/bin")});
//   SavedImage image;
//   image.AddLayer(layer);
//   EXPECT_EQ(Told(image.Oci()).files, "…");
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/crypto/digest.h"
#include "daylight/extract/image/archive.h"
#include "daylight/extract/image/image.h"
#include "daylight/unpack/archive/archive_testing.h"

namespace dl::extract {

struct TarEntry {
  std::string name;
  std::string bytes;
  int type = AE_IFREG;
  std::string target;
  bool is_hard = false;
};
inline TarEntry File(std::string name, std::string bytes = "x") {
  return {std::move(name), std::move(bytes), AE_IFREG, "", false};
}
inline TarEntry Folder(std::string name) { return {std::move(name), "", AE_IFDIR, "", false}; }
inline TarEntry Link(std::string name, std::string target) {
  return {std::move(name), "", AE_IFLNK, std::move(target), false};
}
inline TarEntry HardLink(std::string name, std::string target) {
  return {std::move(name), "", AE_IFREG, std::move(target), true};
}

inline std::string MakeTar(const std::vector<TarEntry>& entries, int format = ARCHIVE_FORMAT_TAR_PAX_RESTRICTED) {
  std::string out;
  ::archive* writer = ::archive_write_new();
  DL_CHECK(::archive_write_set_format(writer, format) == ARCHIVE_OK);
  DL_CHECK(::archive_write_set_bytes_per_block(writer, 0) == ARCHIVE_OK);
  DL_CHECK(::archive_write_open(writer, &out, nullptr, unpack::archive_testing::Append, nullptr) == ARCHIVE_OK);
  for (const TarEntry& made : entries) {
    ::archive_entry* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, made.name.c_str());
    ::archive_entry_set_filetype(entry, static_cast<unsigned>(made.type));
    ::archive_entry_set_perm(entry, made.type == AE_IFDIR ? 0755 : 0644);
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(made.bytes.size()));
    if (made.is_hard) ::archive_entry_set_hardlink(entry, made.target.c_str());
    if (made.type == AE_IFLNK) ::archive_entry_set_symlink(entry, made.target.c_str());
    DL_CHECK(::archive_write_header(writer, entry) == ARCHIVE_OK);
    if (!made.bytes.empty()) {
      DL_CHECK(::archive_write_data(writer, made.bytes.data(), made.bytes.size()) ==
               static_cast<la_ssize_t>(made.bytes.size()));
    }
    ::archive_entry_free(entry);
  }
  DL_CHECK(::archive_write_close(writer) == ARCHIVE_OK);
  ::archive_write_free(writer);
  return out;
}

inline std::string HexDigest(std::string_view bytes) { return crypto::Hex(crypto::Sha256::Of(AsBytes(bytes))); }

// One image, as an OCI layout or as `docker save` writes it.
class SavedImage {
 public:
  // `tar`: not compressed; `stored`: what is kept of it, if that is something else.
  void AddLayer(const std::string& tar, const std::string& stored = "") {
    layers_.push_back(stored.empty() ? tar : stored);
    diff_ids_.push_back("sha256:" + HexDigest(tar));
  }
  nlohmann::json config = {{"os", "linux"}, {"architecture", "amd64"}, {"config", nlohmann::json::object()}};
  std::string name = "registry.example/app:1.2";

  std::string Config() const {
    nlohmann::json whole = config;
    whole["rootfs"] = {{"type", "layers"}, {"diff_ids", diff_ids_}};
    return whole.dump();
  }
  std::string Manifest() const {
    nlohmann::json layers = nlohmann::json::array();
    for (const std::string& layer : layers_) {
      layers.push_back({{"mediaType", "application/vnd.oci.image.layer.v1.tar"},
                        {"digest", "sha256:" + HexDigest(layer)},
                        {"size", layer.size()}});
    }
    return nlohmann::json(
               {{"schemaVersion", 2}, {"config", {{"digest", "sha256:" + HexDigest(Config())}}}, {"layers", layers}})
        .dump();
  }
  std::string Index() const {
    return nlohmann::json({{"schemaVersion", 2},
                           {"manifests",
                            {{{"digest", "sha256:" + HexDigest(Manifest())},
                              {"annotations", {{"org.opencontainers.image.ref.name", name}}}}}}})
        .dump();
  }
  static TarEntry Blob(const std::string& bytes) { return File("blobs/sha256/" + HexDigest(bytes), bytes); }
  std::vector<TarEntry> OciFiles() const {
    std::vector<TarEntry> files = {File("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"), File("index.json", Index()),
                                   Blob(Manifest()), Blob(Config())};
    for (const std::string& layer : layers_) files.push_back(Blob(layer));
    return files;
  }
  std::string Oci() const { return MakeTar(OciFiles()); }
  // manifest.json stands at the end, as Docker writes it.
  std::vector<TarEntry> DockerFiles() const {
    std::vector<TarEntry> files;
    nlohmann::json names = nlohmann::json::array();
    for (const std::string& layer : layers_) {
      const std::string path = HexDigest("id of " + layer) + "/layer.tar";
      files.push_back(File(path, layer));
      names.push_back(path);
    }
    const std::string config_name = HexDigest(Config()) + ".json";
    files.push_back(File(config_name, Config()));
    files.push_back(
        File("manifest.json",
             nlohmann::json::array({{{"Config", config_name}, {"RepoTags", {name}}, {"Layers", names}}}).dump()));
    return files;
  }
  std::string Docker() const { return MakeTar(DockerFiles()); }
  const std::vector<std::string>& layers() const { return layers_; }

 private:
  std::vector<std::string> layers_;
  std::vector<std::string> diff_ids_;
};

// What was told, in short: "path" present, "-path" deleted, "path>target" links, "path/" folders.
struct Tale {
  report::SoftwareFacts all;
  bool is_read = false;

  static std::string PathOf(const report::FactPlace& place) {
    std::string root = place.root > 1 ? std::to_string(place.root) + ":" : std::string();
    return (place.presence == report::Presence::kDeleted ? "-" : "") + root + place.path;
  }
  static std::string Join(std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
  }
  std::string files() const {
    std::vector<std::string> words;
    for (const report::FileFact& file : all.files) {
      std::string word = PathOf(file.place);
      if (file.kind == report::FileKind::kFolder) word += "/";
      if (!file.target.empty()) word += ">" + file.target;
      words.push_back(word);
    }
    return Join(words);
  }
  std::string programs() const {
    std::vector<std::string> words;
    for (const report::ProgramFact& program : all.programs) words.push_back(PathOf(program.place));
    return Join(words);
  }
  // What `reader` was asked to read.
  std::string units() const {
    std::vector<std::string> words;
    for (const report::UnitFact& unit : all.units) words.push_back(PathOf(unit.place) + "=" + unit.name);
    return Join(words);
  }
  std::string packages() const {
    std::vector<std::string> words;
    for (const report::PackageFact& package : all.packages) {
      words.push_back((package.place.presence == report::Presence::kDeleted ? "-" : "") + package.name);
    }
    return Join(words);
  }
  std::string unread() const {
    std::vector<std::string> words;
    for (const report::UnreadFact& unread : all.unread) words.push_back(PathOf(unread.place) + "!" + unread.reason);
    return Join(words);
  }
};

namespace image_testing {

template <typename T>
void Append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// Reads a package database as names between spaces, others as a unit of their content; images
// and archives as they are.
inline void ReadMember(report::SurveyKind kind, ObjectSource& file, const report::FactPlace& place, Budget& budget,
                       Facts& facts) {
  if (kind == report::SurveyKind::kAny) {
    const MemberReader again = [&](auto k, ObjectSource& f, const report::FactPlace& p, Facts& to) {
      ReadMember(k, f, p, budget, to);
    };
    if (IsImage(file) && ReadImage(file, place, again, budget, facts)) return;
    if (IsArchive(file)) return ReadArchive(file, place, again, budget, facts);
    facts.Add(report::UnitFact{place, "any", "", {}});
    return;
  }
  const auto whole = file.Whole(1u << 20);
  const std::string text(whole ? AsText(*whole) : "unreadable");
  if (kind != report::SurveyKind::kDpkgStatus) {
    facts.Add(report::UnitFact{place, text.substr(0, 40), "", {}});
    return;
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    report::PackageFact package;
    package.place = place;
    package.name = text.substr(at, end - at);
    facts.Add(std::move(package));
    at = end + 1;
  }
}

}  // namespace image_testing

template <typename Read>
Tale TellOf(const Read& read, Budget::Limits limits = {}) {
  Tale tale;
  Facts facts([&](report::SoftwareFacts&& piece, bool) {
    image_testing::Append(tale.all.roots, piece.roots);
    image_testing::Append(tale.all.files, piece.files);
    image_testing::Append(tale.all.programs, piece.programs);
    image_testing::Append(tale.all.packages, piece.packages);
    image_testing::Append(tale.all.units, piece.units);
    image_testing::Append(tale.all.images, piece.images);
    image_testing::Append(tale.all.unread, piece.unread);
    return true;
  });
  Budget budget(limits);
  const MemberReader reader = [&](auto kind, ObjectSource& file, const report::FactPlace& place, Facts& to) {
    image_testing::ReadMember(kind, file, place, budget, to);
  };
  tale.is_read = read(reader, budget, facts);
  facts.Finish();
  return tale;
}

inline Tale TellImage(const std::string& bytes, Budget::Limits limits = {}) {
  return TellOf(
      [&](const MemberReader& reader, Budget& budget, Facts& facts) {
        MemorySource source(AsBytes(bytes));
        return ReadImage(source, {0, "image.tar"}, reader, budget, facts);
      },
      limits);
}

inline Tale TellArchive(const std::string& bytes, Budget::Limits limits = {}) {
  return TellOf(
      [&](const MemberReader& reader, Budget& budget, Facts& facts) {
        MemorySource source(AsBytes(bytes));
        ReadArchive(source, {0, "a"}, reader, budget, facts);
        return true;
      },
      limits);
}

}  // namespace dl::extract
