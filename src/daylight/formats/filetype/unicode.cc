#include "daylight/formats/filetype/unicode.h"

namespace dl::filetype {
namespace {

std::uint32_t At(Bytes bytes, std::size_t i) {
  return i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i]) : 0;  // Padded with zeros.
}

class Folder {
 public:
  void AddUnit(std::uint32_t unit) {
    const auto folded = static_cast<unsigned char>((unit >> 8) * 16 + unit);
    if (folded != 0) text_.push_back(static_cast<char>(folded));
  }
  // One raw byte, where decoding failed; nothing more is decoded then.
  void AddByte(std::uint32_t byte) { AddUnit(byte); }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string FoldUtf16Pairs(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() / 2);
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    text.push_back(static_cast<char>(static_cast<unsigned char>(At(bytes, i) + 16 * At(bytes, i + 1))));
  }
  return text;
}

WideEncoding DetectWideEncoding(Bytes bytes) {
  if (bytes.size() < 4) return WideEncoding::kNone;
  // XML 1.0, appendix F: marks, and what "<" and "<?" look like.
  switch (At(bytes, 0) << 24 | At(bytes, 1) << 16 | At(bytes, 2) << 8 | At(bytes, 3)) {
    case 0x0000feff:
    case 0x0000003c: return WideEncoding::kUcs4Be;
    case 0xfffe0000:
    case 0x3c000000: return WideEncoding::kUcs4Le;
    case 0x0000fffe:
    case 0x00003c00:
    case 0xfeff0000:
    case 0x003c0000: return WideEncoding::kUcs4Mixed;
    case 0x003c003f: return WideEncoding::kUtf16Be;
    case 0x3c003f00: return WideEncoding::kUtf16Le;
    default: break;
  }
  const std::uint32_t mark = At(bytes, 0) << 8 | At(bytes, 1);
  if (mark == 0xfffe) return WideEncoding::kUtf16Le;
  if (mark == 0xfeff) return WideEncoding::kUtf16Be;
  return WideEncoding::kNone;
}

std::optional<std::string> DecodeByMark(Bytes bytes) {
  const WideEncoding encoding = DetectWideEncoding(bytes);
  // iconv knows no name for the mixed orders.
  if (encoding == WideEncoding::kNone || encoding == WideEncoding::kUcs4Mixed) return std::nullopt;
  Folder folder;
  // A length that is no multiple of four is filled up with zeros.
  const std::size_t size = (bytes.size() + 3) / 4 * 4;
  if (encoding == WideEncoding::kUcs4Be || encoding == WideEncoding::kUcs4Le) {
    for (std::size_t i = 0; i < size; i += 4) {
      std::uint32_t code = 0;
      for (std::size_t k = 0; k < 4; ++k)
        code = code << 8 | At(bytes, encoding == WideEncoding::kUcs4Be ? i + k : i + 3 - k);
      if (code >= 0x110000 || (code >= 0xd800 && code < 0xe000)) {
        folder.AddByte(At(bytes, i));
        break;
      }
      if (code >= 0x10000) folder.AddUnit(0xd800 + ((code - 0x10000) >> 10));
      folder.AddUnit(code >= 0x10000 ? 0xdc00 + (code & 0x3ff) : code);
    }
    return folder.Take();
  }
  const bool big = encoding == WideEncoding::kUtf16Be;
  const auto unit_at = [&](std::size_t i) {
    return big ? At(bytes, i) << 8 | At(bytes, i + 1) : At(bytes, i + 1) << 8 | At(bytes, i);
  };
  for (std::size_t i = 0; i < size; i += 2) {
    const std::uint32_t unit = unit_at(i);
    if (unit >= 0xd800 && unit < 0xe000) {
      const bool paired = unit < 0xdc00 && i + 2 < size && (unit_at(i + 2) & 0xfc00) == 0xdc00;
      if (!paired) {
        folder.AddByte(At(bytes, i));
        break;
      }
      folder.AddUnit(unit);
      i += 2;
      folder.AddUnit(unit_at(i));
      continue;
    }
    folder.AddUnit(unit);
  }
  return folder.Take();
}

}  // namespace dl::filetype
