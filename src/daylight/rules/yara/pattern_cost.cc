#include "daylight/rules/yara/pattern_cost.h"

#include <algorithm>
#include <array>
#include <optional>

namespace dl::yara {
namespace {

using match::RegexpKind;
using match::RegexpNode;

constexpr std::uint64_t kWrittenOutMax = std::uint64_t{1} << 32;
constexpr int kEnough = 4;     // More fixed bytes than this make no difference.
constexpr int kWindow = 4;     // Bytes that one look of a matcher covers.
constexpr int kMaxExpand = 8;  // Repetitions that are written out.

// One position of a pattern: a fixed byte, a byte that is not known, or a place
// where the distance is not known.
enum class Cell : std::uint8_t { kFixed, kCommon, kAny, kBreak };

bool IsCommon(std::uint8_t byte) {
  return byte == 0x00 || byte == 0x20 || byte == 0xcc || byte == 0xff || byte == 0x90;
}

// The best stretch of cells seen so far, over a window that slides.
class Window {
 public:
  void Put(Cell cell) {
    if (cell == Cell::kBreak) {
      size_ = 0;
      return;
    }
    if (size_ == kWindow) {
      std::move(cells_.begin() + 1, cells_.end(), cells_.begin());
      --size_;
    }
    cells_[static_cast<std::size_t>(size_++)] = cell;
    Measure();
  }
  int fixed() const { return best_fixed_; }
  bool only_common() const { return best_common_; }
  void Merge(int fixed, bool only_common) {
    if (fixed > best_fixed_ || (fixed == best_fixed_ && best_common_ && !only_common)) {
      best_fixed_ = fixed;
      best_common_ = only_common;
    }
  }

 private:
  void Measure() {
    // From the newest cell back, over at most one unknown byte at a time.
    int fixed = 0;
    bool common = true;
    bool gap = false;
    for (int i = size_ - 1; i >= 0; --i) {
      const Cell cell = cells_[static_cast<std::size_t>(i)];
      if (cell == Cell::kAny) {
        if (gap) break;
        gap = true;
        continue;
      }
      gap = false;
      ++fixed;
      if (cell == Cell::kFixed) common = false;
    }
    Merge(fixed, common && fixed > 0);
  }
  std::array<Cell, kWindow> cells_{};
  int size_ = 0;
  int best_fixed_ = 0;
  bool best_common_ = true;
};

class Estimator {
 public:
  explicit Estimator(bool is_hex) : is_hex_(is_hex) {}
  SearchCost Run(const RegexpNode& root) {
    Window window;
    Visit(root, window);
    SearchCost cost;
    cost.fixed_bytes = std::min(window.fixed(), kEnough);
    cost.only_common = window.only_common();
    cost.unbounded_inside = unbounded_ && unbounded_followed_;
    return cost;
  }

 private:
  void Visit(const RegexpNode& node, Window& window) {
    // Past a budget nothing more is learnt: patterns may repeat and nest.
    if (++visited_ > 100'000) return;
    switch (node.kind) {
      case RegexpKind::kClass: {
        const int count = node.set.Count();
        started_ = true;
        if (unbounded_) unbounded_followed_ = true;
        if (count == 0 || count > 2) return window.Put(Cell::kAny);
        window.Put(OnlyCommon(node.set) ? Cell::kCommon : Cell::kFixed);
        return;
      }
      case RegexpKind::kConcat:
        for (const RegexpNode& child : node.children) {
          Visit(child, window);
          // A hex string has no `.*`: once it is good, it stays so.
          if (is_hex_ && window.fixed() >= kEnough && !window.only_common()) return;
        }
        return;
      case RegexpKind::kAlternate: VisitAlternate(node, window); return;
      case RegexpKind::kRepeat: VisitRepeat(node, window); return;
      default: return;  // Assertions take no bytes.
    }
  }

  // Every branch must hold as much: the weakest counts.
  void VisitAlternate(const RegexpNode& node, Window& window) {
    std::optional<int> fixed;
    bool common = false;
    for (const RegexpNode& child : node.children) {
      Window branch = window;
      Visit(child, branch);
      if (!fixed || branch.fixed() < *fixed) fixed = branch.fixed();
      common = common || branch.only_common();
    }
    if (fixed) window.Merge(*fixed, common);
    window.Put(Cell::kBreak);
  }

  void VisitRepeat(const RegexpNode& node, Window& window) {
    const RegexpNode& child = node.children.front();
    const std::uint32_t written = std::min<std::uint32_t>(node.min, kMaxExpand);
    const bool after_something = started_;
    for (std::uint32_t i = 0; i < written; ++i) Visit(child, window);
    if (node.max != node.min || written != node.min) window.Put(Cell::kBreak);
    if (node.max == match::kUnbounded && !node.is_jump && node.greedy && after_something &&
        child.kind == RegexpKind::kClass && IsDot(child.set)) {
      unbounded_ = true;
    }
  }

  // `.`, with or without the flag `s`.
  static bool IsDot(const match::ByteSet& set) {
    return set.Count() == 256 || (set.Count() == 255 && !set.Contains('\n'));
  }

  static bool OnlyCommon(const match::ByteSet& set) {
    for (int byte = 0; byte < 256; ++byte) {
      if (set.Contains(static_cast<std::uint8_t>(byte))) return IsCommon(static_cast<std::uint8_t>(byte));
    }
    return false;
  }

  const bool is_hex_;
  int visited_ = 0;
  bool started_ = false;
  bool unbounded_ = false;
  bool unbounded_followed_ = false;
};

SearchCost OfText(const StringDefinition& string) {
  SearchCost cost;
  cost.fixed_bytes = static_cast<int>(std::min<std::size_t>(string.text.size(), kEnough));
  cost.only_common = !string.text.empty();
  for (const char c : string.text) cost.only_common = cost.only_common && IsCommon(static_cast<std::uint8_t>(c));
  // With zero bytes between, a wide string is never of one common byte only.
  if (string.wide && !string.ascii) cost.fixed_bytes = std::max(cost.fixed_bytes, 1) + (cost.fixed_bytes == 1 ? 1 : 0);
  return cost;
}

}  // namespace

std::uint64_t WrittenOut(const match::RegexpNode& node) {
  std::uint64_t size = node.kind == RegexpKind::kClass ? 1 : 0;
  for (const RegexpNode& child : node.children) size += WrittenOut(child);
  if (node.kind != RegexpKind::kRepeat || node.is_jump) return std::min(size, kWrittenOutMax);
  const std::uint64_t times = node.max == match::kUnbounded ? node.min : node.max;
  // Neither factor can wrap: size <= 2^32 here and times < 2^32.
  return std::min(size * std::max<std::uint64_t>(times, 1), kWrittenOutMax);
}

SearchCost EstimateCost(const StringDefinition& string) {
  if (string.kind == StringKind::kText) return OfText(string);
  return Estimator(string.kind == StringKind::kHex).Run(string.parsed.root);
}

}  // namespace dl::yara
