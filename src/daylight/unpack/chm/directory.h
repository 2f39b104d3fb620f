// The directory of a file of compiled help: which names stand for which bytes.
//
//   DL_TRY(const ChmDirectory directory, ChmDirectory::Parse(file));
//   for (const auto& entry : directory.entries()) Use(entry.name, entry.section, entry.offset, entry.size);
//
// After "Microsoft's HTML Help (.chm) format" (M. Russotto): ITSF, ITSP and PMGL. The
// index (PMGI) is not needed: all chunks are read, also those that nothing points at.
// Borrows the bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::unpack {

class ChmDirectory {
 public:
  static constexpr std::size_t kMaxEntries = 1u << 18;

  struct Entry {
    std::string_view name;      // "/page.html"; what belongs to the format itself begins with "::".
    std::uint64_t section = 0;  // 0: not compressed.
    std::uint64_t offset = 0;   // In its section.
    std::uint64_t size = 0;
  };

  // kUnsupported for versions that are not known.
  static Result<ChmDirectory> Parse(Bytes file);

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* Find(std::string_view name) const;
  // What of an entry of section 0 is in the file.
  Bytes Plain(const Entry& entry) const;
  // The names of the sections, in order.
  const std::vector<std::string>& sections() const { return sections_; }
  // A chunk was cut, or contradicts itself; more entries than kMaxEntries.
  bool is_damaged() const { return is_damaged_; }
  bool is_too_large() const { return is_too_large_; }

 private:
  explicit ChmDirectory(Bytes file) : file_(file) {}
  void ReadChunk(Bytes chunk);
  void ReadSectionNames();

  Bytes file_;
  std::uint64_t content_ = 0;  // Where section 0 begins.
  std::vector<Entry> entries_;
  std::vector<std::string> sections_;
  bool is_damaged_ = false;
  bool is_too_large_ = false;
};

}  // namespace dl::unpack
