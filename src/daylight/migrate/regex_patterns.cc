#include "daylight/migrate/regex_patterns.h"

#include <algorithm>

#include "daylight/os/path_mask.h"

namespace dl::migrate {

namespace {

constexpr std::size_t kMaxAlternatives = 64;
constexpr std::size_t kMaxElements = 256;
constexpr int kMaxDepth = 16;

struct Element {
  enum class Kind : std::uint8_t { kByte, kAny, kAnyRun, kNotSlash, kNotSlashRun, kClass, kBegin, kEnd };
  Kind kind = Kind::kByte;
  char byte = 0;
  std::string members = {};  // Of a class, as both kinds of patterns write them, without the brackets.
  bool negated = false;
  bool has_slash = false;  // A slash is one of the members.
  bool MayBeSlash() const {
    return kind == Kind::kAny || (kind == Kind::kByte && byte == '/') || (kind == Kind::kClass && has_slash != negated);
  }
  bool operator==(const Element&) const = default;
};
using Kind = Element::Kind;
using Sequence = std::vector<Element>;
using Sequences = std::vector<Sequence>;

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}
  Sequences Run() {
    Sequences all = Alternatives(0);
    if (problem_.empty() && !rest_.empty()) problem_ = "an unmatched )";
    return all;
  }
  const std::string& problem() const { return problem_; }

 private:
  void Wrong(const char* why) {
    if (problem_.empty()) problem_ = why;
  }
  bool Good(const Sequences& all) {
    if (all.size() > kMaxAlternatives) Wrong("too many alternatives");
    for (const Sequence& one : all) {
      if (one.size() > kMaxElements) Wrong("too long");
    }
    return problem_.empty();
  }

  Sequences Alternatives(int depth) {
    Sequences all;
    do {
      for (Sequence& one : Branch(depth)) all.push_back(std::move(one));
    } while (Good(all) && Take('|'));
    return all;
  }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Sequences Branch(int depth) {
    Sequences all(1);
    while (problem_.empty() && !rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      const Sequences piece = Piece(depth);
      Sequences joined;
      for (const Sequence& left : all) {
        for (const Sequence& right : piece) {
          joined.push_back(left);
          joined.back().insert(joined.back().end(), right.begin(), right.end());
        }
        if (!Good(joined)) return {};
      }
      all = std::move(joined);
    }
    return all;
  }

  Sequences Piece(int depth) {
    Sequences atom = Atom(depth);
    while (problem_.empty() && !rest_.empty()) {
      const char c = rest_.front();
      if (c == '{') Wrong("a count of repetitions");
      if (c != '*' && c != '+' && c != '?') break;
      rest_.remove_prefix(1);
      if (c == '?') {
        atom.emplace_back();
        continue;
      }
      const bool is_single = atom.size() == 1 && atom[0].size() == 1;
      const Kind kind = is_single ? atom[0][0].kind : Kind::kByte;
      if (kind != Kind::kAny && kind != Kind::kNotSlash) {
        Wrong("a repetition of something else than . or [^/]");
        break;
      }
      const Element run{.kind = kind == Kind::kAny ? Kind::kAnyRun : Kind::kNotSlashRun};
      atom = c == '*' ? Sequences{{run}} : Sequences{{atom[0][0], run}};
    }
    return atom;
  }

  Sequences Atom(int depth) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    const auto one = [](Element element) { return Sequences{{std::move(element)}}; };
    switch (c) {
      case '(': {
        if (depth >= kMaxDepth) {
          Wrong("too deep");
          return {};
        }
        if (rest_.starts_with('?')) Wrong("an extension");
        Sequences inside = Alternatives(depth + 1);
        if (problem_.empty() && !Take(')')) Wrong("an unmatched (");
        return inside;
      }
      case '.': return one({.kind = Kind::kAny});
      case '^': return one({.kind = Kind::kBegin});
      case '$': return one({.kind = Kind::kEnd});
      case '[': return Class();
      case '*':
      case '+':
      case '?':
      case '{': Wrong("a repetition of nothing"); return {};
      case '\\': break;
      default: return one({.kind = Kind::kByte, .byte = c});
    }
    if (rest_.empty()) {
      Wrong("a backslash at the end");
      return {};
    }
    const char escaped = rest_.front();
    rest_.remove_prefix(1);
    const bool is_word = (escaped >= '0' && escaped <= '9') || (escaped >= 'a' && escaped <= 'z') ||
                         (escaped >= 'A' && escaped <= 'Z') || escaped == '<' || escaped == '>' || escaped == '`' ||
                         escaped == '\'';
    if (is_word) Wrong("a backslash with a letter or a digit");
    return one({.kind = Kind::kByte, .byte = escaped});
  }

  // POSIX.1-2017, XBD 9.3.5: a backslash is itself in here.
  Sequences Class() {
    Element element{.kind = Kind::kClass};
    element.negated = Take('^');
    bool is_slash_only = true;
    for (bool start = true; !rest_.empty() && (start || rest_.front() != ']'); start = false) {
      const char low = rest_.front();
      if (low == '[' && rest_.size() > 1 && std::string_view(":.=").find(rest_[1]) != std::string_view::npos) {
        Wrong("a class of characters by its name");
        return {};
      }
      rest_.remove_prefix(1);
      char high = low;
      if (rest_.size() > 1 && rest_.front() == '-' && rest_[1] != ']') {
        high = rest_[1];
        rest_.remove_prefix(2);
      }
      if (static_cast<unsigned char>(low) >= 0x80 || static_cast<unsigned char>(high) >= 0x80 || high < low) {
        Wrong("a class of other characters than ASCII's");
        return {};
      }
      element.has_slash = element.has_slash || (low <= '/' && '/' <= high);
      is_slash_only = is_slash_only && low == '/' && high == '/';
      // A range's end cannot be escaped in os/glob.h.
      if (high != low && (high == ']' || high == '\\')) {
        Wrong("a range of characters up to a special one");
        return {};
      }
      element.members += '\\';
      element.members += low;
      if (high != low) (element.members += '-') += high;
    }
    if (!Take(']')) {
      Wrong("an unmatched [");
      return {};
    }
    if (element.negated && is_slash_only) return {{Element{.kind = Kind::kNotSlash}}};
    return {{element}};
  }

  std::string_view rest_;
  std::string problem_;
};

bool Has(const Sequence& sequence, Kind kind) {
  return std::any_of(sequence.begin(), sequence.end(), [&](const Element& e) { return e.kind == kind; });
}

// As os/glob.h has it. False when it has no way to say it.
bool ToGlob(const Sequence& sequence, std::string& out) {
  for (const Element& e : sequence) {
    switch (e.kind) {
      case Kind::kByte:
        if (std::string_view("*?[\\").find(e.byte) != std::string_view::npos) out += '\\';
        out += e.byte;
        break;
      case Kind::kAny: out += '?'; break;
      case Kind::kAnyRun: out += '*'; break;
      case Kind::kNotSlash: out += "[!/]"; break;
      case Kind::kClass: out += (e.negated ? "[!" : "[") + e.members + "]"; break;
      default: return false;
    }
  }
  // A slash there would be taken off.
  return out.size() < 2 || out.back() != '/';
}

// As os/path_mask.h has it, where one character is no byte.
bool ToMask(const Sequence& sequence, std::string& out) {
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    const Element& e = sequence[i];
    switch (e.kind) {
      case Kind::kByte: out += os::EscapeMask(std::string_view(&e.byte, 1)); break;
      case Kind::kAnyRun: out += "**"; break;
      case Kind::kNotSlashRun: out += '*'; break;
      case Kind::kNotSlash:
        // At least one byte is at least one character, but not one is one.
        if (i + 1 == sequence.size() || sequence[i + 1].kind != Kind::kNotSlashRun) return false;
        out += '?';
        break;
      case Kind::kClass:
        if (e.negated || e.has_slash) return false;
        out += "[" + e.members + "]";
        break;
      default: return false;
    }
  }
  return out.find("//") == std::string::npos && os::PathMask::Parse(out).has_value();
}

// Runs side by side are one.
Sequence Simplified(const Sequence& sequence) {
  Sequence out;
  for (const Element& e : sequence) {
    const bool is_run = e.kind == Kind::kAnyRun || e.kind == Kind::kNotSlashRun;
    if (is_run && !out.empty() && (out.back() == e || out.back().kind == Kind::kAnyRun)) continue;
    if (e.kind == Kind::kAnyRun && !out.empty() && out.back().kind == Kind::kNotSlashRun) out.pop_back();
    if (is_run && !out.empty() && out.back().kind == Kind::kAnyRun) continue;
    out.push_back(e);
  }
  return out;
}

const Element kRun{.kind = Kind::kAnyRun};
const Element kSlash{.kind = Kind::kByte, .byte = '/'};

// Paths begin with a slash, so what a pattern begins with may be said with one: both kinds
// of patterns are held against whole paths only if they have one in them. What cannot match
// any path is left out.
Sequences WithSlash(Sequence sequence) {
  sequence = Simplified(sequence);
  // Where a slash stands such a run is empty.
  if (!sequence.empty() && sequence[0].kind == Kind::kNotSlashRun) sequence.erase(sequence.begin());
  if (sequence.empty()) return {};
  if (sequence[0] == kSlash) return {sequence};
  if (sequence[0].kind != Kind::kAnyRun) {
    if (!sequence[0].MayBeSlash()) return {};
    sequence[0] = kSlash;
    return {sequence};
  }
  if (std::find(sequence.begin(), sequence.end(), kSlash) != sequence.end()) return {sequence};
  Sequences all;
  if (sequence.size() > 1 && sequence[1].MayBeSlash()) {
    Sequence first(sequence.begin() + 1, sequence.end());
    first[0] = kSlash;
    all.push_back(std::move(first));
  }
  sequence.insert(sequence.begin(), kSlash);
  all.push_back(std::move(sequence));
  return all;
}

void Put(std::vector<std::string>& list, std::string text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

// `sequence`: without anchors, against the whole path. `to_end`: it was anchored there.
bool PutPatterns(const Sequence& sequence, bool to_end, Anchors anchors, RegexPatterns& said) {
  for (const Sequence& one : WithSlash(sequence)) {
    std::string mask;
    std::string glob;
    // A folder that matches up to its end is left out with all below, which globs do.
    if (to_end && anchors == Anchors::kFolders) {
      if (!ToGlob(one, glob)) return false;
      Put(said.globs, std::move(glob));
    } else if (ToMask(one, mask)) {
      Put(said.masks, std::move(mask));
    } else if (!(to_end && anchors == Anchors::kFiles) && ToGlob(one, glob)) {
      Put(said.globs, std::move(glob));
    } else {
      return false;
    }
  }
  return true;
}

bool PutBelow(const Sequence& folder, RegexPatterns& said) {
  std::vector<std::string> masks;
  for (const Sequence& one : WithSlash(folder)) {
    std::string mask;
    if (!ToMask(one, mask)) return false;
    masks.push_back(mask + "//*");
    if (!os::PathMask::Parse(masks.back())) return false;
  }
  for (std::string& mask : masks) Put(said.masks, std::move(mask));
  return !masks.empty();
}

bool Say(Sequence sequence, bool slash_counts, Anchors anchors, RegexPatterns& said) {
  const bool from_begin = !sequence.empty() && sequence.front().kind == Kind::kBegin;
  if (from_begin) sequence.erase(sequence.begin());
  const bool to_end = !sequence.empty() && sequence.back().kind == Kind::kEnd;
  if (to_end) sequence.pop_back();
  if (Has(sequence, Kind::kBegin) || Has(sequence, Kind::kEnd)) {
    said.problem = "an anchor in the middle";
    return false;
  }
  if (!from_begin) sequence.insert(sequence.begin(), kRun);
  const bool ends_with_slash = !sequence.empty() && sequence.back() == kSlash;
  if (slash_counts && to_end) {
    said.problem = "an anchor behind a slash";
    return false;
  }
  if (slash_counts && ends_with_slash) {
    // What the folder is and what is below it: one mask says both.
    Sequence folder(sequence.begin(), sequence.end() - 1);
    if (PutBelow(folder, said)) return true;
    if (!folder.empty() && !PutPatterns(folder, true, anchors, said)) return false;
  }
  if (!to_end) sequence.push_back(kRun);
  return PutPatterns(sequence, to_end, anchors, said);
}

}  // namespace

RegexPatterns PatternsOf(std::string_view regex, Anchors anchors) {
  RegexPatterns said;
  Parser parser(regex);
  const Sequences all = parser.Run();
  said.problem = parser.problem();
  if (regex.empty()) said.problem = "an empty expression";
  const bool slash_counts = anchors == Anchors::kFolders && regex.ends_with('/');
  for (const Sequence& one : all) {
    if (!said.problem.empty()) break;
    if (!Say(one, slash_counts, anchors, said) && said.problem.empty()) {
      said.problem = "a mixture that no pattern has";
    }
  }
  if (said.problem.empty() && said.globs.empty() && said.masks.empty()) said.problem = "no absolute path matches it";
  if (!said.problem.empty()) said.globs.clear(), said.masks.clear();
  return said;
}

RegexPatterns PatternsOfPart(std::string_view literal) {
  RegexPatterns said;
  Sequence sequence{kRun};
  for (const char c : literal.substr(0, kMaxElements)) sequence.push_back({.kind = Kind::kByte, .byte = c});
  sequence.push_back(kRun);
  if (literal.empty() || literal.size() > kMaxElements || !PutPatterns(sequence, false, Anchors::kFiles, said)) {
    said.problem = "no pattern can say it";
  }
  return said;
}

}  // namespace dl::migrate
