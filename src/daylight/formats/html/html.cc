#include "daylight/formats/html/html.h"

#include <utility>

#include "daylight/formats/html/html_normaliser.h"

namespace dl::html {

Forms Normalise(Bytes html) {
  HtmlNormaliser normaliser(html, HtmlNormaliser::Mode::kForms);
  normaliser.Run();
  return std::move(normaliser.forms);
}

Links FindLinks(Bytes html) {
  HtmlNormaliser normaliser(html, HtmlNormaliser::Mode::kLinks);
  normaliser.Run();
  return std::move(normaliser.links);
}

}  // namespace dl::html
