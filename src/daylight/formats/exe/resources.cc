// "PE Format", "The .rsrc Section": three levels of tables (type, name,
// language), whose offsets count from the directory's beginning.
#include <algorithm>
#include <string_view>

#include "daylight/formats/exe/internal.h"

namespace dl::exe {

namespace {

using internal::ReadAt;

constexpr std::uint32_t kVersionType = 16;
constexpr std::uint32_t kHighBit = 0x80000000;

struct Table {
  std::uint64_t entries = 0;  // Offset in the file of 8-byte entries.
  std::uint16_t named = 0;
  std::uint16_t numbered = 0;
};
struct Entry {
  std::uint32_t id = 0;
  std::uint32_t target = 0;
};

class Tables {
 public:
  Tables(Bytes bytes, const Info& pe) : bytes_(bytes), pe_(pe) {}

  // Of the table at `offset` in the directory.
  std::optional<Table> ReadTable(std::uint32_t offset) const {
    const auto at = FileOffset(pe_, pe_.resource_rva + offset, bytes_.size());
    if (!at) return std::nullopt;
    auto cursor = ReadAt(bytes_, *at, 16);
    if (!cursor || !cursor->Skip(12)) return std::nullopt;
    const auto named = cursor->ReadU16Le();
    const auto numbered = cursor->ReadU16Le();
    if (!named || !numbered) return std::nullopt;
    return Table{std::uint64_t{*at} + 16, *named, *numbered};
  }

  std::optional<Entry> ReadEntry(const Table& table, std::uint32_t index) {
    if (entries_left_-- == 0) return std::nullopt;
    auto cursor = ReadAt(bytes_, table.entries + std::uint64_t{index} * 8, 8);
    if (!cursor) return std::nullopt;
    const auto id = cursor->ReadU32Le();
    const auto target = cursor->ReadU32Le();
    if (!id || !target) return std::nullopt;
    return Entry{*id, *target};
  }

 private:
  Bytes bytes_;
  const Info& pe_;
  std::uint32_t entries_left_ = kMaxResourceEntries;
};

// The number of all entries, which wraps at 16 bits there.
std::uint16_t CountAll(const Table& table) { return static_cast<std::uint16_t>(table.named + table.numbered); }

}  // namespace

void ForEachResource(Bytes pe_bytes, const Info& pe, std::uint32_t type,
                     const std::function<bool(const Resource&)>& use) {
  Tables tables(pe_bytes, pe);
  const auto types = tables.ReadTable(0);
  if (!types) return;
  for (std::uint32_t t = 0; t < types->numbered; ++t) {
    const auto type_entry = tables.ReadEntry(*types, std::uint32_t{types->named} + t);
    if (!type_entry) return;
    if (type_entry->id != type || (type_entry->target & kHighBit) == 0) continue;
    const auto names = tables.ReadTable(type_entry->target & ~kHighBit);
    if (!names) return;
    for (std::uint32_t n = 0; n < CountAll(*names); ++n) {
      const auto name_entry = tables.ReadEntry(*names, n);
      if (!name_entry) return;
      if ((name_entry->target & kHighBit) == 0) continue;
      const auto languages = tables.ReadTable(name_entry->target & ~kHighBit);
      if (!languages) return;
      for (std::uint32_t l = 0; l < CountAll(*languages); ++l) {
        const auto language_entry = tables.ReadEntry(*languages, l);
        if (!language_entry) return;
        if ((language_entry->target & kHighBit) != 0) continue;
        if (!use({type, name_entry->id, language_entry->id, pe.resource_rva + language_entry->target})) return;
      }
    }
    return;  // A second table of the same type is never looked at.
  }
}

namespace {

// UTF-16 with its NUL, little-endian.
constexpr std::string_view kVersionKey("V\0S\0_\0V\0E\0R\0S\0I\0O\0N\0_\0I\0N\0F\0O\0\0\0", 32);
constexpr std::string_view kVarKey("V\0a\0r\0F\0i\0l\0e\0I\0n\0f\0o\0\0\0", 24);
constexpr std::string_view kStringKey("S\0t\0r\0i\0n\0g\0F\0i\0l\0e\0I\0n\0f\0o\0\0\0", 30);

constexpr std::uint32_t kBlockHeader = 6;  // Length, value's length, type.
constexpr std::uint32_t kFixedInfoSize = 0x34;
constexpr std::uint32_t kFixedInfoMagic = 0xfeef04bd;
constexpr std::uint32_t kRoundUp = 3;

// The bytes of one version resource, whose blocks are nested: VS_VERSIONINFO has
// at most a VarFileInfo and then one StringFileInfo, which has StringTables of
// Strings ("Version Information Structures", Microsoft). Blocks lie where the
// lengths say, without the padding that the documents ask for.
class VersionReader {
 public:
  VersionReader(Bytes bytes, std::uint32_t file_offset, std::vector<std::uint32_t>& offsets)
      : bytes_(bytes), file_offset_(file_offset), offsets_(offsets) {}

  void Read() const {
    if (bytes_.size() <= 4) return;
    const std::uint32_t size = LengthAt(0);
    constexpr std::uint32_t kChildren = kBlockHeader + 0x20 + 2 + kFixedInfoSize;
    if (size > bytes_.size() || size <= kChildren) return;
    if (ValueLengthAt(0) != kFixedInfoSize || !KeyAt(0, kVersionKey) || MagicAt(0x28) != kFixedInfoMagic) return;
    ReadChildren(kChildren, size - kChildren);
  }

 private:
  void ReadChildren(std::uint32_t at, std::uint32_t left) const {
    bool after_var = false;
    while (left > kBlockHeader) {
      std::uint32_t size = LengthAt(at);
      if (size > left) return;
      if (!after_var && size > kBlockHeader + kVarKey.size() && KeyAt(at, kVarKey)) {
        at += size;
        left -= size;
        after_var = true;
        continue;
      }
      constexpr std::uint32_t kTables = kBlockHeader + kStringKey.size();
      if (size > kTables && KeyAt(at, kStringKey)) ReadTables(at + kTables, size - kTables);
      return;
    }
  }

  void ReadTables(std::uint32_t at, std::uint32_t left) const {
    constexpr std::uint32_t kStrings = kBlockHeader + 16 + 2;  // Key: eight digits; padding.
    while (left > kBlockHeader) {
      const std::uint32_t size = LengthAt(at);
      if (size > left || size <= kStrings) return;
      if (!ReadStrings(at + kStrings, size - kStrings)) return;
      at += size;
      left -= size;
    }
  }

  // False: nothing after this is read.
  bool ReadStrings(std::uint32_t at, std::uint32_t left) const {
    while (left > kBlockHeader) {
      const std::uint32_t size = (LengthAt(at) + kRoundUp) & ~kRoundUp;
      if (size > left || size <= kBlockHeader + 2 + 8) return false;
      std::uint32_t key_end = kBlockHeader;
      while (key_end + 1 < size) {
        const bool is_end = bytes_[at + key_end] == std::byte{0} && bytes_[at + key_end + 1] == std::byte{0};
        key_end += 2;
        if (is_end) break;
      }
      key_end = (key_end + kRoundUp) & ~kRoundUp;
      // A string with a value, however empty the key.
      if (key_end < size && size - key_end > 2) offsets_.push_back(file_offset_ + at + kBlockHeader);
      at += size;
      left -= size;
    }
    return true;
  }

  // Callers have seen that a block's header, or the key's size, lies within.
  std::uint32_t ByteAt(std::uint32_t at) const { return std::to_integer<std::uint32_t>(bytes_[at]); }
  std::uint32_t LengthAt(std::uint32_t at) const { return ByteAt(at) | ByteAt(at + 1) << 8; }
  std::uint32_t ValueLengthAt(std::uint32_t at) const { return LengthAt(at + 2); }
  std::uint32_t MagicAt(std::uint32_t at) const { return LengthAt(at) | LengthAt(at + 2) << 16; }
  bool KeyAt(std::uint32_t at, std::string_view key) const {
    return AsText(bytes_.subspan(at + kBlockHeader, key.size())) == key;
  }

  Bytes bytes_;
  std::uint32_t file_offset_;
  std::vector<std::uint32_t>& offsets_;
};

}  // namespace

namespace internal {

std::vector<std::uint32_t> FindVersionOffsets(Bytes bytes, const Info& pe) {
  std::vector<std::uint32_t> entries;
  ForEachResource(bytes, pe, kVersionType, [&entries](const Resource& resource) {
    entries.push_back(resource.data_rva);
    return entries.size() < kMaxVersionResources;
  });

  std::vector<std::uint32_t> offsets;
  for (const std::uint32_t entry : entries) {
    const auto entry_offset = FileOffset(pe, entry, bytes.size());
    if (!entry_offset) continue;
    auto cursor = ReadAt(bytes, *entry_offset, 16);
    if (!cursor) continue;
    const auto rva = cursor->ReadU32Le();
    const auto size = cursor->ReadU32Le();
    if (!rva || !size) continue;
    const auto offset = FileOffset(pe, *rva, bytes.size());
    if (!offset) continue;
    const auto data = ReadAt(bytes, *offset, *size);
    if (data) VersionReader(data->bytes(), *offset, offsets).Read();
  }
  std::sort(offsets.begin(), offsets.end());
  offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
  return offsets;
}

}  // namespace internal

}  // namespace dl::exe
