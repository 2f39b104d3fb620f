// Any bytes in every field that strangers may have written: each report has the lines, the elements and the cells that
// it has with harmless text, and nothing that a terminal or a browser takes for more than text.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "daylight/base/check.h"
#include "daylight/bytes/bytes.h"
#include "daylight/policy/reports/reports.h"
#include "daylight/policy/reports/reports_testing.h"
#include "daylight/report/escape.h"

using namespace dl::policy;

namespace {

std::size_t CountOf(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

void CheckLines(const std::string& text, const std::string& plain) {
  DL_CHECK(dl::report::IsUtf8(text));
  DL_CHECK(CountOf(text, "\n") == CountOf(plain, "\n"));
  DL_CHECK(std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r') || byte == 0x7f;
  }));
  // U+202A to U+202E, U+2066 to U+2069.
  for (const char last : {'\xaa', '\xab', '\xac', '\xad', '\xae'})
    DL_CHECK(text.find(std::string("\xe2\x80") + last) == text.npos);
  for (const char last : {'\xa6', '\xa7', '\xa8', '\xa9'})
    DL_CHECK(text.find(std::string("\xe2\x81") + last) == text.npos);
}

// Elements but for those that text may bring: places to break a path at, and links.
std::size_t Elements(std::string_view html) {
  return CountOf(html, "<") - CountOf(html, "<wbr>") - 2 * CountOf(html, "<a ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Assessment kPlain = HostileAssessment("x");
  static const std::string kText = WriteText(kPlain, {.terminal = false, .width = 0});
  static const std::string kHtml = WriteHtml(kPlain);
  static const std::string kCsv = WriteCsv(kPlain);
  if (size == 0 || size > 4096) return 0;  // What is empty is left out.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Assessment assessment = HostileAssessment(text);
  CheckLines(WriteText(assessment, {.terminal = false, .width = 0}), kText);
  CheckLines(WriteCsv(assessment), kCsv);
  const std::string html = WriteHtml(assessment);
  CheckLines(html, kHtml);
  DL_CHECK(Elements(html) == Elements(kHtml));
  // With the space before it: an address may end in `href=`, but has no space.
  DL_CHECK(CountOf(html, " href=\"") == CountOf(html, " href=\"#") + CountOf(html, " href=\"http"));
  DL_CHECK(nlohmann::json::accept(WriteJson(assessment)));
  DL_CHECK(nlohmann::json::accept(WriteSarif(assessment)));
  (void)WriteText(assessment, {.terminal = true, .width = 20});
  return 0;
}
