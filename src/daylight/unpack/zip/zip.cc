#include "daylight/unpack/zip/zip.h"

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/zip/old_methods.h"
#include "daylight/unpack/zip/zip_directory.h"

namespace dl::unpack {

namespace {

constexpr std::uint64_t kMaxEntryBytes = std::uint64_t{64} << 20;

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
    auto directory = ZipDirectory::Last(probe_);
    if (!directory || !directory->Load(probe_.object)) return;
    while (const auto entry = directory->Next()) {
      if (!IsOldZipMethod(entry->method)) continue;
      ++result_.taken;
      result_.is_wanted = Take(*entry);
      if (!result_.is_wanted) return;
    }
  }

  // False: no more is wanted.
  bool Take(const ZipEntry& entry) {
    const auto closed = [&](std::string_view reason, std::string_view detail) {
      sink_.Closed(entry.name, reason, detail);
      return sink_.Pass();
    };
    if ((entry.flags & 1) != 0) return closed(kEncrypted, "encrypted, and packed by an old method");
    if (entry.packed > kMaxEntryBytes || entry.size > kMaxEntryBytes) {
      return closed(kTooLarge, "too large for its method");
    }
    std::byte header[30];
    const auto n = probe_.object.ReadAt(entry.begin, header);
    if (!n || *n < sizeof header) return closed(kDamaged, "the entry has no header");
    Cursor at{Bytes(header)};
    if (at.ReadU32Le().value_or(0) != 0x04034b50 || !at.SeekTo(26)) return closed(kDamaged, "the entry has no header");
    const std::uint64_t skip = 30u + at.ReadU16Le().value_or(0) + at.ReadU16Le().value_or(0);
    const auto packed = ReadAll(probe_.object, entry.begin + skip, entry.packed);
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
