// What type an object has, as clamscan 1.4 sees it.
//
//   const MagicTable& table = MagicTable::Default();  // Or MagicTable(rows).
//   const ClamType type = TypeOf(object, table);
//   const RawTypes raw = FindTypes(object, type, table);
//
// Two things are recognised. First the type of the object, from its first
// 1,024 bytes (TypeOf): this is what Container and target type mean. Then,
// while the raw bytes are scanned, type patterns anywhere in them (FindTypes):
// they may make text HTML or mail, which decides what else is scanned, and
// they find embedded objects, which never change the type.
//
// A MagicTable is immutable; share it between threads. The functions keep no
// reference to the bytes; their time is linear in them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/formats/filetype/clam_type.h"
#include "daylight/formats/filetype/magic.h"
#include "daylight/formats/filetype/type_pattern.h"

namespace dl::filetype {

// clamscan looks at nothing shorter: an object of up to 5 bytes is clean.
inline constexpr std::size_t kMinObjectBytes = 6;
// What of an object its type is made from.
inline constexpr std::size_t kTypeHeadBytes = 1024;

class MagicTable {
 public:
  // The rows of .ftm files, in the order of the files; rows for other
  // functionality levels and rows that cannot be are left out. As in clamscan,
  // rows of kind 0 replace all the built-in ones; when there are none, the
  // built-in table is there too (patterns and partitions are added to it).
  explicit MagicTable(std::span<const Magic> rows);
  static const MagicTable& Default();

  struct Fixed {
    std::uint32_t offset;
    std::vector<std::uint8_t> bytes;
    ClamType type;
    std::string name;
  };
  struct Pattern {
    TypePattern pattern;
    ClamType from, type;
    std::string name;
  };
  struct Anchor {  // One part of one pattern.
    std::uint32_t pattern;
    std::uint32_t part;
  };

  // In the order in which they are asked: the first match wins.
  const std::vector<Fixed>& fixed() const { return fixed_; }
  const std::vector<Fixed>& partitions() const { return partitions_; }
  const std::vector<Pattern>& patterns() const { return patterns_; }
  // The parts whose anchor has these two bytes, `key` being first << 8 | second.
  std::span<const Anchor> AnchorsOf(std::uint16_t key) const {
    const std::uint16_t bucket = bucket_of_[key];
    return bucket == 0 ? std::span<const Anchor>() : std::span<const Anchor>(buckets_[bucket]);
  }
  std::size_t longest_part() const { return longest_part_; }

 private:
  MagicTable() = default;
  void Add(MagicKind kind, std::string_view offset, std::string_view hex, std::string_view name, ClamType from,
           ClamType type);
  void AddDefaults();
  void Finish();

  std::vector<Fixed> fixed_, partitions_;
  std::vector<Pattern> patterns_;
  std::vector<std::uint16_t> bucket_of_;
  std::vector<std::vector<Anchor>> buckets_;
  std::size_t longest_part_ = 0;
};

// The type of a whole object. Only its head is looked at, except for a ZIP
// file that may be an Office document, whose directory decides.
ClamType TypeOf(Bytes object, const MagicTable& table);
// The type of a partition; kPartAny when nothing matches.
ClamType PartitionTypeOf(Bytes partition, const MagicTable& table);
// ASCII, UTF-8, UTF-16 or binary: what the head is when no magic matches.
ClamType TextTypeOf(Bytes head);

struct Embedded {
  ClamType type;  // What was recognised: kZipSfx, kMsExe, kMbr, kMhtml, ...
  std::uint64_t offset;
};

struct RawTypes {
  // The type that the whole raw scan recognised; kAny for none.
  ClamType found = ClamType::kAny;
  // In order of recognition, at most 10 (and 10,000 kZipSfx).
  std::vector<Embedded> embedded;
  // kHtml: the object is normalised and scanned as HTML, in place of text.
  // kMail: it is scanned as mail in addition. Else kAny. Only text (and GIF,
  // for HTML) is ever more than it seems.
  ClamType detected = ClamType::kAny;
};

// Whether clamscan looks for types at all while it scans raw bytes of `type`.
bool LooksForTypes(ClamType type);
RawTypes FindTypes(Bytes object, ClamType type, const MagicTable& table);

}  // namespace dl::filetype
