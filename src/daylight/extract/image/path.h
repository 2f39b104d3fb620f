// Names of entries as paths within a root.
#pragma once

#include <string>
#include <string_view>

namespace dl::extract {

// What a runtime makes of an entry's name: "/a//./b/../c/" is "a/c". Nothing leads out
// of the root, ".." at it stays there. Empty: the root itself.
std::string CleanPath(std::string_view name);

// "a/b" of "a/b/c", "" of "a".
inline std::string_view ParentOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}
inline std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

inline std::string JoinPath(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  std::string path(folder);
  path += '/';
  path += name;
  return path;
}

}  // namespace dl::extract
