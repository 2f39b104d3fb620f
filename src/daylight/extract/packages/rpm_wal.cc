// SQLite's write-ahead log (sqlite.org/fileformat2.html#walformat).
#include <algorithm>
#include <array>
#include <bit>
#include <map>

#include "daylight/bytes/cursor.h"
#include "daylight/extract/packages/rpm_stores.h"

namespace dl::extract {

namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // With little-endian checksums; one more: big-endian.
constexpr std::uint32_t kVersion = 3007000;

struct Checksum {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  bool operator==(const Checksum&) const = default;

  // `bytes`: a multiple of eight.
  void Add(Bytes bytes, bool is_big_endian) {
    Cursor cursor(bytes);
    while (cursor.remaining() >= 8) {
      const std::uint32_t x = *(is_big_endian ? cursor.ReadU32Be() : cursor.ReadU32Le());
      const std::uint32_t y = *(is_big_endian ? cursor.ReadU32Be() : cursor.ReadU32Le());
      a += x + b;
      b += y + a;
    }
  }
};

struct WalHeader {
  bool is_big_endian = false;
  std::uint32_t page_bytes = 0;
  std::uint64_t salts = 0;
  Checksum sum;
};

// Nothing: no frame of this log is valid.
Result<WalHeader> ReadHeader(Bytes wal) {
  Cursor cursor(wal);
  WalHeader header;
  DL_TRY(const std::uint32_t magic, cursor.ReadU32Be());
  DL_TRY(const std::uint32_t version, cursor.ReadU32Be());
  DL_TRY(header.page_bytes, cursor.ReadU32Be());
  DL_TRY_STATUS(cursor.Skip(4));  // Checkpoints until now.
  DL_TRY(header.salts, cursor.ReadU64Be());
  if ((magic & ~1u) != kMagic || version != kVersion) return Fail(ErrorCode::kMalformed, "not a log");
  header.is_big_endian = (magic & 1) != 0;
  header.sum.Add(wal.first(24), header.is_big_endian);
  Checksum told;
  DL_TRY(told.a, cursor.ReadU32Be());
  DL_TRY(told.b, cursor.ReadU32Be());
  if (told != header.sum) return Fail(ErrorCode::kMalformed, "the log's checksum");
  if (header.page_bytes < 512 || header.page_bytes > 65536 || !std::has_single_bit(header.page_bytes)) {
    return Fail(ErrorCode::kMalformed, "the log's pages");
  }
  return header;
}

}  // namespace

std::string_view ApplyWal(std::vector<std::byte>& file, Bytes wal, std::uint64_t limit_bytes) {
  if (wal.empty()) return "";
  const auto header = ReadHeader(wal);
  // As SQLite: a log without a valid header has nothing in it.
  if (!header) return wal.size() < kHeaderBytes ? "" : "the log of what was written last is damaged";
  const std::size_t frame_bytes = kFrameHeaderBytes + header->page_bytes;
  Checksum sum = header->sum;
  std::map<std::uint32_t, Bytes> pages;    // Of commits.
  std::map<std::uint32_t, Bytes> pending;  // Since the last.
  std::uint64_t pages_in_all = 0;
  for (Bytes rest = wal.subspan(kHeaderBytes); rest.size() >= frame_bytes; rest = rest.subspan(frame_bytes)) {
    Cursor cursor(rest);
    const std::uint32_t number = *cursor.ReadU32Be();
    const std::uint32_t pages_after = *cursor.ReadU32Be();
    const std::uint64_t salts = *cursor.ReadU64Be();
    const Checksum told = {*cursor.ReadU32Be(), *cursor.ReadU32Be()};
    const Bytes page = *cursor.ReadBytes(header->page_bytes);
    // What is left of a log before this one, or was not written to its end.
    if (salts != header->salts || number == 0) break;
    sum.Add(rest.first(8), header->is_big_endian);
    sum.Add(page, header->is_big_endian);
    if (sum != told) break;
    pending[number] = page;
    if (pages_after == 0) continue;
    for (const auto& [n, bytes] : pending) pages[n] = bytes;
    pending.clear();
    pages_in_all = pages_after;
  }
  if (pages_in_all == 0) return "";
  const std::uint64_t size = pages_in_all * header->page_bytes;
  if (size > limit_bytes) return "the database with what was written last is too large";
  // Of all its pages each is in the file or in the log.
  if (size > file.size() && size / header->page_bytes > file.size() / header->page_bytes + pages.size()) {
    return "the log of what was written last is of another database";
  }
  file.resize(static_cast<std::size_t>(size));
  for (const auto& [number, bytes] : pages) {
    if (number > pages_in_all) continue;
    std::copy(bytes.begin(), bytes.end(),
              file.begin() + static_cast<std::ptrdiff_t>(std::uint64_t{number - 1} * header->page_bytes));
  }
  return "";
}

}  // namespace dl::extract
