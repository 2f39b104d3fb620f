#include "daylight/unpack/pdf/pdf_text.h"

#include "daylight/bytes/utf16.h"

namespace dl::unpack::pdf {

std::string ToUtf8(std::string_view text) {
  const bool is_big = text.starts_with("\xfe\xff");
  if (!is_big && !text.starts_with("\xff\xfe")) return std::string(text);
  return Utf8FromUtf16(AsBytes(text.substr(2)), is_big);
}

}  // namespace dl::unpack::pdf
