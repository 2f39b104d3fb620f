#include "daylight/formats/filetype/type_scan.h"

#include <algorithm>
#include <utility>

namespace dl::filetype {
namespace {

constexpr std::size_t kMaxEmbedded = 10;
constexpr std::size_t kMaxEmbeddedZip = 10000;

// Of two types the greater counts, but archives and programs always do.
bool Supersedes(ClamType type, ClamType before) {
  return type > before || type >= ClamType::kSfx || type == ClamType::kMsExe;
}

}  // namespace

TypeScan::TypeScan(const MagicTable& table, ClamType type, std::optional<std::uint64_t> size)
    : table_(table), type_(type), size_(size), tracks_(table.patterns().size()) {}

bool TypeScan::Advance(const MagicTable::Pattern& pattern, std::uint32_t index, std::uint32_t part,
                       std::uint64_t start) {
  const auto& parts = pattern.pattern.parts;
  auto& tracks = tracks_[index];
  if (part > 0 && (tracks.empty() || tracks[part - 1].last == 0)) return false;
  if (tracks.empty()) {
    tracks.resize(parts.size());
    for (Track& track : tracks) track.slots.fill(kNone);
  }
  const PatternPart& here = parts[part];
  if (part > 0) {
    auto& before = tracks[part - 1].slots;
    std::size_t found = kTracked;
    for (std::size_t slot = 0; slot < kTracked && before[slot] != kNone; ++slot) {
      if (start < before[slot]) continue;
      const std::uint64_t gap = start - before[slot];
      // A maximum of zero is none there ({0} and {-0} are one of the oddities).
      if (gap < here.gap_min || (here.gap_max && *here.gap_max != 0 && gap > *here.gap_max)) continue;
      found = slot;
      break;
    }
    if (found == kTracked) return false;
    if (part == 1 && found > 0) {
      std::swap(before[0], before[found]);
      if (pattern.type != ClamType::kMsExe) std::swap(tracks.back().slots[0], tracks.back().slots[found]);
    }
    if (part + 1 == parts.size()) return true;
  }
  Track& track = tracks[part];
  track.last = track.last == kTracked ? 2 : track.last + 1;
  track.slots[track.last - 1] = start + here.bytes.size();
  if (part == 0) tracks.back().slots[track.last - 1] = start;
  return false;
}

void TypeScan::AddEmbedded(std::vector<Embedded>& embedded, ClamType type, std::uint64_t offset) const {
  if (embedded.size() >= (type == ClamType::kZipSfx ? kMaxEmbeddedZip : kMaxEmbedded)) return;
  embedded.push_back({type, offset});
}

ClamType TypeScan::Scan(Bytes buffer, std::uint64_t base, std::size_t seen, std::vector<Embedded>* embedded) {
  const bool may_hold_programs = type_ == ClamType::kMsExe || type_ == ClamType::kZip || type_ == ClamType::kMsOle2;
  ClamType type = ClamType::kAny;
  if (buffer.empty()) return type;
  auto previous = std::to_integer<unsigned>(buffer[0]);
  for (std::size_t i = 1; i < buffer.size(); ++i) {
    const auto current = std::to_integer<unsigned>(buffer[i]);
    const auto anchors = table_.AnchorsOf(static_cast<std::uint16_t>(previous << 8 | current));
    previous = current;
    for (const MagicTable::Anchor& anchor : anchors) {
      const MagicTable::Pattern& pattern = table_.patterns()[anchor.pattern];
      const PatternPart& part = pattern.pattern.parts[anchor.part];
      if (part.anchor_end > i) continue;
      const std::size_t start = i - part.anchor_end;
      if (!part.Matches(buffer, start) || start + part.bytes.size() <= seen) continue;
      if (anchor.part == 0 && !pattern.pattern.offset.Allows(base + start, size_)) continue;
      const bool single = pattern.pattern.parts.size() == 1;
      if (!single && !Advance(pattern, anchor.pattern, anchor.part, base + start)) continue;

      if (pattern.from != ClamType::kAny && pattern.from != type_) continue;
      if (pattern.type == ClamType::kIgnored) return ClamType::kIgnored;
      if (!Supersedes(pattern.type, type)) continue;
      type = pattern.type;
      if (embedded != nullptr && (type >= ClamType::kSfx || (single && type == ClamType::kMbr) ||
                                  (may_hold_programs && type == ClamType::kMsExe))) {
        if (single) {
          AddEmbedded(*embedded, type, base + start);
        } else {
          for (const std::uint64_t offset : tracks_[anchor.pattern].back().slots) {
            if (offset != kNone) AddEmbedded(*embedded, type, offset);
          }
        }
      }
      tracks_[anchor.pattern].clear();
    }
  }
  return type;
}

}  // namespace dl::filetype
