// Database is the container of compiled content: a flat, immutable file
// (.dldb) of checksummed sections. docs/formats/database.md has every byte.
//
//   database::Writer writer;
//   writer.AddSection(SectionKind::kRules, unit, bytes);
//   DL_TRY_STATUS(writer.WriteTo(fd));
//
//   DL_TRY(const auto database, Database::Open(fd));
//   DL_TRY(const Bytes rules, database->Section(SectionKind::kRules, unit));
//
// A file holds one or more units. A unit is one source's content, compiled by
// itself, so files are joined by copying sections. Opening checks the header and the
// section table only; a section's pages are checked when it is first asked
// for. Nothing here knows what sections mean. An open Database is immutable
// and may be shared by any number of threads.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::database {

inline constexpr std::uint16_t kFormatMajor = 1;
inline constexpr std::uint16_t kFormatMinor = 0;
inline constexpr std::uint32_t kPageBytes = 64 * 1024;
inline constexpr std::uint32_t kMaxSections = 65536;

// Four characters, as they stand in the file.
enum class SectionKind : std::uint32_t {};
constexpr SectionKind MakeSectionKind(const char (&name)[5]) {
  return static_cast<SectionKind>(static_cast<std::uint32_t>(static_cast<unsigned char>(name[0])) |
                                  static_cast<std::uint32_t>(static_cast<unsigned char>(name[1])) << 8 |
                                  static_cast<std::uint32_t>(static_cast<unsigned char>(name[2])) << 16 |
                                  static_cast<std::uint32_t>(static_cast<unsigned char>(name[3])) << 24);
}

class Writer {
 public:
  Writer() = default;
  Writer(Writer&&) noexcept = default;
  Writer& operator=(Writer&&) noexcept = default;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  // At most one section of a kind in a unit. Sections start 64-byte aligned.
  void AddSection(SectionKind kind, std::uint32_t unit, std::vector<std::byte> bytes);
  template <typename T>
  void AddArray(SectionKind kind, std::uint32_t unit, const std::vector<T>& items) {
    const auto bytes = std::as_bytes(std::span<const T>(items));
    AddSection(kind, unit, std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  // `bytes` is borrowed until the file is made.
  void AddBorrowed(SectionKind kind, std::uint32_t unit, Bytes bytes);
  // The whole file.
  std::vector<std::byte> Finish() const;
  // The same into `fd` from its position, without another copy in memory. Gives
  // back the size in bytes.
  Result<std::uint64_t> WriteTo(int fd) const;

 private:
  struct Entry {
    SectionKind kind;
    std::uint32_t unit;
    std::vector<std::byte> owned;
    Bytes bytes;  // Of `owned`, or borrowed.
  };
  struct Layout {
    std::vector<std::byte> head;        // Up to the first section.
    std::vector<std::uint64_t> starts;  // Of the sections, behind the head.
    std::uint64_t body_bytes = 0;
  };
  Layout LayOut() const;
  std::vector<std::uint64_t> PageSums(const std::vector<std::uint64_t>& starts, std::uint64_t body_bytes) const;

  std::vector<Entry> entries_;
};

struct SectionInfo {
  SectionKind kind{};
  std::uint32_t unit = 0;
  std::uint64_t offset = 0;  // In the file, in bytes.
  std::uint64_t size = 0;    // In bytes.
};

class Database {
 public:
  // Maps the file behind `fd` (borrowed; may be closed afterwards).
  static Result<std::shared_ptr<const Database>> Open(int fd);
  // From memory, borrowed (copied when it is not aligned for what is in it) or owned.
  static Result<std::shared_ptr<const Database>> FromBytes(Bytes bytes);
  static Result<std::shared_ptr<const Database>> FromBytes(std::vector<std::byte> bytes);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::uint32_t unit_count() const { return unit_count_; }
  const std::vector<SectionInfo>& sections() const { return sections_; }
  // An absent section is an empty view. kMalformed when a page's checksum is wrong.
  Result<Bytes> Section(SectionKind kind, std::uint32_t unit) const;
  // The section's bytes with no page checked: for large tables, whose reader
  // calls Touch() on what it is about to read.
  Result<Bytes> SectionUnchecked(SectionKind kind, std::uint32_t unit) const;
  Status Touch(Bytes part) const;
  // Whether a part of this file lies on one page, which has been checked: a
  // bit test, to ask before Touch() where there are many parts.
  bool IsChecked(Bytes part) const {
    const auto begin = static_cast<std::uint64_t>(part.data() - file_.data()) - sums_end_;
    const std::uint64_t page = begin / kPageBytes;
    if (begin >= file_.size() - sums_end_ || begin % kPageBytes + part.size() > kPageBytes) return false;
    return (page_checked_[page / 64].load(std::memory_order_acquire) >> (page % 64) & 1) != 0;
  }
  // How many bytes from here on are on the same page.
  std::size_t BytesOnPage(const std::byte* at) const {
    return kPageBytes -
           static_cast<std::size_t>((static_cast<std::uint64_t>(at - file_.data()) - sums_end_) % kPageBytes);
  }
  // Whether a page with a wrong checksum has been met: what readers that cannot
  // fail (LazyView) found since may be incomplete.
  bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
  // Checks every page.
  Status VerifyAll() const;
  Bytes file() const { return file_; }

 private:
  Database() = default;
  Status Parse();
  Status CheckPages(std::uint64_t offset, std::uint64_t size) const;

  Bytes file_;
  std::vector<std::byte> owned_;
  void* mapping_ = nullptr;
  std::size_t mapping_size_ = 0;
  std::vector<SectionInfo> sections_;
  std::vector<std::uint32_t> by_kind_;  // Indices of sections_, by unit and kind.
  std::uint32_t unit_count_ = 0;
  Bytes page_sums_;
  std::uint64_t sums_end_ = 0;
  mutable std::unique_ptr<std::atomic<std::uint64_t>[]> page_checked_;
  mutable std::atomic<bool> damaged_ = false;
};

}  // namespace dl::database
