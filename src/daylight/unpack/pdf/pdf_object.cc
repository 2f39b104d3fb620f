#include "daylight/unpack/pdf/pdf_object.h"

#include <algorithm>

namespace dl::unpack::pdf {

namespace {

bool IsDelimiter(char c) { return std::string_view("()<>[]{}/%").find(c) != std::string_view::npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What ends an object that was not closed before.
bool EndsObject(const Value& keyword) {
  return keyword.Is(Value::Kind::kKeyword) &&
         (keyword.text == "endobj" || keyword.text == "stream" || keyword.text == "obj" || keyword.text == "endstream");
}

}  // namespace

bool IsRegular(char c) { return !IsSpace(c) && !IsDelimiter(c); }

const Value* Value::Find(std::string_view key) const {
  if (kind != Kind::kDictionary) return nullptr;
  for (std::size_t i = items.size() / 2; i > 0; --i) {
    if (items[2 * i - 2].text == key) return &items[2 * i - 1];
  }
  return nullptr;
}

void Parser::SkipSpace() {
  while (!AtEnd()) {
    if (IsSpace(text_[at_])) {
      ++at_;
    } else if (text_[at_] == '%') {
      while (!AtEnd() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    } else {
      return;
    }
  }
}

Value Parser::ReadValue() {
  ends_object_ = false;
  const std::size_t begin = at_;
  Value value = Read(0);
  if (!work_.Charge(at_ - begin + 16)) is_damaged_ = is_too_large_ = true;
  return value;
}

Value Parser::Read(int depth) {
  SkipSpace();
  Value value;
  if (AtEnd()) {
    is_damaged_ = true;
    return value;
  }
  ++values_;
  const char c = text_[at_];
  if (IsDigit(c) || c == '+' || c == '-' || c == '.') return ReadNumberOrReference();
  if (c == '/') return ReadName();
  if (c == '(') return ReadLiteral();
  if (c == '<' && !IsAt("<<")) return ReadHex();
  if (c == '[' || c == '<') {
    if (depth >= kMaxDepth) {
      // Nothing of it can be told any more: the object ends here.
      is_damaged_ = is_too_large_ = ends_object_ = true;
      return value;
    }
    const bool is_dictionary = c == '<';
    at_ += is_dictionary ? 2 : 1;
    value.kind = is_dictionary ? Value::Kind::kDictionary : Value::Kind::kArray;
    ReadItems(value, depth, is_dictionary);
    return value;
  }
  value.kind = Value::Kind::kKeyword;
  if (!IsRegular(c)) {
    // A bracket that closes something.
    const std::size_t n = IsAt(">>") ? 2 : 1;
    value.text = text_.substr(at_, n);
    at_ += n;
    return value;
  }
  const std::size_t begin = at_;
  while (!AtEnd() && IsRegular(text_[at_])) ++at_;
  // No keyword is longer.
  value.text = text_.substr(begin, std::min<std::size_t>(at_ - begin, 16));
  if (value.text == "null") return {};
  return value;
}

void Parser::ReadItems(Value& into, int depth, bool is_dictionary) {
  const std::string_view closing = is_dictionary ? ">>" : "]";
  for (;;) {
    SkipSpace();
    if (AtEnd()) {
      is_damaged_ = true;
      return;
    }
    if (IsAt(closing)) {
      at_ += closing.size();
      break;
    }
    const std::size_t begin = at_;
    Value item = Read(depth + 1);
    if (ends_object_) {
      if (!item.Is(Value::Kind::kKeyword)) into.items.push_back(std::move(item));
      break;
    }
    if (EndsObject(item)) {
      // The bracket is missing: what comes is not of this object.
      at_ = begin;
      is_damaged_ = ends_object_ = true;
      break;
    }
    if (item.Is(Value::Kind::kKeyword) && (item.text == ">>" || item.text == "]" || item.text == ")")) {
      is_damaged_ = true;
      // Closes what lies outside of it, as the text means: leave it to that.
      if (item.text != ")") {
        at_ = begin;
        if (depth > 0) break;
        at_ += item.text.size();
      }
      continue;
    }
    if (is_dictionary && into.items.size() % 2 == 0 && !item.Is(Value::Kind::kName)) continue;
    if (values_ > kMaxValues) {
      is_too_large_ = true;
      continue;
    }
    into.items.push_back(std::move(item));
  }
  if (is_dictionary && into.items.size() % 2 != 0) into.items.emplace_back();
}

Value Parser::ReadNumberOrReference() {
  Value value;
  value.kind = Value::Kind::kNumber;
  const auto read_digits = [&](std::size_t& at, std::int64_t& number) {
    const std::size_t begin = at;
    for (; at < text_.size() && IsDigit(text_[at]); ++at) {
      if (number < std::int64_t{1} << 58) number = number * 10 + (text_[at] - '0');
    }
    return at > begin;
  };
  bool is_negative = false;
  bool is_plain = true;
  while (!AtEnd() && (text_[at_] == '+' || text_[at_] == '-')) {
    is_negative = text_[at_] == '-';
    is_plain = false;
    ++at_;
  }
  read_digits(at_, value.number);
  if (is_negative) value.number = -value.number;
  while (!AtEnd() && (text_[at_] == '.' || text_[at_] == '-' || (!is_plain && IsDigit(text_[at_])))) {
    is_plain = false;
    ++at_;
  }
  if (!is_plain) return value;
  // "12 0 R"?
  std::size_t ahead = at_;
  const auto skip = [&] {
    const std::size_t begin = ahead;
    while (ahead < text_.size() && ahead - begin < 64 && IsSpace(text_[ahead])) ++ahead;
    return ahead > begin;
  };
  std::int64_t generation = 0;
  if (!skip() || !read_digits(ahead, generation) || !skip()) return value;
  if (ahead >= text_.size() || text_[ahead] != 'R') return value;
  if (ahead + 1 < text_.size() && IsRegular(text_[ahead + 1])) return value;
  at_ = ahead + 1;
  value.kind = Value::Kind::kReference;
  value.generation = static_cast<std::uint16_t>(std::min<std::int64_t>(generation, 0xffff));
  return value;
}

Value Parser::ReadName() {
  Value value;
  value.kind = Value::Kind::kName;
  ++at_;
  while (!AtEnd() && IsRegular(text_[at_])) {
    char c = text_[at_++];
    if (c == '#' && text_.size() - at_ >= 2 && HexValue(text_[at_]) >= 0 && HexValue(text_[at_ + 1]) >= 0) {
      c = static_cast<char>(HexValue(text_[at_]) * 16 + HexValue(text_[at_ + 1]));
      at_ += 2;
    }
    value.text.push_back(c);
  }
  return value;
}

// 7.3.4.2.
Value Parser::ReadLiteral() {
  Value value;
  value.kind = Value::Kind::kString;
  ++at_;
  std::size_t depth = 1;
  while (!AtEnd()) {
    char c = text_[at_++];
    if (c == '(') ++depth;
    if (c == ')' && --depth == 0) return value;
    if (c == '\\') {
      if (AtEnd()) break;
      c = text_[at_++];
      if (c >= '0' && c <= '7') {
        int code = c - '0';
        for (int i = 0; i < 2 && !AtEnd() && text_[at_] >= '0' && text_[at_] <= '7'; ++i) {
          code = code * 8 + (text_[at_++] - '0');
        }
        c = static_cast<char>(code);
      } else if (c == '\r') {
        if (!AtEnd() && text_[at_] == '\n') ++at_;
        continue;
      } else if (c == '\n') {
        continue;
      } else {
        c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
      }
    }
    value.text.push_back(c);
  }
  is_damaged_ = true;
  return value;
}

Value Parser::ReadHex() {
  Value value;
  value.kind = Value::Kind::kString;
  ++at_;
  int high = -1;
  while (!AtEnd()) {
    const char c = text_[at_++];
    if (c == '>') {
      if (high >= 0) value.text.push_back(static_cast<char>(high * 16));
      return value;
    }
    const int digit = HexValue(c);
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      value.text.push_back(static_cast<char>(high * 16 + digit));
      high = -1;
    }
  }
  is_damaged_ = true;
  return value;
}

}  // namespace dl::unpack::pdf
