#include "daylight/daemon/http/api_session.h"

#include <utility>

#include "daylight/daemon/http/http_access.h"
#include "daylight/daemon/text/head.h"
#include "daylight/daemon/text/safe_text.h"
#include "daylight/report/json_text.h"
#include "daylight/report/writer.h"

namespace dl::daemon {
namespace {

// Of the name that a client gives; what rules see of it is shorter still.
constexpr std::size_t kMaxNameBytes = 4096;

std::string_view OutcomeName(ScanOutcome::Kind kind) {
  switch (kind) {
    case ScanOutcome::Kind::kClean: return "clean";
    case ScanOutcome::Kind::kInfected: return "infected";
    case ScanOutcome::Kind::kIncomplete: return "incomplete";
    case ScanOutcome::Kind::kFailed: return "failed";
    case ScanOutcome::Kind::kBusy: return "busy";
  }
  return "failed";
}

// application/x-www-form-urlencoded.
std::string QueryValue(std::string_view query, std::string_view key) {
  while (const auto pair = NextItem(query, '&')) {
    const std::size_t equals = pair->find('=');
    if (equals == std::string_view::npos || pair->substr(0, equals) != key) continue;
    std::string value(pair->substr(equals + 1));
    for (char& c : value) {
      if (c == '+') c = ' ';
    }
    return PercentDecode(value);
  }
  return {};
}

// The very record that `daylight scan --format jsonl` prints, and behind it what the
// daemon makes of it.
std::string RecordText(const std::string& name, const ScanOutcome& outcome) {
  std::string text;
  const auto writer = report::MakeWriter(report::Format::kJsonLines, {});
  writer->Begin(text);
  writer->Write({name, outcome.report}, text);
  while (text.ends_with('\n') || text.ends_with('}')) {
    const bool is_end = text.ends_with('}');
    text.pop_back();
    if (is_end) break;
  }
  std::string more;
  report::JsonText json(more);
  json.BeginObject();
  json.Field("outcome", OutcomeName(outcome.kind));
  json.Field("blocks", outcome.blocks);
  json.Key("names");
  json.BeginArray();
  for (const std::string& found : outcome.names) json.String(found);
  json.EndArray();
  if (!outcome.allowed_by.empty()) json.Field("allowed_by", outcome.allowed_by);
  if (!outcome.problem.empty()) json.Field("problem", outcome.problem);
  json.EndObject();
  more[0] = ',';
  return text + more + "\n";
}

}  // namespace

HttpReply ApiSession::Problem(int status, std::string_view why) {
  HttpReply reply;
  reply.status = status;
  report::JsonText json(reply.body);
  json.BeginObject();
  json.Field("error", why);
  json.EndObject();
  reply.body += '\n';
  if (status == 401) reply.lines = "WWW-Authenticate: Bearer realm=\"daylight\"\r\n";
  if (status == 503) reply.lines = "Retry-After: " + std::to_string(options_.retry_after_seconds) + "\r\n";
  return reply;
}

void ApiSession::OnRequest() {
  if (const int status = RefuseBrowser(request(), options_.hosts, connection().peer().is_local)) {
    return Refuse(status, status == 421   ? "this host name is not one of mine (see `hosts`)"
                          : status == 403 ? "web pages of other sites may not use this"
                                          : "exactly one Host is needed");
  }
  const std::string_view target = request().target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
  const bool is_allowed = !options_.requires_token || HasToken(request(), options_.token);
  if (!is_allowed && path != "/v1/health") return Refuse(401, "a token is needed");
  const bool is_scan = path == "/v1/scan";
  if (!is_scan && path != "/v1/health" && path != "/metrics" && path != "/v1/openapi.json") {
    return Refuse(404, "there is nothing of this name");
  }
  const std::string& method = request().method;
  if (is_scan ? method != "POST" : method != "GET" && method != "HEAD") {
    HttpReply reply = Problem(405, "this method is not for this name");
    reply.lines = is_scan ? "Allow: POST\r\n" : "Allow: GET, HEAD\r\n";
    return Reply(reply);
  }
  if (is_scan) return OnScanRequest(query);
  if (path == "/v1/health") return Reply(Health(is_allowed));
  if (path == "/v1/openapi.json") return Reply({200, "application/json", std::string(OpenApiText()), {}});
  Reply({200, "text/plain; version=0.0.4; charset=utf-8", options_.metrics ? options_.metrics() : std::string(), {}});
}

HttpReply ApiSession::Health(bool in_full) const {
  const ApiHealth health = options_.health ? options_.health() : ApiHealth();
  HttpReply reply;
  reply.status = health.is_ready ? 200 : 503;
  report::JsonText json(reply.body);
  json.BeginObject();
  json.Field("status", health.is_ready ? "ok" : "not ready");
  if (in_full) {
    json.Field("version", health.version);
    json.Key("databases");
    json.BeginArray();
    for (const ApiHealth::Database& database : health.databases) {
      json.BeginObject();
      json.Field("name", database.name);
      json.Field("version", database.version);
      json.Key("loaded_at");
      json.Signed(database.loaded_at);
      if (database.entries) json.Field("entries", *database.entries);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  reply.body += '\n';
  return reply;
}

void ApiSession::OnScanRequest(std::string_view query) {
  is_over_ = false;
  if (!request().is_chunked && !request().content_length) return Refuse(411, "the object is missing");
  if (const auto coding = request().Find("Content-Encoding"); coding && !EqualNoCase(Trim(*coding), "identity")) {
    return Refuse(415, "send the object as it is, without Content-Encoding");
  }
  const std::string_view type = request().Find("Content-Type").value_or("");
  const bool is_form = EqualNoCase(Trim(type.substr(0, type.find(';'))), "multipart/form-data");
  name_ = QueryValue(query, "name");
  if (is_form) {
    const std::string boundary = HeaderParameter(type, "boundary");
    if (boundary.empty() || boundary.size() > MultipartReader::kMaxBoundaryBytes) {
      return Refuse(400, "the form has no boundary");
    }
    form_.emplace(boundary);
  } else {
    if (request().content_length.value_or(0) > options_.max_body_bytes) return Refuse(413, "the object is too large");
    const auto disposition = request().Find("Content-Disposition");
    if (name_.empty() && disposition) name_ = DispositionFilename(*disposition);
  }
  stream_ = scanning_.spool().Begin(options_.max_body_bytes);
  AcceptBody();
}

void ApiSession::OnBody(std::string_view data) {
  if (form_) {
    TakeForm(data);
  } else {
    Keep(data);
  }
}

void ApiSession::Keep(std::string_view data) {
  if (is_over_) return;
  switch (stream_.Append(data)) {
    case SpooledStream::Outcome::kTaken: size_ += data.size(); return;
    case SpooledStream::Outcome::kTooLarge: return Refuse(413, "the object is too large");
    case SpooledStream::Outcome::kNoRoom: return Refuse(503, "too much is waiting, try again later");
    case SpooledStream::Outcome::kFailed: return Refuse(500, "the object could not be kept");
  }
}

void ApiSession::TakeForm(std::string_view data) {
  form_->Append(data);
  while (!is_over_) {
    switch (form_->Next()) {
      case MultipartReader::Event::kMore: return;
      case MultipartReader::Event::kPart: {
        const MultipartReader::Part& part = form_->part();
        is_in_file_ = part.is_file;
        if (!part.is_file) break;
        if (part.is_encoded) return Refuse(415, "a file in a form must not be encoded");
        // A browser sends an empty file without a name where none was chosen.
        if (part.filename.empty()) break;
        if (has_file_) return Refuse(400, "one file a request");
        has_file_ = true;
        if (name_.empty()) name_ = part.filename;
        break;
      }
      case MultipartReader::Event::kData:
        if (!is_in_file_) break;
        if (form_->part().filename.empty()) {
          if (has_file_) return Refuse(400, "one file a request");
        }
        Keep(form_->data());
        break;
      case MultipartReader::Event::kPartEnd:
        if (is_in_file_ && size_ > 0) has_file_ = true;
        break;
      case MultipartReader::Event::kEnd: form_has_ended_ = true; break;
      case MultipartReader::Event::kBad: return Refuse(400, "this is no form that is understood");
    }
  }
}

void ApiSession::OnBodyEnd() {
  if (form_ && !form_has_ended_) return Refuse(400, "the form does not end");
  if (form_ && !has_file_) return Refuse(400, "the form has no file");
  if (name_.size() > kMaxNameBytes) name_.resize(kMaxNameBytes);
  ScanRequest scan;
  if (!TakeStream(stream_, scan)) return Refuse(500, "the object could not be kept");
  scan.names = NamesOfStream(name_);
  scan.path = name_;
  scan.protocol = Protocol::kHttp;
  scan.peer = connection().peer();
  ticket_ = scanning_.Scan(std::move(scan), [this](const ScanOutcome& outcome) { OnOutcome(outcome); });
}

void ApiSession::OnOutcome(const ScanOutcome& outcome) {
  if (outcome.kind == ScanOutcome::Kind::kBusy) return Refuse(503, outcome.problem);
  HttpReply reply;
  reply.status = outcome.kind == ScanOutcome::Kind::kFailed ? 500 : 200;
  reply.body = RecordText(name_.empty() ? "-" : name_, outcome);
  Reply(reply);
}

void ApiSession::OnOver() {
  is_over_ = true;
  stream_ = SpooledStream();
  size_ = 0;
  name_.clear();
  form_.reset();
  is_in_file_ = false;
  has_file_ = false;
  form_has_ended_ = false;
  ticket_ = ScanTicket();
}

}  // namespace dl::daemon
