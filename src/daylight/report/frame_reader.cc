#include "daylight/report/frame_reader.h"

namespace dl::report {

namespace {

// One large frame does not hold its memory for ever.
constexpr std::size_t kKeptBytes = 1u << 20;

}  // namespace

void FrameReader::DropTaken() {
  buffer_.erase(0, taken_);
  taken_ = 0;
  if (buffer_.empty() && buffer_.capacity() > kKeptBytes) std::string().swap(buffer_);
}

Result<std::optional<Frame>> FrameReader::Next() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < kFrameHeaderBytes) {
    DropTaken();
    return std::optional<Frame>();
  }
  DL_TRY(const FrameHeader header, ParseFrameHeader(AsBytes(rest.substr(0, kFrameHeaderBytes))));
  if (SenderOf(header.type) != from_) return Fail(ErrorCode::kMalformed, "a message that goes the other way", 4);
  if (header.length > max_bytes_) return Fail(ErrorCode::kMalformed, "a message that is too long", 8);
  if (rest.size() - kFrameHeaderBytes < header.length) {
    DropTaken();
    return std::optional<Frame>();
  }
  taken_ += kFrameHeaderBytes + header.length;
  return std::optional<Frame>(Frame{header, std::string(rest.substr(kFrameHeaderBytes, header.length))});
}

}  // namespace dl::report
