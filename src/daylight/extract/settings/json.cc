// JSON (RFC 8259) as settings: objects in objects become sections joined with dots, items of
// lists are numbered as the INI form numbers them. Two of one name are both given.
//
//   {"ScanScope": [{"Path": "/", "AreaMask": ["*"]}]}
//     section "ScanScope.item_0000", "Path" = "/", "AreaMask.item_0000" = "*"
#include <cstdio>

#include "daylight/extract/settings/readers.h"

namespace dl::extract {

namespace {

constexpr int kMaxDepth = 32;

class Parser {
 public:
  Parser(std::string_view text, Collector& collector) : rest_(text), collector_(collector) {}

  void Run() {
    const bool good = Value({}, {}, 0);
    if (collector_.full()) return;
    if (!good) return collector_.Problem(line_, why_);
    SkipBlanks();
    if (!rest_.empty()) collector_.Problem(line_, "something behind the end of the JSON text");
  }

 private:
  bool Wrong(const char* why) {
    if (*why_ == '\0') why_ = why;
    return false;
  }
  void SkipBlanks() {
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      const char c = rest_.front();
      if (c == '\n') {
        ++line_;
      } else if (!IsBlank(c) && c != '\r') {
        return;
      }
    }
  }
  bool Take(char c) {
    SkipBlanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  static std::string Join(std::string_view left, std::string_view right) {
    if (left.empty() || right.empty()) return std::string(left) + std::string(right);
    return std::string(left) + "." + std::string(right);
  }

  // `section` and `key`: where this value stands. A value that holds others makes a section
  // of both.
  bool Value(const std::string& section, const std::string& key, int depth) {
    SkipBlanks();
    if (rest_.empty()) return Wrong("the JSON text ends too early");
    if (rest_.front() == '{') return depth < kMaxDepth ? Object(Join(section, key), depth + 1) : Wrong("too deep");
    if (rest_.front() == '[') return depth < kMaxDepth ? List(section, key, depth + 1) : Wrong("too deep");
    const std::uint32_t line = line_;
    std::string value;
    if (rest_.front() == '"') {
      if (!String(value)) return false;
    } else {
      std::size_t length = 0;
      while (length < rest_.size() &&
             (IsNameByte(rest_[length]) || rest_[length] == '-' || rest_[length] == '+' || rest_[length] == '.')) {
        ++length;
      }
      if (length == 0) return Wrong("no JSON value");
      value = rest_.substr(0, length);
      const bool number = value.front() == '-' || (value.front() >= '0' && value.front() <= '9');
      if (!number && value != "true" && value != "false" && value != "null") return Wrong("no JSON value");
      rest_.remove_prefix(length);
      if (value == "null") value.clear();
    }
    return collector_.Add(section, key, std::move(value), line);
  }

  bool Object(const std::string& section, int depth) {
    rest_.remove_prefix(1);
    if (section.size() > kMaxSettingBytes) return Wrong("longer than any name is");
    if (Take('}')) return true;
    do {
      std::string key;
      SkipBlanks();
      if (!rest_.starts_with('"') || !String(key)) return Wrong("a name in quotes is missing");
      if (!Take(':')) return Wrong("a colon is missing");
      // "ScanScope.item_0000" as a name is the same as a list.
      if (!Value(section, key, depth)) return false;
    } while (Take(','));
    return Take('}') || Wrong("a comma or } is missing");
  }

  bool List(const std::string& section, const std::string& key, int depth) {
    rest_.remove_prefix(1);
    if (section.size() + key.size() > kMaxSettingBytes) return Wrong("longer than any name is");
    if (Take(']')) return true;
    unsigned item = 0;
    do {
      char number[24];
      std::snprintf(number, sizeof number, "item_%04u", item++);
      if (!Value(section, Join(key, number), depth)) return false;
    } while (Take(','));
    return Take(']') || Wrong("a comma or ] is missing");
  }

  static void AppendUtf8(std::string& out, std::uint32_t point) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) return put(point);
    if (point < 0x800) return put(0xc0 | point >> 6), put(0x80 | (point & 0x3f));
    if (point < 0x10000) {
      return put(0xe0 | point >> 12), put(0x80 | (point >> 6 & 0x3f)), put(0x80 | (point & 0x3f));
    }
    put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 0x3f)), put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }

  bool Hex4(std::uint32_t& value) {
    if (rest_.size() < 4) return false;
    value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = rest_[static_cast<std::size_t>(i)];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return false;
      value = value << 4 | static_cast<std::uint32_t>(digit);
    }
    rest_.remove_prefix(4);
    return true;
  }

  bool Escape(std::string& out) {
    if (rest_.empty()) return Wrong("a text without its end");
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case '"':
      case '\\':
      case '/': out += c; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'u': break;
      default: return Wrong("an escape that there is none of");
    }
    std::uint32_t point = 0;
    if (!Hex4(point)) return Wrong("an escape that there is none of");
    if (point >= 0xd800 && point <= 0xdbff) {
      std::uint32_t low = 0;
      if (!rest_.starts_with("\\u")) return Wrong("half a character");
      rest_.remove_prefix(2);
      if (!Hex4(low) || low < 0xdc00 || low > 0xdfff) return Wrong("half a character");
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point <= 0xdfff) {
      return Wrong("half a character");
    }
    if (point == 0) return Wrong("a character of zero");
    AppendUtf8(out, point);
    return true;
  }

  bool String(std::string& out) {
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return Wrong("a control character in a text");
      if (c != '\\') {
        out += c;
      } else if (!Escape(out)) {
        return false;
      }
    }
    return Wrong("a text without its end");
  }

  std::string_view rest_;
  Collector& collector_;
  std::uint32_t line_ = 1;
  const char* why_ = "";
};

}  // namespace

void ReadJson(std::string_view text, Collector& collector) { Parser(text, collector).Run(); }

}  // namespace dl::extract
