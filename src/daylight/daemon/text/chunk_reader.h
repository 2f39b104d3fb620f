// ChunkReader takes a body in chunks apart (RFC 3507, section 4.4; RFC 9112, section
// 7.1), piece by piece, and keeps none of it.
//
//   while (true) switch (reader.Next(bytes)) {
//     case kData: Keep(reader.data()); break;
//     case kEnd: ...   // reader.ieof()
//     case kMore: return;  // What is left of `bytes` must come again, with more behind it.
//     case kBad: ...
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dl::daemon {

class ChunkReader {
 public:
  enum class Event : std::uint8_t { kMore, kData, kEnd, kBad };
  // A chunk's line with its extensions, a line of the trailers.
  static constexpr std::size_t kMaxLineBytes = 4096;
  static constexpr std::size_t kMaxTrailerBytes = 16u << 10;

  // Takes what it can from the front of `bytes`. After kEnd and kBad it must be made anew.
  Event Next(std::string_view& bytes);
  // With kData: borrowed from what was given to Next(), never empty.
  std::string_view data() const { return data_; }
  // With kEnd: the last chunk had the extension of RFC 3507, section 4.5: the preview
  // was all.
  bool ieof() const { return ieof_; }

 private:
  enum class State : std::uint8_t { kSize, kData, kDataEnd, kTrailers };
  bool ParseSize(std::string_view line);
  State state_ = State::kSize;
  std::uint64_t left_ = 0;  // Of the chunk.
  std::size_t trailer_bytes_ = 0;
  bool ieof_ = false;
  std::string_view data_;
};

}  // namespace dl::daemon
