#include "daylight/daemon/text/multipart.h"

#include <algorithm>

#include "daylight/daemon/text/head.h"
#include "daylight/daemon/text/safe_text.h"

namespace dl::daemon {
namespace {

bool Mentions(std::string_view text, std::string_view word) {
  for (std::size_t i = 0; i + word.size() <= text.size(); ++i) {
    if (EqualNoCase(text.substr(i, word.size()), word)) return true;
  }
  return false;
}

}  // namespace

void MultipartReader::Append(std::string_view bytes) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += bytes;
}

MultipartReader::Event MultipartReader::Next() {
  for (;;) {
    const std::string_view left = Left();
    switch (state_) {
      case State::kBad: return Event::kBad;
      case State::kEpilogue: at_ = buffer_.size(); return Event::kMore;
      case State::kPreamble:
      case State::kData: {
        const std::size_t found = left.find(delimiter_);
        // Without it, its beginning may stand at the end.
        const std::size_t kept = std::min(left.size(), delimiter_.size() - 1);
        const std::size_t size = found != std::string_view::npos ? found : left.size() - kept;
        at_ += size;
        if (state_ == State::kPreamble) {
          preamble_bytes_ += size;
          if (preamble_bytes_ > kMaxHeadBytes) return Bad();
        } else if (size > 0) {
          data_ = left.substr(0, size);
          return Event::kData;
        }
        if (found == std::string_view::npos) return Event::kMore;
        at_ += delimiter_.size();
        const bool was_data = state_ == State::kData;
        state_ = State::kAfterDelimiter;
        if (was_data) return Event::kPartEnd;
        break;
      }
      case State::kAfterDelimiter: {
        if (left.size() < 2) return Event::kMore;
        if (left.starts_with("--")) {
          state_ = State::kEpilogue;
          return Event::kEnd;
        }
        // Spaces may stand before the end of the line (RFC 2046, section 5.1.1). Anything else: the delimiter
        // is the beginning of a longer line, which a boundary may not be.
        const std::size_t end = left.find_first_not_of(" \t");
        if (end == std::string_view::npos || end == left.size() - 1) {
          if (left.size() > kMaxBoundaryBytes) return Bad();
          return Event::kMore;
        }
        if (!left.substr(end).starts_with("\r\n")) return Bad();
        // The end of the line stays: a part without fields has an empty line at once.
        at_ += end;
        state_ = State::kHead;
        break;
      }
      case State::kHead: {
        const std::size_t end = left.find("\r\n\r\n");
        if (std::min(end, left.size()) > kMaxHeadBytes) return Bad();
        if (end == std::string_view::npos) return Event::kMore;
        part_ = Part();
        part_.is_file = Mentions(left.substr(0, end), "filename");
        const auto head = Head::Parse(left.substr(2, end + 2), Head::Manner::kLenient, false);
        if (head) {
          if (const auto disposition = head->Find("Content-Disposition")) {
            part_.filename = DispositionFilename(*disposition);
          }
          if (const auto encoding = head->Find("Content-Transfer-Encoding")) {
            const auto is = [&](std::string_view name) { return EqualNoCase(*encoding, name); };
            part_.is_encoded = !is("binary") && !is("8bit") && !is("7bit");
          }
        }
        // The end of the empty line may already be the beginning of the delimiter: but a body begins behind it.
        at_ += end + 4;
        state_ = State::kData;
        return Event::kPart;
      }
    }
  }
}

}  // namespace dl::daemon
