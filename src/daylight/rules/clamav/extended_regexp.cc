#include "daylight/rules/clamav/extended_regexp.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dl::clamav {

namespace {

using match::ByteSet;
using match::RegexpKind;
using match::RegexpNode;

constexpr std::uint32_t kMaxRepeat = 255;
// Each level of parentheses takes up to three of the tree.
constexpr int kMaxDepth = match::kMaxRegexpDepth / 3 - 4;

RegexpNode Leaf(RegexpKind kind) {
  RegexpNode node;
  node.kind = kind;
  return node;
}
RegexpNode Class(const ByteSet& set) {
  RegexpNode node = Leaf(RegexpKind::kClass);
  node.set = set;
  return node;
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsInClass(std::string_view name, int c) {
  const bool lower = c >= 'a' && c <= 'z';
  const bool upper = c >= 'A' && c <= 'Z';
  const bool digit = c >= '0' && c <= '9';
  const bool graph = c > ' ' && c < 0x7f;
  if (name == "alpha") return lower || upper;
  if (name == "lower") return lower;
  if (name == "upper") return upper;
  if (name == "digit") return digit;
  if (name == "alnum") return lower || upper || digit;
  if (name == "xdigit") return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  if (name == "space") return c == ' ' || (c >= '\t' && c <= '\r');
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "cntrl") return c < ' ' || c == 0x7f;
  if (name == "graph") return graph;
  if (name == "print") return graph || c == ' ';
  return graph && !lower && !upper && !digit;  // punct
}
constexpr std::array<std::string_view, 12> kClassNames{"alpha", "lower", "upper", "digit", "alnum", "xdigit",
                                                       "space", "blank", "cntrl", "graph", "print", "punct"};

// IEEE 1003.1, 9.4 and 9.3.5.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<RegexpNode> ParseAll() { return ParseAlternatives(0); }

 private:
  bool More() const { return at_ < text_.size(); }
  char Peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool Eat(char c) {
    if (!More() || Peek() != c) return false;
    ++at_;
    return true;
  }

  Result<RegexpNode> ParseAlternatives(int depth) {
    if (depth > kMaxDepth) return Fail(ErrorCode::kMalformed, "expression: nested too deeply", at_);
    std::vector<RegexpNode> choices;
    do {
      std::vector<RegexpNode> parts;
      // A ) that closes nothing is a character.
      while (More() && Peek() != '|' && (Peek() != ')' || depth == 0)) {
        DL_TRY(RegexpNode part, ParsePiece(depth));
        parts.push_back(std::move(part));
      }
      if (parts.empty()) return Fail(ErrorCode::kMalformed, "expression: something is empty", at_);
      RegexpNode choice = Leaf(RegexpKind::kConcat);
      choice.children = std::move(parts);
      choices.push_back(choice.children.size() == 1 ? RegexpNode(choice.children[0]) : std::move(choice));
    } while (Eat('|'));
    if (choices.size() == 1) return std::move(choices[0]);
    RegexpNode node = Leaf(RegexpKind::kAlternate);
    node.children = std::move(choices);
    return node;
  }

  bool IsRepetition() const {
    const char c = Peek();
    return More() && (c == '*' || c == '+' || c == '?' || (c == '{' && IsDigit(Peek(1))));
  }

  Result<RegexpNode> ParsePiece(int depth) {
    const bool is_start = Peek() == '^';
    DL_TRY(RegexpNode atom, ParseAtom(depth));
    if (!IsRepetition()) return atom;
    if (is_start) return Fail(ErrorCode::kMalformed, "expression: repetition of a place", at_);
    RegexpNode node = Leaf(RegexpKind::kRepeat);
    DL_TRY_STATUS(ParseRepetition(node));
    node.children.push_back(std::move(atom));
    if (IsRepetition()) return Fail(ErrorCode::kMalformed, "expression: repetition of a repetition", at_);
    if (node.max == 0) return Leaf(RegexpKind::kEmpty);
    return node;
  }

  Result<std::uint32_t> ParseCount() {
    std::uint32_t count = 0;
    while (IsDigit(Peek()) && count <= kMaxRepeat) count = count * 10 + static_cast<std::uint32_t>(text_[at_++] - '0');
    if (count > kMaxRepeat) return Fail(ErrorCode::kMalformed, "expression: repetition above 255", at_);
    return count;
  }

  Status ParseRepetition(RegexpNode& node) {
    const char c = text_[at_++];
    node.min = c == '+' ? 1 : 0;
    node.max = c == '?' ? 1 : match::kUnbounded;
    if (c != '{') return {};
    DL_TRY(node.min, ParseCount());
    node.max = node.min;
    if (Eat(',')) {
      node.max = match::kUnbounded;
      if (IsDigit(Peek())) {
        DL_TRY(node.max, ParseCount());
      }
    }
    if (node.max < node.min || !Eat('}')) return Fail(ErrorCode::kMalformed, "expression: braces are not {n,m}", at_);
    return {};
  }

  Result<RegexpNode> ParseAtom(int depth) {
    const char c = text_[at_++];
    switch (c) {
      case '(': {
        if (Eat(')')) return Leaf(RegexpKind::kEmpty);
        DL_TRY(RegexpNode inner, ParseAlternatives(depth + 1));
        if (!Eat(')')) return Fail(ErrorCode::kMalformed, "expression: parenthesis without an end", at_);
        return inner;
      }
      case '^': return Leaf(RegexpKind::kStart);
      case '$': return Leaf(RegexpKind::kEnd);
      case '.': return Class(ByteSet::All());
      case '[': return ParseBracket();
      case '*':
      case '+':
      case '?': return Fail(ErrorCode::kMalformed, "expression: repetition of nothing", at_);
      case '{':
        if (IsDigit(Peek())) return Fail(ErrorCode::kMalformed, "expression: repetition of nothing", at_);
        break;
      case '\\':
        if (!More()) return Fail(ErrorCode::kMalformed, "expression: ends in a backslash", at_);
        return Class(ByteSet::Single(static_cast<std::uint8_t>(text_[at_++])));
      default: break;
    }
    return Class(ByteSet::Single(static_cast<std::uint8_t>(c)));
  }

  // A byte of a bracket expression: as it is, or as [.c.] or [=c=].
  Result<std::uint8_t> ParseSymbol(char mark = '.') {
    if (!More()) return Fail(ErrorCode::kMalformed, "expression: bracket without an end", at_);
    if (Peek() != '[' || Peek(1) != mark) return static_cast<std::uint8_t>(text_[at_++]);
    if (Peek(3) != mark || Peek(4) != ']') return Fail(ErrorCode::kUnsupported, "expression: a named character", at_);
    const char c = Peek(2);
    at_ += 5;
    return static_cast<std::uint8_t>(c);
  }

  Status ParseTerm(ByteSet& set) {
    if (Peek() == '[' && Peek(1) == ':') {
      const std::size_t end = text_.find(":]", at_ + 2);
      const std::string_view name =
          end == std::string_view::npos ? std::string_view() : text_.substr(at_ + 2, end - at_ - 2);
      if (std::find(kClassNames.begin(), kClassNames.end(), name) == kClassNames.end()) {
        return Fail(ErrorCode::kMalformed, "expression: character class that is not known", at_);
      }
      at_ = end + 2;
      for (int c = 0; c < 256; ++c) {
        if (IsInClass(name, c)) set.Add(static_cast<std::uint8_t>(c));
      }
      return {};
    }
    if (Peek() == '[' && Peek(1) == '=') {
      DL_TRY(const std::uint8_t only, ParseSymbol('='));
      set.Add(only);
      return {};
    }
    if (Peek() == '-') return Fail(ErrorCode::kMalformed, "expression: range without a beginning", at_);
    DL_TRY(const std::uint8_t first, ParseSymbol());
    std::uint8_t last = first;
    if (Peek() == '-' && at_ + 1 < text_.size() && Peek(1) != ']') {
      ++at_;
      if (Eat('-')) {
        last = '-';
      } else {
        DL_TRY(last, ParseSymbol());
      }
    }
    if (first > last) return Fail(ErrorCode::kMalformed, "expression: range that ends before it begins", at_);
    set.AddRange(first, last);
    return {};
  }

  Result<RegexpNode> ParseBracket() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("[:<:]]") || rest.starts_with("[:>:]]")) {
      const bool is_start = rest[2] == '<';
      at_ += 6;
      return Leaf(is_start ? RegexpKind::kWordStart : RegexpKind::kWordEnd);
    }
    ByteSet set;
    const bool is_inverted = Eat('^');
    if (Eat(']')) {
      set.Add(']');
    } else if (Eat('-')) {
      set.Add('-');
    }
    while (More() && Peek() != ']' && !(Peek() == '-' && Peek(1) == ']')) DL_TRY_STATUS(ParseTerm(set));
    if (Eat('-')) set.Add('-');
    if (!Eat(']')) return Fail(ErrorCode::kMalformed, "expression: bracket without an end", at_);
    if (is_inverted) set.Invert();
    return Class(set);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// What the expression may end in. Nodes are shared where + repeats them.
class Endings {
 public:
  explicit Endings(std::string_view text) : text_(text) {}

  Result<std::vector<std::string>> Find() {
    DL_TRY(const std::uint32_t root, Parse(0));
    if (root == kNone) return Fail(ErrorCode::kMalformed, "expression: nothing to end in");
    std::string ending;
    if (!Walk(root, ending, kNone, 0)) return Fail(ErrorCode::kBudget, "expression: too many endings");
    for (const std::string& found : found_) {
      if (found.size() < 2) return Fail(ErrorCode::kMalformed, "expression: may end in less than two known characters");
    }
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::size_t kMaxEndings = 4096;
  static constexpr std::size_t kMaxEndingBytes = std::size_t{1} << 20;
  static constexpr int kMaxSmallClass = 16;
  enum class Kind : std::uint8_t { kConcat, kAlternate, kOptional, kByte, kClass };
  struct Node {
    Kind kind = Kind::kByte;
    std::uint32_t left = kNone;
    std::uint32_t right = kNone;
    ByteSet set;
    char byte = 0;
  };
  // What stands before, still to be walked.
  struct Rest {
    std::uint32_t node;
    std::uint32_t next;
  };

  char At(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  std::uint32_t Add(Node node) {
    nodes_.push_back(node);
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  std::uint32_t Join(std::uint32_t left, std::uint32_t right) {
    if (left == kNone) return right;
    if (right == kNone) return left;
    return Add({Kind::kConcat, left, right, {}, 0});
  }

  Result<std::uint32_t> Parse(int depth) {
    if (depth > kMaxDepth * 4) return Fail(ErrorCode::kBudget, "expression: too many alternatives");
    std::uint32_t node = kNone;
    while (at_ < text_.size() && text_[at_] != '$') {
      const char c = text_[at_];
      if (c == ')') return node;
      ++at_;
      if (c == '|') {
        DL_TRY(const std::uint32_t right, Parse(depth + 1));
        node = Add({Kind::kAlternate, node, right, {}, 0});
      } else if (c == '*' || c == '?') {
        node = Add({Kind::kOptional, node, kNone, {}, 0});
      } else if (c == '+') {
        node = Join(Add({Kind::kOptional, node, kNone, {}, 0}), node);
      } else if (c == '(') {
        DL_TRY(const std::uint32_t inner, Parse(depth + 1));
        if (inner == kNone) return Fail(ErrorCode::kMalformed, "expression: nothing in parentheses", at_);
        ++at_;
        node = Join(node, inner);
      } else if (c == '.') {
        node = Join(node, Add({Kind::kClass, kNone, kNone, ByteSet::All(), 0}));
      } else if (c == '[') {
        DL_TRY(const ByteSet set, ParseClass());
        node = Join(node, Add({Kind::kClass, kNone, kNone, set, 0}));
      } else {
        if (c == '\\' && at_ >= text_.size()) break;
        node = Join(node, Add({Kind::kByte, kNone, kNone, {}, c == '\\' ? text_[at_++] : c}));
      }
    }
    return node;
  }

  static void Flip(ByteSet& set, std::uint8_t byte) {
    if (set.Contains(byte)) {
      set.Remove(byte);
    } else {
      set.Add(byte);
    }
  }

  // Up to the first ] after the first character, whatever stands in between.
  Result<ByteSet> ParseClass() {
    ByteSet set;
    if (At(at_) == '^') {
      set = ByteSet::All();
      ++at_;
    }
    bool has_first = false;
    std::uint8_t first = 0;
    do {
      if (at_ >= text_.size()) return Fail(ErrorCode::kMalformed, "expression: bracket without an end", at_);
      if (text_[at_] == '-' && has_first) {
        ++at_;
        const auto last = static_cast<std::uint8_t>(At(at_));
        for (int c = first + 1; c <= last; ++c) Flip(set, static_cast<std::uint8_t>(c));
        has_first = false;
      } else {
        first = static_cast<std::uint8_t>(text_[at_++]);
        Flip(set, first);
        has_first = true;
      }
    } while (At(at_) != ']');
    ++at_;
    return set;
  }

  bool Emit(const std::string& ending) {
    bytes_ += ending.size();
    if (found_.size() >= kMaxEndings || bytes_ > kMaxEndingBytes) return false;
    found_.push_back(ending);
    return true;
  }

  // Walks back from the end of `node`, then through `rest`.
  bool Walk(std::uint32_t node, std::string& ending, std::uint32_t rest, std::size_t depth) {
    if (depth > kMaxEndings) return false;
    const std::size_t mark = rests_.size();
    const std::size_t length = ending.size();
    const bool good = WalkOne(node, ending, rest, depth);
    rests_.resize(mark);
    ending.resize(length);
    return good;
  }

  bool WalkOne(std::uint32_t node, std::string& ending, std::uint32_t rest, std::size_t depth) {
    for (;;) {
      if (node == kNone) return true;
      const Node& here = nodes_[node];
      if (here.kind == Kind::kConcat) {
        rests_.push_back({here.left, rest});
        rest = static_cast<std::uint32_t>(rests_.size() - 1);
        node = here.right;
        continue;
      }
      if (here.kind == Kind::kOptional) return Emit(ending);
      if (here.kind == Kind::kAlternate) {
        return Walk(here.left, ending, rest, depth + 1) && Walk(here.right, ending, rest, depth + 1);
      }
      if (here.kind == Kind::kClass) {
        if (here.set.Count() - (here.set.Contains(255) ? 1 : 0) > kMaxSmallClass) return Emit(ending);
        for (int c = 0; c < 255; ++c) {
          if (!here.set.Contains(static_cast<std::uint8_t>(c))) continue;
          ending.push_back(static_cast<char>(c));
          const bool good =
              rest == kNone ? Emit(ending) : Walk(rests_[rest].node, ending, rests_[rest].next, depth + 1);
          ending.pop_back();
          if (!good) return false;
        }
        return true;
      }
      ending.push_back(here.byte);
      if (rest == kNone) return Emit(ending);
      node = rests_[rest].node;
      rest = rests_[rest].next;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Node> nodes_;
  std::vector<Rest> rests_;
  std::vector<std::string> found_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<match::ParsedRegexp> ParseExtendedRegexp(std::string_view text) {
  DL_TRY(RegexpNode root, Parser(text).ParseAll());
  match::ParsedRegexp parsed;
  parsed.root = std::move(root);
  parsed.greedy = true;
  return parsed;
}

Result<std::vector<std::string>> EndingsOf(std::string_view text) { return Endings(text).Find(); }

}  // namespace dl::clamav
