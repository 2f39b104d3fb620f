// HTML in the pieces in which clamscan reads it.
//
//   ChunkReader reader(bytes);
//   while (reader.Read(line)) Process(line);
#pragma once

#include <string>

#include "daylight/bytes/bytes.h"

namespace dl::html {

class ChunkReader {
 public:
  explicit ChunkReader(Bytes bytes) : bytes_(bytes) {}

  // Replaces `chunk` with the next piece: at most 8,191 bytes, without NULs,
  // cut after the last white space where more follows. False at the end. A
  // piece can be empty.
  bool Read(std::string& chunk);

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace dl::html
