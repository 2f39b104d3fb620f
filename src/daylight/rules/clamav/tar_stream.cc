#include "daylight/rules/clamav/tar_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr std::size_t kBlockBytes = 512;
constexpr std::size_t kStepBytes = 1U << 20;
// A size in a header is only believed as far as bytes follow.
constexpr std::uint64_t kMaxReserveBytes = 64U << 20;
constexpr std::array<std::byte, 2> kGzipMagic{std::byte{0x1f}, std::byte{0x8b}};

bool IsGzip(Bytes bytes) { return bytes.size() >= 2 && bytes[0] == kGzipMagic[0] && bytes[1] == kGzipMagic[1]; }

// POSIX ustar: a field of octal digits, after blanks, ended by a blank or NUL.
Result<std::uint64_t> ParseOctal(std::string_view field) {
  std::size_t at = 0;
  while (at < field.size() && IsSpace(field[at])) ++at;
  const std::size_t first = at;
  std::uint64_t value = 0;
  for (; at < field.size() && field[at] >= '0' && field[at] <= '7'; ++at) {
    value = value * 8 + static_cast<std::uint64_t>(field[at] - '0');
  }
  if (at == first) return Fail(ErrorCode::kMalformed, "tar: a size that is no number");
  return value;
}

}  // namespace

TarStream::TarStream(Bytes payload, std::uint64_t limit_bytes) : input_(payload), left_(limit_bytes) {
  if (!IsGzip(payload)) return;
  stream_ = std::make_unique<z_stream>();
  constexpr int kGzipWindow = 15 + 16;
  is_open_ = inflateInit2(stream_.get(), kGzipWindow) == Z_OK;
}

TarStream::~TarStream() {
  if (is_open_) inflateEnd(stream_.get());
}

Result<std::size_t> TarStream::Inflate(std::span<char> out) {
  if (!is_open_) return Fail(ErrorCode::kIo, "no memory to decompress");
  stream_->next_out = reinterpret_cast<Bytef*>(out.data());
  stream_->avail_out = static_cast<uInt>(out.size());
  while (stream_->avail_out > 0 && !has_ended_) {
    if (stream_->avail_in == 0) {
      const std::uint64_t chunk = std::min<std::uint64_t>(input_.remaining(), kStepBytes);
      if (chunk == 0) return Fail(ErrorCode::kTruncated, "the compressed data is cut off");
      DL_TRY(const Bytes bytes, input_.ReadBytes(chunk));
      stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
      stream_->avail_in = static_cast<uInt>(bytes.size());
    }
    const int status = inflate(stream_.get(), Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      // gzip members may follow each other; anything else behind one is ignored.
      const std::uint64_t consumed = input_.position() - stream_->avail_in;
      DL_TRY_STATUS(input_.SeekTo(consumed));
      stream_->avail_in = 0;
      DL_TRY(const Cursor rest, input_.From(consumed));
      if (!IsGzip(rest.bytes()) || inflateReset(stream_.get()) != Z_OK) has_ended_ = true;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return Fail(ErrorCode::kMalformed, "the compressed data is damaged", input_.position() - stream_->avail_in);
    }
  }
  return out.size() - stream_->avail_out;
}

Result<std::size_t> TarStream::Read(std::span<char> out) {
  if (out.size() > left_) return Fail(ErrorCode::kBudget, "the container holds more than the limit");
  left_ -= out.size();
  if (stream_ != nullptr) return Inflate(out);
  const std::size_t size = std::min(out.size(), input_.remaining());
  DL_TRY(const Bytes bytes, input_.ReadBytes(size));
  std::ranges::copy(AsText(bytes), out.begin());
  return size;
}

Status TarStream::SkipBytes(std::uint64_t n) {
  if (stream_ == nullptr) {
    if (n > left_) return Fail(ErrorCode::kBudget, "the container holds more than the limit");
    left_ -= n;
    if (!input_.Skip(n)) return Fail(ErrorCode::kTruncated, "a member is cut off");
    return {};
  }
  std::string scratch(std::min<std::uint64_t>(n, kStepBytes), '\0');
  while (n > 0) {
    const std::size_t step = std::min<std::uint64_t>(n, scratch.size());
    DL_TRY(const std::size_t read, Read(std::span(scratch).first(step)));
    if (read < step) return Fail(ErrorCode::kTruncated, "a member is cut off");
    n -= step;
  }
  return {};
}

Result<bool> TarStream::Next() {
  DL_TRY_STATUS(SkipBytes(unread_));
  unread_ = 0;
  std::array<char, kBlockBytes> block{};
  DL_TRY(const std::size_t read, Read(block));
  if (read == 0 || (read == block.size() && block[0] == '\0')) return false;
  if (read < block.size()) return Fail(ErrorCode::kTruncated, "a member's header is cut off");
  // POSIX ustar: name 0..99, size 124..135, type 156.
  const std::string_view header(block.data(), block.size());
  name_ = header.substr(0, 100);
  name_.resize(std::min(name_.find('\0'), name_.size()));
  if (name_.find('/') != std::string::npos) return Fail(ErrorCode::kMalformed, "a member's name has a slash");
  if (header[156] != '0' && header[156] != '\0') return Fail(ErrorCode::kMalformed, "a member is no regular file");
  DL_TRY(size_, ParseOctal(header.substr(124, 12)));
  if (size_ > left_) return Fail(ErrorCode::kBudget, "the container holds more than the limit");
  unread_ = size_ + (kBlockBytes - size_ % kBlockBytes) % kBlockBytes;
  return true;
}

Result<std::string> TarStream::ReadMember() {
  std::string content;
  content.reserve(std::min(size_, kMaxReserveBytes));
  while (content.size() < size_) {
    const std::size_t old_size = content.size();
    content.resize(old_size + std::min<std::uint64_t>(size_ - old_size, kStepBytes));
    DL_TRY(const std::size_t read, Read(std::span(content).subspan(old_size)));
    if (old_size + read < content.size()) return Fail(ErrorCode::kTruncated, "a member is cut off");
  }
  unread_ -= content.size();
  return content;
}

}  // namespace dl::clamav
