#include "daylight/formats/filetype/filetype.h"

#include <algorithm>
#include <optional>

#include "daylight/bytes/cursor.h"
#include "daylight/formats/filetype/office_zip.h"
#include "daylight/formats/filetype/type_scan.h"
#include "daylight/formats/filetype/unicode.h"

namespace dl::filetype {
namespace {

std::optional<ClamType> FixedTypeOf(Bytes head, const std::vector<MagicTable::Fixed>& rows) {
  for (const MagicTable::Fixed& row : rows) {
    if (row.offset > head.size() || head.size() - row.offset < row.bytes.size()) continue;
    const bool same = std::equal(row.bytes.begin(), row.bytes.end(), head.begin() + row.offset,
                                 [](std::uint8_t a, std::byte b) { return a == std::to_integer<std::uint8_t>(b); });
    if (same) return row.type;
  }
  return std::nullopt;
}

// POSIX.1-1988 10.1.1: a tar header is known by its checksum, which is the sum
// of its 512 bytes with blanks in place of the checksum.
ClamType TarTypeOf(Bytes head) {
  constexpr std::size_t kRecord = 512;
  constexpr std::size_t kChecksum = 148;
  constexpr std::size_t kMagic = 257;
  constexpr std::size_t kDigits = 8;
  if (head.size() < kRecord) return ClamType::kBinaryData;
  const std::string_view text = AsText(head);
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  // The field's eight characters: blanks, octal digits, then a blank or NUL.
  std::size_t at = kChecksum;
  std::size_t left = kDigits;
  while (is_space(text[at])) {
    ++at;
    if (--left == 0) return ClamType::kBinaryData;
  }
  std::int64_t recorded = 0;
  for (; left > 0 && text[at] >= '0' && text[at] <= '7'; --left) recorded = recorded * 8 + (text[at++] - '0');
  if (left > 0 && text[at] != '\0' && !is_space(text[at])) return ClamType::kBinaryData;

  std::int64_t sum = kDigits * ' ';
  for (std::size_t i = 0; i < kRecord; ++i) {
    if (i < kChecksum || i >= kChecksum + kDigits) sum += std::to_integer<std::int64_t>(head[i]);
  }
  if (sum != recorded) return ClamType::kBinaryData;
  return text.substr(kMagic, 8) == std::string_view("ustar  \0", 8) ? ClamType::kPosixTar : ClamType::kOldTar;
}

// A master boot record whose partitions lie inside the object; kGpt when it
// only protects a GUID partition table.
ClamType BootRecordTypeOf(Bytes head, std::uint64_t size) {
  constexpr std::uint64_t kSector = 512;
  constexpr std::size_t kEntries = 446;
  constexpr std::uint8_t kProtective = 0xee;
  constexpr std::uint8_t kHybrid = 0xed;
  if (head.size() < kSector) return ClamType::kBinaryData;
  const auto type_byte = std::to_integer<std::uint8_t>(head[kEntries + 4]);
  if (type_byte == kProtective || type_byte == kHybrid) return ClamType::kGpt;
  for (std::size_t i = 0; i < 4; ++i) {
    Cursor entry(head.subspan(kEntries + 16 * i, 16));
    const auto status = entry.ReadU8();
    if (!status || (*status != 0 && *status != 0x80) || !entry.SeekTo(8)) return ClamType::kBinaryData;
    const auto first = entry.ReadU32Le();
    const auto count = entry.ReadU32Le();
    if (!first || !count || (std::uint64_t{*first} + *count) * kSector > size) return ClamType::kBinaryData;
  }
  if (head[510] != std::byte{0x55} || head[511] != std::byte{0xaa} || size / kSector < 2) return ClamType::kBinaryData;
  return ClamType::kMbr;
}

bool IsSelfExtractor(ClamType type) {
  switch (type) {
    case ClamType::kZipSfx:
    case ClamType::kArjSfx:
    case ClamType::kRarSfx:
    case ClamType::kEggSfx:
    case ClamType::kCabSfx:
    case ClamType::k7zSfx: return true;
    default: return false;
  }
}

// Type patterns in the head, as it is and as what UTF-16 might hide.
ClamType RefineType(Bytes head, ClamType type, const MagicTable& table) {
  const ClamType found = TypeScan(table, type, std::nullopt).Scan(head, 0, 0, nullptr);
  if (found != ClamType::kAny && !IsSelfExtractor(found)) return found;
  const std::string folded = FoldUtf16Pairs(head);
  if (TypeScan(table, ClamType::kTextAscii, std::nullopt).Scan(AsBytes(folded), 0, 0, nullptr) == ClamType::kHtml) {
    return ClamType::kHtmlUtf16;
  }
  if (const auto decoded = DecodeByMark(head)) {
    const Bytes bytes = AsBytes(*decoded);
    if (TypeScan(table, ClamType::kAny, std::nullopt).Scan(bytes, 0, 0, nullptr) == ClamType::kHtml)
      return ClamType::kHtml;
  }
  return type;
}

}  // namespace

ClamType TypeOf(Bytes object, const MagicTable& table) {
  const Bytes head = object.first(std::min(object.size(), kTypeHeadBytes));
  const auto fixed = FixedTypeOf(head, table.fixed());
  ClamType type = fixed ? *fixed : TextTypeOf(head);
  if (type == ClamType::kBinaryData) {
    const ClamType tar = TarTypeOf(head);
    if (tar != ClamType::kBinaryData) return tar;
  } else if (type == ClamType::kZip) {
    return OfficeTypeOf(object);
  } else if (type == ClamType::kMbr) {
    type = BootRecordTypeOf(head, object.size());
  }
  return IsTextOrData(type) ? RefineType(head, type, table) : type;
}

ClamType PartitionTypeOf(Bytes partition, const MagicTable& table) {
  constexpr std::size_t kPartitionHead = 1028;
  const Bytes head = partition.first(std::min(partition.size(), kPartitionHead));
  return FixedTypeOf(head, table.partitions()).value_or(ClamType::kPartAny);
}

bool LooksForTypes(ClamType type) {
  switch (type) {
    case ClamType::kIgnored:  // Not even scanned.
    case ClamType::kGz:
    case ClamType::kCpioOld:
    case ClamType::kZip:
    case ClamType::kOldTar:
    case ClamType::kPosixTar: return false;
    default: return !IsSelfExtractor(type);
  }
}

RawTypes FindTypes(Bytes object, ClamType type, const MagicTable& table) {
  RawTypes types;
  if (!LooksForTypes(type)) return types;
  // clamscan reads buffers of this size, which overlap by its longest pattern.
  // Within one the last type counts that supersedes, of several the greatest.
  constexpr std::size_t kBuffer = 131072;
  const std::size_t overlap = std::min(table.longest_part(), kBuffer / 2);
  TypeScan scan(table, type, object.size());
  for (std::size_t base = 0; base < object.size(); base += kBuffer - overlap) {
    const Bytes buffer = object.subspan(base, std::min(kBuffer, object.size() - base));
    types.found = std::max(types.found, scan.Scan(buffer, base, base == 0 ? 0 : overlap, &types.embedded));
    if (buffer.size() < kBuffer) break;
  }
  std::erase_if(types.embedded, [](const Embedded& embedded) { return embedded.offset == 0; });
  const bool text = type == ClamType::kTextAscii;
  if (types.found == ClamType::kHtml && (text || type == ClamType::kGif)) types.detected = ClamType::kHtml;
  if (types.found == ClamType::kMail && text) types.detected = ClamType::kMail;
  return types;
}

}  // namespace dl::filetype
