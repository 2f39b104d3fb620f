#include "daylight/events/syslog_format.h"

#include <algorithm>

#include "daylight/events/time_text.h"
#include "daylight/report/escape.h"
#include "daylight/report/writer.h"

namespace dl::events {

namespace {

constexpr std::string_view kBom = "\xef\xbb\xbf";

// 6.2: printable US-ASCII without spaces, "-" for nothing.
std::string HeaderField(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) out += c > 0x20 && c < 0x7f ? c : '_';
  return out.empty() ? "-" : out;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Cuts at a character of UTF-8, which `text` is.
void CutTo(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
}

// JSON may write any character as \uXXXX: then it is ASCII, and needs no byte order
// mark, which a reader of JSON would stumble over.
std::string AsciiJson(const std::string& json) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(json.size());
  const auto unit = [&](std::uint32_t value) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[value >> shift & 15];
  };
  for (std::size_t i = 0; i < json.size();) {
    const auto byte = static_cast<unsigned char>(json[i]);
    if (byte < 0x80) {
      out += json[i++];
      continue;
    }
    // The writer of JSON made sure that it is UTF-8.
    const std::size_t n = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    std::uint32_t code = n == 4 ? byte & 0x07 : n == 3 ? byte & 0x0f : byte & 0x1f;
    for (std::size_t k = 1; k < n && i + k < json.size(); ++k)
      code = code << 6 | (static_cast<unsigned char>(json[i + k]) & 0x3f);
    i += n;
    if (code < 0x10000) {
      unit(code);
    } else {
      unit(0xd800 | (code - 0x10000) >> 10);
      unit(0xdc00 | ((code - 0x10000) & 0x3ff));
    }
  }
  return out;
}

int SeverityNumber(Severity severity) {
  switch (severity) {  // 6.2.1
    case Severity::kInfo: return 6;
    case Severity::kNotice: return 5;
    case Severity::kWarning: return 4;
    case Severity::kHigh: return 3;
    case Severity::kCritical: return 2;
  }
  return 6;
}

void AppendParam(std::string_view name, std::string_view value, std::string& out) {
  if (value.empty()) return;
  out += ' ';
  out += name;
  out += "=\"";
  for (const char c : report::EscapeLine(value)) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';  // 6.3.3
    out += c;
  }
  out += '"';
}

std::string StructuredData(const Event& event, const SyslogForm& form) {
  std::string out = "[" + form.sd_id;
  const auto add = [&](std::string_view name, std::string_view value) { AppendParam(name, value, out); };
  add("id", event.id);
  add("kind", KindName(event.kind));
  add("severity", SeverityName(event.effective_severity()));
  if (event.verdict) add("verdict", report::VerdictName(*event.verdict));
  add("action", ActionName(event.action));
  add("path", event.path);
  add("object", event.object);
  if (event.sha256) add("sha256", report::HexDigest(*event.sha256));
  if (event.size) add("size", std::to_string(*event.size));
  // 6.3.3: a name may come more than once.
  for (const EventDetection& detection : event.detections) {
    add("detection", detection.name);
    add("source", detection.source);
  }
  for (const report::Incomplete& incomplete : event.incomplete) add("incomplete", incomplete.reason);
  if (event.theirs) {
    add("theirs", report::VerdictName(event.theirs->verdict));
    add("their_scanner", event.theirs->scanner);
    for (const std::string& name : event.theirs->names) add("their_name", name);
  }
  add("protocol", event.protocol);
  add("client", event.client.address);
  if (event.client.uid) add("uid", std::to_string(*event.client.uid));
  if (event.client.pid) add("pid", std::to_string(*event.client.pid));
  add("exe", event.client.exe);
  add("why", event.why);
  add("database", event.database);
  add("schedule", event.schedule);
  if (event.totals) {
    add("files", std::to_string(event.totals->files));
    add("detected", std::to_string(event.totals->detected));
  }
  if (event.from_ns) add("from", Rfc3339(*event.from_ns, 6));
  if (event.until_ns) add("until", Rfc3339(*event.until_ns, 6));
  add("cut", event.cut);
  return out + "]";
}

std::string Message(const Event& event, const Source& source, Format format) {
  if (format == Format::kText) return report::EscapeLine(Headline(event));
  std::string out;
  AppendEvent(format, event, source, out);
  return format == Format::kCef ? out : AsciiJson(out);
}

std::string Attempt(const Event& event, const Source& source, const SyslogForm& form) {
  std::string out = "<" + std::to_string(form.facility * 8 + SeverityNumber(event.effective_severity())) + ">1 ";
  out += Rfc3339(event.time_ns, 6);  // 6.2.3: six digits at most.
  out += " " + HeaderField(source.host, 255) + " " + HeaderField(form.app_name, 48) + " " +
         HeaderField(form.proc_id, 128) + " " + HeaderField(KindName(event.kind), 32) + " ";
  // Other formats say everything themselves.
  out += form.format == Format::kText ? StructuredData(event, form) : "-";
  const std::string message = Message(event, source, form.format);
  if (message.empty()) return out;
  out += ' ';
  if (!IsAscii(message)) out += kBom;  // 6.4
  return out + message;
}

}  // namespace

bool IsSdName(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '=' && c != ']';
  });
}

std::string SyslogMessage(const Event& event, const Source& source, const SyslogForm& form) {
  std::string out = Attempt(event, source, form);
  if (out.size() <= form.max_bytes) return out;
  Event shorter = event;
  for (const EventLimits& limits : {kShortLimits, kShortestLimits}) {
    Cut(shorter, limits);
    out = Attempt(shorter, source, form);
    if (out.size() <= form.max_bytes) return out;
  }
  // Only what names the event: a receiver that takes so little looks it up by the id.
  Event bare;
  bare.time_ns = event.time_ns;
  bare.id = shorter.id;
  bare.kind = event.kind;
  bare.severity = event.severity;
  bare.action = event.action;
  bare.cut = "all";
  SyslogForm plain = form;
  if (form.format != Format::kJson) plain.format = Format::kText;
  CutTo(plain.app_name, 16);
  CutTo(plain.proc_id, 16);
  Source brief = source;
  CutTo(brief.host, 64);
  out = Attempt(bare, brief, plain);
  CutTo(out, form.max_bytes);
  return out;
}

}  // namespace dl::events
