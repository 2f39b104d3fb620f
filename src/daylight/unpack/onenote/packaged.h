// Sections of OneNote as servers package them ([MS-ONESTORE] 2.8): the file data in a
// stream of objects ([MS-FSSHTTPB] 2.2.1).
//
//   PackagedFiles files(section);
//   while (const auto file = files.Next()) Use(*file);
//   if (files.is_damaged()) ...
//
// Files are the objects' data BLOBs, and objects of the partition for file data
// (2.7.6) that hold their bytes themselves; also those that no page shows. Borrows.
#pragma once

#include <optional>
#include <vector>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

class PackagedFiles {
 public:
  // Of the whole file.
  explicit PackagedFiles(Bytes section);

  std::optional<Bytes> Next();
  // The stream ended before the package did, or contradicts itself.
  bool is_damaged() const { return is_damaged_; }
  // Parts of objects that are sent in several, which are not put together.
  bool has_fragments() const { return has_fragments_; }

 private:
  struct Object {
    unsigned type = 0;
    bool is_end = false;
    bool is_compound = false;
    Bytes data;
  };

  Result<Object> ReadObject();
  Result<std::optional<Bytes>> Take(const Object& object);

  Cursor stream_;
  std::vector<unsigned> open_;             // Types of the objects around.
  std::vector<std::uint64_t> partitions_;  // Of the group's objects, as declared.
  std::size_t next_object_ = 0;
  bool is_done_ = false;
  bool is_damaged_ = false;
  bool has_fragments_ = false;
};

}  // namespace dl::unpack
