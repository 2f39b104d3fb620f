#include "daylight/extract/packages/line_reader.h"

#include <algorithm>

#include "daylight/extract/packages/packages.h"

namespace dl::extract {

std::string_view LineReader::Give(std::string_view line) {
  ++number_;
  if (line.size() > max_) {
    was_cut_ = true;
    line = line.substr(0, max_);
  } else if (!was_cut_ && line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

std::optional<std::string_view> LineReader::Next() {
  was_cut_ = false;
  bool is_carried = false;
  carried_.clear();
  const auto carry = [&](std::string_view piece) {
    is_carried = true;
    const std::size_t room = max_ - std::min(max_, carried_.size());
    if (piece.size() > room) was_cut_ = true;
    carried_.append(piece.substr(0, room));
  };
  for (;;) {
    if (const std::size_t end = rest_.find('\n'); end != rest_.npos) {
      const std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (!is_carried) return Give(line);
      carry(line);
      return Give(carried_);
    }
    if (!rest_.empty()) carry(rest_);
    rest_ = {};
    if (is_last_) break;
    const auto window = source_.NextWindow(0);
    if (!window) {
      failed_ = is_last_ = true;
      break;
    }
    rest_ = AsText(window->bytes);
    bytes_ += window->bytes.size();
    is_last_ = window->last;
  }
  if (!is_carried) return std::nullopt;
  return Give(carried_);
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string FactText(std::string_view text) { return std::string(text.substr(0, kMaxFactText)); }

bool IsSameWord(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view NameOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

}  // namespace dl::extract
