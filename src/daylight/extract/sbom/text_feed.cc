#include "daylight/extract/sbom/text_feed.h"

#include <algorithm>

#include "daylight/bytes/utf16.h"
#include "daylight/bytes/utf8.h"

namespace dl::sbom {

namespace {

// Of UTF-16, decoded at a time.
constexpr std::size_t kSliceBytes = 256u << 10;

}  // namespace

Status TextFeed::Restart() {
  if (!begun_) {
    begun_ = true;
    if (const auto memory = source_.InMemory()) {
      memory_ = *memory;
      in_memory_ = true;
    } else if (!source_.size()) {
      DL_TRY_STATUS(Keep());
    }
  }
  if (!in_memory_) DL_TRY_STATUS(source_.Rewind());
  ended_ = false;
  encoding_ = Encoding::kUnknown;
  undecoded_ = {};
  carry_.clear();
  return {};
}

Status TextFeed::Keep() {
  while (true) {
    DL_TRY(const Window window, source_.NextWindow(0));
    if (window.bytes.size() > kMaxStreamBytes - kept_.size())
      return Fail(ErrorCode::kBudget, "a stream of more than is held in memory");
    kept_.insert(kept_.end(), window.bytes.begin(), window.bytes.end());
    if (window.last) break;
  }
  memory_ = kept_;
  in_memory_ = true;
  return {};
}

Result<Bytes> TextFeed::NextBytes() {
  if (ended_) return Bytes{};
  if (in_memory_) {
    ended_ = true;
    return memory_;
  }
  while (true) {
    DL_TRY(const Window window, source_.NextWindow(0));
    ended_ = window.last;
    if (!window.bytes.empty() || ended_) return window.bytes;
  }
}

Result<Bytes> TextFeed::Whole(std::uint64_t limit_bytes) {
  if (!in_memory_) return source_.Whole(limit_bytes);
  if (memory_.size() > limit_bytes) return Fail(ErrorCode::kBudget, "larger than what is held in memory");
  return memory_;
}

// `head` has at least two bytes, or is all there is.
void TextFeed::SetEncoding(Bytes& head) {
  const auto at = [&](std::size_t i) { return i < head.size() ? std::to_integer<int>(head[i]) : -1; };
  encoding_ = Encoding::kUtf8;
  if (at(0) == 0xef && at(1) == 0xbb && at(2) == 0xbf) {
    head = head.subspan(3);
  } else if (at(0) == 0xff && at(1) == 0xfe) {
    encoding_ = Encoding::kUtf16Le;
    head = head.subspan(2);
  } else if (at(0) == 0xfe && at(1) == 0xff) {
    encoding_ = Encoding::kUtf16Be;
    head = head.subspan(2);
  } else if (at(0) > 0 && at(1) == 0) {
    encoding_ = Encoding::kUtf16Le;
  } else if (at(0) == 0 && at(1) > 0) {
    encoding_ = Encoding::kUtf16Be;
  }
}

// The next slice of what is undecoded. Of a character that goes on in the next window, the first bytes stay.
std::string_view TextFeed::Decode() {
  const bool big = encoding_ == Encoding::kUtf16Be;
  std::size_t size = std::min(undecoded_.size(), kSliceBytes);
  carry_.insert(carry_.end(), undecoded_.begin(), undecoded_.begin() + static_cast<std::ptrdiff_t>(size));
  undecoded_ = undecoded_.subspan(size);
  size = carry_.size() & ~std::size_t{1};
  if (const bool more = !undecoded_.empty() || !ended_; more && size >= 2) {
    const auto high = std::to_integer<unsigned>(carry_[big ? size - 2 : size - 1]);
    if (high >= 0xd8 && high < 0xdc) size -= 2;
  }
  decoded_.clear();
  ForEachUtf16(Bytes(carry_).first(size), big, [&](std::uint32_t code) { AppendUtf8(code, decoded_); });
  carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(size));
  return decoded_;
}

Result<std::string_view> TextFeed::Next() {
  while (true) {
    if (undecoded_.empty()) {
      DL_TRY(Bytes bytes, NextBytes());
      if (bytes.empty()) return std::string_view();
      if (encoding_ == Encoding::kUnknown) SetEncoding(bytes);
      if (encoding_ == Encoding::kUtf8) {
        if (bytes.empty()) continue;  // Nothing but a mark.
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      }
      undecoded_ = bytes;
      if (bytes.empty()) continue;
    }
    if (const std::string_view text = Decode(); !text.empty()) return text;
  }
}

}  // namespace dl::sbom
