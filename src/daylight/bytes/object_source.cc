#include "daylight/bytes/object_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dl {

namespace {

std::size_t CopyOverlap(std::uint64_t source_offset, Bytes source, std::uint64_t offset, std::span<std::byte> out) {
  if (offset < source_offset || offset - source_offset >= source.size()) return 0;
  const auto from = static_cast<std::size_t>(offset - source_offset);
  const std::size_t n = std::min(out.size(), source.size() - from);
  if (n > 0) std::memcpy(out.data(), source.data() + from, n);
  return n;
}

}  // namespace

// MemorySource

Result<Window> MemorySource::NextWindow(std::size_t) {
  if (done_) return Fail(ErrorCode::kTruncated, "no window after the last");
  done_ = true;
  return Window{bytes_, 0, true};
}

Status MemorySource::Rewind() {
  done_ = false;
  return {};
}

Result<std::size_t> MemorySource::ReadAt(std::uint64_t offset, std::span<std::byte> out) {
  return CopyOverlap(0, bytes_, offset, out);
}

Result<Bytes> MemorySource::Whole(std::uint64_t limit_bytes) {
  if (bytes_.size() > limit_bytes) return Fail(ErrorCode::kBudget, "object larger than the limit for loading it whole");
  return bytes_;
}

// DescriptorSource

DescriptorSource::DescriptorSource(int fd, std::uint64_t size, GrowingBuffer& scratch, Limits limits)
    : fd_(fd), size_(size), buffer_(scratch), limits_(limits) {
  // One large object that was loaded whole does not hold its memory for ever.
  const std::uint64_t usual = std::max<std::uint64_t>(limits_.copy_limit_bytes, limits_.window_bytes);
  if (buffer_.size() > usual) buffer_.Clear();
}

Result<std::size_t> DescriptorSource::ReadFully(std::uint64_t offset, std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t n = ::pread(fd_, out.data() + filled, out.size() - filled, static_cast<off_t>(offset + filled));
    if (n < 0) {
      if (errno == EINTR) continue;
      return Fail(ErrorCode::kIo, "read failed", static_cast<std::uint64_t>(errno));
    }
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return filled;
}

Status DescriptorSource::LoadWhole() {
  if (whole_loaded_) return {};
  buffer_.Renew(static_cast<std::size_t>(size_));
  DL_TRY(const std::size_t n, ReadFully(0, buffer_.bytes().first(static_cast<std::size_t>(size_))));
  size_ = n;  // A file that shrank since fstat is what it is now.
  whole_loaded_ = true;
  return {};
}

Result<Window> DescriptorSource::NextWindow(std::size_t overlap_bytes) {
  if (done_) return Fail(ErrorCode::kTruncated, "no window after the last");
  if (size_ <= limits_.copy_limit_bytes || whole_loaded_) {
    DL_TRY_STATUS(LoadWhole());
    done_ = true;
    return Window{Bytes(buffer_.bytes()).first(static_cast<std::size_t>(size_)), 0, true};
  }
  const std::size_t wanted = std::max(limits_.window_bytes, 2 * overlap_bytes);
  buffer_.GrowTo(wanted);
  std::size_t kept = 0;
  if (window_size_ > 0) {
    kept = std::min(overlap_bytes, window_size_);
    std::memmove(buffer_.bytes().data(), buffer_.bytes().data() + (window_size_ - kept), kept);
    window_offset_ += window_size_ - kept;
  }
  const std::uint64_t left = size_ - (window_offset_ + kept);
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(wanted - kept, left));
  DL_TRY(const std::size_t got, ReadFully(window_offset_ + kept, buffer_.bytes().subspan(kept, n)));
  if (got < n) size_ = window_offset_ + kept + got;
  window_size_ = kept + got;
  done_ = window_offset_ + window_size_ >= size_;
  return Window{Bytes(buffer_.bytes()).first(window_size_), window_offset_, done_};
}

Status DescriptorSource::Rewind() {
  done_ = false;
  window_offset_ = 0;
  window_size_ = 0;
  return {};
}

Result<std::size_t> DescriptorSource::ReadAt(std::uint64_t offset, std::span<std::byte> out) {
  if (offset >= size_) return std::size_t{0};
  // Two reads of a small file are twice one; of a larger one no more than its head may be wanted.
  if (size_ <= std::min(limits_.copy_limit_bytes, kReadOnceBytes) && !whole_loaded_) {
    DL_TRY_STATUS(LoadWhole());
    if (offset >= size_) return std::size_t{0};
  }
  if (whole_loaded_) return CopyOverlap(0, Bytes(buffer_.bytes()).first(static_cast<std::size_t>(size_)), offset, out);
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
  return ReadFully(offset, out.first(n));
}

Result<Bytes> DescriptorSource::Whole(std::uint64_t limit_bytes) {
  if (size_ > limit_bytes) return Fail(ErrorCode::kBudget, "object larger than the limit for loading it whole");
  DL_TRY_STATUS(LoadWhole());
  return Bytes(buffer_.bytes()).first(static_cast<std::size_t>(size_));
}

std::optional<Bytes> DescriptorSource::InMemory() const {
  if (!whole_loaded_) return std::nullopt;
  return Bytes(buffer_.bytes()).first(static_cast<std::size_t>(size_));
}

// StreamSource

StreamSource::StreamSource(Pull pull, Limits limits) : pull_(std::move(pull)), limits_(limits) {}

std::optional<std::uint64_t> StreamSource::size() const {
  if (!ended_) return std::nullopt;
  return total_;
}

Result<Window> StreamSource::NextWindow(std::size_t overlap_bytes) {
  if (done_) return Fail(ErrorCode::kTruncated, "no window after the last");
  const std::size_t wanted = std::max(limits_.window_bytes, 2 * overlap_bytes);
  const std::size_t tail = std::max(overlap_bytes, limits_.tail_bytes);
  if (buffer_.size() < wanted + tail) buffer_.resize(wanted + tail);
  // More than the overlap is kept in the buffer, so the tail stays readable.
  std::size_t kept = std::min(tail, filled_);
  if (filled_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + (filled_ - kept), kept);
    window_offset_ += filled_ - kept;
  }
  filled_ = kept;
  while (filled_ < wanted + tail && !ended_) {
    DL_TRY(const std::size_t n, pull_(std::span(buffer_).subspan(filled_)));
    if (n == 0) {
      ended_ = true;
      break;
    }
    const std::size_t used = std::min(n, buffer_.size() - filled_);
    if (head_.size() < limits_.head_bytes) {
      const std::size_t more = std::min(limits_.head_bytes - head_.size(), used);
      const auto* from = buffer_.data() + filled_;
      head_.insert(head_.end(), from, from + more);
    }
    filled_ += used;
    total_ += used;
  }
  done_ = ended_;
  const std::size_t skip = kept > overlap_bytes ? kept - overlap_bytes : 0;
  return Window{Bytes(buffer_).subspan(skip, filled_ - skip), window_offset_ + skip, done_};
}

Status StreamSource::Rewind() {
  if (total_ == 0 && !ended_) return {};
  return Fail(ErrorCode::kUnsupported, "a stream cannot be read twice");
}

Result<std::size_t> StreamSource::ReadAt(std::uint64_t offset, std::span<std::byte> out) {
  if (ended_ && offset >= total_) return std::size_t{0};
  const Bytes window = Bytes(buffer_).first(filled_);
  if (offset >= window_offset_) {
    if (offset < window_offset_ + filled_ && (ended_ || out.size() <= window_offset_ + filled_ - offset)) {
      return CopyOverlap(window_offset_, window, offset, out);
    }
    if (!ended_) return Fail(ErrorCode::kUnsupported, "not read yet", offset);
    return std::size_t{0};
  }
  if (offset < head_.size()) {
    const std::size_t n = std::min<std::size_t>(out.size(), head_.size() - static_cast<std::size_t>(offset));
    if (n == out.size() || (ended_ && head_.size() == total_)) return CopyOverlap(0, head_, offset, out.first(n));
    // The rest may follow in the buffer.
    const std::uint64_t next = offset + n;
    if (next >= window_offset_) {
      std::size_t copied = CopyOverlap(0, head_, offset, out.first(n));
      copied += CopyOverlap(window_offset_, window, next, out.subspan(n));
      if (copied == out.size() || ended_) return copied;
    }
  }
  return Fail(ErrorCode::kUnsupported, "the middle of a stream is not kept", offset);
}

Result<Bytes> StreamSource::Whole(std::uint64_t limit_bytes) {
  if (!ended_) return Fail(ErrorCode::kUnsupported, "the stream has not ended");
  if (total_ > limit_bytes) return Fail(ErrorCode::kBudget, "object larger than the limit for loading it whole");
  if (window_offset_ == 0) return Bytes(buffer_).first(filled_);
  if (head_.size() == total_) return Bytes(head_);
  return Fail(ErrorCode::kUnsupported, "the middle of a stream is not kept");
}

}  // namespace dl
