// A sandbox report is parsed to facts or refused, whatever it is. Meaning: the
// facts are bounded by the input, texts have no NUL, and white space before
// and after the document changes nothing.
#include <cstdint>
#include <string>

#include "daylight/base/check.h"
#include "daylight/rules/yara/modules/cuckoo/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string json(reinterpret_cast<const char*>(data), size);
  const auto report = dl::yara::ParseCuckooReport(dl::AsBytes(json));
  const std::string spaced = " \n" + json + "\t ";
  const auto again = dl::yara::ParseCuckooReport(dl::AsBytes(spaced));
  // A byte order mark counts only at the beginning.
  const bool mark = json.rfind("\xef\xbb\xbf", 0) == 0;
  if (!report) {
    DL_CHECK(!again);
    return 0;
  }
  DL_CHECK(mark || again);
  std::size_t texts = 0;
  const auto count = [&texts](const std::vector<std::string>& list) {
    for (const std::string& text : list) {
      DL_CHECK(text.find('\0') == std::string::npos);
      texts += text.size();
    }
  };
  count(report->hosts);
  count(report->keys);
  count(report->files);
  count(report->mutexes);
  count(report->resolved_names);
  for (const auto& request : report->http)
    texts += request.uri.value_or("").size() + request.method.value_or("").size();
  DL_CHECK(texts <= size);
  if (!mark) {
    DL_CHECK(again->hosts == report->hosts && again->resolved_names == report->resolved_names &&
             again->http.size() == report->http.size() && again->tcp.size() == report->tcp.size());
  }
  return 0;
}
