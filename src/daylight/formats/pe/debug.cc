// "Microsoft PE Format", 6.1 The .debug section; the records that it leads to
// are those of CodeView: a signature, an identity and the path of the symbols.
#include <algorithm>

#include "daylight/formats/pe/internal.h"

namespace dl::pe {

namespace {

constexpr std::uint64_t kEntrySize = 28;
constexpr std::uint32_t kCodeView = 2;
constexpr std::uint64_t kMaxPath = 1024;

struct DebugEntry {
  std::uint32_t type = 0;
  std::uint32_t rva = 0;
  std::uint32_t offset = 0;
};

Result<DebugEntry> ReadDebugEntry(const Image& image, std::uint64_t offset) {
  DL_TRY(Cursor cursor, Cursor(image.bytes()).Window(offset, kEntrySize));
  DebugEntry entry;
  DL_TRY_STATUS(cursor.SeekTo(12));
  DL_TRY(entry.type, cursor.ReadU32Le());
  DL_TRY_STATUS(cursor.SeekTo(20));
  DL_TRY(entry.rva, cursor.ReadU32Le());
  DL_TRY(entry.offset, cursor.ReadU32Le());
  return entry;
}

// Where the path begins in a record with this signature.
std::optional<std::uint64_t> PathOffset(std::uint32_t signature) {
  switch (signature) {
    case 0x3031424e: return 16;  // "NB10": offset, time stamp, age.
    case 0x53445352: return 24;  // "RSDS": GUID, age.
    case 0x434f544d: return 20;  // "MTOC": UUID.
    default: return std::nullopt;
  }
}

std::optional<std::string_view> PathAt(const Image& image, std::uint64_t record) {
  constexpr std::uint64_t kSmallestRecord = 8;
  const auto window = Cursor(image.bytes()).Window(record, kSmallestRecord);
  if (!window) return std::nullopt;
  Cursor cursor = *window;
  const auto signature = cursor.ReadU32Le();
  if (!signature) return std::nullopt;
  const auto path = PathOffset(*signature);
  // The path has at least one byte.
  if (!path || !image.Fits(record, *path + 1)) return std::nullopt;
  const std::string_view text = TextAt(image, record + *path, kMaxPath);
  if (text.size() >= kMaxPath) return std::nullopt;
  return text;
}

}  // namespace

void ParseDebugDirectory(PeFile& file) {
  const Image& image = file.image;
  const DataDirectory& directory = image.Directory(kDebugDirectory);
  if (directory.size == 0 || directory.virtual_address == 0) return;
  const auto table = image.RvaToOffset(directory.virtual_address);
  if (!table) return;
  Work work;
  for (std::uint64_t i = 0; i < directory.size / kEntrySize && work.Step(); ++i) {
    const auto entry = ReadDebugEntry(image, *table + i * kEntrySize);
    if (!entry) break;
    if (entry->type != kCodeView) continue;
    std::optional<std::uint64_t> record;
    if (entry->rva != 0) record = image.RvaToOffset(entry->rva);
    // Some files have only the file offset right.
    if ((!record || *record == 0) && entry->offset != 0) record = entry->offset;
    if (!record || *record == 0) continue;
    file.pdb_path = PathAt(image, *record);
    if (file.pdb_path) break;
  }
  file.stopped = file.stopped || work.stopped();
}

}  // namespace dl::pe
