#include "daylight/unpack/chm/directory.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

namespace {

constexpr std::size_t kChunkHeader = 20;
constexpr std::size_t kMaxSections = 16;

// Seven bits a byte, the highest first; all but the last have the eighth.
Result<std::uint64_t> ReadEncodedInteger(Cursor& cursor) {
  std::uint64_t value = 0;
  for (;;) {
    DL_TRY(const std::uint8_t byte, cursor.ReadU8());
    if (value >> 57 != 0) return Fail(ErrorCode::kMalformed, "a number that is too long");
    value = value << 7 | (byte & 0x7fu);
    if ((byte & 0x80) == 0) return value;
  }
}

Result<ChmDirectory::Entry> ReadEntry(Cursor& chunk) {
  ChmDirectory::Entry entry;
  DL_TRY(const std::uint64_t name_size, ReadEncodedInteger(chunk));
  DL_TRY(const Bytes name, chunk.ReadBytes(name_size));
  entry.name = AsText(name);
  DL_TRY(entry.section, ReadEncodedInteger(chunk));
  DL_TRY(entry.offset, ReadEncodedInteger(chunk));
  DL_TRY(entry.size, ReadEncodedInteger(chunk));
  return entry;
}

}  // namespace

Result<ChmDirectory> ChmDirectory::Parse(Bytes file) {
  ChmDirectory directory(file);
  Cursor header(file);
  DL_TRY_STATUS(header.Skip(4));
  DL_TRY(const std::uint32_t version, header.ReadU32Le());
  if (version != 2 && version != 3) return Fail(ErrorCode::kUnsupported, "a version that is not known");
  // Behind the header's size, a date, a language and two GUIDs: the header of the whole, then the directory.
  DL_TRY_STATUS(header.SeekTo(0x48));
  DL_TRY(const std::uint64_t begin, header.ReadU64Le());
  DL_TRY(const std::uint64_t size, header.ReadU64Le());
  if (version == 3) {
    DL_TRY(directory.content_, header.ReadU64Le());
  } else {
    // Version 2 does not say.
    directory.content_ = begin + std::min(size, ~std::uint64_t{0} - begin);
  }
  DL_TRY(Cursor table, header.From(begin));
  DL_TRY_STATUS(table.Skip(8));
  DL_TRY(const std::uint32_t header_size, table.ReadU32Le());
  DL_TRY_STATUS(table.Skip(4));
  DL_TRY(const std::uint32_t chunk_size, table.ReadU32Le());
  DL_TRY_STATUS(table.SeekTo(0x2c));
  DL_TRY(const std::uint32_t chunks, table.ReadU32Le());
  if (!AsText(table.bytes()).starts_with("ITSP") || chunk_size <= kChunkHeader) {
    return Fail(ErrorCode::kMalformed, "a directory without its header");
  }
  DL_TRY_STATUS(table.SeekTo(header_size));
  for (std::uint32_t i = 0; i < chunks && !directory.is_too_large_; ++i) {
    const auto chunk = table.ReadBytes(chunk_size);
    if (!chunk) {
      directory.is_damaged_ = true;
      directory.ReadChunk(*table.ReadBytes(table.remaining()));
      break;
    }
    directory.ReadChunk(*chunk);
  }
  directory.ReadSectionNames();
  return directory;
}

void ChmDirectory::ReadChunk(Bytes chunk) {
  Cursor cursor(chunk);
  if (!AsText(chunk).starts_with("PMGL") || !cursor.Skip(4)) return;
  // Behind the entries are free space and quick references, and their number is last. Some
  // programs go by the one, some by the other, so whatever either says is read.
  const auto free = cursor.ReadU32Le();
  if (!free || !cursor.SeekTo(kChunkHeader) || *free > cursor.remaining()) {
    is_damaged_ = true;
    return;
  }
  const std::size_t end = chunk.size() - *free;
  const std::size_t count = Cursor(chunk.last(2)).ReadU16Le().value_or(0);
  for (std::size_t i = 0; cursor.position() < end || i < count; ++i) {
    const auto entry = ReadEntry(cursor);
    is_damaged_ = is_damaged_ || !entry;
    if (!entry) return;
    is_too_large_ = entries_.size() == kMaxEntries;
    if (is_too_large_) return;
    entries_.push_back(*entry);
  }
}

void ChmDirectory::ReadSectionNames() {
  const Entry* list = Find("::DataSpace/NameList");
  if (list != nullptr) {
    Cursor names(Plain(*list));
    static_cast<void>(names.Skip(2));
    const std::size_t count = std::min<std::size_t>(names.ReadU16Le().value_or(0), kMaxSections);
    for (std::size_t i = 0; i < count; ++i) {
      const auto length = names.ReadU16Le();
      const auto units = names.ReadRecords(length.value_or(0), 2);
      if (!length || !units) break;
      // They are ASCII.
      std::string name;
      for (std::size_t at = 0; at < units->size(); at += 2) name.push_back(AsText(*units)[at]);
      sections_.push_back(name);
      static_cast<void>(names.Skip(2));
    }
  }
  // All that compilers ever wrote.
  if (sections_.size() < 2) sections_ = {"Uncompressed", "MSCompressed"};
}

const ChmDirectory::Entry* ChmDirectory::Find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; });
  return found != entries_.end() ? &*found : nullptr;
}

Bytes ChmDirectory::Plain(const Entry& entry) const {
  if (entry.section != 0 || content_ > file_.size() || entry.offset > file_.size() - content_) return {};
  const Bytes rest = file_.subspan(static_cast<std::size_t>(content_ + entry.offset));
  return rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(entry.size, rest.size())));
}

}  // namespace dl::unpack
