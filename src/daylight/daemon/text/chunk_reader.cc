#include "daylight/daemon/text/chunk_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "daylight/daemon/text/head.h"

namespace dl::daemon {

bool ChunkReader::ParseSize(std::string_view line) {
  std::string_view extensions = line;
  const std::string_view size = *NextItem(extensions, ';');
  const char* const end = size.data() + size.size();
  // Takes no sign and no "0x", and says when it does not fit in 64 bits.
  const auto [at, error] = std::from_chars(size.data(), end, left_, 16);
  if (size.empty() || error != std::errc() || at != end) return false;
  while (const auto extension = NextItem(extensions, ';')) {
    if (left_ == 0 && EqualNoCase(*extension, "ieof")) ieof_ = true;
  }
  return true;
}

ChunkReader::Event ChunkReader::Next(std::string_view& bytes) {
  for (;;) {
    switch (state_) {
      case State::kData: {
        if (bytes.empty()) return Event::kMore;
        data_ = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
        bytes.remove_prefix(data_.size());
        left_ -= data_.size();
        if (left_ == 0) state_ = State::kDataEnd;
        return Event::kData;
      }
      case State::kDataEnd:
        if (bytes.size() < 2) return bytes.empty() || bytes[0] == '\r' ? Event::kMore : Event::kBad;
        if (!bytes.starts_with("\r\n")) return Event::kBad;
        bytes.remove_prefix(2);
        state_ = State::kSize;
        break;
      case State::kSize:
      case State::kTrailers: {
        const std::size_t end = bytes.substr(0, kMaxLineBytes).find("\r\n");
        if (end == std::string_view::npos) return bytes.size() < kMaxLineBytes ? Event::kMore : Event::kBad;
        const std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(end + 2);
        if (state_ == State::kSize) {
          if (line.empty() || !ParseSize(line)) return Event::kBad;
          state_ = left_ == 0 ? State::kTrailers : State::kData;
          break;
        }
        if (line.empty()) return Event::kEnd;
        // Trailers say nothing of the object that was read; they are passed over.
        trailer_bytes_ += line.size() + 2;
        if (trailer_bytes_ > kMaxTrailerBytes) return Event::kBad;
        break;
      }
    }
  }
}

}  // namespace dl::daemon
