#include "daylight/extract/image/documents.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "daylight/extract/image/path.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

using nlohmann::json;

constexpr int kMaxJsonDepth = 64;
constexpr std::uint32_t kMaxIndexDepth = 8;
constexpr std::size_t kMaxProblems = 100;
// Documents that are looked at: an index can name one of them a million times.
constexpr std::size_t kMaxReferences = 10'000;
constexpr std::size_t kMaxNames = 1000;

bool IsTooDeep(std::string_view text) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// Nothing where it is no JSON, or deeper than any document of an image. (The parser can be asked
// to leave out what is deep, but then takes time with the square of the length of a list.)
std::optional<json> Parse(std::string_view text) {
  if (text.size() > kMaxDocumentBytes || IsTooDeep(text)) return std::nullopt;
  try {
    json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (document.is_discarded()) return std::nullopt;
    return document;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// A member, or null.
const json& At(const json& object, const char* key) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}
std::string TextAt(const json& object, const char* key) {
  const json& value = At(object, key);
  return value.is_string() ? value.get_ref<const std::string&>() : std::string();
}
std::vector<std::string> Texts(const json& list) {
  std::vector<std::string> texts;
  if (list.is_string()) texts.push_back(list.get_ref<const std::string&>());
  if (!list.is_array()) return texts;
  for (const json& value : list) {
    if (value.is_string()) texts.push_back(value.get_ref<const std::string&>());
  }
  return texts;
}
void AddName(const std::string& name, ImageDescription& image) {
  auto& names = image.fact.names;
  if (name.empty() || names.size() >= kMaxNames || std::find(names.begin(), names.end(), name) != names.end()) return;
  names.push_back(name);
}

bool IsHex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// image-layout.md, "Blobs": "sha256:abc" is blobs/sha256/abc. Empty: it is no digest.
std::string BlobName(std::string_view digest) {
  const std::size_t colon = digest.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view algorithm = digest.substr(0, colon);
  const std::string_view hex = digest.substr(colon + 1);
  if (algorithm.empty() || algorithm.find_first_of("/.") != std::string_view::npos || !IsHex(hex)) return {};
  return "blobs/" + std::string(algorithm) + "/" + std::string(hex);
}

// config.md: what a container of it runs, and with what.
void ReadConfig(const json& config, ImageDescription& image) {
  image.fact.operating_system = TextAt(config, "os");
  image.fact.architecture = TextAt(config, "architecture");
  const json& run = At(config, "config");
  image.fact.environment = Texts(At(run, "Env"));
  image.fact.command = Texts(At(run, "Entrypoint"));
  const std::vector<std::string> arguments = Texts(At(run, "Cmd"));
  image.fact.command.insert(image.fact.command.end(), arguments.begin(), arguments.end());
  if (const json& labels = At(run, "Labels"); labels.is_object()) {
    for (const auto& [key, value] : labels.items()) {
      if (value.is_string()) image.fact.labels.push_back(key + "=" + value.get_ref<const std::string&>());
    }
  }
  if (const json& volumes = At(run, "Volumes"); volumes.is_object()) {
    for (const auto& [key, value] : volumes.items()) image.fact.volumes.push_back(key);
  }
}

class Reader {
 public:
  explicit Reader(const StoredNames& stored) : stored_(stored) {}

  Images Run() {
    ReadLayout();
    ReadManifestJson();
    if (!images_.is_image) ReadRepositories();
    return std::move(images_);
  }

 private:
  struct Descriptor {
    std::string digest;
    std::vector<std::string> names;
    std::uint32_t depth = 0;
  };

  void Complain(std::string_view reason, std::string detail) {
    if (images_.problems.size() < kMaxProblems) images_.problems.push_back({std::string(reason), std::move(detail)});
  }
  static void Complain(ImageDescription& image, std::string_view reason, std::string detail) {
    if (image.problems.size() < kMaxProblems) image.problems.push_back({std::string(reason), std::move(detail)});
  }

  std::optional<json> Document(std::string_view name) {
    const auto found = stored_.documents.find(stored_.Resolve(name));
    if (found == stored_.documents.end()) return std::nullopt;
    // A large one can be named by many.
    if (found->second.size() > parse_bytes_) return std::nullopt;
    parse_bytes_ -= found->second.size();
    return Parse(found->second);
  }

  // image-layout.md, "index.json file".
  void ReadLayout() {
    if (stored_.files.count("index.json") == 0) return;
    const auto index = Document("index.json");
    if (!index || !At(*index, "manifests").is_array()) {
      if (stored_.files.count("oci-layout") != 0) {
        images_.is_image = true;
        Complain(unpack::kDamaged, "index.json cannot be read");
      }
      return;
    }
    images_.is_image = true;
    std::deque<Descriptor> open;
    AddManifests(*index, {}, open);
    while (!open.empty()) {
      const Descriptor descriptor = std::move(open.front());
      open.pop_front();
      ReadDescribed(descriptor, open);
    }
  }

  void AddManifests(const json& index, const Descriptor& from, std::deque<Descriptor>& open) {
    for (const json& manifest : At(index, "manifests")) {
      if (++references_ > kMaxReferences) {
        if (references_ == kMaxReferences + 1) Complain(unpack::kBudget, "more manifests are named than are read");
        return;
      }
      const json& annotations = At(manifest, "annotations");
      // Notes of the builder on an image, not an image.
      if (TextAt(annotations, "vnd.docker.reference.type") == "attestation-manifest") continue;
      Descriptor next{TextAt(manifest, "digest"), from.names, from.depth + 1};
      const std::string full = TextAt(annotations, "io.containerd.image.name");
      const std::string reference = TextAt(annotations, "org.opencontainers.image.ref.name");
      // A reference can be only the tag of what the other one names whole.
      if (!full.empty()) next.names.push_back(full);
      if (!reference.empty() && !full.ends_with(":" + reference)) next.names.push_back(reference);
      open.push_back(std::move(next));
    }
  }

  void ReadDescribed(const Descriptor& descriptor, std::deque<Descriptor>& open) {
    // The same manifest by another name.
    if (const auto found = by_digest_.find(descriptor.digest); found != by_digest_.end()) {
      for (const std::string& name : descriptor.names) AddName(name, images_.images[found->second]);
      return;
    }
    // An index that contains itself ends here.
    if (!seen_.insert(descriptor.digest).second) return;
    const std::string name = BlobName(descriptor.digest);
    if (name.empty() || stored_.Resolve(name).empty()) {
      return Complain(unpack::kDamaged, "a manifest is not there: " + descriptor.digest.substr(0, 100));
    }
    const auto document = Document(name);
    if (!document) return Complain(unpack::kDamaged, "a manifest cannot be read: " + descriptor.digest.substr(0, 100));
    if (At(*document, "manifests").is_array()) {
      if (descriptor.depth >= kMaxIndexDepth) return Complain(unpack::kBudget, "indexes within indexes, too deep");
      return AddManifests(*document, descriptor, open);
    }
    if (At(*document, "layers").is_array()) return ReadManifest(*document, descriptor);
    Complain(unpack::kUnsupported, "a manifest of no known kind: " + descriptor.digest.substr(0, 100));
  }

  ImageDescription* NewImage() {
    if (images_.images.size() < kMaxImages) return &images_.images.emplace_back();
    if (!std::exchange(told_too_many_, true)) Complain(unpack::kBudget, "more images are in it than are read");
    return nullptr;
  }

  // manifest.md
  void ReadManifest(const json& manifest, const Descriptor& descriptor) {
    const std::size_t number = images_.images.size();
    ImageDescription* image = NewImage();
    if (image == nullptr) return;
    by_digest_[descriptor.digest] = number;
    image->fact.digest = descriptor.digest;
    for (const std::string& name : descriptor.names) AddName(name, *image);
    image->config = BlobName(TextAt(At(manifest, "config"), "digest"));
    const std::vector<std::string> diff_ids = ReadConfigOf(*image);
    std::size_t at = 0;
    for (const json& layer : At(manifest, "layers")) {
      if (!HasRoom(*image)) break;
      const std::string type = TextAt(layer, "mediaType");
      LayerReference& reference = image->layers.emplace_back();
      reference.digest = TextAt(layer, "digest");
      if (at < diff_ids.size()) reference.diff_id = diff_ids[at];
      ++at;
      if (type.ends_with("+encrypted")) {
        Complain(*image, unpack::kEncrypted, "a layer is encrypted: " + reference.digest);
      } else if (!type.empty() && type.find("tar") == std::string::npos) {
        Complain(*image, unpack::kUnsupported, "a layer is no archive of files but " + type.substr(0, 200));
      } else {
        reference.name = stored_.Resolve(BlobName(reference.digest));
        if (reference.name.empty()) ComplainOfMissing(*image, type, reference.digest);
      }
    }
    image->fact.layers = static_cast<std::uint32_t>(image->layers.size());
  }

  static bool HasRoom(ImageDescription& image) {
    if (image.layers.size() < kMaxLayers) return true;
    Complain(image, unpack::kBudget, "more layers are in it than are read");
    return false;
  }
  static void ComplainOfMissing(ImageDescription& image, const std::string& type, const std::string& digest) {
    const bool is_elsewhere =
        type.find("foreign") != std::string::npos || type.find("nondistributable") != std::string::npos;
    if (is_elsewhere) {
      return Complain(image, unpack::kUnsupported, "a layer is kept elsewhere: " + digest.substr(0, 100));
    }
    Complain(image, unpack::kDamaged, "a layer is not there: " + digest.substr(0, 100));
  }

  // Gives the digests of the layers' tars (config.md, rootfs.diff_ids).
  std::vector<std::string> ReadConfigOf(ImageDescription& image) {
    const auto config = Document(image.config);
    if (!config) {
      Complain(image, unpack::kDamaged, "its configuration is not there, or cannot be read");
      return {};
    }
    ReadConfig(*config, image);
    return Texts(At(At(*config, "rootfs"), "diff_ids"));
  }

  // `docker save` from Docker 1.10 on.
  void ReadManifestJson() {
    if (stored_.files.count("manifest.json") == 0) return;
    const auto list = Document("manifest.json");
    if (!list || !list->is_array()) return;
    for (const json& entry : *list) {
      const std::string config = CleanPath(TextAt(entry, "Config"));
      if (config.empty() || !At(entry, "Layers").is_array()) continue;
      images_.is_image = true;
      // The same image that index.json has told of.
      const auto same = std::find_if(images_.images.begin(), images_.images.end(), [&](const ImageDescription& image) {
        return image.config == config && image.layers.size() == At(entry, "Layers").size();
      });
      ImageDescription* image = same != images_.images.end() ? &*same : ReadSaved(entry, config);
      if (image == nullptr) return;
      for (const std::string& name : Texts(At(entry, "RepoTags"))) AddName(name, *image);
    }
  }

  ImageDescription* ReadSaved(const json& entry, const std::string& config) {
    ImageDescription* image = NewImage();
    if (image == nullptr) return nullptr;
    image->config = config;
    std::string_view id = NameOf(config);
    if (id.ends_with(".json")) id.remove_suffix(5);
    if (id.size() == 64 && IsHex(id)) image->fact.digest = "sha256:" + std::string(id);
    const std::vector<std::string> diff_ids = ReadConfigOf(*image);
    std::size_t at = 0;
    for (const std::string& name : Texts(At(entry, "Layers"))) {
      if (!HasRoom(*image)) break;
      LayerReference& layer = image->layers.emplace_back();
      if (at < diff_ids.size()) layer.digest = layer.diff_id = diff_ids[at];
      ++at;
      layer.name = stored_.Resolve(CleanPath(name));
      if (layer.name.empty()) Complain(*image, unpack::kDamaged, "a layer is not there: " + name.substr(0, 100));
    }
    image->fact.layers = static_cast<std::uint32_t>(image->layers.size());
    return image;
  }

  // Before that: {"name": {"tag": "id"}}, and ID/json names its parent.
  void ReadRepositories() {
    if (stored_.files.count("repositories") == 0) return;
    const auto repositories = Document("repositories");
    if (!repositories || !repositories->is_object()) return;
    std::map<std::string, std::size_t> by_id;
    for (const auto& [name, tags] : repositories->items()) {
      if (!tags.is_object()) continue;
      for (const auto& [tag, id] : tags.items()) {
        if (!id.is_string() || ++references_ > kMaxReferences) continue;
        const std::string& top = id.get_ref<const std::string&>();
        auto [found, is_new] = by_id.try_emplace(top, images_.images.size());
        if (is_new && !ReadChain(top)) {
          by_id.erase(found);
          continue;
        }
        AddName(name + ":" + tag, images_.images[found->second]);
      }
    }
  }

  bool ReadChain(const std::string& top) {
    if (!Document(CleanPath(top + "/json"))) return false;
    ImageDescription* image = NewImage();
    if (image == nullptr) return false;
    images_.is_image = true;
    image->config = CleanPath(top + "/json");
    ReadConfigOf(*image);
    std::set<std::string> ids;
    for (std::string id = top; !id.empty() && ids.insert(id).second && HasRoom(*image);) {
      LayerReference& layer = image->layers.emplace_back();
      layer.name = stored_.Resolve(CleanPath(id + "/layer.tar"));
      layer.digest = id;
      if (layer.name.empty()) Complain(*image, unpack::kDamaged, "a layer is not there: " + id.substr(0, 100));
      const auto document = Document(CleanPath(id + "/json"));
      if (!document) {
        Complain(*image, unpack::kDamaged, "what a layer stands on is not known: " + id.substr(0, 100));
        break;
      }
      id = TextAt(*document, "parent");
    }
    std::reverse(image->layers.begin(), image->layers.end());
    image->fact.layers = static_cast<std::uint32_t>(image->layers.size());
    return true;
  }

  const StoredNames& stored_;
  Images images_;
  std::map<std::string, std::size_t> by_digest_;
  std::set<std::string> seen_;
  std::size_t references_ = 0;
  std::size_t parse_bytes_ = std::size_t{256} << 20;
  bool told_too_many_ = false;
};

}  // namespace

std::string StoredNames::Resolve(std::string_view name) const {
  constexpr int kMaxHops = 8;
  std::string at(name);
  for (int hop = 0; hop < kMaxHops; ++hop) {
    if (files.count(at) != 0) return at;
    const auto link = links.find(at);
    if (link == links.end()) return {};
    at = link->second;
  }
  return {};
}

Images ReadDocuments(const StoredNames& stored) { return Reader(stored).Run(); }

}  // namespace dl::extract
