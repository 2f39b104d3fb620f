#include "daylight/formats/html/script_encoding.h"

#include <array>

#include "daylight/bytes/script_cipher.h"

namespace dl::html {
namespace {

constexpr int Base64(unsigned char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

// Six digits of base 64 hold four bytes, least significant first. What an
// invalid digit counts follows clamscan: nothing in some places, its -1 in
// others.
std::uint32_t EncodedLength(std::string_view header) {
  std::array<std::int64_t, 6> digit{};
  for (std::size_t i = 0; i < digit.size() && i < header.size(); ++i)
    digit[i] = Base64(static_cast<unsigned char>(header[i]));
  const auto valid = [](std::int64_t value) { return value < 0 ? 0 : value; };
  std::int64_t length = valid(digit[0]) * 4;
  length += digit[1] >> 4;
  length += (digit[1] & 0x0f) << 12;
  length += valid(digit[2] >> 2) << 8;
  length += (digit[2] & 0x03) << 22;
  length += valid(digit[3]) << 16;
  length += (valid(digit[4]) * 4) << 24;
  length += valid(digit[5] >> 4) << 24;
  return static_cast<std::uint32_t>(length);
}

void ScriptDecoder::Decode(std::string& line, std::size_t at) {
  std::size_t to = at;
  const std::size_t size = line.size();
  while (left_ > 0 && at < size) {
    const auto c = static_cast<unsigned char>(line[at]);
    if (c == '\n' || c == '\r') {
      ++at;
      continue;
    }
    if (c >= 0x80) {  // A character of two bytes, as it is.
      line[to++] = line[at++];
      if (at == size) break;
      line[to++] = line[at];
    } else {
      std::uint8_t value = DecipherScript(position_, c);
      if (value == kScriptEscape) {
        --left_;
        if (++at == size) {
          --at;  // At the end of a line the mark stands for itself.
        } else {
          switch (line[at]) {
            case '!': value = '<'; break;
            case '#': value = '\r'; break;
            case '$': value = '@'; break;
            case '&': value = '\n'; break;
            case '*': value = '>'; break;
            default: break;
          }
        }
      }
      line[to++] = static_cast<char>(value);
      position_ = static_cast<std::uint8_t>((position_ + 1) % 64);
    }
    ++at;
    --left_;  // Wraps when an escape was the last: then the line decides.
  }
  if (left_ != 0) {
    line.resize(to);
    return;
  }
  // Eight characters of checksum and "^#~@".
  constexpr std::size_t kTrailer = 12;
  if (size - at >= kTrailer) at += kTrailer;
  line.erase(to, at - to);
}

}  // namespace dl::html
