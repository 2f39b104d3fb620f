#include "daylight/os/passwd.h"

#include <charconv>

#include "daylight/os/io.h"

namespace dl::os {

OwnerNames OwnerNames::Load(const std::string& path) {
  const auto text = ReadFile(path, 64u << 20);
  return text ? Parse(*text) : OwnerNames();
}

OwnerNames OwnerNames::Parse(std::string_view text) {
  OwnerNames owners;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    // name:password:uid:..., passwd(5).
    const std::size_t first = line.find(':');
    if (first == std::string_view::npos || first == 0) continue;
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    std::uint32_t uid = 0;
    const char* begin = line.data() + second + 1;
    const char* end = line.data() + line.size();
    const auto [stop, error] = std::from_chars(begin, end, uid);
    if (error != std::errc() || stop == end || *stop != ':') continue;
    owners.names_.emplace(uid, line.substr(0, first));  // The first entry counts, as in getpwuid().
  }
  return owners;
}

std::string OwnerNames::Name(std::uint32_t uid) const {
  const auto found = names_.find(uid);
  return found != names_.end() ? found->second : std::to_string(uid);
}

}  // namespace dl::os
