#include "daylight/formats/macho/macho.h"

#include "daylight/bytes/cursor.h"
#include "daylight/formats/macho/image.h"
#include "daylight/formats/macho/limits.h"

namespace dl::macho {
namespace {

constexpr std::uint32_t kFatMagic = 0xcafebabe;
constexpr std::uint32_t kFatCigam = 0xbebafeca;
constexpr std::uint32_t kFatMagic64 = 0xcafebabf;
constexpr std::uint32_t kFatCigam64 = 0xbfbafeca;
constexpr std::uint64_t kArchBytes = 20;
constexpr std::uint64_t kArch64Bytes = 24 + 8;

bool IsFatMagic(std::uint32_t magic) {
  return magic == kFatMagic || magic == kFatCigam || magic == kFatMagic64 || magic == kFatCigam64;
}

Result<Arch> ReadArch(Cursor& table, bool is_32_bit) {
  Arch arch;
  DL_TRY(arch.cpu_type, table.ReadU32Be());
  DL_TRY(arch.cpu_subtype, table.ReadU32Be());
  if (is_32_bit) {
    DL_TRY(arch.offset, table.ReadU32Be());
    DL_TRY(arch.size, table.ReadU32Be());
    DL_TRY(arch.alignment, table.ReadU32Be());
  } else {
    DL_TRY(arch.offset, table.ReadU64Be());
    DL_TRY(arch.size, table.ReadU64Be());
    DL_TRY(arch.alignment, table.ReadU32Be());
    DL_TRY(arch.reserved, table.ReadU32Be());
  }
  return arch;
}

// <mach-o/fat.h>: all numbers are big-endian. Like libyara, we take whatever
// is not exactly FAT_MAGIC for the 64-bit layout, and big-endian all the same.
Status ReadFatFile(Cursor cursor, std::uint32_t magic, Limits& limits, MachoFile& file) {
  const Cursor whole = cursor;
  DL_TRY_STATUS(cursor.Skip(4));
  DL_TRY(file.arch_count, cursor.ReadU32Be());
  file.fat_magic = magic;
  const bool is_32_bit = magic == kFatMagic;
  const auto records = cursor.ReadRecords(file.arch_count, is_32_bit ? kArchBytes : kArch64Bytes);
  if (!records) return {};
  Cursor table(*records);
  for (std::uint32_t i = 0; i < file.arch_count; ++i) {
    if (i == kMaxArchs) {
      file.stopped = Error{ErrorCode::kBudget, "more architectures than the limit"};
      break;
    }
    DL_TRY(Arch arch, ReadArch(table, is_32_bit));
    if (const auto image = whole.Window(arch.offset, arch.size)) {
      arch.within_file = true;
      arch.image = ReadImage(image->bytes(), limits);
    }
    file.archs.push_back(std::move(arch));
  }
  return {};
}

}  // namespace

bool HasMachoMagic(Bytes head) {
  const auto magic = Cursor(head).ReadU32Be();
  return magic && (IsFatMagic(*magic) || IsImageMagic(*magic));
}

Result<MachoFile> ParseMacho(Bytes bytes) {
  const auto magic = Cursor(bytes).ReadU32Be();
  MachoFile file;
  Limits limits{kMaxLoadCommands, kMaxSections, kMaxNames, kMaxNameBytes, {}};
  if (magic && IsImageMagic(*magic)) {
    file.image = ReadImage(bytes, limits);
    if (!file.image) return Fail(ErrorCode::kTruncated, "Mach-O header past the end");
  } else if (magic && IsFatMagic(*magic)) {
    DL_TRY_STATUS(ReadFatFile(Cursor(bytes), *magic, limits, file));
  } else {
    return Fail(ErrorCode::kUnsupported, "not Mach-O");
  }
  if (limits.stopped) file.stopped = limits.stopped;
  return file;
}

}  // namespace dl::macho
