#include "daylight/extract/image/path.h"

namespace dl::extract {

std::string CleanPath(std::string_view name) {
  std::string path;
  path.reserve(name.size());
  while (!name.empty()) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    name.remove_prefix(slash == std::string_view::npos ? name.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      path.resize(ParentOf(path).size());
      continue;
    }
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

}  // namespace dl::extract
