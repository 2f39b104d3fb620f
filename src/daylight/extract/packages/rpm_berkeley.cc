// Berkeley DB's hash, as rpm up to 4.15 has it: pages of one length, of which the first says what
// all are; values that are longer than a quarter of a page lie in chains of overflow pages
// (Berkeley DB's dbinc/db_page.h; the numbers are in the byte order of the machine that wrote it).
#include <algorithm>
#include <bit>

#include "daylight/bytes/cursor.h"
#include "daylight/extract/packages/rpm_stores.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

constexpr std::uint32_t kHashMagic = 0x061561;
constexpr std::size_t kMagicAt = 12;
constexpr std::size_t kPageHeaderBytes = 26;
constexpr std::uint32_t kLeastPageBytes = 512;
constexpr std::uint32_t kMostPageBytes = 65536;

// Kinds of pages, and of items on them.
constexpr std::uint8_t kHashUnsorted = 2;
constexpr std::uint8_t kOverflow = 7;
constexpr std::uint8_t kHash = 13;
constexpr std::uint8_t kKeyData = 1;
constexpr std::uint8_t kOffPage = 3;

class Hash {
 public:
  Hash(Bytes file, bool is_big_endian, const RpmStoreSink& sink)
      : file_(file), is_big_endian_(is_big_endian), sink_(sink) {}

  void Read() {
    Cursor meta(file_);
    static_cast<void>(meta.Skip(kMagicAt + 4));
    const auto version = U32(meta);
    const auto page_bytes = U32(meta);
    const auto encryption = meta.ReadU8();
    static_cast<void>(meta.Skip(1));
    const auto flags = meta.ReadU8();
    if (!version || !page_bytes || !encryption || !flags) {
      return sink_.unread(unpack::kDamaged, "the database ends in its head");
    }
    if (*encryption != 0) return sink_.unread(unpack::kEncrypted, "the database is encrypted");
    // With checksums, which rpm never asked for, pages have a longer head.
    if (*version < 7 || *version > 10 || (*flags & 1) != 0) {
      return sink_.unread(unpack::kUnsupported, "a version of Berkeley DB that is not known");
    }
    if (*page_bytes < kLeastPageBytes || *page_bytes > kMostPageBytes || !std::has_single_bit(*page_bytes)) {
      return sink_.unread(unpack::kDamaged, "the length of its pages");
    }
    page_bytes_ = *page_bytes;
    pages_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(file_.size() / page_bytes_, UINT32_MAX));
    is_used_.assign(pages_, false);
    // Every page of the hash, instead of its buckets: each is seen once, whatever links say.
    for (std::uint32_t page = 1; page < pages_; ++page) {
      if (!ReadPage(page)) return;
    }
    if (file_.size() % page_bytes_ != 0) ++damaged_;
    if (damaged_ > 0) sink_.unread(unpack::kDamaged, std::to_string(damaged_) + " entries of the database");
  }

 private:
  Result<std::uint16_t> U16(Cursor& cursor) const { return is_big_endian_ ? cursor.ReadU16Be() : cursor.ReadU16Le(); }
  Result<std::uint32_t> U32(Cursor& cursor) const { return is_big_endian_ ? cursor.ReadU32Be() : cursor.ReadU32Le(); }
  Bytes Page(std::uint32_t number) const { return file_.subspan(std::size_t{number} * page_bytes_, page_bytes_); }

  struct Head {
    std::uint32_t number = 0;
    std::uint32_t next = 0;
    std::uint16_t entries = 0;
    std::uint16_t used = 0;  // Of an overflow page: bytes on it.
    std::uint8_t kind = 0;
  };
  // A page's head is always there.
  Head HeadOf(Bytes page) const {
    Cursor cursor(page);
    static_cast<void>(cursor.Skip(8));
    Head head;
    head.number = U32(cursor).value_or(0);
    static_cast<void>(cursor.Skip(4));
    head.next = U32(cursor).value_or(0);
    head.entries = U16(cursor).value_or(0);
    head.used = U16(cursor).value_or(0);
    static_cast<void>(cursor.Skip(1));
    head.kind = cursor.ReadU8().value_or(0);
    return head;
  }

  // False: no more is wanted.
  bool ReadPage(std::uint32_t number) {
    const Bytes page = Page(number);
    const Head head = HeadOf(page);
    if ((head.kind != kHash && head.kind != kHashUnsorted) || head.number != number) return true;
    Cursor offsets(page);
    static_cast<void>(offsets.Skip(kPageHeaderBytes));
    // Items lie from the page's end towards its beginning, keys and values in turn.
    std::size_t end = page.size();
    bool is_counter = false;
    for (std::uint16_t i = 0; i < head.entries; ++i) {
      const auto offset = U16(offsets);
      if (!offset || *offset >= end || *offset < offsets.position()) {
        ++damaged_;
        return true;
      }
      const Bytes item = page.subspan(*offset, end - *offset);
      end = *offset;
      if (i % 2 == 0) {
        is_counter = IsCounter(item);
      } else if (!is_counter && !TakeValue(item)) {
        return false;
      }
    }
    return true;
  }

  // The entry whose key is zero says which number the next package gets.
  static bool IsCounter(Bytes key) {
    return key.size() == 5 && key[0] == std::byte{kKeyData} &&
           std::all_of(key.begin() + 1, key.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  bool TakeValue(Bytes item) {
    const auto kind = std::to_integer<std::uint8_t>(item[0]);
    if (kind == kKeyData) return sink_.take(item.subspan(1));
    Cursor cursor(item);
    static_cast<void>(cursor.Skip(4));
    const auto first = U32(cursor);
    const auto length = U32(cursor);
    if (kind != kOffPage || !first || !length || !Gather(*first, *length)) {
      ++damaged_;
      return true;
    }
    return sink_.take(value_);
  }

  // A chain of overflow pages. Each page is of one value, so that no chain has an end in itself, and
  // all values together are no longer than the file.
  bool Gather(std::uint32_t page_number, std::uint32_t length) {
    value_.clear();
    while (page_number != 0) {
      if (page_number >= pages_ || is_used_[page_number]) return false;
      is_used_[page_number] = true;
      const Bytes page = Page(page_number);
      const Head head = HeadOf(page);
      if (head.kind != kOverflow || head.used > page.size() - kPageHeaderBytes) return false;
      const Bytes bytes = page.subspan(kPageHeaderBytes, head.used);
      if (bytes.size() > length - value_.size()) return false;
      value_.insert(value_.end(), bytes.begin(), bytes.end());
      page_number = head.next;
    }
    return value_.size() == length;
  }

  Bytes file_;
  bool is_big_endian_;
  const RpmStoreSink& sink_;
  std::uint32_t page_bytes_ = 0;
  std::uint32_t pages_ = 0;
  std::vector<bool> is_used_;
  std::vector<std::byte> value_;
  std::uint64_t damaged_ = 0;
};

}  // namespace

bool IsBerkeleyHash(Bytes head) {
  Cursor cursor(head);
  if (!cursor.SeekTo(kMagicAt)) return false;
  Cursor again = cursor;
  return cursor.ReadU32Le().value_or(0) == kHashMagic || again.ReadU32Be().value_or(0) == kHashMagic;
}

void ReadRpmBerkeley(Bytes file, const RpmStoreSink& sink) {
  Cursor cursor(file);
  static_cast<void>(cursor.SeekTo(kMagicAt));
  Hash(file, cursor.ReadU32Be().value_or(0) == kHashMagic, sink).Read();
}

}  // namespace dl::extract
