// Any bytes are a mail with some text parts, and any text has some links, within
// their bounds. Meaning: a part's links do not depend on zero bytes in it.
#include <cstdint>
#include <string>

#include "daylight/base/check.h"
#include "daylight/formats/mail/links.h"
#include "daylight/formats/mail/mail.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const dl::mail::TextParts found = dl::mail::FindTextParts(bytes);
  DL_CHECK(found.parts.size() <= dl::mail::kMaxParts);
  for (const dl::mail::TextPart& part : found.parts) {
    DL_CHECK(!part.text.empty() && part.text.size() <= dl::mail::kMaxPartBytes);
    const auto links = dl::mail::FindLinks(part.text);
    for (const dl::mail::Link& link : links) {
      DL_CHECK(link.target.size() <= dl::mail::kMaxLinkBytes && link.shown.size() <= dl::mail::kMaxLinkBytes);
    }
    const std::size_t half = part.text.size() / 2;
    std::string zeros = part.text.substr(0, half) + std::string(3, '\0') + part.text.substr(half);
    const auto again = dl::mail::FindLinks(zeros);
    if (part.text.size() < 4000) {
      DL_CHECK(again.size() == links.size());
      for (std::size_t i = 0; i < links.size(); ++i) {
        DL_CHECK(links[i].target == again[i].target && links[i].shown == again[i].shown);
      }
    }
  }
  dl::mail::FindLinks(dl::AsText(bytes));
  return 0;
}
