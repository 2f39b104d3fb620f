// What TargetFindings keeps at most of what strangers wrote.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace dl::policy {

inline constexpr std::size_t kMaxRoots = 65536;         // That are told apart,
inline constexpr std::size_t kMaxMoreRoots = 16 << 20;  // and that are known to be some, beyond those.
inline constexpr std::size_t kMaxRootName = 2048;
inline constexpr std::size_t kMaxPath = 4096;
inline constexpr std::size_t kMaxDetail = 300;
inline constexpr std::size_t kMaxPending = 1000;  // Of a root.
inline constexpr std::size_t kMaxMarks = 200;     // Of a root and product.
inline constexpr std::size_t kMaxNamed = 1000;    // Of a root.
inline constexpr std::size_t kMaxPresent = 4'000'000;
inline constexpr std::uint64_t kMaxKept =
    200'000;  // Evidence of a target, found or not yet; one piece more of each product and root.
inline constexpr std::size_t kMaxUnitPrograms = 32;

// Not within a character.
inline std::string CutText(std::string_view text, std::size_t limit = kMaxDetail) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return std::string(text.substr(0, limit)) + "…";
}

inline std::uint64_t PathHash(std::uint32_t root, std::string_view path) {
  return std::hash<std::string_view>()(path) * 0x9e3779b97f4a7c15 + root;
}

}  // namespace dl::policy
