#include "daylight/unpack/archive/embedded.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/archive/rar_headers.h"
#include "daylight/unpack/archive/zip_layout.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBlock = 64;
constexpr std::size_t kPiece = 256u << 10;
constexpr std::size_t kMagicBytes = 8;
// Files up to this size are in memory already: they were scanned there.
constexpr std::uint64_t kMaxWholeSearched = 16u << 20;

// Whether a magic's first two bytes stand anywhere in the block (which has one byte
// more behind it). Without branches and of a fixed length, so that compilers make
// vectors of it: nearly all blocks have none.
bool MayBegin(const std::byte* block) {
  unsigned char any = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto a = static_cast<unsigned char>(block[i]);
    const auto b = static_cast<unsigned char>(block[i + 1]);
    any = static_cast<unsigned char>(any | ((a == '7') & (b == 'z')) | ((a == 'R') & (b == 'a')) |
                                     ((a == 'M') & (b == 'S')) | ((a == 'P') & (b == 'K')));
  }
  return any != 0;
}

struct Extent {
  ArchiveKind kind;
  std::uint64_t end;
};

// 7zFormat.txt, "SignatureHeader": the start header has a sum.
std::optional<Extent> Read7z(ObjectSource& object, std::uint64_t offset) {
  std::array<std::byte, 32> bytes;
  const auto n = object.ReadAt(offset, bytes);
  if (!n || *n != bytes.size()) return std::nullopt;
  Cursor fields(bytes);
  static_cast<void>(fields.Skip(8));
  const std::uint32_t sum = fields.ReadU32Le().value_or(0);
  if (::crc32(0, reinterpret_cast<const Bytef*>(bytes.data() + 12), 20) != sum) return std::nullopt;
  std::uint64_t end = fields.ReadU64Le().value_or(0);
  if (__builtin_add_overflow(end, fields.ReadU64Le().value_or(0), &end)) return std::nullopt;
  if (__builtin_add_overflow(end, offset + bytes.size(), &end)) return std::nullopt;
  return Extent{ArchiveKind::k7z, end};
}

// [MS-CAB] 2.1 (CFHEADER).
std::optional<Extent> ReadCab(ObjectSource& object, std::uint64_t offset) {
  std::array<std::byte, 36> bytes;
  const auto n = object.ReadAt(offset, bytes);
  if (!n || *n != bytes.size()) return std::nullopt;
  Cursor fields(bytes);
  static_cast<void>(fields.Skip(8));
  const std::uint32_t size = fields.ReadU32Le().value_or(0);
  const std::uint32_t reserved2 = fields.ReadU32Le().value_or(1);
  const std::uint32_t files = fields.ReadU32Le().value_or(0);
  const std::uint32_t reserved3 = fields.ReadU32Le().value_or(1);
  const std::uint16_t version = fields.ReadU16Le().value_or(0);
  const std::uint16_t folders = fields.ReadU16Le().value_or(0);
  const std::uint16_t count = fields.ReadU16Le().value_or(0);
  if (reserved2 != 0 || reserved3 != 0 || version != 0x0103 || folders == 0 || count == 0) return std::nullopt;
  if (size < bytes.size() || files < bytes.size() || files >= size) return std::nullopt;
  return Extent{ArchiveKind::kCab, offset + size};
}

std::optional<Extent> ExtentOf(ObjectSource& object, std::uint64_t offset, std::uint64_t end, std::string_view text) {
  if (text.starts_with("7z\xbc\xaf\x27\x1c"sv)) return Read7z(object, offset);
  if (text.starts_with("MSCF\0\0\0\0"sv)) return ReadCab(object, offset);
  if (text.starts_with("PK\x03\x04"sv)) {
    if (NextLocalHeader(object, offset, std::min(end, offset + 64)) != offset) return std::nullopt;
    return Extent{ArchiveKind::kZipEntries, offset + 1};
  }
  if (!text.starts_with("Rar!\x1a\x07"sv)) return std::nullopt;
  const auto notes = ReadRarHeaders(object, offset);
  if (!notes) return std::nullopt;
  return Extent{text.substr(6).starts_with('\0') ? ArchiveKind::kRar : ArchiveKind::kRar5, notes->end};
}

}  // namespace

std::vector<FoundArchive> FindEmbedded(ObjectSource& object, std::uint64_t begin, std::uint64_t end, bool with_zip) {
  std::vector<FoundArchive> found;
  if (begin >= end || end - begin <= kMagicBytes) return found;
  bool may_be_zip = with_zip;
  std::vector<std::byte> copy;
  // What is in memory anyway is looked at there.
  std::optional<Bytes> whole = object.InMemory();
  if (!whole) {
    if (const auto loaded = object.Whole(kMaxWholeSearched)) whole = *loaded;
  }
  const bool in_memory = whole && end <= whole->size();
  if (!in_memory) copy.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end - begin)));
  std::uint64_t covered = begin;
  while (begin < end && end - begin > kMagicBytes) {
    Bytes bytes;
    if (in_memory) {
      bytes = whole->subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    } else {
      const auto n = object.ReadAt(begin, std::span(copy).first(std::min<std::uint64_t>(copy.size(), end - begin)));
      if (!n || *n <= kMagicBytes) return found;
      bytes = Bytes(copy).first(*n);
    }
    const std::string_view text = AsText(bytes);
    for (std::size_t at = 0; at + kMagicBytes <= bytes.size();) {
      if (at + kBlock < bytes.size() && !MayBegin(bytes.data() + at)) {
        at += kBlock;
        continue;
      }
      const std::size_t until = std::min(at + kBlock, bytes.size() - kMagicBytes + 1);
      for (; at < until; ++at) {
        const char c = text[at];
        if (begin + at < covered || (c != '7' && c != 'R' && c != 'M' && c != 'P')) continue;
        if (c == 'P' && !may_be_zip) continue;
        const auto extent = ExtentOf(object, begin + at, end, text.substr(at, kMagicBytes));
        if (!extent) continue;
        // Entries follow each other; whoever reads the first finds the others.
        const bool is_zip = extent->kind == ArchiveKind::kZipEntries;
        if (is_zip) may_be_zip = false;
        found.push_back({extent->kind, begin + at, !is_zip});
        covered = extent->end;
        if (found.size() == kMaxEmbedded) return found;
      }
    }
    if (in_memory) break;
    begin += bytes.size() - (kMagicBytes - 1);
  }
  return found;
}

}  // namespace dl::unpack
