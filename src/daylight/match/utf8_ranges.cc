#include "daylight/match/utf8_ranges.h"

#include <algorithm>

namespace dl::match {
namespace {

// Appends one alternative for all of first..last, which have the same length
// in UTF-8, are aligned so that each byte's range is independent, or are split
// further until they are.
ParseResult<void> AddSequences(std::uint32_t first, std::uint32_t last, std::size_t offset,
                               std::vector<Built>* branches) {
  // Split where the encoded length changes.
  for (const std::uint32_t limit : {0x7fu, 0x7ffu, 0xffffu}) {
    if (first <= limit && last > limit) {
      DL_CHECK_PARSE(AddSequences(first, limit, offset, branches));
      return AddSequences(limit + 1, last, offset, branches);
    }
  }
  // Split so that all low bytes run over their whole range or high ones agree.
  const std::size_t length = EncodeUtf8(first).size();
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint32_t mask = (1u << (6 * i)) - 1;
    if ((first & ~mask) != (last & ~mask)) {
      if ((first & mask) != 0) {
        DL_CHECK_PARSE(AddSequences(first, first | mask, offset, branches));
        return AddSequences((first | mask) + 1, last, offset, branches);
      }
      if ((last & mask) != mask) {
        DL_CHECK_PARSE(AddSequences(first, (last & ~mask) - 1, offset, branches));
        return AddSequences(last & ~mask, last, offset, branches);
      }
    }
  }
  const std::string low = EncodeUtf8(first);
  const std::string high = EncodeUtf8(last);
  ConcatBuilder bytes;
  for (std::size_t i = 0; i < length; ++i) {
    ByteSet set;
    set.AddRange(static_cast<std::uint8_t>(low[i]), static_cast<std::uint8_t>(high[i]));
    DL_CHECK_PARSE(bytes.Add(BuildClass(set), offset));
  }
  DL_TRY_PARSE(Built sequence, std::move(bytes).Finish(offset));
  branches->push_back(std::move(sequence));
  return {};
}

}  // namespace

CodePointRanges Normalize(CodePointRanges ranges) {
  std::sort(ranges.begin(), ranges.end());
  CodePointRanges merged;
  for (const auto& [first, last] : ranges) {
    if (!merged.empty() && first <= merged.back().second + 1) {
      merged.back().second = std::max(merged.back().second, last);
    } else {
      merged.emplace_back(first, last);
    }
  }
  CodePointRanges result;
  for (const auto& [first, last] : merged) {  // Without the surrogates.
    if (first < 0xd800) result.emplace_back(first, std::min(last, 0xd7ffu));
    if (last > 0xdfff) result.emplace_back(std::max(first, 0xe000u), last);
  }
  return result;
}

CodePointRanges Complement(const CodePointRanges& ranges) {
  CodePointRanges others;
  std::uint32_t next = 0;
  for (const auto& [first, last] : ranges) {
    if (first > next) others.emplace_back(next, first - 1);
    next = last + 1;
  }
  if (next <= kMaxCodePoint) others.emplace_back(next, kMaxCodePoint);
  return Normalize(std::move(others));
}

std::string EncodeUtf8(std::uint32_t c) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(static_cast<std::uint8_t>(value)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0 | (c >> 6)), byte(0x80 | (c & 0x3f))};
  if (c < 0x10000) return {byte(0xe0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3f)), byte(0x80 | (c & 0x3f))};
  return {byte(0xf0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3f)), byte(0x80 | ((c >> 6) & 0x3f)),
          byte(0x80 | (c & 0x3f))};
}

bool DecodeUtf8(std::string_view text, std::size_t at, std::uint32_t* code_point, std::size_t* length) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u;
  };
  const std::uint32_t lead = byte(at);
  std::size_t n = 0;
  std::uint32_t value = 0;
  if (lead < 0x80) {
    n = 1;
    value = lead;
  } else if (lead >= 0xc2 && lead < 0xe0) {
    n = 2;
    value = lead & 0x1f;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    n = 3;
    value = lead & 0x0f;
  } else if (lead >= 0xf0 && lead < 0xf5) {
    n = 4;
    value = lead & 0x07;
  } else {
    return false;
  }
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return false;
    value = (value << 6) | (byte(at + i) & 0x3f);
  }
  if (EncodeUtf8(value).size() != n || value > kMaxCodePoint || (value >= 0xd800 && value < 0xe000)) return false;
  *code_point = value;
  *length = n;
  return true;
}

ParseResult<Built> BuildUtf8(const CodePointRanges& ranges, std::size_t offset) {
  std::vector<Built> branches;
  ByteSet ascii;
  for (auto [first, last] : ranges) {
    if (first < 0x80) {
      ascii.AddRange(static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(std::min(last, 0x7fu)));
      if (last < 0x80) continue;
      first = 0x80;
    }
    DL_CHECK_PARSE(AddSequences(first, last, offset, &branches));
  }
  if (ascii.Count() > 0 || branches.empty()) branches.insert(branches.begin(), BuildClass(ascii));
  return BuildAlternate(std::move(branches), offset);
}

}  // namespace dl::match
