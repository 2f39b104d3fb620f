#include "daylight/daemon/kav/kav_session.h"

#include <algorithm>
#include <utility>

#include "daylight/daemon/text/head.h"
#include "daylight/daemon/text/safe_text.h"

namespace dl::daemon {
namespace {

// PATH_MAX, and a line's end that a client may have added.
constexpr std::size_t kMaxPathBytes = 4096 + 2;
constexpr std::size_t kMaxUrlBytes = 2048;

bool IsEncrypted(const ScanOutcome& outcome) {
  return std::any_of(outcome.report.incomplete.begin(), outcome.report.incomplete.end(),
                     [](const report::Incomplete& unread) { return unread.reason == "encrypted"; });
}

// Why nothing is known to be bad and not all was read; for a header.
std::string Unread(const ScanOutcome& outcome) {
  if (!outcome.report.incomplete.empty()) return HeaderText(outcome.report.incomplete.front().reason);
  return outcome.problem.empty() ? "unread" : HeaderText(outcome.problem);
}

std::string NameOf(const ScanOutcome& outcome) {
  return outcome.names.empty() || outcome.names.front().empty() ? "unknown" : HeaderText(outcome.names.front());
}

}  // namespace

std::string KavText(const ScanOutcome& outcome) {
  using Kind = ScanOutcome::Kind;
  switch (outcome.kind) {
    case Kind::kInfected: return "DETECT " + NameOf(outcome);
    case Kind::kClean: return outcome.blocks ? "DETECT " + NameOf(outcome) : "CLEAN";
    case Kind::kIncomplete:
      if (!outcome.blocks) return "CLEAN";
      // The one reason that rspamd has a symbol of its own for.
      if (IsEncrypted(outcome)) return "NON_SCANNED (PASSWORD PROTECTED)";
      return "NON_SCANNED (" + Unread(outcome) + ")";
    case Kind::kFailed:
    case Kind::kBusy: return "SERVER_ERROR";
  }
  return "SERVER_ERROR";
}

HttpReply KavSession::Problem(int status, std::string_view why) {
  HttpReply reply;
  reply.status = status;
  reply.type = "text/plain";
  reply.body = HeaderText(why);
  if (status == 503) reply.lines = "Retry-After: 1\r\n";
  return reply;
}

void KavSession::OnRequest() {
  is_over_ = false;
  // A web page has nothing to do here; no client of this protocol is a browser.
  if (request().Find("Origin")) return Refuse(403, "not for web pages");
  const std::string& target = request().target;
  is_path_ = target == "/scanfile";
  if (!is_path_ && target != "/scanmemory") return Refuse(404, "scanmemory, scanfile");
  if (request().method != "POST") {
    HttpReply reply = Problem(405, "POST");
    reply.lines = "Allow: POST\r\n";
    return Reply(reply);
  }
  if (const auto version = request().Find("X-KAV-ProtocolVersion"); version && Trim(*version) != "1") {
    return Refuse(400, "version 1 of the protocol is spoken here");
  }
  if (!request().is_chunked && !request().content_length) return Refuse(411, "the object is missing");
  if (is_path_ && !options_.MayNamePaths(connection().peer())) {
    return Refuse(403, "paths are scanned for clients of a Unix socket, whose rights are known");
  }
  const std::uint64_t limit = is_path_ ? kMaxPathBytes : options_.max_body_bytes;
  if (request().content_length.value_or(0) > limit) return Refuse(413, "too large");
  if (!is_path_) stream_ = scanning_.spool().Begin(limit);
  AcceptBody();
}

void KavSession::OnBody(std::string_view data) {
  if (is_over_) return;
  if (is_path_) {
    if (data.size() > kMaxPathBytes - path_.size()) return Refuse(413, "too large");
    path_ += data;
    return;
  }
  switch (stream_.Append(data)) {
    case SpooledStream::Outcome::kTaken: return;
    case SpooledStream::Outcome::kTooLarge: return Refuse(413, "too large");
    case SpooledStream::Outcome::kNoRoom: return Refuse(503, "too much is waiting");
    case SpooledStream::Outcome::kFailed: return Refuse(500, "the object could not be kept");
  }
}

void KavSession::OnBodyEnd() {
  const auto done = [this](const ScanOutcome& outcome) { OnOutcome(outcome); };
  if (is_path_) {
    while (path_.ends_with('\n') || path_.ends_with('\r')) path_.pop_back();
    if (!path_.starts_with('/') || path_.find('\0') != std::string::npos) return Refuse(400, "an absolute path");
    ticket_ = options_.scan_path(std::exchange(path_, {}), connection().peer(), done);
    return;
  }
  ScanRequest scan;
  if (!TakeStream(stream_, scan)) return Refuse(500, "the object could not be kept");
  scan.names = NamesOfStream({});
  // Where it comes from, e.g. rspamd's "[from:a@example.org]": for people only.
  scan.path = std::string(request().Find("X-KAV-ObjectURL").value_or("").substr(0, kMaxUrlBytes));
  scan.protocol = Protocol::kKav;
  scan.peer = connection().peer();
  ticket_ = scanning_.Scan(std::move(scan), done);
}

void KavSession::OnOutcome(const ScanOutcome& outcome) {
  if (outcome.kind == ScanOutcome::Kind::kBusy) return Refuse(503, outcome.problem);
  HttpReply reply;
  reply.type = "text/plain";
  // Without an end of line: rspamd takes no more than one byte away behind it.
  reply.body = KavText(outcome);
  if (outcome.kind == ScanOutcome::Kind::kIncomplete) {
    reply.lines = "X-Daylight-Incomplete: " + Unread(outcome) + "\r\n";
  }
  Reply(reply);
}

void KavSession::OnOver() {
  is_over_ = true;
  path_.clear();
  stream_ = SpooledStream();
  ticket_ = ScanTicket();
}

std::size_t KavLineSession::OnBytes(std::string_view bytes) {
  if (is_over_) return bytes.size();
  if (ticket_) return 0;
  // As with clamd: the first byte says how the line ends, and how the answer does.
  if (bytes.empty()) return 0;
  const char end = bytes[0] == 'z' ? '\0' : '\n';
  const std::size_t at = bytes.substr(0, kMaxPathBytes + 16).find(end);
  is_mid_line_ = true;
  if (at == std::string_view::npos) {
    if (bytes.size() < kMaxPathBytes + 16) return 0;
    end_ = end;
    Answer("UNKNOWN COMMAND");
    return bytes.size();
  }
  OnLine(bytes.substr(0, at), end);
  return at + 1;
}

void KavLineSession::OnLine(std::string_view line, char end) {
  end_ = end;
  constexpr std::string_view kScan = "SCAN ";
  if (line.starts_with('n') || line.starts_with('z')) line.remove_prefix(1);
  if (end == '\n' && line.ends_with('\r')) line.remove_suffix(1);
  if (!line.starts_with(kScan)) return Answer("UNKNOWN COMMAND");
  path_ = line.substr(kScan.size());
  if (!options_.MayNamePaths(connection_.peer())) return Answer(path_ + ": Access denied. ERROR");
  if (!path_.starts_with('/') || path_.find('\0') != std::string::npos) {
    return Answer(path_ + ": Not an absolute path. ERROR");
  }
  ticket_ = options_.scan_path(path_, connection_.peer(), [this](const ScanOutcome& outcome) {
    using Kind = ScanOutcome::Kind;
    const bool is_good = outcome.kind == Kind::kClean || outcome.kind == Kind::kIncomplete;
    if (outcome.kind == Kind::kInfected || (is_good && outcome.blocks)) {
      return Answer(path_ + ": " + (outcome.names.empty() ? Unread(outcome) : NameOf(outcome)) + " FOUND");
    }
    if (is_good) return Answer(path_ + ": OK");
    Answer(path_ + ": " + (outcome.problem.empty() ? "failed" : HeaderText(outcome.problem)) + " ERROR");
  });
}

void KavLineSession::Answer(std::string_view text) {
  is_over_ = true;
  std::string line(text);
  // A path in a 'z' command may hold an end of line; the answer has one end.
  if (end_ == '\n') std::replace(line.begin(), line.end(), '\n', '_');
  std::replace(line.begin(), line.end(), '\0', '_');
  connection_.Send(line + end_);
  connection_.Close();
  ticket_.reset();
}

void KavLineSession::OnEnd() {
  if (is_over_ || ticket_) return;
  is_over_ = true;
  connection_.Close();
}

void KavLineSession::OnTimeout() {
  if (is_over_ || !is_mid_line_) return;
  Answer(ticket_ ? path_ + ": The daemon is stopping. ERROR" : "COMMAND READ TIMED OUT");
}

Waiting KavLineSession::waiting() const {
  if (ticket_ || is_over_) return Waiting::kForUs;
  return is_mid_line_ ? Waiting::kForBytes : Waiting::kForCommand;
}

}  // namespace dl::daemon
