// FrameReader cuts a byte stream into frames, however it arrives.
//
//   FrameReader reader(Side::kWorker, limit_bytes);   // What the worker sends.
//   reader.Append(received);
//   while (true) { DL_TRY(std::optional<Frame> frame, reader.Next()); if (!frame) break; ... }
//
// Holds no more than has really arrived, one frame and one chunk of it: a length
// past the limit, or a message that the other side has no business to send, is
// refused when its header is there. After an error the stream is lost.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "daylight/report/frame.h"

namespace dl::report {

struct Frame {
  FrameHeader header;
  std::string payload;
};

class FrameReader {
 public:
  // Of frames that `from` sends; none longer than `max_bytes`.
  explicit FrameReader(Side from, std::uint32_t max_bytes = std::numeric_limits<std::uint32_t>::max())
      : from_(from), max_bytes_(max_bytes) {}
  void Append(Bytes bytes) { buffer_.append(AsText(bytes)); }
  // Empty while a frame is not whole.
  Result<std::optional<Frame>> Next();

 private:
  void DropTaken();
  Side from_;
  std::uint32_t max_bytes_;
  std::string buffer_;
  std::size_t taken_ = 0;  // Of buffer_, already handed out.
};

}  // namespace dl::report
