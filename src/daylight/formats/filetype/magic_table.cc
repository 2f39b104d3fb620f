#include <algorithm>
#include <charconv>
#include <utility>

#include "daylight/formats/filetype/default_magic.h"
#include "daylight/formats/filetype/filetype.h"

namespace dl::filetype {

MagicTable::MagicTable(std::span<const Magic> rows) {
  for (const Magic& row : rows) {
    if (row.AppliesTo(kFunctionalityLevel)) Add(row.kind, row.offset, row.pattern, row.name, row.from, row.type);
  }
  if (fixed_.empty()) AddDefaults();
  Finish();
}

const MagicTable& MagicTable::Default() {
  static const MagicTable table{std::span<const Magic>()};
  return table;
}

void MagicTable::AddDefaults() {
  for (const DefaultMagic& row : DefaultMagicRows())
    Add(row.kind, row.offset, row.pattern, row.name, row.from, row.type);
}

void MagicTable::Add(MagicKind kind, std::string_view offset, std::string_view hex, std::string_view name,
                     ClamType from, ClamType type) {
  if (kind == MagicKind::kPattern) {
    auto pattern = ParseTypePattern(hex, offset);
    if (pattern) patterns_.push_back({std::move(*pattern), from, type, std::string(name)});
    return;
  }
  auto bytes = ParseHexBytes(hex);
  if (!bytes) return;
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(offset.data(), offset.data() + offset.size(), number);
  if (parsed.ec == std::errc::result_out_of_range) return;
  (kind == MagicKind::kFixed ? fixed_ : partitions_).push_back({number, std::move(*bytes), type, std::string(name)});
}

void MagicTable::Finish() {
  // A later row is asked before an earlier one.
  std::reverse(fixed_.begin(), fixed_.end());
  std::reverse(partitions_.begin(), partitions_.end());
  bucket_of_.assign(65536, 0);
  buckets_.resize(1);
  for (std::uint32_t p = 0; p < patterns_.size(); ++p) {
    const auto& parts = patterns_[p].pattern.parts;
    for (std::uint32_t i = 0; i < parts.size(); ++i) {
      longest_part_ = std::max(longest_part_, parts[i].bytes.size());
      std::uint16_t& bucket = bucket_of_[parts[i].AnchorKey()];
      if (bucket == 0) {
        bucket = static_cast<std::uint16_t>(buckets_.size());
        buckets_.emplace_back();
      }
      buckets_[bucket].push_back({p, i});
    }
  }
}

}  // namespace dl::filetype
