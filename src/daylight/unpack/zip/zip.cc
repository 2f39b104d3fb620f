#include "daylight/unpack/zip/zip.h"

#include <zlib.h>

#include <vector>

#include "daylight/unpack/zip/old_methods.h"
#include "daylight/unpack/zip/zip_directory.h"

namespace dl::unpack {

namespace {

constexpr std::uint64_t kMaxEntryBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMaxDirectoryBytes = std::uint64_t{64} << 20;

class Unpacking {
 public:
  Unpacking(const Probe& probe, Sink& sink) : probe_(probe), sink_(sink) {}

  OldEntries Run() {
    Read();
    return result_;
  }

 private:
  void Read() {
    const auto directory = FindZipDirectory(probe_);
    if (!directory || directory->size > kMaxDirectoryBytes) return;
    std::vector<std::byte> records(static_cast<std::size_t>(directory->size));
    const auto n = probe_.object.ReadAt(directory->begin, records);
    if (!n) return;
    Cursor entries(Bytes(records).first(*n));
    while (!entries.AtEnd()) {
      const auto entry = ReadZipEntry(entries);
      if (!entry) return;  // archive/ tells what is wrong with it.
      if (!IsOldZipMethod(entry->method)) continue;
      ++result_.taken;
      result_.is_wanted = Take(*directory, *entry);
      if (!result_.is_wanted) return;
    }
  }

  // False: no more is wanted.
  bool Take(const ZipDirectory& directory, const ZipEntry& entry) {
    const auto closed = [&](std::string_view reason, std::string_view detail) {
      sink_.Closed(entry.name, reason, detail);
      return sink_.Pass();
    };
    if ((entry.flags & ZipEntry::kEncryptedFlag) != 0)
      return closed(kEncrypted, "encrypted, and packed by an old method");
    if (entry.packed > kMaxEntryBytes || entry.size > kMaxEntryBytes) {
      return closed(kTooLarge, "too large for its method");
    }
    const auto packed = ReadZipPacked(probe_.object, directory, entry, kMaxEntryBytes);
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
