// The directory at a zip's end, entry by entry.
//
//   auto directory = ZipDirectory::Last(probe);
//   if (!directory || !directory->Load(probe.object)) return;
//   while (const auto entry = directory->Next()) Look(entry->begin, entry->packed);
//
// Clauses are those of APPNOTE.TXT 6.3.10.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

struct ZipEntry {
  unsigned flags = 0;
  unsigned method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;  // In bytes,
  std::uint64_t size = 0;    // and unpacked.
  std::uint64_t begin = 0;   // Of its local header, in the object.
  std::string name;
};

class ZipDirectory {
 public:
  // Larger ones are only followed by others.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 20;

  // By the last record in the probe's tail that points to one.
  static std::optional<ZipDirectory> Last(const Probe& probe);

  std::uint64_t begin() const { return begin_; }
  // Behind the record that ends it, without its comment.
  std::uint64_t end() const { return end_; }

  // False: too large, or it cannot be read.
  bool Load(ObjectSource& object);
  // After Load(); nothing at its end, or where something else stands.
  std::optional<ZipEntry> Next();

 private:
  static std::optional<ZipDirectory> At(const Probe& probe, std::size_t at);

  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t base_ = 0;  // What all offsets count from: more than 0 where something stands in front.
  std::vector<std::byte> bytes_;
  std::size_t next_ = 0;  // Offset in bytes_.
};

}  // namespace dl::unpack
