#include "daylight/unpack/zip/zip.h"

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/zip/old_methods.h"

namespace dl::unpack {

namespace {

constexpr std::uint64_t kMaxEntryBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMaxDirectoryBytes = std::uint64_t{64} << 20;

// Of the central directory (APPNOTE.TXT 4.3.12).
struct Entry {
  unsigned flags = 0;
  unsigned method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::string name;
};

Result<Entry> ReadEntry(Cursor& at) {
  Entry entry;
  DL_TRY(const std::uint32_t magic, at.ReadU32Le());
  if (magic != 0x02014b50) return Fail(ErrorCode::kMalformed, "no entry of a directory");
  DL_TRY_STATUS(at.Skip(4));
  DL_TRY(entry.flags, at.ReadU16Le());
  DL_TRY(entry.method, at.ReadU16Le());
  DL_TRY_STATUS(at.Skip(4));
  DL_TRY(entry.crc, at.ReadU32Le());
  DL_TRY(entry.packed, at.ReadU32Le());
  DL_TRY(entry.size, at.ReadU32Le());
  DL_TRY(const std::uint16_t name, at.ReadU16Le());
  DL_TRY(const std::uint16_t extra, at.ReadU16Le());
  DL_TRY(const std::uint16_t comment, at.ReadU16Le());
  DL_TRY_STATUS(at.Skip(8));
  DL_TRY(entry.offset, at.ReadU32Le());
  DL_TRY(const Bytes text, at.ReadBytes(name));
  entry.name = AsText(text);
  DL_TRY_STATUS(at.Skip(std::uint64_t{extra} + comment));
  return entry;
}

Result<std::vector<std::byte>> ReadAll(ObjectSource& object, std::uint64_t offset, std::uint64_t size) {
  std::vector<std::byte> bytes(size);
  DL_TRY(const std::size_t n, object.ReadAt(offset, bytes));
  if (n < size) return Fail(ErrorCode::kTruncated, "the entry ends in the middle");
  return bytes;
}

class Unpacking {
 public:
  Unpacking(const Probe& probe, Sink& sink) : probe_(probe), sink_(sink) {}

  OldEntries Run() {
    Read();
    return result_;
  }

 private:
  void Read() {
    // The record at the end (4.3.16); offsets count from where the archive begins.
    const std::string_view tail = AsText(probe_.tail);
    const std::size_t end = tail.rfind("PK\x05\x06");
    if (end == std::string_view::npos) return;
    Cursor at(probe_.tail);
    if (!at.SeekTo(end + 12)) return;
    const auto size = at.ReadU32Le();
    const auto offset = at.ReadU32Le();
    const std::uint64_t end_at = probe_.size - probe_.tail.size() + end;
    if (!size || !offset || *size > end_at || *size > kMaxDirectoryBytes) return;
    const std::uint64_t begin = end_at - *size;
    if (*offset > begin) return;
    const std::uint64_t shift = begin - *offset;
    const auto directory = ReadAll(probe_.object, begin, *size);
    if (!directory) return;
    Cursor entries(*directory);
    while (!entries.AtEnd()) {
      const auto entry = ReadEntry(entries);
      if (!entry) return;  // archive/ tells what is wrong with it.
      if (!IsOldZipMethod(entry->method)) continue;
      ++result_.taken;
      result_.is_wanted = Take(*entry, shift);
      if (!result_.is_wanted) return;
    }
  }

  // False: no more is wanted.
  bool Take(const Entry& entry, std::uint64_t shift) {
    const auto closed = [&](std::string_view reason, std::string_view detail) {
      sink_.Closed(entry.name, reason, detail);
      return sink_.Pass();
    };
    if ((entry.flags & 1) != 0) return closed(kEncrypted, "encrypted, and packed by an old method");
    if (entry.packed > kMaxEntryBytes || entry.size > kMaxEntryBytes) {
      return closed(kTooLarge, "too large for its method");
    }
    std::byte header[30];
    const auto n = probe_.object.ReadAt(shift + entry.offset, header);
    if (!n || *n < sizeof header) return closed(kDamaged, "the entry has no header");
    Cursor at{Bytes(header)};
    if (at.ReadU32Le().value_or(0) != 0x04034b50 || !at.SeekTo(26)) return closed(kDamaged, "the entry has no header");
    const std::uint64_t skip = 30u + at.ReadU16Le().value_or(0) + at.ReadU16Le().value_or(0);
    const auto packed = ReadAll(probe_.object, shift + entry.offset + skip, entry.packed);
    if (!packed) return closed(kDamaged, packed.error().what);
    std::vector<std::byte> bytes;
    const Status status = entry.method == 9
                              ? Inflate64(*packed, entry.size, bytes)
                              : Explode(*packed, (entry.flags & 2) != 0, (entry.flags & 4) != 0, entry.size, bytes);
    const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
    if (!status) {
      sink_.Closed(entry.name, kDamaged, status.error().what);
    } else if (::crc32_z(0, data, bytes.size()) != entry.crc) {
      sink_.Closed(entry.name, kDamaged, "its checksum is another");
    }
    return sink_.Add({entry.name, bytes.size()}, bytes);
  }

  const Probe& probe_;
  Sink& sink_;
  OldEntries result_;
};

}  // namespace

OldEntries UnpackOldZipEntries(const Probe& probe, Sink& sink) { return Unpacking(probe, sink).Run(); }

}  // namespace dl::unpack
