// Assignments of a shell (maldet's conf.maldet), by the rules of POSIX.1-2017, XCU 2.2 and 2.6,
// as far as they need nothing to be run: quotes, `\`, and variables that were assigned before
// in this file. Nothing is executed. What depends on a condition, or has a command's output
// in it, is a problem.
#include <algorithm>
#include <map>

#include "daylight/extract/settings/readers.h"

namespace dl::extract {

namespace {

constexpr std::size_t kMaxVariables = 20'000;

class Parser {
 public:
  Parser(std::string_view text, Collector& collector) : text_(text), collector_(collector) {}

  void Run() {
    while (!collector_.full() && !AtEnd()) {
      SkipBlanks();
      if (AtEnd()) return;
      const char c = Peek();
      if (c == '\n' || c == ';') {
        Advance();
      } else if (c == '#') {
        SkipLine();
      } else {
        Statement();
      }
    }
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void Advance() {
    if (text_[at_++] == '\n') ++line_;
  }
  void SkipBlanks() {
    while (!AtEnd()) {
      if (Peek() == '\\' && Peek(1) == '\n') {
        Advance();
        Advance();
      } else if (IsBlank(Peek()) || Peek() == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }
  // Up to the line's end, which stays.
  void SkipLine() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  std::string_view TakeName() {
    const std::size_t start = at_;
    if (!AtEnd() && IsNameStart(Peek())) {
      while (!AtEnd() && IsNameByte(Peek())) ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  void Statement() {
    const std::uint32_t line = line_;
    std::string_view name = TakeName();
    if (name == "export" && IsBlank(Peek())) {
      SkipBlanks();
      name = TakeName();
    }
    if (name.empty() || Peek() != '=') {
      Block(name);
      collector_.Problem(line, "not an assignment; nothing is ever executed");
      return SkipCommand();
    }
    Advance();
    std::string value;
    why_ = "";
    Value(value);
    if (*why_ == '\0') {
      SkipBlanks();
      const char next = AtEnd() ? '\n' : Peek();
      // Else it is what one command would see.
      if (next != '\n' && next != ';' && next != '#')
        why_ = "more behind the value: a command with a variable of its own";
      if (next == '#' && !IsBlank(text_[at_ - 1])) why_ = "more behind the value";
    }
    if (*why_ != '\0') {
      // Whoever refers to it does not know its value.
      variables_.erase(std::string(name));
      collector_.Problem(line, std::string(name) + ": " + why_);
      return SkipCommand();
    }
    if (depth_ > 0) {
      variables_.erase(std::string(name));
      return collector_.Problem(line, std::string(name) + ": depends on a condition");
    }
    if (variables_.size() < kMaxVariables && value.size() <= kMaxSettingBytes) variables_[std::string(name)] = value;
    collector_.Add({}, name, std::move(value), line);
  }

  // Words that open and close what may or may not be run.
  void Block(std::string_view word) {
    if (word == "if" || word == "for" || word == "while" || word == "until" || word == "case") ++depth_;
    if ((word == "fi" || word == "done" || word == "esac") && depth_ > 0) --depth_;
    if (word == "function" || (!word.empty() && Peek() == '(')) ++depth_;
    if (word.empty() && Peek() == '{') ++depth_;
    if (word.empty() && Peek() == '}' && depth_ > 0) --depth_;
  }

  // Past the rest of a command that is not understood, with all its quotes.
  void SkipCommand() {
    while (!AtEnd() && Peek() != '\n') {
      const char c = Peek();
      if (c == '\\' && at_ + 1 < text_.size()) {
        Advance();
        Advance();
      } else if (c == '\'' || c == '"') {
        SkipQuoted(c);
      } else if (c == '#' && at_ > 0 && IsBlank(text_[at_ - 1])) {
        return SkipLine();
      } else if (c == ';') {
        // "then" and the like are commands of their own here.
        Advance();
        SkipBlanks();
        Block(TakeName());
      } else {
        Advance();
      }
    }
  }
  void SkipQuoted(char mark) {
    Advance();
    while (!AtEnd() && Peek() != mark) {
      if (mark == '"' && Peek() == '\\' && at_ + 1 < text_.size()) Advance();
      Advance();
    }
    if (!AtEnd()) Advance();
  }

  void Put(std::string& value, std::string_view text) {
    if (value.size() + text.size() > kMaxSettingBytes) {
      why_ = "longer than any setting is";
    } else {
      value += text;
    }
  }

  void Value(std::string& value) {
    while (!AtEnd() && *why_ == '\0') {
      const char c = Peek();
      if (IsBlank(c) || c == '\n' || c == ';' || c == '\r') return;
      if (c == '\'') {
        SingleQuoted(value);
      } else if (c == '"') {
        DoubleQuoted(value);
      } else if (c == '\\') {
        Advance();
        if (AtEnd()) return;
        if (Peek() != '\n') Put(value, text_.substr(at_, 1));
        Advance();
      } else if (c == '$' || c == '`') {
        Expand(value);
      } else if (std::string_view("&|<>()").find(c) != std::string_view::npos) {
        why_ = "an operator of the shell";
      } else if (c == '~' && value.empty()) {
        why_ = "a home folder, which is not known";
      } else {
        Put(value, text_.substr(at_, 1));
        Advance();
      }
    }
  }

  void SingleQuoted(std::string& value) {
    const std::size_t end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) return Unclosed();
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    Put(value, inside);
    while (at_ <= end) Advance();
  }

  void DoubleQuoted(std::string& value) {
    Advance();
    while (!AtEnd() && *why_ == '\0') {
      const char c = Peek();
      if (c == '"') return Advance();
      if (c == '$' || c == '`') {
        Expand(value);
        continue;
      }
      if (c == '\\' && std::string_view("$`\"\\\n").find(Peek(1)) != std::string_view::npos && Peek(1) != '\0') {
        Advance();
        if (Peek() == '\n') {
          Advance();
          continue;
        }
      }
      Put(value, text_.substr(at_, 1));
      Advance();
    }
    if (*why_ == '\0') return Unclosed();
    // Not in the middle of it: what follows would be taken for something else.
    while (!AtEnd() && Peek() != '"') {
      if (Peek() == '\\' && at_ + 1 < text_.size()) Advance();
      Advance();
    }
    if (!AtEnd()) Advance();
  }

  void Unclosed() {
    why_ = "a quotation mark without its other half";
    while (!AtEnd()) Advance();
  }

  void Expand(std::string& value) {
    if (Peek() == '`' || Peek(1) == '(') {
      why_ = "has a command's output in it, and nothing is ever executed";
      return;
    }
    Advance();
    const bool braced = Peek() == '{';
    if (braced) Advance();
    const std::string_view name = TakeName();
    if (name.empty() && !braced && (AtEnd() || IsBlank(Peek()) || Peek() == '"' || Peek() == '\n')) {
      return Put(value, "$");  // A dollar sign alone is one.
    }
    if (name.empty() || (braced && Peek() != '}')) {
      why_ = "an expansion that is not understood";
      return;
    }
    if (braced) Advance();
    const auto found = variables_.find(std::string(name));
    if (found == variables_.end()) {
      why_ = "refers to a variable that is not assigned before in this file";
      return;
    }
    // In an assignment no words are split, quoted or not.
    Put(value, found->second);
  }

  std::string_view text_;
  Collector& collector_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  unsigned depth_ = 0;
  const char* why_ = "";
  std::map<std::string, std::string> variables_;
};

}  // namespace

void ReadShell(std::string_view text, Collector& collector) { Parser(text, collector).Run(); }

}  // namespace dl::extract
