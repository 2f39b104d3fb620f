#include "assemble.h"

#include <cctype>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>

namespace dl::testing {

namespace {

struct Token {
  std::string text;
  bool quoted = false;
  std::size_t line = 0;
};

struct Label {
  std::uint64_t offset = 0;
  std::uint64_t rva = 0;
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<Token> Split(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++i;
    } else if (c == '#') {
      while (i < text.size() && text[i] != '\n') ++i;
    } else if (c == '"') {
      Token token{{}, true, line};
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] != '\\' || i + 1 >= text.size()) {
          token.text += text[i];
          continue;
        }
        const char escape = text[++i];
        if (escape == 'x' && i + 2 < text.size()) {
          token.text += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
          i += 2;
        } else {
          token.text += escape == '0' ? '\0' : escape == 'n' ? '\n' : escape;
        }
      }
      ++i;
      tokens.push_back(std::move(token));
    } else {
      Token token{{}, false, line};
      while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i])) == 0 && text[i] != '#') {
        token.text += text[i++];
      }
      tokens.push_back(std::move(token));
    }
  }
  return tokens;
}

// Two passes over the tokens: the first finds the labels, the second writes.
class Assembler {
 public:
  explicit Assembler(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Assembled Run() {
    for (last_pass_ = false;; last_pass_ = true) {
      bytes_.clear();
      map_offset_ = map_rva_ = 0;
      for (next_ = 0; next_ < tokens_.size() && error_.empty();) Statement();
      if (!error_.empty() || last_pass_) break;
    }
    return {error_.empty() ? bytes_ : std::vector<std::byte>{}, error_};
  }

 private:
  void Statement() {
    const Token& word = tokens_[next_++];
    if (word.text == "u8") return Numbers(1);
    if (word.text == "u16") return Numbers(2);
    if (word.text == "u32") return Numbers(4);
    if (word.text == "u64") return Numbers(8);
    if (next_ >= tokens_.size()) return Error(word, "nothing after " + word.text);
    const Token& argument = tokens_[next_++];
    if (word.text == "ascii" || word.text == "utf16") return Text(argument, word.text == "utf16");
    if (word.text == "label") {
      if (!last_pass_ && !labels_.emplace(argument.text, Label{bytes_.size(), Rva(bytes_.size())}).second) {
        Error(argument, "label twice: " + argument.text);
      }
      return;
    }
    const auto value = Evaluate(argument);
    if (!value) return;
    if (word.text == "zero") return Pad(argument, bytes_.size() + *value);
    if (word.text == "at") return Pad(argument, *value);
    if (word.text == "align") return Pad(argument, *value == 0 ? 0 : (bytes_.size() + *value - 1) / *value * *value);
    if (word.text == "map") {
      map_offset_ = bytes_.size();
      map_rva_ = *value;
      return;
    }
    Error(word, "unknown statement: " + word.text);
  }

  void Numbers(unsigned size) {
    while (next_ < tokens_.size() && IsValue(tokens_[next_])) {
      const auto value = Evaluate(tokens_[next_++]);
      for (unsigned i = 0; value && i < size; ++i) bytes_.push_back(static_cast<std::byte>((*value >> (8 * i)) & 0xff));
    }
  }

  void Text(const Token& token, bool wide) {
    if (!token.quoted) return Error(token, "text needs quotes");
    for (const char c : token.text) {
      bytes_.push_back(static_cast<std::byte>(c));
      if (wide) bytes_.push_back(std::byte{0});
    }
  }

  void Pad(const Token& token, std::uint64_t end) {
    constexpr std::uint64_t kLimit = 1u << 24;
    if (end < bytes_.size() || end > kLimit) return Error(token, "already past " + token.text);
    bytes_.resize(static_cast<std::size_t>(end));
  }

  static bool IsValue(const Token& token) {
    static const char* const kStatements[] = {"u8",    "u16",  "u32", "u64",   "ascii", "utf16",
                                              "label", "zero", "at",  "align", "map"};
    if (token.quoted) return false;
    for (const char* statement : kStatements) {
      if (token.text == statement) return false;
    }
    return true;
  }

  std::optional<std::uint64_t> Evaluate(const Token& token) {
    std::uint64_t sum = 0;
    const std::string& text = token.text;
    for (std::size_t begin = 0; begin < text.size();) {
      const bool minus = text[begin] == '-';
      if (text[begin] == '-' || text[begin] == '+') ++begin;
      std::size_t end = text.find_first_of("+-", begin);
      if (end == std::string::npos) end = text.size();
      const auto term = Term(text.substr(begin, end - begin));
      if (!term) {
        Error(token, "no such label or number: " + text);
        return std::nullopt;
      }
      sum = minus ? sum - *term : sum + *term;
      begin = end;
    }
    return sum;
  }

  std::optional<std::uint64_t> Term(const std::string& text) const {
    if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
      const bool hex = text.starts_with("0x");
      std::uint64_t value = 0;
      const char* begin = text.data() + (hex ? 2 : 0);
      const char* end = text.data() + text.size();
      const auto result = std::from_chars(begin, end, value, hex ? 16 : 10);
      if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
      return value;
    }
    const bool rva = text.starts_with("rva:");
    const auto label = labels_.find(rva ? text.substr(4) : text);
    if (label != labels_.end()) return rva ? label->second.rva : label->second.offset;
    if (!last_pass_) return 0;  // Perhaps it comes later.
    return std::nullopt;
  }

  std::uint64_t Rva(std::uint64_t offset) const { return offset - map_offset_ + map_rva_; }

  void Error(const Token& token, const std::string& what) {
    if (error_.empty()) error_ = "line " + std::to_string(token.line) + ": " + what;
  }

  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  bool last_pass_ = false;
  std::vector<std::byte> bytes_;
  std::map<std::string, Label> labels_;
  std::uint64_t map_offset_ = 0;
  std::uint64_t map_rva_ = 0;
  std::string error_;
};

}  // namespace

Assembled AssembleText(std::string_view text) { return Assembler(Split(text)).Run(); }

Assembled AssembleHex(std::string_view text) {
  Assembled result;
  for (const Token& token : Split(text)) {
    for (std::size_t i = 0; i < token.text.size(); i += 2) {
      const int high = HexDigit(token.text[i]);
      const int low = i + 1 < token.text.size() ? HexDigit(token.text[i + 1]) : -1;
      if (high < 0 || low < 0) {
        return {{}, "line " + std::to_string(token.line) + ": not hexadecimal: " + token.text};
      }
      result.bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
  }
  return result;
}

}  // namespace dl::testing
