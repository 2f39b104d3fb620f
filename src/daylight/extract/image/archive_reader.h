// ArchiveReader gives the entries of an archive one after the other: tar, cpio, zip, 7z,
// iso9660, xar, cab, rar, lha, ar, also when it is compressed as a whole, by libarchive.
//
//   ArchiveReader reader(pull, budget);             // or of an ObjectSource
//   while (const auto entry = reader.Next()) {
//     if (entry->kind == EntryKind::kFile) reader.Read(out) …
//   }
//   if (!reader.problem().empty()) …                // why that was not all
//
// Every byte that is unpacked is charged, also those of entries that are passed over.
// One thread; `pull` and the source are borrowed.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/budget.h"

namespace dl::extract {

enum class EntryKind : std::uint8_t { kFile, kFolder, kLink, kHardLink, kOther };

struct ArchiveEntry {
  EntryKind kind = EntryKind::kFile;
  std::string name;    // As it stands there.
  std::string target;  // Of links.
  std::uint64_t size = 0;
};

class ArchiveReader {
 public:
  // Layers are tars, and tars alone: other formats are looked for only in archives.
  enum class Formats : std::uint8_t { kTar, kAll };

  ArchiveReader(StreamSource::Pull pull, Formats formats, Budget& budget);
  // From its beginning, with seeking.
  ArchiveReader(ObjectSource& source, Formats formats, Budget& budget);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // Nothing: there are no more, or no more can be read.
  std::optional<ArchiveEntry> Next();
  // Bytes of the entry; 0 at its end, also one that comes too early (see entry_failed()).
  std::size_t Read(std::span<std::byte> out);
  bool entry_failed() const;
  // Whether the source is one compressed file, not an archive: it has one entry without a name.
  bool is_single() const;
  bool is_compressed() const;
  bool is_disk() const;  // A file system: iso9660.
  bool is_cpio() const;
  // How far the reader is in what it was given, where that is not compressed.
  std::uint64_t position() const;
  // A word and its explanation (unpack/unpacker.h); empty while nothing was wrong.
  std::string_view problem() const { return problem_; }
  const std::string& detail() const { return detail_; }
  std::uint64_t failed_entries() const { return failed_entries_; }

 private:
  struct State;
  void Open(Formats formats);
  void Note();
  bool Charge();
  bool PassRest();

  std::unique_ptr<State> state_;
  Budget& budget_;
  std::string_view problem_;
  std::string detail_;
  std::uint64_t failed_entries_ = 0;
};

}  // namespace dl::extract
