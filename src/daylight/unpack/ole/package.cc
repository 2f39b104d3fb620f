#include "daylight/unpack/ole/package.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

namespace {

constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::uint16_t kStream = 2;
constexpr std::uint16_t kEmbedded = 3;

std::string_view LastPart(std::string_view path) { return path.substr(path.find_last_of("/\\:") + 1); }

}  // namespace

std::optional<Package> ParsePackage(Bytes native) {
  Cursor package(native);
  const auto begin = package.ReadU16Le();
  if (!begin || *begin != kStream) return std::nullopt;
  const auto label = package.ReadCString(kMaxTextBytes);
  if (!label) return std::nullopt;
  const auto file = package.ReadCString(kMaxTextBytes);
  if (!file || !package.Skip(2)) return std::nullopt;
  const auto kind = package.ReadU16Le();
  if (!kind || *kind != kEmbedded) return std::nullopt;
  // Where it is put when it is opened.
  const auto path_bytes = package.ReadU32Le();
  if (!path_bytes || !package.Skip(*path_bytes)) return std::nullopt;
  const auto size = package.ReadU32Le();
  if (!size) return std::nullopt;
  Package found;
  // What is shown is the label; what is run is the file.
  found.name = LastPart(*file);
  if (found.name.empty()) found.name = LastPart(*label);
  found.is_cut = *size > package.remaining();
  found.data = *package.ReadBytes(std::min<std::uint64_t>(*size, package.remaining()));
  return found;
}

}  // namespace dl::unpack
