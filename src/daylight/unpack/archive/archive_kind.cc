#include "daylight/unpack/archive/archive_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "daylight/bytes/cursor.h"

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

// What programs that unpack themselves have behind them.
constexpr Magic kAppended[] = {
    {0, "7z\xbc\xaf\x27\x1c"sv, ArchiveKind::k7z},
    {0, "Rar!\x1a\x07\x00"sv, ArchiveKind::kRar},
    {0, "Rar!\x1a\x07\x01\x00"sv, ArchiveKind::kRar5},
    {0, "MSCF\0\0\0\0"sv, ArchiveKind::kCab},
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
  // The rarest of the four bytes is looked for.
  for (std::size_t at = text.find('\x05'); at != std::string_view::npos; at = text.find('\x05', at + 1)) {
    if (at < 2 || text.substr(at - 2, 4) != "PK\x05\x06" || text.size() - (at - 2) < 22) continue;
    const std::size_t begin = at - 2;
    const std::size_t comment = At(tail, begin + 20) | std::size_t{At(tail, begin + 21)} << 8;
    const bool has_entries = At(tail, begin + 10) != 0 || At(tail, begin + 11) != 0;
    if (has_entries && comment <= text.size() - begin - 22) return true;
  }
  return false;
}

// Where a program ends by its own tables, and what was appended begins.
std::uint64_t EndOfProgram(Bytes head) {
  const Cursor file(head);
  if (AsText(head).starts_with("MZ")) {
    Cursor at = file;
    if (!at.SeekTo(0x3c)) return 0;
    const auto header = at.ReadU32Le();
    if (!header || !at.SeekTo(*header) || at.ReadU32Le().value_or(0) != 0x4550) return 0;
    static_cast<void>(at.ReadU16Le());
    const std::uint16_t sections = at.ReadU16Le().value_or(0);
    if (!at.Skip(12)) return 0;
    const std::uint16_t optional = at.ReadU16Le().value_or(0);
    if (!at.Skip(2) || !at.Skip(optional)) return 0;
    std::uint64_t end = 0;
    for (unsigned i = 0; i < sections; ++i) {
      if (!at.Skip(16)) break;
      const std::uint64_t size = at.ReadU32Le().value_or(0);
      const std::uint64_t offset = at.ReadU32Le().value_or(0);
      end = std::max(end, offset + size);
      if (!at.Skip(16)) break;
    }
    return end;
  }
  if (AsText(head).starts_with("\x7f"
                               "ELF") &&
      At(head, 5) == 1) {
    const bool is_64 = At(head, 4) == 2;
    Cursor at = file;
    if (!at.SeekTo(is_64 ? 0x28 : 0x20)) return 0;
    const std::uint64_t table = is_64 ? at.ReadU64Le().value_or(0) : at.ReadU32Le().value_or(0);
    if (!at.SeekTo(is_64 ? 0x3a : 0x2e)) return 0;
    const std::uint64_t entry = at.ReadU16Le().value_or(0);
    const std::uint64_t count = at.ReadU16Le().value_or(0);
    return table <= ~std::uint64_t{0} - entry * count ? table + entry * count : 0;
  }
  return 0;
}

void FindAppended(const Probe& probe, std::vector<FoundArchive>& found) {
  const std::uint64_t end = EndOfProgram(probe.head);
  if (end == 0 || end >= probe.size) return;
  // Behind a program there may be its signature, settings or padding first.
  std::array<std::byte, 16384> room;
  const auto n = probe.object.ReadAt(end, room);
  if (!n) return;
  const std::string_view text = AsText(Bytes(room).first(*n));
  for (const Magic& magic : kAppended) {
    const std::size_t at = text.find(magic.bytes);
    if (at != std::string_view::npos) found.push_back({magic.kind, end + at, true});
  }
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
  if (IsLzma(probe.head)) found.push_back({ArchiveKind::kLzma, 0, false});
  if (IsLha(probe.head)) found.push_back({ArchiveKind::kLha, 0, false});
  if (IsTar(probe.head)) found.push_back({ArchiveKind::kTar});
  // Binary cpio, of either byte order.
  if (probe.Has(0, "\xc7\x71"sv) || probe.Has(0, "\x71\xc7"sv)) found.push_back({ArchiveKind::kCpio, 0, false});
  // Frames to be skipped before the first one.
  if (At(probe.head, 0) >> 4 == 5 && probe.Has(1, "\x2a\x4d\x18"sv)) found.push_back({ArchiveKind::kZstd, 0, false});
  const bool is_zip =
      std::any_of(found.begin(), found.end(), [](const auto& f) { return f.kind == ArchiveKind::kZip; });
  if (!is_zip && EndsAsZip(probe.tail)) found.push_back({ArchiveKind::kZip, 0, false});
  FindAppended(probe, found);
  return found;
}

}  // namespace dl::unpack
