// Patterns and objects made from a stream of bytes, for differential tests and
// fuzz targets: whatever the bytes are, the pattern is a valid one.
//
//   ByteFeed feed(bytes);
//   const Pattern pattern = MakePattern(feed);
//   const std::string object = MakeObject(feed, 200);
#pragma once

#include <random>
#include <string>

#include "daylight/match/pattern.h"

namespace dl::match {

// Bytes one after the other; zeros when they have run out.
class ByteFeed {
 public:
  explicit ByteFeed(std::string_view bytes) : bytes_(bytes) {}
  unsigned Next() { return at_ < bytes_.size() ? static_cast<unsigned char>(bytes_[at_++]) : 0; }
  unsigned Below(unsigned n) { return Next() % n; }
  bool OneIn(unsigned n) { return Next() % n == n - 1; }
  bool empty() const { return at_ >= bytes_.size(); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

// What a ByteFeed can be made of.
inline std::string RandomBytes(std::mt19937& rng, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(rng() & 0xff);
  return bytes;
}

// The source of an expression, lazy throughout or greedy throughout.
class ExpressionWriter {
 public:
  ExpressionWriter(ByteFeed& feed, bool lazy) : feed_(feed), lazy_(lazy) {}

  std::string Alternation(int depth) {
    std::string out = Sequence(depth);
    while (feed_.OneIn(5)) out += "|" + Sequence(depth);
    return out;
  }

 private:
  std::string Sequence(int depth) {
    std::string out;
    for (unsigned n = 1 + feed_.Below(4); n > 0; --n) out += Item(depth);
    return out;
  }
  std::string Item(int depth) {
    static constexpr const char* kLeaves[] = {"a",    "b",   "c",   "ab",     "abc",   "bca", ".",     "[ab]",
                                              "[^a]", "\\w", "\\s", "[a-c ]", "cabca", " ",   "\\x00", "[\\x00a]"};
    static constexpr const char* kAssertions[] = {"\\b", "\\B", "^", "$"};
    const unsigned kind = feed_.Below(24);
    if (kind == 23) return kAssertions[feed_.Below(4)];
    std::string out;
    if (kind >= 18 && depth > 0) {
      out = "(" + Alternation(depth - 1) + ")";
    } else {
      out = kLeaves[feed_.Below(16)];
    }
    return feed_.OneIn(3) ? out + Quantifier() : out;
  }
  std::string Quantifier() {
    std::string out;
    const unsigned low = feed_.Below(12);
    switch (feed_.Below(6)) {
      case 0: out = "*"; break;
      case 1: out = "+"; break;
      case 2: out = "?"; break;
      case 3: out = "{" + std::to_string(low + 1) + "}"; return out;
      case 4: out = "{" + std::to_string(low) + "," + std::to_string(low + 1 + feed_.Below(12)) + "}"; break;
      default: out = "{" + std::to_string(low) + ",}"; break;
    }
    return lazy_ ? out + "?" : out;
  }
  ByteFeed& feed_;
  bool lazy_;
};

inline std::string MakeHexSource(ByteFeed& feed, int depth) {
  static constexpr const char* kTokens[] = {"61", "62", "63", "61 62 63", "??", "6?", "?2", "~61", "20", "00", "63 61"};
  std::string out = kTokens[feed.Below(11)];
  for (unsigned n = feed.Below(6); n > 0; --n) {
    const unsigned kind = feed.Below(10);
    if (kind < 3) {
      const unsigned low = feed.Below(6);
      const unsigned far = feed.OneIn(6) ? 250 : feed.Below(6);
      out += " [" + std::to_string(low) + "-" + (feed.OneIn(8) ? "" : std::to_string(low + far + 1)) + "]";
    } else if (kind == 3 && depth > 0) {
      out += " (" + MakeHexSource(feed, 0);
      for (unsigned more = 1 + feed.Below(2); more > 0; --more) out += std::string(" | ") + kTokens[feed.Below(11)];
      out += ")";
    }
    out += std::string(" ") + kTokens[feed.Below(11)];
  }
  return out;
}

// `source`: becomes what the expression was parsed from.
inline Pattern MakePattern(ByteFeed& feed, std::string* source = nullptr) {
  Pattern pattern;
  const unsigned kind = feed.Below(4);
  pattern.dialect = feed.OneIn(4) ? Dialect::kYaraX : Dialect::kYara;
  pattern.first_match_only = feed.OneIn(4);
  if (kind == 3) {
    for (unsigned n = 1 + feed.Below(8); n > 0; --n) pattern.text += "abcA \0\x01z"[feed.Below(8)];
    const unsigned form = feed.Below(8);
    pattern.wide = (feed.Next() & 1) != 0;
    pattern.ascii = !pattern.wide || feed.OneIn(2);
    if (form == 7) {
      pattern.base64 = true;
      pattern.base64wide = feed.OneIn(2);
    } else if (form == 6) {
      pattern.is_xor = true;
      pattern.xor_min = static_cast<std::uint8_t>(feed.Next());
      pattern.xor_max = static_cast<std::uint8_t>(pattern.xor_min + feed.Below(256u - pattern.xor_min));
      pattern.fullword = feed.OneIn(4);
    } else {
      pattern.nocase = form == 5 || form == 4;
      pattern.fullword = feed.OneIn(3);
    }
    return pattern;
  }
  pattern.is_text = false;
  if (kind == 2) {
    const std::string text = MakeHexSource(feed, 1);
    if (source != nullptr) *source = "{" + text + "}";
    if (auto parsed = ParseHexString(text, pattern.dialect)) pattern.expression = std::move(*parsed);
    return pattern;
  }
  RegexpOptions options;
  options.nocase = feed.OneIn(4);
  options.dot_all = feed.OneIn(2);
  options.dialect = pattern.dialect;
  pattern.wide = feed.OneIn(3);
  pattern.ascii = !pattern.wide || feed.OneIn(2);
  pattern.fullword = feed.OneIn(6);
  ExpressionWriter writer(feed, feed.OneIn(2));
  const std::string text = writer.Alternation(2);
  if (source != nullptr) *source = "/" + text + "/";
  if (auto parsed = ParseRegexp(text, options)) pattern.expression = std::move(*parsed);
  return pattern;
}

// What MakePattern made, for messages.
inline std::string DescribePattern(const Pattern& pattern) {
  std::string out = pattern.is_text ? "text '" + pattern.text + "'" : "expression";
  const auto flag = [&](bool is_set, const char* name) { out += is_set ? std::string(" ") + name : ""; };
  flag(pattern.ascii, "ascii");
  flag(pattern.wide, "wide");
  flag(pattern.nocase, "nocase");
  flag(pattern.fullword, "fullword");
  flag(pattern.is_xor, "xor");
  flag(pattern.base64, "base64");
  flag(pattern.base64wide, "base64wide");
  flag(pattern.dialect == Dialect::kYaraX, "yara-x");
  flag(pattern.first_match_only, "first");
  return out;
}

// Up to `max_size` bytes out of few letters, some of them wide.
inline std::string MakeObject(ByteFeed& feed, std::size_t max_size) {
  std::string object;
  while (!feed.empty() && object.size() < max_size) {
    const unsigned kind = feed.Next();
    static constexpr const char* kWords[] = {"abc", "bca", "cabca", "ab", "aaaaaaaa", " ", "\n", "Z"};
    if (kind < 96) {
      object += "abc"[kind % 3];
    } else if (kind < 160) {
      object += kWords[kind % 8];
    } else if (kind < 224) {
      for (const char* c = kWords[kind % 8]; *c != '\0'; ++c) object += std::string{*c, '\0'};
    } else if (kind < 240) {
      object += std::string(kind % 16, static_cast<char>("abc\0"[feed.Below(4)]));
    } else {
      object += static_cast<char>(feed.Next());
    }
  }
  return object;
}

}  // namespace dl::match
