#include "daylight/extract/image/image.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "daylight/crypto/digest.h"
#include "daylight/extract/image/archive_reader.h"
#include "daylight/extract/image/contents.h"
#include "daylight/extract/image/documents.h"
#include "daylight/extract/image/layers.h"
#include "daylight/extract/image/package_history.h"
#include "daylight/extract/image/path.h"
#include "daylight/unpack/archive/archive_kind.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

// All documents together; an image has some of a few KiB.
constexpr std::size_t kMaxDocumentsBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxDocuments = 100'000;
constexpr std::size_t kMaxStored = 300'000;
// Names of all layers together, with what stands beside each.
constexpr std::size_t kMaxIndexBytes = std::size_t{384} << 20;
constexpr std::size_t kHexBytes = 64;

using Pull = std::function<std::size_t(std::span<std::byte>)>;

// What holds the files of an image, passed over as often as is asked.
class Store {
 public:
  // Of each file or link. False: stop.
  using Visit = std::function<bool(const ArchiveEntry& entry, const Pull& pull)>;
  virtual ~Store() = default;
  // Gives what was wrong.
  virtual std::optional<Problem> Walk(const Visit& visit) = 0;
};

class ArchiveStore final : public Store {
 public:
  ArchiveStore(ObjectSource& source, Budget& budget) : source_(source), budget_(budget) {}
  std::optional<Problem> Walk(const Visit& visit) override {
    ArchiveReader reader(source_, ArchiveReader::Formats::kTar, budget_);
    while (auto entry = reader.Next()) {
      entry->name = CleanPath(entry->name);
      if (!visit(*entry, [&](std::span<std::byte> out) { return reader.Read(out); })) return std::nullopt;
    }
    if (reader.problem().empty()) return std::nullopt;
    return Problem{std::string(reader.problem()), reader.detail()};
  }

 private:
  ObjectSource& source_;
  Budget& budget_;
};

class FolderStore final : public Store {
 public:
  FolderStore(std::span<const NamedFile> files, Budget& budget) : files_(files), budget_(budget) {}
  std::optional<Problem> Walk(const Visit& visit) override {
    std::optional<Problem> problem;
    for (const NamedFile& file : files_) {
      if (file.source == nullptr) continue;
      std::uint64_t at = 0;
      const auto pull = [&](std::span<std::byte> out) -> std::size_t {
        const auto n = file.source->ReadAt(at, out);
        if (!n) problem = Problem{std::string(unpack::kDamaged), "a file of it could not be read"};
        if (!n || !budget_.ChargeBytes(*n)) return 0;
        at += *n;
        return *n;
      };
      const ArchiveEntry entry{EntryKind::kFile, CleanPath(file.name), "", file.source->size().value_or(0)};
      if (!budget_.ChargeEntry() || !visit(entry, pull)) break;
    }
    if (budget_.is_spent()) problem = Problem{std::string(unpack::kBudget), "more is in it than is read"};
    return problem;
  }

 private:
  std::span<const NamedFile> files_;
  Budget& budget_;
};

// "…/blobs/sha256/HEX" names its own digest (image-layout.md, "Blobs").
std::string_view DigestOfName(std::string_view name) {
  constexpr std::string_view kBlobs = "blobs/sha256/";
  if (!name.starts_with(kBlobs) || name.size() != kBlobs.size() + kHexBytes) return {};
  return name.substr(kBlobs.size());
}

// An image, its layers and what became of them.
struct Image {
  ImageDescription description;
  std::uint32_t root = 0;
  std::optional<MergedLayers> merged;
  PackageHistory packages;
};

struct Layer {
  LayerEntries entries;
  bool is_indexed = false;
  std::vector<std::pair<Image*, std::uint32_t>> uses;  // In which images, as which of their layers.
};

class ImageReading {
 public:
  ImageReading(Store& store, const report::FactPlace& place, const MemberReader& reader, Budget& budget, Facts& facts)
      : store_(store), place_(place), reader_(reader), budget_(budget), facts_(facts) {}

  bool Run() {
    const std::optional<Problem> problem = CollectDocuments();
    Images found = ReadDocuments(stored_);
    stored_.documents.clear();
    if (!found.is_image) return false;
    if (problem) facts_.Unread(place_, problem->reason, problem->detail);
    for (const Problem& other : found.problems) facts_.Unread(place_, other.reason, other.detail);
    for (const std::string& name : wrong_documents_) {
      facts_.Unread(place_, unpack::kDamaged, "its bytes are not those of its digest: " + name);
    }
    for (ImageDescription& description : found.images) {
      images_.push_back(std::make_unique<Image>());
      images_.back()->description = std::move(description);
      AddImage(*images_.back());
    }
    IndexLayers();
    for (const auto& image : images_) {
      if (!facts_.wanted()) return true;
      Merge(*image);
    }
    ReadContents();
    for (const auto& image : images_) image->packages.AddGone(facts_);
    return true;
  }

 private:
  // The first pass.
  std::optional<Problem> CollectDocuments() {
    std::size_t kept = 0;
    std::string bytes;
    return store_.Walk([&](const ArchiveEntry& entry, const Pull& pull) {
      if (entry.kind == EntryKind::kLink) {
        // Written for a layer that is there twice.
        const bool is_whole = entry.target.starts_with('/');
        stored_.links[entry.name] = CleanPath(is_whole ? entry.target : JoinPath(ParentOf(entry.name), entry.target));
      } else if (entry.kind == EntryKind::kHardLink) {
        stored_.links[entry.name] = CleanPath(entry.target);
      }
      // No image, whatever its first file is called.
      if (stored_.files.size() + stored_.links.size() > kMaxStored) return false;
      if (entry.kind != EntryKind::kFile) return true;
      stored_.files[entry.name] = entry.size;
      if (entry.size > kMaxDocumentBytes || entry.size > kMaxDocumentsBytes - kept ||
          stored_.documents.size() >= kMaxDocuments) {
        return true;
      }
      if (!ReadIfJson(pull, static_cast<std::size_t>(entry.size), bytes)) return true;
      kept += bytes.size();
      const std::string_view digest = DigestOfName(entry.name);
      if (!digest.empty() && crypto::Hex(crypto::Sha256::Of(AsBytes(bytes))) != digest &&
          wrong_documents_.size() < kMaxWrongDocuments) {
        wrong_documents_.push_back(entry.name);
      }
      stored_.documents[entry.name] = std::move(bytes);
      return true;
    });
  }

  static bool ReadIfJson(const Pull& pull, std::size_t size, std::string& bytes) {
    bytes.clear();
    std::array<std::byte, 4096> piece;
    for (;;) {
      const std::size_t n = pull(piece);
      if (n == 0 || bytes.size() + n > size) return n == 0 && !bytes.empty();
      if (bytes.empty()) {
        const std::string_view head = AsText(Bytes(piece).first(n));
        const std::size_t first = head.find_first_not_of(" \t\r\n\xef\xbb\xbf");
        if (first == std::string_view::npos || (head[first] != '{' && head[first] != '[')) return false;
      }
      bytes += AsText(Bytes(piece).first(n));
    }
  }

  void AddImage(Image& image) {
    report::ImageFact& fact = image.description.fact;
    const std::string name = fact.names.empty() ? std::string() : fact.names.front();
    image.root = facts_.AddRoot({.parent = place_.root,
                                 .kind = report::RootKind::kImage,
                                 .path = place_.path,
                                 .name = name,
                                 .digest = fact.digest,
                                 .presence = place_.presence});
    fact.place = {image.root, "", place_.presence};
    facts_.Add(report::ImageFact(fact));
    for (const Problem& problem : image.description.problems) Unread(image, problem.reason, problem.detail);
    std::uint32_t at = 0;
    for (const LayerReference& layer : image.description.layers) {
      if (!layer.name.empty()) layers_[layer.name].uses.emplace_back(&image, at);
      ++at;
    }
  }

  void Unread(const Image& image, std::string_view reason, std::string_view detail) {
    facts_.Unread({image.root, "", place_.presence}, reason, detail);
  }
  // For each image that has this layer.
  void UnreadLayer(const std::string& name, std::string_view reason, const std::string& detail) {
    const Image* last = nullptr;
    for (const auto& [image, at] : layers_[name].uses) {
      if (image == last) continue;
      Unread(*image, reason, "layer " + image->description.layers[at].digest.substr(0, 100) + ": " + detail);
      last = image;
    }
  }

  // The second pass: names.
  void IndexLayers() {
    std::size_t kept = 0;
    const auto problem = store_.Walk([&](const ArchiveEntry& outer, const Pull& pull) {
      const auto layer = layers_.find(outer.name);
      if (outer.kind != EntryKind::kFile || layer == layers_.end() || layer->second.is_indexed) return true;
      layer->second.is_indexed = true;
      ArchiveReader reader(
          StreamSource::Pull([&](std::span<std::byte> out) -> Result<std::size_t> { return pull(out); }),
          ArchiveReader::Formats::kTar, budget_);
      while (const auto entry = reader.Next()) {
        LayerEntry made = MakeLayerEntry(*entry);
        kept += sizeof made + made.path.size() + made.target.size() + kNodeBytes;
        if (kept > kMaxIndexBytes) {
          UnreadLayer(outer.name, unpack::kTooLarge, "more names are in it than are kept");
          return false;
        }
        layer->second.entries.push_back(std::move(made));
      }
      if (!reader.problem().empty()) UnreadLayer(outer.name, reader.problem(), reader.detail());
      if (reader.failed_entries() > 0) UnreadLayer(outer.name, unpack::kDamaged, "entries of it cannot be read");
      return !budget_.is_spent();
    });
    if (problem && problem->reason == unpack::kBudget) facts_.Unread(place_, problem->reason, problem->detail);
  }

  std::string LayerDigest(const Image& image, std::uint32_t layer) const {
    return image.description.layers[layer].digest;
  }

  void Merge(Image& image) {
    std::vector<const LayerEntries*> layers;
    for (const LayerReference& reference : image.description.layers) {
      const auto found = layers_.find(reference.name);
      layers.push_back(found != layers_.end() && found->second.is_indexed ? &found->second.entries : nullptr);
    }
    MergedLayers& merged = image.merged.emplace(layers, budget_);
    if (!merged.is_complete()) Unread(image, unpack::kBudget, "not all of its layers were put together");
    for (std::uint32_t layer = 0; layer < layers.size(); ++layer) {
      if (layers[layer] == nullptr) continue;
      for (std::uint32_t i = 0; i < layers[layer]->size(); ++i) AddFile(image, {layer, i});
      if (!facts_.wanted()) return;
    }
  }

  report::Presence PresenceOf(Fate fate) const {
    return fate == Fate::kPresent ? place_.presence : report::Presence::kDeleted;
  }

  void AddFile(Image& image, EntryId id) {
    const MergedLayers& merged = *image.merged;
    const Fate fate = merged.fate(id);
    if (fate != Fate::kPresent && fate != Fate::kDeleted) return;
    const LayerEntry& entry = merged.entry(id);
    report::FileFact fact;
    fact.place = {image.root, merged.PathOf(id), PresenceOf(fate)};
    fact.layer = LayerDigest(image, id.layer);
    fact.size = entry.kind == EntryKind::kFile ? entry.size : 0;
    switch (entry.kind) {
      case EntryKind::kFile: break;
      case EntryKind::kFolder: fact.kind = report::FileKind::kFolder; break;
      case EntryKind::kLink:
        fact.kind = report::FileKind::kLink;
        fact.target = entry.target;
        break;
      case EntryKind::kHardLink: {
        const EntryId content = merged.ContentOf(id);
        if (content == id) {
          facts_.Unread(fact.place, unpack::kDamaged, "a hard link to what is not there: " + entry.target);
          fact.kind = report::FileKind::kOther;
        } else {
          fact.size = merged.entry(content).size;
        }
        break;
      }
      case EntryKind::kOther: fact.kind = report::FileKind::kOther; break;
    }
    if (auto package = report::PackageOfPath(fact.place.path)) {
      package->place = fact.place;
      facts_.Add(std::move(*package));
    }
    facts_.Add(std::move(fact));
  }

  // The third pass: bytes.
  void ReadContents() {
    ContentReader contents(reader_, budget_, facts_);
    contents.SetKeep([&](report::SurveyKind kind, ObjectSource& file, const ContentPlace& place) {
      const auto image = std::find_if(images_.begin(), images_.end(),
                                      [&](const auto& other) { return other->root == place.place.root; });
      return image != images_.end() &&
             (*image)->packages.Take(kind, file, place.place, place.is_replaced, reader_, facts_);
    });
    std::set<std::string> done;
    store_.Walk([&](const ArchiveEntry& outer, const Pull& pull) {
      const auto layer = layers_.find(outer.name);
      if (outer.kind != EntryKind::kFile || layer == layers_.end() || !done.insert(outer.name).second) return true;
      ReadLayer(outer.name, layer->second, pull, contents);
      return facts_.wanted() && !budget_.is_spent();
    });
    if (budget_.is_spent()) facts_.Unread(place_, unpack::kBudget, "more is in it than is read");
  }

  void ReadLayer(const std::string& name, const Layer& layer, const Pull& pull, ContentReader& contents) {
    crypto::Sha256 sha256;
    const auto hashed = [&](std::span<std::byte> out) -> Result<std::size_t> {
      const std::size_t n = pull(out);
      sha256.Update(Bytes(out).first(n));
      return n;
    };
    bool is_compressed = false;
    std::uint32_t i = 0;
    {
      ArchiveReader reader(hashed, ArchiveReader::Formats::kTar, budget_);
      is_compressed = reader.is_compressed();
      while (const auto entry = reader.Next()) {
        if (i >= layer.entries.size()) break;  // Past what was indexed, which was told.
        if (MakeLayerEntry(*entry).path != layer.entries[i].path) {
          UnreadLayer(name, unpack::kDamaged, "it changed while it was read");
          return;
        }
        if (entry->kind == EntryKind::kFile && layer.entries[i].mark == LayerEntry::Mark::kNone) {
          const std::vector<ContentPlace> places = PlacesOf(layer, i);
          const bool wanted =
              contents.Read(places, entry->size, [&](std::span<std::byte> out) { return reader.Read(out); });
          if (!wanted || budget_.is_spent()) return;
          if (reader.entry_failed()) UnreadLayer(name, unpack::kDamaged, "a file in it cannot be read to its end");
        }
        ++i;
      }
    }
    // What stands behind the archive's end counts as well.
    std::vector<std::byte> rest(256u << 10);
    for (;;) {
      const auto n = hashed(rest);
      if (!n || *n == 0) break;
    }
    if (!budget_.is_spent()) CheckDigest(name, is_compressed, crypto::Hex(sha256.Finish()));
  }

  void CheckDigest(const std::string& name, bool is_compressed, const std::string& digest) {
    std::string expected(DigestOfName(name));
    for (const auto& [image, at] : layers_[name].uses) {
      const std::string& diff_id = image->description.layers[at].diff_id;
      if (expected.empty() && !is_compressed && diff_id.starts_with("sha256:")) expected = diff_id.substr(7);
    }
    if (!expected.empty() && expected != digest) {
      UnreadLayer(name, unpack::kDamaged, "its bytes are not those of its digest");
    }
  }

  // Everywhere that the bytes of an entry are, in all images.
  std::vector<ContentPlace> PlacesOf(const Layer& layer, std::uint32_t entry) const {
    std::vector<ContentPlace> places;
    for (const auto& [image, at] : layer.uses) {
      const EntryId id{at, entry};
      AddPlace(*image, id, places);
      for (const EntryId link : image->merged->LinksTo(id)) AddPlace(*image, link, places);
    }
    return places;
  }

  void AddPlace(const Image& image, EntryId id, std::vector<ContentPlace>& places) const {
    constexpr std::size_t kMaxPlaces = 10'000;
    const Fate fate = image.merged->fate(id);
    if (fate == Fate::kNone || places.size() >= kMaxPlaces) return;
    places.push_back({{image.root, image.merged->PathOf(id), PresenceOf(fate)}, fate == Fate::kReplaced});
  }

  static constexpr std::size_t kMaxWrongDocuments = 100;
  // Of the tree that an entry is in while layers are merged, beside its name.
  static constexpr std::size_t kNodeBytes = 128;

  Store& store_;
  const report::FactPlace& place_;
  const MemberReader& reader_;
  Budget& budget_;
  Facts& facts_;
  StoredNames stored_;
  std::vector<std::string> wrong_documents_;
  std::vector<std::unique_ptr<Image>> images_;
  std::map<std::string, Layer> layers_;  // By the name of their file.
};

bool IsHexName(std::string_view name) {
  return name.size() == kHexBytes && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Whether an archive whose first file has this name may be one.
bool IsImageName(std::string_view path) {
  if (path.starts_with("blobs/sha") || path == "oci-layout" || path == "index.json" || path == "manifest.json" ||
      path == "repositories") {
    return true;
  }
  const std::string_view folder = ParentOf(path);
  std::string_view name = NameOf(path);
  if (IsHexName(folder)) return name == "VERSION" || name == "json" || name == "layer.tar";
  if (!folder.empty()) return false;
  if (name.ends_with(".json")) return IsHexName(name.substr(0, name.size() - 5));
  return name.ends_with(".tar") && IsHexName(name.substr(0, name.size() - 4));
}

}  // namespace

bool IsImage(ObjectSource& source) {
  constexpr int kMaxFolders = 64;
  std::array<std::byte, 1024> head;
  const auto n = source.ReadAt(0, head);
  if (!n) return false;
  // Most files are no archive at all, which takes less to see.
  const auto found = unpack::FindArchives({Bytes(head).first(*n), {}, *n, source});
  const bool may_be = std::any_of(found.begin(), found.end(), [](const unpack::FoundArchive& archive) {
    return archive.kind == unpack::ArchiveKind::kTar || unpack::IsCompressed(archive.kind);
  });
  if (!may_be) return false;
  Budget budget({.bytes = std::uint64_t{16} << 20});
  ArchiveReader reader(source, ArchiveReader::Formats::kTar, budget);
  for (int i = 0; i < kMaxFolders; ++i) {
    const auto entry = reader.Next();
    if (!entry) return false;
    if (entry->kind != EntryKind::kFolder) return IsImageName(CleanPath(entry->name));
  }
  return false;
}

bool ReadImage(ObjectSource& source, const report::FactPlace& place, const MemberReader& reader, Budget& budget,
               Facts& facts) {
  const Budget::Level level(budget);
  if (!level.is_open()) {
    facts.Unread(place, kTooDeep, "containers within containers");
    return true;
  }
  ArchiveStore store(source, budget);
  return ImageReading(store, place, reader, budget, facts).Run();
}

bool ReadImageFolder(std::span<const NamedFile> files, const report::FactPlace& place, const MemberReader& reader,
                     Budget& budget, Facts& facts) {
  const Budget::Level level(budget);
  if (!level.is_open()) {
    facts.Unread(place, kTooDeep, "containers within containers");
    return true;
  }
  FolderStore store(files, budget);
  return ImageReading(store, place, reader, budget, facts).Run();
}

}  // namespace dl::extract
