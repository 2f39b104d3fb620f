#include "daylight/formats/html/chunk_reader.h"

#include <algorithm>

namespace dl::html {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

bool ChunkReader::Read(std::string& chunk) {
  constexpr std::size_t kMost = 8191;
  const std::string_view rest = AsText(bytes_).substr(at_);
  if (rest.empty()) return false;
  const std::size_t size = std::min(rest.size(), kMost);
  std::size_t read = std::min(rest.substr(0, size).find('\0'), size);
  chunk.assign(rest.substr(0, read));
  for (; read < size || (chunk.size() < read && chunk.size() < kMost && read < rest.size()); ++read) {
    if (rest[read] != '\0') chunk.push_back(rest[read]);
  }
  at_ += read;
  if (read < rest.size() && !IsSpace(rest[read])) {
    std::size_t keep = chunk.size();
    while (keep > 1 && !IsSpace(chunk[keep - 1])) --keep;
    if (keep > 1 && keep < chunk.size()) {
      // With NULs in between, this goes back by too little, as in clamscan.
      at_ -= chunk.size() - keep;
      chunk.resize(keep);
    }
  }
  return true;
}

}  // namespace dl::html
