// ReadRange hands the bytes of a range of the object to a function, block by
// block, the way YARA's functions over (offset, size) see them.
//
//   const bool defined = ReadRange(context, offset, length, [&](Bytes block) { Sum(block); });
//
// No block is kept. At most kRangeBlockBytes are in memory at a time, whatever
// the size of the object.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "daylight/rules/yara/module.h"

namespace dl::yara {

inline constexpr std::size_t kRangeBlockBytes = 64u << 10;

// YARA's rules for a range: a negative offset or length is undefined, and so is
// an offset at or past the end (hence every range of an empty object); a range
// that goes on past the end is cut there, and length 0 within the object is the
// empty range. Returns whether the range is defined.
//
// A source that no longer has the bytes is asked for the whole object through
// the context, which marks the object incomplete when that fails too: then the
// answer is undefined, but not silently so.
template <typename Consume>
bool ReadRange(ModuleContext& context, std::int64_t offset, std::int64_t length, Consume&& consume) {
  if (offset < 0 || length < 0) return false;
  std::uint64_t position = static_cast<std::uint64_t>(offset);
  std::uint64_t left = static_cast<std::uint64_t>(length);
  ObjectSource& object = context.object();
  if (const auto size = object.size(); size && position >= *size) return false;

  thread_local std::vector<std::byte> buffer(kRangeBlockBytes);
  bool first = true;
  while (first || left > 0) {
    // An empty range still has to begin within the object.
    const std::size_t wanted = static_cast<std::size_t>(std::clamp<std::uint64_t>(left, 1, buffer.size()));
    const auto got = object.ReadAt(position, std::span<std::byte>(buffer).first(wanted));
    if (!got) {
      const auto whole = context.WholeObject();
      if (!whole || position > whole->size() || (first && position == whole->size())) return false;
      const Bytes rest = whole->subspan(static_cast<std::size_t>(position));
      consume(rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, rest.size()))));
      return true;
    }
    if (first && *got == 0) return false;
    first = false;
    const std::size_t used = static_cast<std::size_t>(std::min<std::uint64_t>(left, *got));
    if (used > 0) consume(Bytes(buffer).first(used));
    left -= used;
    position += used;
    if (*got < wanted) break;
  }
  return true;
}

// The whole object; an empty one is the empty range. False when it cannot be
// read.
template <typename Consume>
bool ReadAll(ModuleContext& context, Consume&& consume) {
  if (ReadRange(context, 0, std::numeric_limits<std::int64_t>::max(), consume)) return true;
  const auto size = context.object().size();
  return size && *size == 0;
}

}  // namespace dl::yara
