#include "daylight/unpack/archive/archive_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/archive/embedded.h"
#include "daylight/unpack/disk/disk.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  ArchiveKind kind;
};

constexpr Magic kMagics[] = {
    {0, "PK\x03\x04"sv, ArchiveKind::kZip},
    {0, "PK00PK\x03\x04"sv, ArchiveKind::kZip},
    {0, "PK\x07\x08PK\x03\x04"sv, ArchiveKind::kZip},
    {0, "7z\xbc\xaf\x27\x1c"sv, ArchiveKind::k7z},
    {0, "Rar!\x1a\x07\x00"sv, ArchiveKind::kRar},
    {0, "Rar!\x1a\x07\x01\x00"sv, ArchiveKind::kRar5},
    {0, "MSCF\0\0\0\0"sv, ArchiveKind::kCab},
    {0, "!<arch>\n"sv, ArchiveKind::kAr},
    {0, "070701"sv, ArchiveKind::kCpio},
    {0, "070702"sv, ArchiveKind::kCpio},
    {0, "070707"sv, ArchiveKind::kCpio},
    {0, "xar!"sv, ArchiveKind::kXar},
    {0x8001, "CD001"sv, ArchiveKind::kIso},
    {0, "\xed\xab\xee\xdb"sv, ArchiveKind::kRpm},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     ArchiveKind::kXz},
    {0, "LZIP"sv, ArchiveKind::kLzip},
    {0, "\x28\xb5\x2f\xfd"sv, ArchiveKind::kZstd},
    {0, "\x04\x22\x4d\x18"sv, ArchiveKind::kLz4},
    {0, "\x02\x21\x4c\x18"sv, ArchiveKind::kLz4},
};

std::uint8_t At(Bytes bytes, std::size_t i) {
  return i < bytes.size() ? std::to_integer<std::uint8_t>(bytes[i]) : std::uint8_t{0};
}

bool IsGzip(Bytes head) { return At(head, 0) == 0x1f && At(head, 1) == 0x8b && At(head, 2) == 8 && At(head, 3) < 0x20; }

bool IsBzip2(Bytes head) {
  const std::string_view text = AsText(head);
  if (!text.starts_with("BZh") || At(head, 3) < '1' || At(head, 3) > '9') return false;
  return text.substr(4).starts_with("1AY&SY") || text.substr(4).starts_with("\x17\x72\x45\x38\x50\x90");
}

bool IsCompress(Bytes head) {
  const unsigned bits = At(head, 2) & 0x1fu;
  return At(head, 0) == 0x1f && At(head, 1) == 0x9d && bits >= 9 && bits <= 16;
}

// No magic: the usual properties, a dictionary of a power of two or 1.5 times one,
// and a size that is unknown or below a terabyte.
bool IsLzma(Bytes head) {
  if (head.size() < 14 || At(head, 0) != 0x5d || At(head, 1) != 0 || At(head, 13) != 0) return false;
  std::uint32_t dictionary = 0;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) dictionary |= std::uint32_t{At(head, 1 + i)} << (8 * i);
  for (std::size_t i = 0; i < 8; ++i) size |= std::uint64_t{At(head, 5 + i)} << (8 * i);
  const auto is_power = [](std::uint32_t n) { return n != 0 && (n & (n - 1)) == 0; };
  return (is_power(dictionary) || (dictionary % 3 == 0 && is_power(dictionary / 3))) &&
         (size == ~std::uint64_t{0} || size >> 40 == 0);
}

// Such a header is no table of small numbers either.
bool IsSurelyLzma(Bytes head) {
  const std::uint64_t size = Cursor(head).From(5).value_or(Cursor()).ReadU64Le().value_or(0);
  return size == ~std::uint64_t{0} || ((size & 0xffffff) != 0 && size >> 32 == 0);
}

// -lh5- and the like, behind the header's length and sum.
bool IsLha(Bytes head) {
  return At(head, 2) == '-' && At(head, 3) == 'l' && (At(head, 4) == 'h' || At(head, 4) == 'z') && At(head, 6) == '-' &&
         At(head, 0) >= 20;
}

// A header whose sum is right: POSIX, IEEE Std 1003.1, "ustar Interchange Format";
// old ones have nothing else to be told by.
bool IsTar(Bytes head) {
  if (head.size() < 512) return false;
  std::uint64_t stated = 0;
  bool has_digit = false;
  for (std::size_t i = 148; i < 156; ++i) {
    const unsigned c = At(head, i);
    if (c >= '0' && c <= '7') {
      stated = stated * 8 + (c - '0');
      has_digit = true;
    } else if (has_digit || c != ' ') {
      break;
    }
  }
  if (!has_digit) return false;
  std::uint64_t sum = 0;
  std::int64_t signed_sum = 0;
  for (std::size_t i = 0; i < 512; ++i) {
    const unsigned c = i >= 148 && i < 156 ? unsigned{' '} : unsigned{At(head, i)};
    sum += c;
    signed_sum += static_cast<std::int8_t>(c);
  }
  return stated == sum || static_cast<std::int64_t>(stated) == signed_sum;
}

// The record that ends a zip (APPNOTE.TXT 4.3.16), with nothing behind it but its comment.
bool EndsAsZip(Bytes tail) {
  const std::string_view text = AsText(tail);
  for (std::size_t at = text.find("PK\x05\x06"sv); at != std::string_view::npos;
       at = text.find("PK\x05\x06"sv, at + 1)) {
    if (text.size() - at < 22) return false;
    const std::size_t comment = At(tail, at + 20) | std::size_t{At(tail, at + 21)} << 8;
    const bool has_entries = At(tail, at + 10) != 0 || At(tail, at + 11) != 0;
    if (has_entries && comment <= text.size() - at - 22) return true;
  }
  return false;
}

// Compressed or encrypted bytes, and the headers of archives, have zeros every few
// hundred bytes; text has none at all.
bool MayEndWithArchive(Bytes tail) {
  constexpr std::size_t kLooked = 8192;
  return AsText(tail.last(std::min(tail.size(), kLooked))).find('\0') != std::string_view::npos;
}

constexpr std::uint64_t kSearchedOfDisk = 1u << 20;

// Which may end with anything: text, where nobody looks.
bool IsProgram(const Probe& probe) {
  return probe.Has(0, "MZ") || probe.Has(0,
                                         "\x7f"
                                         "ELF");
}

}  // namespace

std::vector<FoundArchive> FindArchives(const Probe& probe) {
  std::vector<FoundArchive> found;
  for (const Magic& magic : kMagics) {
    if (probe.Has(magic.offset, magic.bytes)) found.push_back({magic.kind});
  }
  if (IsGzip(probe.head)) found.push_back({ArchiveKind::kGzip});
  if (IsBzip2(probe.head)) found.push_back({ArchiveKind::kBzip2});
  if (IsCompress(probe.head)) found.push_back({ArchiveKind::kCompress, 0, false});
  if (IsLzma(probe.head)) found.push_back({ArchiveKind::kLzma, 0, IsSurelyLzma(probe.head)});
  if (IsLha(probe.head)) found.push_back({ArchiveKind::kLha, 0, false});
  if (IsTar(probe.head)) found.push_back({ArchiveKind::kTar});
  // Binary cpio, of either byte order.
  if (probe.Has(0, "\xc7\x71"sv) || probe.Has(0, "\x71\xc7"sv)) found.push_back({ArchiveKind::kCpio, 0, false});
  // Frames to be skipped before the first one.
  if (At(probe.head, 0) >> 4 == 5 && probe.Has(1, "\x2a\x4d\x18"sv)) found.push_back({ArchiveKind::kZstd, 0, false});
  const bool is_zip =
      std::any_of(found.begin(), found.end(), [](const auto& f) { return f.kind == ArchiveKind::kZip; });
  if (!is_zip && EndsAsZip(probe.tail)) found.push_back({ArchiveKind::kZip, 0, false});
  return found;
}

std::vector<FoundArchive> FindWithin(const Probe& probe, const std::vector<FoundArchive>& found) {
  // Whatever an archive has inside, stored or not, its own reader finds; what is
  // between the entries of a zip is searched with it.
  if (!found.empty() || (!IsProgram(probe) && !MayEndWithArchive(probe.tail))) return {};
  // What is in a disk is in its files, most likely, which are searched one by one; a whole
  // disk has archives that are torn and deleted. But anything may have the looks of one,
  // and what opens archives behind other data looks at its first megabyte.
  const bool is_disk = !IsProgram(probe) && kDisk.opens(probe);
  const std::uint64_t end = is_disk ? std::min(probe.size, kSearchedOfDisk) : probe.size;
  return FindEmbedded(probe.object, 1, end, /*with_zip=*/true);
}

}  // namespace dl::unpack
