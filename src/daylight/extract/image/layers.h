// What is left of an image's layers when they lie upon each other, as a runtime puts
// them: OCI image specification, layer.md.
//
//   MergedLayers merged(layers, budget);
//   merged.fate(2, 17);           // of entry 17 of the third layer
//   merged.PathOf(2, 17);         // "usr/bin/x", where the layer says "bin/x"
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "daylight/extract/budget.h"
#include "daylight/extract/image/archive_reader.h"

namespace dl::extract {

struct LayerEntry {
  enum class Mark : std::uint8_t {
    kNone,
    kWhiteout,  // `path` of lower layers goes.
    kOpaque,    // What lower layers have in the folder `path` goes.
    kIgnored,   // Notes of AUFS.
  };
  std::string path;    // Cleaned.
  std::string target;  // Of a link, as it stands there.
  EntryKind kind = EntryKind::kFile;
  Mark mark = Mark::kNone;
  std::uint64_t size = 0;
};
LayerEntry MakeLayerEntry(const ArchiveEntry& entry);

using LayerEntries = std::vector<LayerEntry>;

enum class Fate : std::uint8_t {
  kNone,  // No file: a mark, the root.
  kPresent,
  kReplaced,  // Something of the same path came later, or came back.
  kDeleted,
};

struct EntryId {
  std::uint32_t layer = 0;  // From 0, the lowest.
  std::uint32_t entry = 0;
  bool operator==(const EntryId&) const = default;
};

class MergedLayers {
 public:
  // The lowest first; null for one that could not be read. Borrowed.
  MergedLayers(std::vector<const LayerEntries*> layers, Budget& budget);

  Fate fate(EntryId id) const {
    const auto& fates = fates_[id.layer];
    return id.entry < fates.size() ? fates[id.entry] : Fate::kNone;
  }
  // Where it really is: links in its way are followed within the root.
  const std::string& PathOf(EntryId id) const;
  // Of a hard link: the entry whose bytes it has; itself for all others, and for links to nothing.
  EntryId ContentOf(EntryId id) const;
  // Hard links to the bytes of this entry.
  std::vector<EntryId> LinksTo(EntryId id) const;
  const LayerEntry& entry(EntryId id) const { return (*layers_[id.layer])[id.entry]; }
  // False: the budget ended before everything was merged.
  bool is_complete() const { return is_complete_; }

 private:
  struct Node {
    EntryId id;
    EntryId content;
  };
  using Tree = std::map<std::string, Node, std::less<>>;

  static std::uint64_t KeyOf(EntryId id) { return std::uint64_t{id.layer} << 32 | id.entry; }
  bool ApplyMarks(std::uint32_t layer);
  bool AddEntries(std::uint32_t layer);
  void Put(EntryId id, std::string path);
  void DeleteBelow(std::string_view path);
  void Delete(std::string_view path);
  // The folder that `path` leads to, through links. `clears`: what is in its way and no folder
  // goes, as a runtime makes the folders that a file needs.
  std::string Follow(std::string_view path, bool clears);
  std::string Place(std::string_view path, bool clears);
  void FindCameBack();

  std::vector<const LayerEntries*> layers_;
  Budget& budget_;
  bool is_complete_ = true;
  std::vector<std::vector<Fate>> fates_;
  Tree tree_;
  std::unordered_map<std::uint64_t, std::string> moved_;
  std::unordered_map<std::uint64_t, EntryId> content_;
  std::unordered_multimap<std::uint64_t, EntryId> links_;
  std::size_t notes_bytes_ = 0;  // Of the three above.
  // The last folder that was followed: entries of a folder stand together.
  std::string last_from_;
  std::string last_to_;
  bool has_last_ = false;
};

}  // namespace dl::extract
