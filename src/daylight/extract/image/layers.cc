#include "daylight/extract/image/layers.h"

#include <algorithm>
#include <utility>

#include "daylight/extract/image/path.h"

namespace dl::extract {

namespace {

// layer.md, "Whiteouts".
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kMeta = ".wh..wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
// As Linux.
constexpr int kMaxHops = 40;
// Of one image: what is not where its layer says, and hard links.
constexpr std::size_t kMaxNotesBytes = std::size_t{64} << 20;
constexpr std::size_t kNoteBytes = 64;

}  // namespace

LayerEntry MakeLayerEntry(const ArchiveEntry& entry) {
  LayerEntry made;
  made.path = CleanPath(entry.name);
  made.kind = entry.kind;
  made.size = entry.size;
  made.target = entry.target;
  const std::string_view name = NameOf(made.path);
  if (!name.starts_with(kWhiteout)) return made;
  const std::string parent(ParentOf(made.path));
  const std::string gone(name.substr(kWhiteout.size()));
  if (name == kOpaque) {
    made.mark = LayerEntry::Mark::kOpaque;
    made.path = parent;
  } else if (name.starts_with(kMeta) || gone.empty() || gone == "." || gone == "..") {
    made.mark = LayerEntry::Mark::kIgnored;
  } else {
    made.mark = LayerEntry::Mark::kWhiteout;
    made.path = JoinPath(parent, gone);
  }
  return made;
}

MergedLayers::MergedLayers(std::vector<const LayerEntries*> layers, Budget& budget)
    : layers_(std::move(layers)), budget_(budget) {
  fates_.resize(layers_.size());
  for (std::uint32_t layer = 0; layer < layers_.size() && is_complete_; ++layer) {
    if (layers_[layer] == nullptr) continue;
    // A whiteout is for lower layers only, wherever in its own it stands.
    is_complete_ = ApplyMarks(layer) && AddEntries(layer);
  }
  FindCameBack();
  tree_.clear();
}

bool MergedLayers::ApplyMarks(std::uint32_t layer) {
  has_last_ = false;
  for (const LayerEntry& entry : *layers_[layer]) {
    if (entry.mark == LayerEntry::Mark::kNone || entry.mark == LayerEntry::Mark::kIgnored) continue;
    if (!budget_.ChargeEntry()) return false;
    if (entry.mark == LayerEntry::Mark::kOpaque) {
      DeleteBelow(Follow(entry.path, false));
    } else {
      Delete(Place(entry.path, false));
    }
  }
  has_last_ = false;
  return true;
}

bool MergedLayers::AddEntries(std::uint32_t layer) {
  const LayerEntries& entries = *layers_[layer];
  fates_[layer].resize(entries.size());
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    if (entries[i].mark != LayerEntry::Mark::kNone || entries[i].path.empty()) continue;
    if (!budget_.ChargeEntry()) return false;
    Put({layer, i}, Place(entries[i].path, true));
    if (budget_.is_spent() || notes_bytes_ > kMaxNotesBytes) return false;
  }
  return true;
}

std::string MergedLayers::Place(std::string_view path, bool clears) {
  return JoinPath(Follow(ParentOf(path), clears), NameOf(path));
}

std::string MergedLayers::Follow(std::string_view path, bool clears) {
  if (has_last_ && path == last_from_) return last_to_;
  std::string done;        // Followed; no link is in it.
  std::string rest(path);  // To follow, from `at` on.
  std::size_t at = 0;
  int hops = 0;
  while (at < rest.size()) {
    const std::size_t slash = std::min(rest.find('/', at), rest.size());
    const std::string_view part = std::string_view(rest).substr(at, slash - at);
    at = slash + 1;
    // Of links: cleaned only here, as ".." counts from where the link leads.
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      done.resize(ParentOf(done).size());
      continue;
    }
    std::string next = JoinPath(done, part);
    // Chains of long links are work that no entry has paid for.
    if (!budget_.ChargeBytes(next.size())) return done;
    const auto found = tree_.find(next);
    if (found != tree_.end()) {
      const LayerEntry& there = entry(found->second.id);
      if (there.kind == EntryKind::kLink && !there.target.empty() && hops < kMaxHops) {
        ++hops;
        if (there.target.front() == '/') done.clear();
        rest = there.target + "/" + rest.substr(std::min(at, rest.size()));
        at = 0;
        continue;
      }
      if (there.kind != EntryKind::kFolder && clears) Delete(next);
    }
    done = std::move(next);
  }
  if (clears) {
    last_from_ = path;
    last_to_ = done;
    has_last_ = true;
  }
  return done;
}

void MergedLayers::DeleteBelow(std::string_view path) {
  const std::string prefix = path.empty() ? std::string() : std::string(path) + "/";
  auto at = tree_.lower_bound(prefix);
  while (at != tree_.end() && at->first.starts_with(prefix)) {
    fates_[at->second.id.layer][at->second.id.entry] = Fate::kDeleted;
    at = tree_.erase(at);
    has_last_ = false;
  }
}

void MergedLayers::Delete(std::string_view path) {
  DeleteBelow(path.empty() ? "/" : path);
  const auto found = tree_.find(path);
  if (found == tree_.end()) return;
  fates_[found->second.id.layer][found->second.id.entry] = Fate::kDeleted;
  tree_.erase(found);
  has_last_ = false;
}

void MergedLayers::Put(EntryId id, std::string path) {
  const LayerEntry& added = entry(id);
  if (path != added.path) {
    moved_.emplace(KeyOf(id), path);
    notes_bytes_ += path.size() + kNoteBytes;
  }
  Node node{id, id};
  if (added.kind == EntryKind::kHardLink) {
    const auto target = tree_.find(Place(CleanPath(added.target), false));
    if (target != tree_.end()) {
      const EntryId content = target->second.content;
      if (entry(content).kind == EntryKind::kFile) {
        node.content = content;
        content_.emplace(KeyOf(id), content);
        links_.emplace(KeyOf(content), id);
        notes_bytes_ += 2 * kNoteBytes;
      }
    }
  }
  auto [at, is_new] = tree_.try_emplace(std::move(path), node);
  if (!is_new) {
    const EntryId old = at->second.id;
    const bool was_folder = entry(old).kind == EntryKind::kFolder;
    fates_[old.layer][old.entry] = Fate::kReplaced;
    at->second = node;
    if (!was_folder || added.kind != EntryKind::kFolder) has_last_ = false;
  }
  fates_[id.layer][id.entry] = Fate::kPresent;
  if (added.kind == EntryKind::kFolder) return;
  // A folder that only its contents told of may have been there.
  DeleteBelow(at->first);
  if (added.kind == EntryKind::kLink || (last_to_ + "/").starts_with(at->first + "/")) has_last_ = false;
}

// What was deleted and put back later is another version.
void MergedLayers::FindCameBack() {
  for (std::uint32_t layer = 0; layer < fates_.size(); ++layer) {
    for (std::uint32_t i = 0; i < fates_[layer].size(); ++i) {
      if (fates_[layer][i] == Fate::kDeleted && tree_.count(PathOf({layer, i})) != 0)
        fates_[layer][i] = Fate::kReplaced;
    }
  }
}

const std::string& MergedLayers::PathOf(EntryId id) const {
  const auto found = moved_.find(KeyOf(id));
  return found != moved_.end() ? found->second : entry(id).path;
}

EntryId MergedLayers::ContentOf(EntryId id) const {
  const auto found = content_.find(KeyOf(id));
  return found != content_.end() ? found->second : id;
}

std::vector<EntryId> MergedLayers::LinksTo(EntryId id) const {
  std::vector<EntryId> ids;
  const auto [begin, end] = links_.equal_range(KeyOf(id));
  for (auto at = begin; at != end; ++at) ids.push_back(at->second);
  return ids;
}

}  // namespace dl::extract
