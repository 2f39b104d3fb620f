// MultipartReader takes a form apart (multipart/form-data, RFC 7578) as its bytes come.
//
//   MultipartReader reader(boundary);
//   reader.Append(bytes);
//   for (;;) switch (reader.Next()) {
//     case kPart: ...  // reader.part()
//     case kData: Keep(reader.data()); break;
//     case kPartEnd: ... case kEnd: ...
//     case kMore: return;
//   }
//
// Holds what was appended and not yet given, and the head of one part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dl::daemon {

class MultipartReader {
 public:
  enum class Event : std::uint8_t { kMore, kPart, kData, kPartEnd, kEnd, kBad };
  struct Part {
    std::string filename;     // Any bytes; may be empty.
    bool is_file = false;     // Its head has the word `filename` anywhere: whoever reads it may take it for one.
    bool is_encoded = false;  // A Content-Transfer-Encoding that changes bytes (RFC 7578, section 4.7, forbids it).
  };
  static constexpr std::size_t kMaxBoundaryBytes = 70;  // RFC 2046, section 5.1.1
  static constexpr std::size_t kMaxHeadBytes = 8u << 10;

  explicit MultipartReader(std::string_view boundary) : delimiter_("\r\n--") {
    delimiter_ += boundary;
    // The first delimiter may stand at the very beginning.
    buffer_ = "\r\n";
  }
  void Append(std::string_view bytes);
  // After kEnd everything is passed over (kMore); after kBad nothing more is read.
  Event Next();
  const Part& part() const { return part_; }
  // With kData: until the next call.
  std::string_view data() const { return data_; }

 private:
  enum class State : std::uint8_t { kPreamble, kAfterDelimiter, kHead, kData, kEpilogue, kBad };
  std::string_view Left() const { return std::string_view(buffer_).substr(at_); }
  Event Bad() {
    state_ = State::kBad;
    return Event::kBad;
  }
  State state_ = State::kPreamble;
  std::string delimiter_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t preamble_bytes_ = 0;
  Part part_;
  std::string_view data_;
};

}  // namespace dl::daemon
