#include "daylight/database/database.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <utility>

#include "daylight/base/check.h"
#include "daylight/bytes/cursor.h"

// The layout, little-endian throughout (docs/formats/database.md):
//
//   header          64 bytes
//   section table   32 bytes a section
//   page sums       8 bytes a page, of every page behind them
//   (padding to a page boundary)
//   sections        each 64-byte aligned
//
// The header's checksum covers header, table and page sums; they are checked
// when the file is opened.
namespace dl::database {

namespace {

constexpr char kMagic[8] = {'D', 'L', 'D', 'B', '\r', '\n', '\x1a', '\n'};
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kEntryBytes = 32;
constexpr std::size_t kSectionAlignment = 64;
constexpr std::size_t kChecksumOffset = 48;  // Of the header's own checksum.

std::uint64_t RoundUp(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

template <typename T>
void PutLe(std::vector<std::byte>& out, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out[at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

// Sum of everything up to the sections, the checksum field itself read as zero.
std::uint64_t HeadSum(Bytes head) {
  std::vector<std::byte> copy(head.begin(), head.end());
  PutLe(copy, kChecksumOffset, std::uint64_t{0});
  return XXH3_64bits(copy.data(), copy.size());
}

// The room has no other use for `os`.
Status WriteAll(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Fail(ErrorCode::kIo, "cannot write the database", static_cast<std::uint64_t>(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace

void Writer::AddSection(SectionKind kind, std::uint32_t unit, std::vector<std::byte> bytes) {
  AddBorrowed(kind, unit, {});
  entries_.back().owned = std::move(bytes);
  entries_.back().bytes = Bytes(entries_.back().owned);
}

void Writer::AddBorrowed(SectionKind kind, std::uint32_t unit, Bytes bytes) {
  for (const Entry& entry : entries_) DL_CHECK(entry.kind != kind || entry.unit != unit);
  entries_.push_back({kind, unit, {}, bytes});
}

// Of every page of the sections, which may begin and end anywhere in one.
std::vector<std::uint64_t> Writer::PageSums(const std::vector<std::uint64_t>& starts, std::uint64_t body_bytes) const {
  std::vector<std::uint64_t> sums;
  std::vector<std::byte> page;
  std::size_t next = 0;  // The first section that does not end before the page.
  for (std::uint64_t at = 0; at < body_bytes; at += kPageBytes) {
    const std::uint64_t end = std::min<std::uint64_t>(at + kPageBytes, body_bytes);
    while (next < entries_.size() && starts[next] + entries_[next].bytes.size() <= at) ++next;
    if (next < entries_.size() && starts[next] <= at && starts[next] + entries_[next].bytes.size() >= end) {
      sums.push_back(XXH3_64bits(entries_[next].bytes.data() + (at - starts[next]), end - at));
      continue;
    }
    page.assign(static_cast<std::size_t>(end - at), std::byte{0});
    for (std::size_t i = next; i < entries_.size() && starts[i] < end; ++i) {
      const Bytes bytes = entries_[i].bytes;
      const std::uint64_t from = std::max(at, starts[i]);
      const std::uint64_t to = std::min(end, starts[i] + bytes.size());
      if (from < to) std::memcpy(page.data() + (from - at), bytes.data() + (from - starts[i]), to - from);
    }
    sums.push_back(XXH3_64bits(page.data(), page.size()));
  }
  return sums;
}

Writer::Layout Writer::LayOut() const {
  DL_CHECK(entries_.size() <= kMaxSections);
  // The number of pages depends on the size of the head and the other way
  // round; sections start on a page boundary, so pages are counted from there.
  Layout layout;
  std::uint64_t body = 0;
  for (const Entry& entry : entries_) {
    body = RoundUp(body, kSectionAlignment);
    layout.starts.push_back(body);
    body += entry.bytes.size();
  }
  layout.body_bytes = body;
  const std::vector<std::uint64_t> sums = PageSums(layout.starts, body);
  const std::uint64_t used = kHeaderBytes + entries_.size() * kEntryBytes + sums.size() * sizeof(std::uint64_t);
  const std::uint64_t body_start = RoundUp(used, 4096);

  std::vector<std::byte>& out = layout.head;
  out.resize(static_cast<std::size_t>(body_start));
  std::memcpy(out.data(), kMagic, sizeof kMagic);
  PutLe(out, 8, kFormatMajor);
  PutLe(out, 10, kFormatMinor);
  PutLe(out, 12, static_cast<std::uint32_t>(entries_.size()));
  PutLe(out, 16, kPageBytes);
  std::uint32_t units = 0;
  for (const Entry& entry : entries_) units = std::max(units, entry.unit + 1);
  PutLe(out, 20, units);
  PutLe(out, 24, body_start);
  PutLe(out, 32, body_start + body);
  PutLe(out, 40, std::uint64_t{sums.size()});
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::size_t at = kHeaderBytes + i * kEntryBytes;
    PutLe(out, at, static_cast<std::uint32_t>(entries_[i].kind));
    PutLe(out, at + 4, entries_[i].unit);
    PutLe(out, at + 8, body_start + layout.starts[i]);
    PutLe(out, at + 16, static_cast<std::uint64_t>(entries_[i].bytes.size()));
  }
  const std::size_t first_sum = kHeaderBytes + entries_.size() * kEntryBytes;
  for (std::size_t page = 0; page < sums.size(); ++page) PutLe(out, first_sum + page * 8, sums[page]);
  PutLe(out, kChecksumOffset, HeadSum(Bytes(out).first(static_cast<std::size_t>(used))));
  return layout;
}

std::vector<std::byte> Writer::Finish() const {
  Layout layout = LayOut();
  std::vector<std::byte> out = std::move(layout.head);
  const std::size_t body_start = out.size();
  out.resize(static_cast<std::size_t>(body_start + layout.body_bytes));
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Bytes bytes = entries_[i].bytes;
    if (!bytes.empty()) std::memcpy(out.data() + body_start + layout.starts[i], bytes.data(), bytes.size());
  }
  return out;
}

Result<std::uint64_t> Writer::WriteTo(int fd) const {
  const Layout layout = LayOut();
  DL_TRY_STATUS(WriteAll(fd, layout.head));
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    constexpr std::byte kPadding[kSectionAlignment] = {};
    DL_TRY_STATUS(WriteAll(fd, Bytes(kPadding).first(static_cast<std::size_t>(layout.starts[i] - at))));
    DL_TRY_STATUS(WriteAll(fd, entries_[i].bytes));
    at = layout.starts[i] + entries_[i].bytes.size();
  }
  return layout.head.size() + layout.body_bytes;
}

Result<std::shared_ptr<const Database>> Database::Open(int fd) {
  struct stat info {};
  // The call itself: the C library takes a way that a worker's walls forbid.
  if (::syscall(SYS_fstat, fd, &info) != 0)
    return Fail(ErrorCode::kIo, "cannot stat the database", static_cast<std::uint64_t>(errno));
  if (!S_ISREG(info.st_mode)) return Fail(ErrorCode::kIo, "the database is not a regular file");
  if (info.st_size == 0) return Fail(ErrorCode::kTruncated, "the file is empty");  // Cannot be mapped.
  const auto size = static_cast<std::size_t>(info.st_size);
  void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (mapping == MAP_FAILED) return Fail(ErrorCode::kIo, "cannot map the database", static_cast<std::uint64_t>(errno));
  std::shared_ptr<Database> database(new Database());
  database->mapping_ = mapping;
  database->mapping_size_ = size;
  database->file_ = Bytes(static_cast<const std::byte*>(mapping), size);
  DL_TRY_STATUS(database->Parse());
  return std::shared_ptr<const Database>(std::move(database));
}

Result<std::shared_ptr<const Database>> Database::FromBytes(Bytes bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::max_align_t) != 0) {
    return FromBytes(std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  std::shared_ptr<Database> database(new Database());
  database->file_ = bytes;
  DL_TRY_STATUS(database->Parse());
  return std::shared_ptr<const Database>(std::move(database));
}

Result<std::shared_ptr<const Database>> Database::FromBytes(std::vector<std::byte> bytes) {
  std::shared_ptr<Database> database(new Database());
  database->owned_ = std::move(bytes);
  database->file_ = Bytes(database->owned_);
  DL_TRY_STATUS(database->Parse());
  return std::shared_ptr<const Database>(std::move(database));
}

Database::~Database() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_size_);
}

Status Database::Parse() {
  if (file_.empty()) return Fail(ErrorCode::kTruncated, "the file is empty");
  if (std::memcmp(file_.data(), kMagic, std::min(file_.size(), sizeof kMagic)) != 0) {
    return Fail(ErrorCode::kMalformed, "not a Daylight database (wrong magic)");
  }
  if (file_.size() < kHeaderBytes) {
    return Fail(ErrorCode::kTruncated, "the file is too short to be a Daylight database");
  }
  Cursor header(file_);
  DL_TRY_STATUS(header.Skip(8));
  DL_TRY(const std::uint16_t major, header.ReadU16Le());
  DL_TRY(const std::uint16_t minor, header.ReadU16Le());
  if (major != kFormatMajor || minor > kFormatMinor) {
    return Fail(ErrorCode::kUnsupported,
                major > kFormatMajor || (major == kFormatMajor && minor > kFormatMinor)
                    ? "the database was written by a newer Daylight; update this one or compile the database again"
                    : "the database was written by an older Daylight; compile it again",
                8);
  }
  DL_TRY(const std::uint32_t count, header.ReadU32Le());
  DL_TRY(const std::uint32_t page_bytes, header.ReadU32Le());
  DL_TRY(unit_count_, header.ReadU32Le());
  DL_TRY(const std::uint64_t body_start, header.ReadU64Le());
  DL_TRY(const std::uint64_t file_size, header.ReadU64Le());
  DL_TRY(const std::uint64_t pages, header.ReadU64Le());
  DL_TRY(const std::uint64_t sum, header.ReadU64Le());
  if (file_size > file_.size()) return Fail(ErrorCode::kTruncated, "the database is truncated", file_.size());
  if (file_size < file_.size()) return Fail(ErrorCode::kMalformed, "the database has bytes behind its end", file_size);
  if (count > kMaxSections || unit_count_ > kMaxSections || page_bytes != kPageBytes || body_start > file_size ||
      body_start % 4096 != 0 || pages != RoundUp(file_size - body_start, kPageBytes) / kPageBytes) {
    return Fail(ErrorCode::kMalformed, "the database's header contradicts itself", 12);
  }
  const std::uint64_t head = kHeaderBytes + std::uint64_t{count} * kEntryBytes + pages * 8;
  if (head > body_start) return Fail(ErrorCode::kMalformed, "the database's header contradicts itself", 12);
  if (HeadSum(file_.first(static_cast<std::size_t>(head))) != sum) {
    return Fail(ErrorCode::kMalformed, "the database is damaged (header checksum)", 48);
  }
  DL_TRY(Cursor table, Cursor(file_).Window(kHeaderBytes, std::uint64_t{count} * kEntryBytes));
  sections_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    SectionInfo info;
    DL_TRY(const std::uint32_t kind, table.ReadU32Le());
    info.kind = static_cast<SectionKind>(kind);
    DL_TRY(info.unit, table.ReadU32Le());
    DL_TRY(info.offset, table.ReadU64Le());
    DL_TRY(info.size, table.ReadU64Le());
    DL_TRY_STATUS(table.Skip(8));
    if (info.unit >= unit_count_ || info.offset < body_start || info.offset % kSectionAlignment != 0 ||
        info.offset > file_size || info.size > file_size - info.offset) {
      return Fail(ErrorCode::kMalformed, "a section of the database lies outside it", kHeaderBytes + i * kEntryBytes);
    }
    sections_.push_back(info);
  }
  by_kind_.resize(sections_.size());
  std::iota(by_kind_.begin(), by_kind_.end(), 0U);
  const auto key = [this](std::uint32_t i) { return std::pair(sections_[i].unit, sections_[i].kind); };
  std::sort(by_kind_.begin(), by_kind_.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  for (std::size_t i = 1; i < by_kind_.size(); ++i) {
    if (key(by_kind_[i - 1]) == key(by_kind_[i])) {
      return Fail(ErrorCode::kMalformed, "the database has a section twice",
                  kHeaderBytes + std::uint64_t{by_kind_[i]} * kEntryBytes);
    }
  }
  page_sums_ = file_.subspan(kHeaderBytes + std::size_t{count} * kEntryBytes, static_cast<std::size_t>(pages) * 8);
  sums_end_ = body_start;
  const std::size_t words = static_cast<std::size_t>((pages + 63) / 64);
  page_checked_ = std::make_unique<std::atomic<std::uint64_t>[]>(words);
  return {};
}

Status Database::CheckPages(std::uint64_t offset, std::uint64_t size) const {
  if (size == 0) return {};
  const std::uint64_t first = (offset - sums_end_) / kPageBytes;
  const std::uint64_t last = (offset + size - 1 - sums_end_) / kPageBytes;
  for (std::uint64_t page = first; page <= last; ++page) {
    std::atomic<std::uint64_t>& word = page_checked_[static_cast<std::size_t>(page / 64)];
    const std::uint64_t bit = std::uint64_t{1} << (page % 64);
    if ((word.load(std::memory_order_acquire) & bit) != 0) continue;
    const std::uint64_t at = sums_end_ + page * kPageBytes;
    const std::uint64_t n = std::min<std::uint64_t>(kPageBytes, file_.size() - at);
    DL_TRY(Cursor sums, Cursor(page_sums_).From(page * 8));
    DL_TRY(const std::uint64_t expected, sums.ReadU64Le());
    if (XXH3_64bits(file_.data() + at, static_cast<std::size_t>(n)) != expected) {
      damaged_.store(true, std::memory_order_relaxed);
      return Fail(ErrorCode::kMalformed, "the database is damaged (page checksum)", at);
    }
    word.fetch_or(bit, std::memory_order_release);
  }
  return {};
}

Result<Bytes> Database::SectionUnchecked(SectionKind kind, std::uint32_t unit) const {
  const auto key = [this](std::uint32_t i) { return std::pair(sections_[i].unit, sections_[i].kind); };
  const std::pair wanted(unit, kind);
  const auto found = std::lower_bound(by_kind_.begin(), by_kind_.end(), wanted,
                                      [&](std::uint32_t i, const auto& sought) { return key(i) < sought; });
  if (found == by_kind_.end() || key(*found) != wanted) return Bytes();
  const SectionInfo& info = sections_[*found];
  return file_.subspan(static_cast<std::size_t>(info.offset), static_cast<std::size_t>(info.size));
}

Result<Bytes> Database::Section(SectionKind kind, std::uint32_t unit) const {
  DL_TRY(const Bytes bytes, SectionUnchecked(kind, unit));
  DL_TRY_STATUS(Touch(bytes));
  return bytes;
}

Status Database::Touch(Bytes part) const {
  if (part.empty()) return {};
  DL_CHECK(part.data() >= file_.data() && part.data() + part.size() <= file_.data() + file_.size());
  return CheckPages(static_cast<std::uint64_t>(part.data() - file_.data()), part.size());
}

Status Database::VerifyAll() const { return CheckPages(sums_end_, file_.size() - sums_end_); }

}  // namespace dl::database
