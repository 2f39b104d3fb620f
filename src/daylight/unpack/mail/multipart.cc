#include "daylight/unpack/mail/multipart.h"

#include <algorithm>

#include "daylight/unpack/mail/header.h"

namespace dl::unpack::mail {

namespace {

constexpr std::size_t npos = std::string_view::npos;

// Text without the end of its last line, which is the delimiter's.
std::string_view WithoutLineEnd(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

Multipart::Multipart(std::string_view body, std::span<const std::string> boundaries)
    : body_(body), boundaries_(boundaries) {
  next_ = Find(0);
  if (!next_) {
    way_ = Way::kPrefix;
    next_ = Find(0);
  }
  if (!next_ && Guess()) {
    way_ = Way::kExact;
    boundaries_ = {&guessed_, 1};
    next_ = Find(0);
  }
  has_parts_ = next_.has_value();
}

std::optional<Multipart::Section> Multipart::Next() {
  if (has_ended_) return std::nullopt;
  Section section{{}, is_part_};
  if (!next_) {
    has_ended_ = true;
    section.text = body_.substr(at_);
    return section;
  }
  section.text = WithoutLineEnd(body_.substr(at_, next_->begin - at_));
  at_ = next_->end;
  // Parts behind the last are read as well: an inner multipart may have the same boundary.
  is_part_ = !next_->is_last;
  next_ = Find(at_);
  return section;
}

std::optional<Multipart::Delimiter> Multipart::Find(std::size_t from) const {
  if (boundaries_.empty()) return std::nullopt;
  for (std::size_t line = from; line < body_.size();) {
    if (body_[line] == '-' && line + 1 < body_.size() && body_[line + 1] == '-') {
      if (const auto found = Match(line)) return found;
    }
    const std::size_t end = body_.find('\n', line);
    if (end == npos) break;
    line = end + 1;
  }
  return std::nullopt;
}

std::optional<Multipart::Delimiter> Multipart::Match(std::size_t line_begin) const {
  const std::string_view text = body_.substr(line_begin + 2);
  for (const std::string& boundary : boundaries_) {
    if (!text.starts_with(boundary)) continue;
    std::string_view rest = text.substr(boundary.size());
    const std::string_view behind = TakeLine(rest);
    const std::size_t end = body_.size() - rest.size();
    const bool is_last = behind.starts_with("--");
    if (way_ == Way::kPrefix || is_last || behind.find_first_not_of(" \t\r") == npos) {
      return Delimiter{line_begin, end, is_last};
    }
  }
  return std::nullopt;
}

// The first line of two hyphens and more, with a field of a part's header in the next.
bool Multipart::Guess() {
  std::string_view rest = body_;
  while (!rest.empty()) {
    const std::string_view line = TakeLine(rest);
    if (!line.starts_with("--") || line.size() < 3) continue;
    if (Lower(rest.substr(0, 8)) != "content-") continue;
    guessed_ = line.substr(2);
    guessed_.erase(guessed_.find_last_not_of(" \t") + 1);
    return true;
  }
  return false;
}

}  // namespace dl::unpack::mail
