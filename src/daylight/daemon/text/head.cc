#include "daylight/daemon/text/head.h"

#include <algorithm>
#include <charconv>

namespace dl::daemon {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsTokenCharacter(char c) {
  if ((c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

}  // namespace

bool EqualNoCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::string_view> NextItem(std::string_view& list, char separator) {
  if (list.empty()) return std::nullopt;
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view item = Trim(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return item;
}

std::optional<std::uint64_t> ParseDecimal(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  // Takes no sign and no space for an unsigned type.
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || at != end) return std::nullopt;
  return value;
}

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter); }

Result<Head> Head::Parse(std::string_view text, Manner manner, bool has_start_line) {
  Head head;
  bool is_first = has_start_line;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      if (manner == Manner::kStrict) return Fail(ErrorCode::kMalformed, "a line does not end");
      end = text.size();
    }
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    } else if (manner == Manner::kStrict) {
      return Fail(ErrorCode::kMalformed, "a line does not end in CR LF");
    }
    if (is_first) {
      if (manner == Manner::kStrict && HasControls(line)) return Fail(ErrorCode::kMalformed, "a control character");
      head.start_line_ = line;
      is_first = false;
      continue;
    }
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    const bool is_field = colon != std::string_view::npos && IsToken(line.substr(0, colon)) && !HasControls(line);
    if (!is_field) {
      if (manner == Manner::kStrict) return Fail(ErrorCode::kMalformed, "a line that is no field");
      continue;
    }
    if (head.fields_.size() == kMaxFields) {
      if (manner == Manner::kStrict) return Fail(ErrorCode::kMalformed, "too many fields");
      break;
    }
    head.fields_.push_back({line.substr(0, colon), Trim(line.substr(colon + 1))});
  }
  return head;
}

std::optional<std::string_view> Head::Find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (EqualNoCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t Head::Count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const Field& field) { return EqualNoCase(field.name, name); }));
}

bool Head::HasToken(std::string_view name, std::string_view token) const {
  for (const Field& field : fields_) {
    if (!EqualNoCase(field.name, name)) continue;
    std::string_view list = field.value;
    while (const auto item = NextItem(list)) {
      if (EqualNoCase(*item, token)) return true;
    }
  }
  return false;
}

}  // namespace dl::daemon
