// The directory at the end of a zip archive: where it is, and what it lists.
//
//   if (const auto directory = FindZipDirectory(probe)) {
//     Cursor records(bytes of [directory->begin, directory->begin + directory->size));
//     for (auto entry = ReadZipEntry(records); entry; entry = ReadZipEntry(records)) ...
//
// Nothing here compares the directory with the entries themselves; archive/zip_layout does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/unpacker.h"

namespace dl::unpack {

struct ZipDirectory {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;   // Behind the end record, without its comment.
  std::uint64_t size = 0;  // In bytes, of the records alone.
  std::uint64_t base = 0;  // What all offsets count from: more than 0 where something stands in front.
};

// Of the central directory (APPNOTE.TXT 4.3.12), with what zip64 says (4.5.3).
struct ZipEntry {
  static constexpr unsigned kEncryptedFlag = 1;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;  // In bytes, as size.
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // Of the local header, from the directory's base.
  std::string name;          // As it is stored.
};

// The last directory that the probe's tail ends; it begins with an entry.
std::optional<ZipDirectory> FindZipDirectory(const Probe& probe);

// Whether it ends like an archive without entries, exactly at the object's end.
bool IsEmptyZip(const Probe& probe);

// The next record; an error where there is none, and at the end.
Result<ZipEntry> ReadZipEntry(Cursor& records);

// An entry's bytes as they are packed. kBudget: more than `most`; kMalformed: no local header is there.
Result<std::vector<std::byte>> ReadZipPacked(ObjectSource& object, const ZipDirectory& directory, const ZipEntry& entry,
                                             std::uint64_t most);

// An entry's content. kUnsupported: it is encrypted, or packed by another method than 0 (stored) and 8 (deflated);
// kBudget: more than `most`. What cannot be inflated to its end is kMalformed; checksums are not asked for.
Result<std::vector<std::byte>> ReadZipContent(ObjectSource& object, const ZipDirectory& directory,
                                              const ZipEntry& entry, std::uint64_t most);

}  // namespace dl::unpack
