#include "daylight/match/regexp_builder.h"

#include <algorithm>
#include <iterator>

namespace dl::match {
namespace {

using Kind = RegexpError::Kind;

constexpr std::uint64_t kManyCopies = std::uint64_t{1} << 31;

tl::unexpected<RegexpError> TooLarge(std::size_t offset) {
  return ParseError(Kind::kTooLarge, offset, 1, "expression is too large",
                    "repeat counts of nested groups multiply; use smaller ones");
}

tl::unexpected<RegexpError> TooDeep(std::size_t offset) {
  return ParseError(Kind::kTooDeep, offset, 1, "expression is nested too deeply",
                    "at most " + std::to_string(kMaxRegexpDepth) + " levels");
}

}  // namespace

Built BuildClass(const ByteSet& set) {
  Built built;
  built.node.kind = RegexpKind::kClass;
  built.node.set = set;
  return built;
}

Built BuildLeaf(RegexpKind kind) {
  Built built;
  built.node.kind = kind;
  return built;
}

ParseResult<void> ConcatBuilder::Add(Built item, std::size_t offset) {
  any_ = true;
  size_ += item.size;
  copies_ = std::min(copies_ + item.copies, kManyCopies);
  if (size_ > kMaxRegexpSize) return TooLarge(offset);
  items_.push_back(std::move(item));
  return {};
}

Built ConcatBuilder::TakeLast() {
  Built last = std::move(items_.back());
  items_.pop_back();
  size_ -= last.size;
  copies_ -= last.copies;
  return last;
}

ParseResult<Built> ConcatBuilder::Finish(std::size_t offset) && {
  Built built = BuildLeaf(RegexpKind::kConcat);
  built.size = std::max<std::uint64_t>(size_, 1);
  built.copies = std::max<std::uint64_t>(copies_, 1);
  for (Built& item : items_) {
    if (item.node.kind == RegexpKind::kEmpty) continue;
    if (item.node.kind == RegexpKind::kConcat) {
      built.depth = std::max(built.depth, item.depth);
      std::move(item.node.children.begin(), item.node.children.end(), std::back_inserter(built.node.children));
    } else {
      built.depth = std::max(built.depth, item.depth + 1);
      built.node.children.push_back(std::move(item.node));
    }
  }
  if (built.node.children.empty()) return BuildLeaf(RegexpKind::kEmpty);
  if (built.node.children.size() == 1) {
    RegexpNode only = std::move(built.node.children.front());
    built.node = std::move(only);
    --built.depth;
  }
  if (built.depth > kMaxRegexpDepth) return TooDeep(offset);
  return built;
}

bool MatchesEmpty(const RegexpNode& node) {
  switch (node.kind) {
    case RegexpKind::kClass: return false;
    case RegexpKind::kConcat: return std::all_of(node.children.begin(), node.children.end(), MatchesEmpty);
    case RegexpKind::kAlternate: return std::any_of(node.children.begin(), node.children.end(), MatchesEmpty);
    case RegexpKind::kRepeat: return node.min == 0 || MatchesEmpty(node.children.front());
    default: return true;
  }
}

ParseResult<Built> BuildAlternate(std::vector<Built> branches, std::size_t offset) {
  if (branches.size() == 1) return std::move(branches.front());
  Built built = BuildLeaf(RegexpKind::kAlternate);
  built.size = 0;
  built.copies = 0;
  for (Built& branch : branches) {
    built.size += branch.size;
    built.copies = std::min(built.copies + branch.copies, kManyCopies);
    built.depth = std::max(built.depth, branch.depth + 1);
    if (built.size > kMaxRegexpSize) return TooLarge(offset);
    built.node.children.push_back(std::move(branch.node));
  }
  if (built.depth > kMaxRegexpDepth) return TooDeep(offset);
  return built;
}

ParseResult<Built> BuildRepeat(Built item, const RepeatSpec& spec) {
  Built built = BuildLeaf(RegexpKind::kRepeat);
  built.node.min = spec.min;
  built.node.max = spec.max;
  built.node.greedy = spec.greedy;
  built.node.is_jump = spec.is_jump;
  built.depth = item.depth + 1;
  built.size = item.size;
  // Without an upper bound the last copy is a loop. All factors are below 2^32.
  const std::uint64_t rounds = std::max(spec.max == kUnbounded ? spec.min : spec.max, 1u);
  built.copies = std::min(item.copies * rounds, kManyCopies);
  if (item.node.kind != RegexpKind::kClass) built.size *= rounds;
  if (built.size > kMaxRegexpSize) return TooLarge(spec.offset);
  if (built.depth > kMaxRegexpDepth) return TooDeep(spec.offset);
  built.node.children.push_back(std::move(item.node));
  return built;
}

ByteSet WordSet() {
  ByteSet set;
  set.AddRange('a', 'z');
  set.AddRange('A', 'Z');
  set.AddRange('0', '9');
  set.Add('_');
  return set;
}

ByteSet SpaceSet() {
  ByteSet set;
  set.AddRange('\t', '\r');  // \t \n \v \f \r
  set.Add(' ');
  return set;
}

ByteSet DigitSet() {
  ByteSet set;
  set.AddRange('0', '9');
  return set;
}

std::string ShowByte(std::uint8_t byte) {
  if (byte >= 0x20 && byte < 0x7f) return std::string("`") + static_cast<char>(byte) + "`";
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string shown = "`\\x";
  shown += kHex[byte >> 4];
  shown += kHex[byte & 15];
  shown += '`';
  return shown;
}

}  // namespace dl::match
