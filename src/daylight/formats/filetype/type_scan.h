// The search for type patterns in bytes, with the state that patterns of
// several parts need across buffers.
//
//   TypeScan scan(table, ClamType::kTextAscii, object.size());
//   const ClamType found = scan.Scan(object.first(n), 0, 0, &embedded);
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "daylight/formats/filetype/filetype.h"

namespace dl::filetype {

class TypeScan {
 public:
  // `type` is what the object is taken for; `size` its length, when offsets
  // from the end are to be found.
  TypeScan(const MagicTable& table, ClamType type, std::optional<std::uint64_t> size);

  // Scans one buffer, which begins at `base` in the object. Matches that end
  // in the first `seen` bytes were found before. Adds embedded objects to
  // `embedded` unless it is null. The type recognised in this buffer, or kAny.
  ClamType Scan(Bytes buffer, std::uint64_t base, std::size_t seen, std::vector<Embedded>* embedded);

 private:
  // The ends of matches of a part (the starts of the first part, in the row of
  // the last one). As in clamscan, the first one is kept and then the last
  // eight, so a gap is only looked for from these.
  static constexpr std::size_t kTracked = 9;
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  struct Track {
    std::size_t last = 0;  // 1-based slot that was written last; 0 for none.
    std::array<std::uint64_t, kTracked> slots;
  };

  // Whether the pattern is complete with this match.
  bool Advance(const MagicTable::Pattern& pattern, std::uint32_t index, std::uint32_t part, std::uint64_t start);
  void AddEmbedded(std::vector<Embedded>& embedded, ClamType type, std::uint64_t offset) const;

  const MagicTable& table_;
  ClamType type_;
  std::optional<std::uint64_t> size_;
  std::vector<std::vector<Track>> tracks_;  // By pattern; empty until needed.
};

}  // namespace dl::filetype
