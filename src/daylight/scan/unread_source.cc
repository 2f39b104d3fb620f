#include "daylight/scan/unread_source.h"

#include <algorithm>
#include <utility>

namespace dl::scan {

Result<Bytes> UnreadSource::LoadHead() {
  head_.resize(kHeadBytes);
  const auto n = object_.ReadAt(0, head_);
  head_.resize(n ? *n : 0);
  if (!n) return Forward(n.error());
  return Bytes(head_);
}

Result<Window> UnreadSource::NextWindow(std::size_t overlap_bytes) {
  past_head_ = true;
  return object_.NextWindow(overlap_bytes);
}

Status UnreadSource::Rewind() { return object_.Rewind(); }

Result<std::size_t> UnreadSource::ReadAt(std::uint64_t offset, std::span<std::byte> out) {
  if (!past_head_ && offset <= head_.size() && out.size() <= head_.size() - offset) {
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return out.size();
  }
  if (!std::exchange(past_head_, true) && object_.size().value_or(0) <= kWholeBytes) {
    DL_TRY_STATUS(object_.Whole(kWholeBytes));
  }
  return object_.ReadAt(offset, out);
}

Result<Bytes> UnreadSource::Whole(std::uint64_t limit_bytes) {
  past_head_ = true;
  return object_.Whole(limit_bytes);
}

}  // namespace dl::scan
