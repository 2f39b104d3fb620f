#include "daylight/rules/clamav/triggers.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "daylight/match/byte_costs.h"
#include "daylight/rules/clamav/expression.h"

namespace dl::clamav {

namespace {

// The matcher compares this much at once; more of a text would only cost space.
constexpr std::size_t kMaxTriggerBytes = 24;
// More than this many texts for one signature: it is a candidate always.
constexpr std::size_t kMaxTriggers = 64;

struct Text {
  std::string bytes;
  bool is_nocase = false;
  std::uint32_t rarity = 0;  // The rarest window's, in eighths of a bit.
};
struct Cover {
  std::vector<Text> texts;
  std::uint32_t rarity = 0;  // Of the most common of them, less what their number costs.
};
using MaybeCover = std::optional<Cover>;

bool IsLetter(const Token& token) {
  return token.byte.mask == 0xdf && token.byte.value >= 'A' && token.byte.value <= 'Z';
}
bool IsFixed(const Token& token) {
  return token.kind == TokenKind::kByte && (token.byte.mask == 0xff || IsLetter(token));
}

// How rare the rarest four bytes (or all, when fewer) of a text are, and where.
std::uint32_t Rarity(std::string_view bytes, std::size_t& at) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::size_t length = std::min<std::size_t>(bytes.size(), 4);
  at = 0;
  std::uint32_t best = 0;
  for (std::size_t i = 0; length > 0 && i + length <= bytes.size(); ++i) {
    std::uint32_t window = 0;
    for (std::size_t j = 0; j < length; ++j) window |= std::uint32_t{match::Fold(data[i + j])} << (8 * j);
    const std::uint32_t bits = match::FoldedWindowBits(window, length);
    if (length < 4) return bits * 3 / 4;
    if (bits > best) {
      best = bits;
      at = i;
    }
  }
  // Longer texts are rarer, too, once their window is there.
  return best + static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), 12) - 4) * 4;
}

// The rarest fixed text of a pattern.
std::optional<Text> RarestText(const Pattern& pattern) {
  std::optional<Text> best;
  for (const Part& part : pattern.parts) {
    for (std::size_t i = 0; i < part.tokens.size();) {
      if (!IsFixed(part.tokens[i])) {
        ++i;
        continue;
      }
      Text text;
      // A run may mix bytes of one case with letters of either: all count as either.
      for (; i < part.tokens.size() && IsFixed(part.tokens[i]); ++i) {
        text.bytes.push_back(static_cast<char>(part.tokens[i].byte.value));
        text.is_nocase = text.is_nocase || part.tokens[i].byte.mask != 0xff;
      }
      std::size_t at = 0;
      text.rarity = Rarity(text.bytes, at);
      if (text.bytes.size() > kMaxTriggerBytes) {
        const std::size_t before = std::min(at, (kMaxTriggerBytes - 4) / 2);
        text.bytes = text.bytes.substr(std::min(at - before, text.bytes.size() - kMaxTriggerBytes), kMaxTriggerBytes);
      }
      if (!best || text.rarity > best->rarity) best = std::move(text);
    }
  }
  return best;
}

std::uint32_t RarityOf(const std::vector<Text>& texts) {
  std::uint32_t least = 0xffffffff;
  for (const Text& text : texts) least = std::min(least, text.rarity);
  // Twice as many cost one bit.
  std::uint32_t bits = 0;
  for (std::size_t n = texts.size(); n > 1; n /= 2) bits += 8;
  return least > bits ? least - bits : 0;
}

// What holds only if both do: the rarer of the two.
MaybeCover Both(MaybeCover left, MaybeCover right) {
  if (!left || (right && right->rarity > left->rarity)) return right;
  return left;
}

// What holds if either does: all texts.
MaybeCover Either(MaybeCover left, MaybeCover right) {
  if (!left || !right || left->texts.size() + right->texts.size() > kMaxTriggers) return std::nullopt;
  left->texts.insert(left->texts.end(), std::make_move_iterator(right->texts.begin()),
                     std::make_move_iterator(right->texts.end()));
  left->rarity = RarityOf(left->texts);
  return left;
}

class Chooser {
 public:
  explicit Chooser(const LogicalSignature& signature) : signature_(signature), known_(signature.subsignatures.size()) {}

  MaybeCover Of(const Expression& expression) {
    std::vector<MaybeCover> stack;
    for (const Expression::Node& node : expression.nodes()) {
      MaybeCover cover;
      if (node.op == 0) {
        cover = OfSubsignature(node.id);
      } else {
        MaybeCover right = std::move(stack.back());
        stack.pop_back();
        MaybeCover left = std::move(stack.back());
        stack.pop_back();
        cover = node.op == '&' ? Both(std::move(left), std::move(right)) : Either(std::move(left), std::move(right));
      }
      // "=0" and "<n" hold also without a match.
      if (node.comparison == '<' || (node.comparison == '=' && node.value == 0)) cover.reset();
      stack.push_back(std::move(cover));
    }
    return std::move(stack.back());
  }

 private:
  // Each is asked once, whatever refers to it: expressions in expressions would
  // otherwise multiply. What refers to itself has no cover.
  MaybeCover OfSubsignature(std::uint32_t id) {
    if (id >= known_.size()) return std::nullopt;
    if (!known_[id]) {
      known_[id].emplace();
      known_[id] = Find(signature_.subsignatures[id], id);
    }
    return *known_[id];
  }

  MaybeCover Find(const Subsignature& sub, std::uint32_t id) {
    switch (sub.kind) {
      case Subsignature::Kind::kBody: return OfBody(sub.body);
      case Subsignature::Kind::kMacro: return id == 0 ? std::nullopt : OfSubsignature(id - 1);
      case Subsignature::Kind::kByteCompare: return OfSubsignature(sub.byte_compare.reference);
      case Subsignature::Kind::kRegexp: {
        const auto trigger = Expression::Parse(sub.regexp.trigger);
        return trigger ? Of(*trigger) : std::nullopt;
      }
      case Subsignature::Kind::kImageHash: return std::nullopt;
    }
    return std::nullopt;
  }

  static MaybeCover OfBody(const BodySubsignature& body) {
    Cover cover;
    for (const Pattern& pattern : body.patterns) {
      auto text = RarestText(pattern);
      if (!text) return std::nullopt;
      cover.texts.push_back(std::move(*text));
    }
    if (cover.texts.empty()) return std::nullopt;
    cover.rarity = RarityOf(cover.texts);
    return cover;
  }

  const LogicalSignature& signature_;
  std::vector<std::optional<MaybeCover>> known_;  // By id; absent: not asked yet.
};

}  // namespace

std::vector<match::Pattern> ChooseTriggers(const LogicalSignature& signature, std::uint32_t group) {
  std::vector<match::Pattern> triggers;
  const auto expression = Expression::Parse(signature.expression);
  if (!expression) return triggers;
  const auto cover = Chooser(signature).Of(*expression);
  if (!cover) return triggers;
  for (const Text& text : cover->texts) {
    match::Pattern pattern;
    pattern.text = text.bytes;
    pattern.nocase = text.is_nocase;
    pattern.first_match_only = true;
    pattern.group = group;
    triggers.push_back(std::move(pattern));
  }
  return triggers;
}

}  // namespace dl::clamav
