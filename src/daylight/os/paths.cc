#include "daylight/os/paths.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

namespace dl::os {

namespace {

std::string_view WithoutTrailingSlashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

}  // namespace

std::string_view BaseName(std::string_view path) {
  path = WithoutTrailingSlashes(path);
  if (path == "/") return path;
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string ParentFolder(std::string_view path) {
  path = WithoutTrailingSlashes(path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(WithoutTrailingSlashes(path.substr(0, slash + 1)));
}

std::string_view Extension(std::string_view path) {
  const std::string_view name = BaseName(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.find_first_not_of('.') > dot) return {};
  return name.substr(dot);
}

std::string_view Stem(std::string_view path) {
  const std::string_view name = BaseName(path);
  return name.substr(0, name.size() - Extension(path).size());
}

std::string Join(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string Absolute(std::string_view path, std::string_view folder) {
  const std::string whole = path.starts_with('/') ? std::string(path) : Join(folder, path);
  std::string out;
  for (std::size_t at = 0; at < whole.size();) {
    std::size_t end = whole.find('/', at);
    if (end == std::string::npos) end = whole.size();
    const std::string_view part = std::string_view(whole).substr(at, end - at);
    if (!part.empty() && part != ".") {
      out += '/';
      out += part;
    }
    at = end + 1;
  }
  return out.empty() ? "/" : out;
}

Result<std::string> WorkingFolder() {
  const std::unique_ptr<char, decltype(&std::free)> folder(::getcwd(nullptr, 0), &std::free);
  if (folder == nullptr) {
    return Fail(ErrorCode::kIo, "cannot tell the working folder", static_cast<std::uint64_t>(errno));
  }
  return std::string(folder.get());
}

Result<std::string> ProgramFolder() {
  char path[4096];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0 || static_cast<std::size_t>(n) == sizeof path) {
    return Fail(ErrorCode::kIo, "cannot tell where this program stands", static_cast<std::uint64_t>(errno));
  }
  return ParentFolder(std::string_view(path, static_cast<std::size_t>(n)));
}

}  // namespace dl::os
