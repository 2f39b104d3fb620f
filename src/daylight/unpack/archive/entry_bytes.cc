#include "daylight/unpack/archive/entry_bytes.h"

#include <archive.h>

#include <algorithm>
#include <utility>

namespace dl::unpack {

bool EntryBytes::NextBlock() {
  if (status_ != ARCHIVE_OK) return false;
  const void* bytes = nullptr;
  std::size_t count = 0;
  la_int64_t offset = 0;
  const int result = ::archive_read_data_block(reader_, &bytes, &count, &offset);
  if (result == ARCHIVE_EOF || result < ARCHIVE_WARN) {
    status_ = result;
    return false;
  }
  if (result == ARCHIVE_WARN) is_doubtful_ = true;
  block_ = {static_cast<const std::byte*>(bytes), count};
  const auto from = static_cast<std::uint64_t>(std::max<la_int64_t>(offset, 0));
  hole_ = has_holes_ && from > position_ ? from - position_ : 0;
  return true;
}

std::optional<Bytes> EntryBytes::AtOnce(std::uint64_t size) {
  if (!NextBlock() || hole_ != 0 || block_.size() != size) return std::nullopt;
  position_ = size;
  return std::exchange(block_, {});
}

std::size_t EntryBytes::Pull(std::span<std::byte> out) {
  while (block_.empty()) {
    if (!NextBlock()) return 0;
  }
  const bool is_hole = hole_ > 0;
  const std::size_t n = std::min<std::uint64_t>(out.size(), is_hole ? hole_ : block_.size());
  if (is_hole) {
    std::fill_n(out.begin(), n, std::byte{0});
    hole_ -= n;
  } else {
    std::copy_n(block_.begin(), n, out.begin());
    block_ = block_.subspan(n);
  }
  position_ += n;
  return n;
}

bool EntryBytes::has_failed() const { return status_ != ARCHIVE_OK && status_ != ARCHIVE_EOF; }
bool EntryBytes::has_ended_all() const { return status_ == ARCHIVE_FATAL; }

}  // namespace dl::unpack
