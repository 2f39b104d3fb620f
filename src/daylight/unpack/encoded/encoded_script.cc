#include "daylight/unpack/encoded/encoded_script.h"

#include <algorithm>

#include "daylight/bytes/script_cipher.h"

namespace dl::unpack {

namespace {

constexpr std::string_view kBegin = "#@~^";
// Behind six digits of base 64, which are a sum.
constexpr std::string_view kEnd = "==^#~@";
constexpr std::size_t kNumberBytes = 6;

bool IsNumber(std::string_view text) {
  const auto is_digit = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return text.size() == kNumberBytes && std::all_of(text.begin(), text.end(), is_digit);
}

// Where the sum begins, or the text ends.
std::size_t FindEnd(std::string_view text, std::size_t begin) {
  for (std::size_t at = text.find(kEnd, begin); at != text.npos; at = text.find(kEnd, at + 1)) {
    if (at - begin >= kNumberBytes && IsNumber(text.substr(at - kNumberBytes, kNumberBytes))) return at - kNumberBytes;
  }
  return text.size();
}

char Escaped(char c) {
  switch (c) {
    case '!': return '<';
    case '#': return '\r';
    case '$': return '@';
    case '&': return '\n';
    case '*': return '>';
    default: return c;
  }
}

std::string Decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t position = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    // Ends of lines come from whoever passed the script on.
    if (c == '\n' || c == '\r') continue;
    const std::uint8_t plain = DecipherScript(position, c);
    position += c < 0x80 ? 1 : 0;
    if (c >= 0x80 || plain != kScriptEscape) {
      out.push_back(static_cast<char>(plain));
    } else if (at + 1 < text.size()) {
      out.push_back(Escaped(text[++at]));
    }
  }
  return out;
}

}  // namespace

bool ForEachEncodedScript(std::string_view text, const std::function<bool(const std::string& script)>& visit) {
  constexpr std::size_t kHeader = kBegin.size() + kNumberBytes + 2;
  for (std::size_t at = text.find(kBegin); at != text.npos; at = text.find(kBegin, at)) {
    const std::string_view header = text.substr(at, kHeader);
    at += kBegin.size();
    if (!header.ends_with("==") || !IsNumber(header.substr(kBegin.size(), kNumberBytes))) continue;
    const std::size_t begin = at + kHeader - kBegin.size();
    const std::size_t end = FindEnd(text, begin);
    if (end > begin && !visit(Decode(text.substr(begin, end - begin)))) return false;
    at = end;
  }
  return true;
}

}  // namespace dl::unpack
