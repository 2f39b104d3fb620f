#include "daylight/unpack/zip/zip_directory.h"

#include <zlib.h>

#include <algorithm>
#include <array>

// Clauses are those of APPNOTE.TXT 6.3.10.
namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::string_view kEndMagic = "PK\x05\x06"sv;

// 4.3.14: the sizes that the plain end record has no room for.
bool ReadZip64End(ObjectSource& object, std::uint64_t end_record, std::uint64_t& size, std::uint64_t& offset,
                  std::uint64_t& directory_end) {
  std::array<std::byte, 20> locator;
  if (end_record < locator.size()) return false;
  const auto n = object.ReadAt(end_record - locator.size(), locator);
  if (!n || *n != locator.size() || !AsText(locator).starts_with("PK\x06\x07"sv)) return false;
  Cursor where(locator);
  if (!where.Skip(8)) return false;
  const std::uint64_t stated = where.ReadU64Le().value_or(0);
  std::array<std::byte, 56> record;
  const std::uint64_t usual = end_record - std::min<std::uint64_t>(end_record, locator.size() + record.size());
  for (const std::uint64_t at : {stated, usual}) {
    const auto m = object.ReadAt(at, record);
    if (!m || *m != record.size() || !AsText(record).starts_with("PK\x06\x06"sv)) continue;
    Cursor fields(record);
    if (!fields.Skip(40)) return false;
    size = fields.ReadU64Le().value_or(0);
    offset = fields.ReadU64Le().value_or(0);
    directory_end = at;
    return true;
  }
  return false;
}

// 4.3.16, and that it points to a directory.
std::optional<ZipDirectory> DirectoryOf(const Probe& probe, std::size_t at) {
  Cursor fields(probe.tail);
  if (!fields.Skip(at) || !fields.Skip(12)) return std::nullopt;
  std::uint64_t size = fields.ReadU32Le().value_or(0);
  std::uint64_t offset = fields.ReadU32Le().value_or(0);
  const std::uint64_t record = probe.size - probe.tail.size() + at;
  std::uint64_t end = record;
  if (size == 0xffffffff || offset == 0xffffffff) {
    if (!ReadZip64End(probe.object, record, size, offset, end)) return std::nullopt;
  }
  if (size < kCentralBytes || size > end || offset > end - size) return std::nullopt;
  std::array<std::byte, 4> magic;
  const auto n = probe.object.ReadAt(end - size, magic);
  if (!n || AsText(magic) != "PK\x01\x02"sv) return std::nullopt;
  return ZipDirectory{end - size, record + kEndBytes, size, end - size - offset};
}

// Where sizes do not fit the plain fields: 4.5.3, in the order of what is missing.
void ReadZip64Extra(Cursor extra, std::uint64_t& size, std::uint64_t& packed, std::uint64_t& offset) {
  while (extra.remaining() >= 4) {
    const std::uint16_t id = extra.ReadU16Le().value_or(0);
    const auto body = extra.ReadBytes(extra.ReadU16Le().value_or(0));
    if (!body) return;
    if (id != 1) continue;
    Cursor fields(*body);
    for (std::uint64_t* field : {&size, &packed, &offset}) {
      if (*field == 0xffffffff) *field = fields.ReadU64Le().value_or(*field);
    }
    return;
  }
}

class Inflater {
 public:
  Inflater() { is_ready_ = ::inflateInit2(&zlib_, -15) == Z_OK; }
  ~Inflater() {
    if (is_ready_) ::inflateEnd(&zlib_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::vector<std::byte>> Run(Bytes packed, std::uint64_t most) {
    std::vector<std::byte> out;
    if (!is_ready_ || packed.size() > 0xffffffff) return Fail(ErrorCode::kBudget, "no memory to decompress it");
    zlib_.next_in = const_cast<::Bytef*>(reinterpret_cast<const ::Bytef*>(packed.data()));
    zlib_.avail_in = static_cast<::uInt>(packed.size());
    for (int result = Z_OK; result != Z_STREAM_END;) {
      std::array<std::byte, 16384> piece;
      zlib_.next_out = reinterpret_cast<::Bytef*>(piece.data());
      zlib_.avail_out = static_cast<::uInt>(piece.size());
      result = ::inflate(&zlib_, Z_NO_FLUSH);
      const std::size_t n = piece.size() - zlib_.avail_out;
      if (n > most - out.size()) return Fail(ErrorCode::kBudget, "the entry is too large");
      out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n));
      if (result != Z_OK && result != Z_STREAM_END) return Fail(ErrorCode::kMalformed, "the entry cannot be inflated");
    }
    return out;
  }

 private:
  ::z_stream zlib_{};
  bool is_ready_ = false;
};

}  // namespace

std::optional<ZipDirectory> FindZipDirectory(const Probe& probe) {
  const std::string_view text = AsText(probe.tail);
  for (std::size_t at = text.rfind(kEndMagic); at != std::string_view::npos; at = text.rfind(kEndMagic, at - 1)) {
    if (text.size() - at >= kEndBytes) {
      if (const auto directory = DirectoryOf(probe, at)) return directory;
    }
    if (at == 0) break;
  }
  return std::nullopt;
}

bool IsEmptyZip(const Probe& probe) {
  const std::size_t at = AsText(probe.tail).rfind(kEndMagic);
  if (at == std::string_view::npos) return false;
  Cursor fields(probe.tail);
  if (!fields.Skip(at + kEndMagic.size())) return false;
  // All but the offset is nothing.
  const auto numbers = fields.ReadBytes(12);
  if (!numbers || std::any_of(numbers->begin(), numbers->end(), [](std::byte b) { return b != std::byte{0}; })) {
    return false;
  }
  const auto offset = fields.ReadU32Le();
  const auto comment = fields.ReadU16Le();
  return offset && comment && *offset <= probe.size - probe.tail.size() + at && *comment == fields.remaining();
}

Result<ZipEntry> ReadZipEntry(Cursor& records) {
  ZipEntry entry;
  DL_TRY(const std::uint32_t magic, records.ReadU32Le());
  if (magic != 0x02014b50) return Fail(ErrorCode::kMalformed, "no entry of a directory");
  DL_TRY_STATUS(records.Skip(4));
  DL_TRY(entry.flags, records.ReadU16Le());
  DL_TRY(entry.method, records.ReadU16Le());
  DL_TRY_STATUS(records.Skip(4));
  DL_TRY(entry.crc, records.ReadU32Le());
  DL_TRY(entry.packed, records.ReadU32Le());
  DL_TRY(entry.size, records.ReadU32Le());
  DL_TRY(const std::uint16_t name_bytes, records.ReadU16Le());
  DL_TRY(const std::uint16_t extra_bytes, records.ReadU16Le());
  DL_TRY(const std::uint16_t comment_bytes, records.ReadU16Le());
  DL_TRY_STATUS(records.Skip(8));
  DL_TRY(entry.offset, records.ReadU32Le());
  DL_TRY(const Bytes name, records.ReadBytes(name_bytes));
  DL_TRY(const Bytes extra, records.ReadBytes(extra_bytes));
  DL_TRY_STATUS(records.Skip(comment_bytes));
  entry.name = AsText(name);
  ReadZip64Extra(Cursor(extra), entry.size, entry.packed, entry.offset);
  return entry;
}

Result<std::vector<std::byte>> ReadZipPacked(ObjectSource& object, const ZipDirectory& directory, const ZipEntry& entry,
                                             std::uint64_t most) {
  if (entry.packed > most) return Fail(ErrorCode::kBudget, "the entry is too large");
  if (entry.offset > ~std::uint64_t{0} - directory.base) return Fail(ErrorCode::kMalformed, "the entry has no header");
  const std::uint64_t begin = directory.base + entry.offset;
  std::array<std::byte, kLocalBytes> header;
  const auto n = object.ReadAt(begin, header);
  Cursor at{Bytes(header)};
  if (!n || *n < header.size() || at.ReadU32Le().value_or(0) != 0x04034b50 || !at.SeekTo(26)) {
    return Fail(ErrorCode::kMalformed, "the entry has no header");
  }
  const std::uint64_t skip = kLocalBytes + std::uint64_t{at.ReadU16Le().value_or(0)} + at.ReadU16Le().value_or(0);
  std::vector<std::byte> bytes(static_cast<std::size_t>(entry.packed));
  DL_TRY(const std::size_t have, object.ReadAt(begin + skip, bytes));
  if (have < bytes.size()) return Fail(ErrorCode::kTruncated, "the entry ends in the middle");
  return bytes;
}

Result<std::vector<std::byte>> ReadZipContent(ObjectSource& object, const ZipDirectory& directory,
                                              const ZipEntry& entry, std::uint64_t most) {
  if ((entry.flags & ZipEntry::kEncryptedFlag) != 0) return Fail(ErrorCode::kUnsupported, "the entry is encrypted");
  if (entry.method != 0 && entry.method != 8)
    return Fail(ErrorCode::kUnsupported, "the entry is packed by a rare method");
  DL_TRY(auto packed, ReadZipPacked(object, directory, entry, most));
  if (entry.method == 0) return packed;
  return Inflater().Run(packed, most);
}

}  // namespace dl::unpack
