// rpm's "ndb", Packages.db: a table of slots, and blobs in blocks of 16 bytes behind it; all
// numbers are little-endian (rpm's lib/backend/ndb/rpmpkg.c describes it by its code).
#include <zlib.h>

#include "daylight/bytes/cursor.h"
#include "daylight/extract/packages/rpm_stores.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

constexpr std::string_view kMagic = "RpmP";
constexpr std::string_view kSlotMagic = "Slot";
constexpr std::string_view kBlobMagic = "BlbS";
constexpr std::string_view kBlobEnd = "BlbE";
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kBlockBytes = 16;
constexpr std::uint64_t kSlotBytes = 16;
constexpr std::uint64_t kHeaderBytes = 32;
constexpr std::uint64_t kBlobTailBytes = 12;

struct Slot {
  std::uint32_t package = 0;
  std::uint32_t block = 0;
  std::uint32_t blocks = 0;
};

bool Is(Cursor& cursor, std::string_view magic) {
  const auto bytes = cursor.ReadBytes(magic.size());
  return bytes && AsText(*bytes) == magic;
}

// The blob that the slot names: its bytes, between head and tail.
Result<Bytes> BlobOf(Bytes file, const Slot& slot) {
  Cursor all(file);
  DL_TRY(Cursor cursor, all.Window(slot.block * kBlockBytes, slot.blocks * kBlockBytes));
  const Bytes whole = cursor.bytes();
  if (!Is(cursor, kBlobMagic)) return Fail(ErrorCode::kMalformed, "a blob's magic");
  DL_TRY(const std::uint32_t package, cursor.ReadU32Le());
  DL_TRY_STATUS(cursor.Skip(4));  // When it was written.
  DL_TRY(const std::uint32_t length, cursor.ReadU32Le());
  if (package != slot.package) return Fail(ErrorCode::kMalformed, "a blob of another package");
  DL_TRY(const Bytes blob, cursor.ReadBytes(length));
  // Its checksum is of all before the tail, which ends the last block.
  if (cursor.remaining() < kBlobTailBytes) return Fail(ErrorCode::kMalformed, "a blob's length");
  const std::size_t tail_at = whole.size() - kBlobTailBytes;
  Cursor tail(whole.subspan(tail_at));
  DL_TRY(const std::uint32_t checksum, tail.ReadU32Le());
  DL_TRY(const std::uint32_t length_again, tail.ReadU32Le());
  if (length_again != length || !Is(tail, kBlobEnd)) return Fail(ErrorCode::kMalformed, "a blob's end");
  const uLong sum = ::adler32_z(::adler32(0, nullptr, 0), reinterpret_cast<const Bytef*>(whole.data()), tail_at);
  if (sum != checksum) return Fail(ErrorCode::kMalformed, "a blob's checksum");
  return blob;
}

}  // namespace

bool IsNdb(Bytes head) { return AsText(head).starts_with(kMagic); }

void ReadRpmNdb(Bytes file, const RpmStoreSink& sink) {
  Cursor header(file);
  static_cast<void>(header.Skip(kMagic.size()));
  const auto version = header.ReadU32Le();
  static_cast<void>(header.Skip(4));  // Generation.
  const auto pages = header.ReadU32Le();
  if (!version || !pages) return sink.unread(unpack::kDamaged, "the database ends in its head");
  if (*version != 0) return sink.unread(unpack::kUnsupported, "a newer version of rpm's ndb");
  const std::uint64_t table_bytes = std::uint64_t{*pages} * kPageBytes;
  const std::uint64_t table_end = std::min<std::uint64_t>(table_bytes, file.size());
  std::uint64_t damaged = 0;
  // No two packages may share blocks, so all of them together are not longer than the file.
  std::uint64_t room = file.size();
  for (std::uint64_t at = kHeaderBytes; at + kSlotBytes <= table_end; at += kSlotBytes) {
    Cursor cursor(file.subspan(static_cast<std::size_t>(at), kSlotBytes));
    const bool is_slot = Is(cursor, kSlotMagic);
    const Slot slot = {cursor.ReadU32Le().value_or(0), cursor.ReadU32Le().value_or(0), cursor.ReadU32Le().value_or(0)};
    if (!is_slot) {
      ++damaged;
      continue;
    }
    if (slot.block == 0) continue;  // A free one.
    const std::uint64_t wanted = slot.blocks * kBlockBytes;
    if (wanted > room || slot.block * kBlockBytes < table_bytes || slot.package == 0) {
      ++damaged;
      continue;
    }
    room -= wanted;
    const auto blob = BlobOf(file, slot);
    if (!blob) {
      ++damaged;
    } else if (!sink.take(*blob)) {
      return;
    }
  }
  if (table_end < table_bytes) return sink.unread(unpack::kDamaged, "the database ends in its table");
  if (damaged > 0) sink.unread(unpack::kDamaged, std::to_string(damaged) + " entries of the database");
}

}  // namespace dl::extract
