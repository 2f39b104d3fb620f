#include "daylight/report/frame_reader.h"

namespace dl::report {

Result<std::optional<Frame>> FrameReader::Next() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < kFrameHeaderBytes) {
    buffer_.erase(0, taken_);
    taken_ = 0;
    return std::optional<Frame>();
  }
  DL_TRY(const FrameHeader header, ParseFrameHeader(AsBytes(rest.substr(0, kFrameHeaderBytes))));
  if (rest.size() - kFrameHeaderBytes < header.length) {
    buffer_.erase(0, taken_);
    taken_ = 0;
    return std::optional<Frame>();
  }
  taken_ += kFrameHeaderBytes + header.length;
  return std::optional<Frame>(Frame{header, std::string(rest.substr(kFrameHeaderBytes, header.length))});
}

}  // namespace dl::report
