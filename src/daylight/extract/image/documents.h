// The JSON documents of images, as far as they say which images there are, of which
// layers they are made and how they run. Nothing here opens anything: names that a
// document gives are looked up among those of the archive, and nowhere else.
//
// OCI image specification 1.0 (image-layout.md, image-index.md, manifest.md, config.md);
// `docker save`: manifest.json, and before it `repositories` with ID/json (Docker image
// specification 1.0 and 1.2).
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/report/software.h"

namespace dl::extract {

// Registries take no larger ones.
inline constexpr std::size_t kMaxDocumentBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMaxImages = 256;
// Runtimes stop at 127.
inline constexpr std::size_t kMaxLayers = 1024;

// What an archive or folder has, by its paths within.
struct StoredNames {
  std::map<std::string, std::string, std::less<>> documents;  // Small files that begin like JSON.
  std::unordered_map<std::string, std::uint64_t> files;       // All, with their size.
  std::unordered_map<std::string, std::string> links;         // Symbolic and hard ones, cleaned.
  std::string Resolve(std::string_view name) const;           // Through links; empty: not there.
};

struct LayerReference {
  std::string name;     // Of the file that has it; empty: not there, which a problem says.
  std::string digest;   // "sha256:…" of that file, or of the tar in it, as the documents say.
  std::string diff_id;  // Of the tar in it.
};

struct Problem {
  std::string reason;  // unpack/unpacker.h
  std::string detail;
};

struct ImageDescription {
  std::string config;  // Name of its document.
  report::ImageFact fact;
  std::vector<LayerReference> layers;  // The lowest first.
  std::vector<Problem> problems;
};

struct Images {
  std::vector<ImageDescription> images;
  std::vector<Problem> problems;  // Of none of them in particular.
  bool is_image = false;          // There is a document that says what images there are.
};

Images ReadDocuments(const StoredNames& stored);

}  // namespace dl::extract
