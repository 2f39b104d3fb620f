#include "daylight/formats/mail/decode.h"

#include <array>

namespace dl::mail {

namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

void AddQuotedPrintable(std::string_view line, std::string& out) {
  bool is_soft = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '=') {
      out.push_back(line[i]);
      continue;
    }
    if (i + 1 >= line.size()) {
      is_soft = true;
      break;
    }
    const int high = HexDigit(line[i + 1]);
    const int low = i + 2 < line.size() ? HexDigit(line[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out.push_back('=');
      continue;
    }
    out.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  if (!is_soft) out.push_back('\n');
}

class Base64 {
 public:
  void Add(std::string_view line, std::string& out) {
    for (const char c : line) {
      if (c == '=') {
        is_done_ = true;
        return;
      }
      const int value = Value(c);
      if (value < 0) continue;
      bits_ = bits_ << 6 | static_cast<std::uint32_t>(value);
      count_ += 6;
      if (count_ < 8) continue;
      count_ -= 8;
      out.push_back(static_cast<char>(bits_ >> count_ & 0xff));
    }
  }
  bool is_done() const { return is_done_; }

 private:
  static int Value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return -1;
  }
  std::uint32_t bits_ = 0;
  std::uint32_t count_ = 0;
  bool is_done_ = false;
};

}  // namespace

std::string Decode(std::span<const std::string_view> lines, Encoding encoding, std::size_t limit) {
  std::string out;
  Base64 base64;
  for (const std::string_view line : lines) {
    if (out.size() > limit || base64.is_done()) break;
    if (encoding == Encoding::kQuotedPrintable) {
      AddQuotedPrintable(line, out);
    } else if (encoding == Encoding::kBase64) {
      base64.Add(line, out);
    } else {
      out.append(line);
      out.push_back('\n');
    }
  }
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace dl::mail
