// FrameReader cuts a byte stream into frames, however it arrives.
//
//   reader.Append(received);
//   while (true) { DL_TRY(std::optional<Frame> frame, reader.Next()); if (!frame) break; ... }
//
// Holds no more than has really arrived and one chunk. After an error the
// stream is lost.
#pragma once

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
  void Append(Bytes bytes) { buffer_.append(AsText(bytes)); }
  // Empty while a frame is not whole.
  Result<std::optional<Frame>> Next();

 private:
  std::string buffer_;
  std::size_t taken_ = 0;  // Of buffer_, already handed out.
};

}  // namespace dl::report
