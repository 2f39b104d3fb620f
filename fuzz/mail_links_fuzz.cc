// Any bytes are a mail with some text parts, and each part has some links, within
// their bounds. Meaning: a mail within a mail has the parts of the inner one.
#include <cstdint>
#include <string>

#include "daylight/base/check.h"
#include "daylight/formats/html/html.h"
#include "daylight/formats/mail/mail.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const dl::mail::TextParts found = dl::mail::FindTextParts(bytes);
  DL_CHECK(found.parts.size() <= dl::mail::kMaxParts);
  for (const dl::mail::TextPart& part : found.parts) {
    DL_CHECK(!part.text.empty() && part.text.size() <= dl::mail::kMaxPartBytes);
    for (const dl::html::Link& link : dl::html::FindLinks(dl::AsBytes(part.text)).links) {
      DL_CHECK(link.url.size() <= 1024 && (!link.displayed || link.displayed->size() <= 1024));
    }
  }
  const std::string_view text = dl::AsText(bytes);
  // Zero bytes may hide the beginning of a mailbox.
  if (found.is_limited || text.find('\0') != std::string_view::npos || text.starts_with("From ") ||
      text.find_first_of("\r\n") == 0)
    return 0;
  const std::string outer = "From: a\nContent-Type: message/rfc822\n\n" + std::string(text);
  const dl::mail::TextParts again = dl::mail::FindTextParts(dl::AsBytes(outer));
  if (again.is_limited) return 0;
  DL_CHECK(again.parts.size() == found.parts.size());
  for (std::size_t i = 0; i < found.parts.size(); ++i) DL_CHECK(again.parts[i].text == found.parts[i].text);
  return 0;
}
