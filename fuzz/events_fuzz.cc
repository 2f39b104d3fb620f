// What strangers may call a file, as an event in every format; and what an administrator may
// write as a time, a plan or an address. One printable line of UTF-8, whatever comes; a
// message of syslog is never too long, and its structured data ends where it should; what a
// calendar says comes next is later.
#include <cstddef>
#include <cstdint>
#include <string>

#include "daylight/base/check.h"
#include "daylight/events/calendar.h"
#include "daylight/events/format.h"
#include "daylight/events/syslog_format.h"
#include "daylight/events/syslog_sink.h"
#include "daylight/events/time_text.h"
#include "daylight/report/escape.h"

using namespace dl::events;

namespace {

void CheckLine(const std::string& line) {
  DL_CHECK(dl::report::IsUtf8(line));
  for (const char c : line) DL_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

// Behind `at`, which is on a '[': the end by RFC 5424, 6.3.3.
std::size_t EndOfElement(const std::string& text, std::size_t at) {
  bool in_value = false;
  for (; at < text.size(); ++at) {
    if (in_value && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      in_value = !in_value;
    } else if (!in_value && text[at] == ']') {
      return at + 1;
    }
  }
  return std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Event event;
  event.kind = static_cast<EventKind>(data[0] % kEventKinds);
  event.id = "01a22ca5-fbc3-7000-8000-000000000000";
  event.path = event.object = event.why = event.text = event.client.exe = text;
  event.client.address = event.protocol = event.database = event.schedule = text;
  event.detections = {{text, text, text, text, text}};
  event.incomplete = {{text, text, text}};
  event.theirs = {text, dl::report::Verdict::kClean, {text, text}};
  Cut(event);  // As EventLog does.
  const Source source{text.substr(0, 256), "0"};
  for (const Format format : {Format::kText, Format::kJson, Format::kEcs, Format::kOcsf, Format::kCef}) {
    std::string line;
    AppendEvent(format, event, source, line);
    CheckLine(line);
    SyslogForm form;
    form.format = format;
    form.max_bytes = data[0] % 2 == 0 ? 480 : 2048;
    const std::string message = SyslogMessage(event, source, form);
    CheckLine(message);
    DL_CHECK(message.size() <= form.max_bytes);
    if (format != Format::kText) continue;
    const std::size_t end = EndOfElement(message, message.find(" [") + 1);
    DL_CHECK(end != std::string::npos && (end == message.size() || message[end] == ' '));
  }
  Cut(event, kShortestLimits);
  DL_CHECK(event.path.size() <= kShortestLimits.path_bytes);
  static_cast<void>(ParseTime(text, 1'796'045'405'000'000'000));
  static_cast<void>(ParseSyslogTarget(text));
  if (const auto calendar = Calendar::Parse(text)) {
    const auto next = calendar->Next(1'796'045'405);
    DL_CHECK(!next || *next > 1'796'045'405);
  }
  return 0;
}
