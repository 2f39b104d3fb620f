// CEF:0|vendor|product|version|class|name|severity|extension, by the CEF implementation
// standard, rev. 25: `\` and `|` are escaped in the header; `\`, `=` and line ends in values.
// What strangers chose is one printable line before that (report/escape.h), so no value
// holds a line end.
#include "daylight/events/formats.h"
#include "daylight/os/paths.h"
#include "daylight/report/escape.h"
#include "daylight/report/writer.h"

namespace dl::events {

namespace {

// Lengths of the extension dictionary.
constexpr std::size_t kUsual = 1023;
constexpr std::size_t kCustom = 4000;

void AppendEscaped(std::string_view text, char special, std::string& out) {
  for (const char c : text) {
    if (c == '\\' || c == special) out += '\\';
    out += c;
  }
}

class Extension {
 public:
  explicit Extension(std::string& out) : out_(out) {}

  void Add(std::string_view key, std::string_view value, std::size_t most = kUsual) {
    if (value.empty()) return;
    std::string line = report::EscapeLine(value);
    if (line.size() > most) {
      std::size_t end = most - 3;
      while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
      line.resize(end);
      line += "...";
    }
    Begin(key);
    AppendEscaped(line, '=', out_);
  }
  void Add(std::string_view key, std::uint64_t value) {
    Begin(key);
    out_ += std::to_string(value);
  }
  // One of the six strings that the producer gives a meaning.
  void AddCustom(int n, std::string_view label, std::string_view value) {
    if (value.empty()) return;
    const std::string key = "cs" + std::to_string(n);
    Add(key + "Label", label);
    Add(key, value, kCustom);
  }
  void AddTime(std::string_view key, std::int64_t time_ns) {
    Add(key, static_cast<std::uint64_t>(time_ns < 0 ? 0 : time_ns / 1'000'000));
  }

 private:
  void Begin(std::string_view key) {
    if (!first_) out_ += ' ';
    first_ = false;
    out_ += key;
    out_ += '=';
  }
  std::string& out_;
  bool first_ = true;
};

int SeverityNumber(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return 1;
    case Severity::kNotice: return 3;
    case Severity::kWarning: return 6;
    case Severity::kHigh: return 8;
    case Severity::kCritical: return 10;
  }
  return 0;
}

std::string Reasons(const Event& event) {
  std::string out;
  for (const report::Incomplete& incomplete : event.incomplete) {
    if (!out.empty()) out += ", ";
    out += incomplete.reason;
  }
  return out;
}

void AppendHeader(std::string_view text, std::string& out) {
  AppendEscaped(report::EscapeLine(text), '|', out);
  out += '|';
}

}  // namespace

void AppendCef(const Event& event, const Source& source, std::string& out) {
  out += "CEF:0|Daylight|Daylight|";
  AppendHeader(source.version, out);
  AppendHeader(KindName(event.kind), out);
  AppendHeader(KindTitle(event.kind), out);
  out += std::to_string(SeverityNumber(event.effective_severity())) + "|";
  Extension extension(out);
  extension.AddTime("rt", event.time_ns);
  extension.Add("externalId", event.id, 40);
  extension.Add("dvchost", source.host, 100);
  extension.Add("act", ActionName(event.action));
  extension.Add("filePath", event.path);
  extension.Add("fname", os::BaseName(event.path));
  if (event.size) extension.Add("fsize", *event.size);
  if (event.sha256) extension.Add("fileHash", report::HexDigest(*event.sha256));
  extension.Add("app", event.protocol, 31);
  const Address address = SplitAddress(event.client.address);
  if (!address.ip.empty() && address.is_v6) {
    extension.Add("c6a2Label", "Source IPv6 Address");
    extension.Add("c6a2", address.ip);
  } else {
    extension.Add("src", address.ip);
  }
  if (address.port != 0) extension.Add("spt", std::uint64_t{address.port});
  if (event.client.uid) extension.Add("suid", std::uint64_t{*event.client.uid});
  if (event.client.pid && *event.client.pid >= 0) extension.Add("spid", static_cast<std::uint64_t>(*event.client.pid));
  extension.Add("sproc", event.client.exe);
  if (!event.detections.empty()) {
    const EventDetection& first = event.detections.front();
    extension.AddCustom(1, "Detection", first.name);
    extension.AddCustom(2, "Source", first.source);
    extension.Add("cn1Label", "Detections");
    extension.Add("cn1", event.detections.size() + event.more_detections);
  }
  extension.AddCustom(3, "Object", event.object);
  extension.AddCustom(4, "Content", event.database);
  if (event.verdict) extension.AddCustom(5, "Verdict", report::VerdictName(*event.verdict));
  extension.AddCustom(6, "Incomplete", Reasons(event));
  if (event.theirs) {
    extension.Add("flexString1Label", "Other scanner");
    extension.Add("flexString1",
                  event.theirs->scanner + ": " + std::string(report::VerdictName(event.theirs->verdict)));
    if (!event.theirs->names.empty()) {
      extension.Add("flexString2Label", "Other detection");
      extension.Add("flexString2", event.theirs->names.front());
    }
  }
  if (event.from_ns) extension.AddTime("start", *event.from_ns);
  if (event.until_ns) extension.AddTime("end", *event.until_ns);
  extension.Add("reason", event.why);
  extension.Add("msg", Headline(event));
}

}  // namespace dl::events
