// Any bytes are HTML to the normaliser. Meaning: forms are not much longer than
// their input, scripts are lines of <script>...</script>, no link is longer
// than a value can be, and the same input gives the same forms.
#include <cstdint>

#include "daylight/base/check.h"
#include "daylight/formats/html/html.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const dl::html::Forms forms = dl::html::Normalise(bytes);
  DL_CHECK(forms.nocomment.size() <= 16 * size + 16);
  DL_CHECK(forms.notags.size() <= 4 * size + 16);
  DL_CHECK(forms.javascript.empty() || forms.javascript.starts_with("<script>"));
  const dl::html::Forms again = dl::html::Normalise(bytes);
  DL_CHECK(forms.nocomment == again.nocomment && forms.notags == again.notags && forms.javascript == again.javascript &&
           forms.data == again.data);
  for (const dl::html::Link& link : dl::html::FindLinks(bytes).links) {
    DL_CHECK(link.url.size() <= 1024 && (!link.displayed || link.displayed->size() <= 1026));
  }
  return 0;
}
