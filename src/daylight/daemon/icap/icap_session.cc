#include "daylight/daemon/icap/icap_session.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "daylight/base/check.h"
#include "daylight/daemon/icap/icap_replies.h"
#include "daylight/daemon/text/head.h"
#include "daylight/daemon/text/safe_text.h"

namespace dl::daemon {
namespace {

constexpr std::size_t kMaxHeadBytes = 16u << 10;
// Of an object that goes back: what is queued at a time.
constexpr std::size_t kPieceBytes = 64u << 10;
constexpr std::size_t kMaxUrlBytes = 2048;
// Of one form.
constexpr std::size_t kMaxFiles = 100;

std::string IncompleteLine(std::string_view reason) { return "X-Daylight-Incomplete: " + HeaderText(reason) + "\r\n"; }

}  // namespace

IcapSession::IcapSession(Connection& connection, Scanning& scanning, const IcapOptions& options)
    : connection_(connection), scanning_(scanning), options_(options) {}

Waiting IcapSession::waiting() const {
  switch (state_) {
    case State::kHead: return is_mid_head_ ? Waiting::kForBytes : Waiting::kForCommand;
    case State::kSections:
    case State::kBody:
    case State::kDiscard: return Waiting::kForBytes;
    case State::kRelaying: return is_sending_ ? Waiting::kForUs : Waiting::kForBytes;
    case State::kScanning:
    case State::kReturning:
    case State::kClosed: return Waiting::kForUs;
  }
  return Waiting::kForUs;
}

std::size_t IcapSession::OnBytes(std::string_view bytes) {
  const std::size_t size = bytes.size();
  while (Step(bytes)) {
  }
  return size - bytes.size();
}

bool IcapSession::Step(std::string_view& bytes) {
  switch (state_) {
    case State::kHead: return TakeHead(bytes);
    case State::kSections: return TakeSections(bytes);
    case State::kBody:
    case State::kDiscard:
    case State::kRelaying: return TakeBody(bytes);
    case State::kScanning:
    case State::kReturning: return false;
    case State::kClosed: bytes = {}; return false;
  }
  return false;
}

bool IcapSession::TakeHead(std::string_view& bytes) {
  // rspamd and e2guardian end an empty body twice: with its first and only chunk, and
  // with the end that they always write.
  if (may_have_second_end_ && kLastChunk.starts_with(bytes.substr(0, kLastChunk.size()))) {
    if (bytes.size() < kLastChunk.size()) return false;
    bytes.remove_prefix(kLastChunk.size());
    may_have_second_end_ = false;
  }
  while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  is_mid_head_ = !bytes.empty();
  if (bytes.empty()) return false;
  const std::size_t end = bytes.substr(0, kMaxHeadBytes).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() >= kMaxHeadBytes) Refuse(400);
    return state_ == State::kClosed;
  }
  const std::string_view head = bytes.substr(0, end + 4);
  bytes.remove_prefix(head.size());
  is_mid_head_ = false;
  may_have_second_end_ = false;
  IcapRequest& request = exchange_.request;
  if (const int status = ParseIcapRequest(head, request)) {
    Refuse(status);
    return true;
  }
  if (request.head_bytes > options_.max_section_bytes) {
    Refuse(400);
    return true;
  }
  exchange_.in_preview = request.has_preview;
  state_ = State::kSections;
  const auto is_ours = [&](const std::string& name) { return name == "*" || name == request.service; };
  if (std::none_of(options_.services.begin(), options_.services.end(), is_ours)) {
    Refuse(404);
  } else if (request.method == IcapMethod::kReqmod    ? !options_.offers_reqmod
             : request.method == IcapMethod::kRespmod ? !options_.offers_respmod
                                                      : false) {
    Refuse(405);
  }
  return true;
}

bool IcapSession::TakeSections(std::string_view& bytes) {
  const IcapRequest& request = exchange_.request;
  std::string& sections = exchange_.sections;
  const auto missing = static_cast<std::size_t>(request.head_bytes) - sections.size();
  const std::string_view part = bytes.substr(0, missing);
  sections += part;
  bytes.remove_prefix(part.size());
  if (part.size() < missing) return false;
  if (!exchange_.is_answered) {
    if (!CheckSections()) {
      Refuse(400);
      return true;
    }
    if (request.method == IcapMethod::kOptions) {
      Options();
    } else if (!request.has_body) {
      // A request or an answer without a body: there is nothing to scan.
      state_ = State::kScanning;
      Pass({});
      return true;
    } else {
      exchange_.stream = scanning_.spool().Begin(options_.max_body_bytes);
      if (request.method == IcapMethod::kReqmod) BeginForm();
    }
  }
  state_ = exchange_.is_answered ? State::kDiscard : State::kBody;
  if (!request.has_body) Finish();
  return true;
}

// The heads end where they say; what rules may know of the object is taken from them.
bool IcapSession::CheckSections() {
  const IcapRequest& request = exchange_.request;
  const auto is_whole = [](std::string_view head) { return head.ends_with("\r\n\r\n") || head.ends_with("\n\n"); };
  if (request.res_head && !is_whole(request.res_head->Of(exchange_.sections))) return false;
  if (!request.req_head) return true;
  const std::string_view text = request.req_head->Of(exchange_.sections);
  if (!is_whole(text)) return false;
  std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  line.remove_prefix(std::min(line.find(' '), line.size()));
  line = Trim(line);
  exchange_.url = std::string(line.substr(0, line.find(' ')).substr(0, kMaxUrlBytes));
  return true;
}

bool IcapSession::TakeBody(std::string_view& bytes) {
  if (state_ == State::kRelaying && is_sending_) return false;
  switch (exchange_.chunks.Next(bytes)) {
    case ChunkReader::Event::kMore: return false;
    case ChunkReader::Event::kData: return OnData(exchange_.chunks.data());
    case ChunkReader::Event::kEnd: return OnBodyEnd();
    case ChunkReader::Event::kBad:
      // Of what is half sent back no end is sent: so nobody takes it for whole.
      if (exchange_.is_answered) {
        Close();
      } else {
        Refuse(400);
      }
      return true;
  }
  return false;
}

bool IcapSession::OnData(std::string_view data) {
  if (state_ == State::kDiscard) return true;
  if (state_ == State::kRelaying) {
    connection_.Send(Chunk(data));
    is_sending_ = true;
    return false;
  }
  if (data.size() > options_.max_body_bytes - exchange_.size) {
    OnTooLarge(data);
    return true;
  }
  switch (exchange_.stream.Append(data)) {
    case SpooledStream::Outcome::kTaken:
      exchange_.size += data.size();
      TakeForm(data);
      break;
    case SpooledStream::Outcome::kNoRoom: Refuse(503); break;
    case SpooledStream::Outcome::kTooLarge:
    case SpooledStream::Outcome::kFailed: Refuse(500); break;
  }
  return true;
}

void IcapSession::BeginForm() {
  if (!exchange_.request.req_head) return;
  const auto head = Head::Parse(exchange_.request.req_head->Of(exchange_.sections), Head::Manner::kLenient);
  const std::string_view type = head ? head->Find("Content-Type").value_or("") : "";
  if (!EqualNoCase(Trim(type.substr(0, type.find(';'))), "multipart/form-data")) return;
  const std::string boundary = HeaderParameter(type, "boundary");
  if (boundary.empty() || boundary.size() > MultipartReader::kMaxBoundaryBytes) {
    exchange_.is_file_unread = true;
  } else {
    exchange_.form.emplace(boundary);
  }
}

// A file stands at its own beginning only when it is taken out of the form.
void IcapSession::TakeForm(std::string_view data) {
  if (!exchange_.form) return;
  MultipartReader& form = *exchange_.form;
  form.Append(data);
  for (;;) {
    switch (form.Next()) {
      case MultipartReader::Event::kMore: return;
      case MultipartReader::Event::kPart:
        exchange_.is_in_file = false;
        if (!form.part().is_file) break;
        if (form.part().is_encoded || exchange_.files.size() == kMaxFiles) {
          exchange_.is_file_unread = true;
          break;
        }
        exchange_.is_in_file = true;
        exchange_.file = scanning_.spool().Begin(options_.max_body_bytes);
        break;
      case MultipartReader::Event::kData:
        if (!exchange_.is_in_file) break;
        if (const auto outcome = exchange_.file.Append(form.data()); outcome != SpooledStream::Outcome::kTaken) {
          // Refuse() may end the exchange, and the form with it.
          return Refuse(outcome == SpooledStream::Outcome::kNoRoom ? 503 : 500);
        }
        break;
      case MultipartReader::Event::kPartEnd: {
        if (!exchange_.is_in_file || exchange_.file.size() == 0) break;
        auto object = exchange_.file.Finish();
        if (!object) return Refuse(500);
        exchange_.files.push_back({std::move(*object), form.part().filename});
        break;
      }
      case MultipartReader::Event::kEnd: exchange_.form_has_ended = true; break;
      case MultipartReader::Event::kBad:
        exchange_.is_file_unread = true;
        exchange_.form.reset();
        return;
    }
  }
}

bool IcapSession::OnBodyEnd() {
  if (exchange_.in_preview && !exchange_.is_answered && !exchange_.chunks.ieof()) {
    exchange_.in_preview = false;
    exchange_.chunks = ChunkReader();
    connection_.Send("ICAP/1.0 100 Continue\r\n\r\n");
    return true;
  }
  may_have_second_end_ = exchange_.size == 0;
  switch (state_) {
    case State::kBody: BeginScan(); break;
    case State::kRelaying:
      connection_.Send(std::string(kLastChunk));
      Finish();
      break;
    default: Finish(); break;
  }
  return true;
}

void IcapSession::BeginScan() {
  state_ = State::kScanning;
  auto object = exchange_.stream.Finish();
  if (!object) return Refuse(500);
  ScanRequest request;
  request.size = object->size;
  if (CanAnswer204()) {
    request.share = std::move(object->share);
  } else {
    // It may have to go back: then it is ours, and counted, until it is sent.
    exchange_.object = os::Fd(::fcntl(object->fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!exchange_.object.valid()) return Refuse(500);
    exchange_.share = std::move(object->share);
  }
  request.fd = std::move(object->fd);
  request.unread = Unread();
  std::string name;
  if (exchange_.request.res_head) {
    const auto head = Head::Parse(exchange_.request.res_head->Of(exchange_.sections), Head::Manner::kLenient);
    if (const auto disposition = head ? head->Find("Content-Disposition") : std::nullopt) {
      name = DispositionFilename(*disposition);
    }
  }
  if (name.empty()) {
    const std::string_view url = exchange_.url;
    const std::string_view path = url.substr(0, url.find_first_of("?#"));
    const std::size_t scheme = path.find("://");
    // A host alone is no name of a file.
    const bool has_path = scheme == std::string_view::npos || path.find('/', scheme + 3) != std::string_view::npos;
    if (has_path) name = PercentDecode(path.substr(std::min(path.rfind('/'), path.size())));
  }
  request.names = NamesOfStream(name);
  Scan(std::move(request));
}

void IcapSession::ScanNextFile() {
  Exchange::File file = std::move(exchange_.files.front());
  exchange_.files.pop_front();
  ScanRequest request;
  request.fd = std::move(file.object.fd);
  request.size = file.object.size;
  request.share = std::move(file.object.share);
  request.names = NamesOfStream(file.name);
  Scan(std::move(request));
}

void IcapSession::Scan(ScanRequest request) {
  request.path = exchange_.url;
  request.protocol = Protocol::kIcap;
  request.peer = connection_.peer();
  exchange_.ticket = scanning_.Scan(std::move(request), [this](const ScanOutcome& outcome) { OnOutcome(outcome); });
}

std::vector<report::Incomplete> IcapSession::Unread() const {
  std::vector<report::Incomplete> unread;
  // A form that began and was not understood to its end, too: receivers differ in what they make of it.
  const bool is_form = exchange_.form.has_value() || !exchange_.files.empty() || exchange_.is_file_unread;
  if (exchange_.is_file_unread || (is_form && !exchange_.form_has_ended)) {
    unread.push_back({"", "form", "not all files of the form could be taken out of it"});
  }
  const auto& section = exchange_.request.res_head ? exchange_.request.res_head : exchange_.request.req_head;
  if (!options_.partial_is_unread || !section) return unread;
  const auto head = Head::Parse(section->Of(exchange_.sections), Head::Manner::kLenient);
  if (!head) return unread;
  std::string_view line = head->start_line();
  line.remove_prefix(std::min(line.find(' '), line.size()));
  if (exchange_.request.res_head && Trim(line).starts_with("206")) {
    unread.push_back({"", "partial", "a part of the object (HTTP 206)"});
  }
  for (const Head::Field& field : head->fields()) {
    if (!EqualNoCase(field.name, "Content-Encoding")) continue;
    std::string_view list = field.value;
    while (const auto coding = NextItem(list)) {
      // These are opened like any other compressed file.
      const auto is = [&](std::string_view known) { return EqualNoCase(*coding, known); };
      if (coding->empty() || is("identity") || is("gzip") || is("x-gzip") || is("zstd")) continue;
      unread.push_back({"", "encoding", "Content-Encoding: " + HeaderText(*coding, 40)});
    }
  }
  return unread;
}

void IcapSession::OnOutcome(const ScanOutcome& outcome) {
  DL_CHECK(state_ == State::kScanning);
  exchange_.ticket = ScanTicket();
  using Kind = ScanOutcome::Kind;
  const bool is_unread = outcome.kind == Kind::kIncomplete || outcome.kind == Kind::kFailed;
  if (outcome.kind == Kind::kBusy) return Refuse(503);
  if (outcome.kind == Kind::kInfected) return Block(outcome, "A threat was found in it.");
  if (outcome.blocks) {
    return Block(outcome, outcome.kind == Kind::kIncomplete ? "It could not be checked completely."
                          : is_unread                       ? "It could not be checked."
                                                            : "It is not allowed.");
  }
  if (is_unread && exchange_.pass_lines.empty()) exchange_.pass_lines = IncompleteLine(IncompleteReason(outcome));
  if (!exchange_.files.empty()) return ScanNextFile();
  Pass(exchange_.pass_lines);
}

// `data`: the piece that is too much.
void IcapSession::OnTooLarge(std::string_view data) {
  if (options_.too_large_blocks) {
    ScanOutcome outcome;
    outcome.kind = ScanOutcome::Kind::kIncomplete;
    outcome.names = {"Heuristics.Limits.Exceeded.MaxFileSize"};
    outcome.problem = "too large";
    return Block(outcome, "It is too large to be checked.");
  }
  const std::string line = IncompleteLine("too large");
  if (CanAnswer204()) return Pass(line);
  // What was kept goes first, then this piece, then the rest as it comes.
  auto object = exchange_.stream.Finish();
  if (!object) return Refuse(500);
  exchange_.object = std::move(object->fd);
  exchange_.share = std::move(object->share);
  exchange_.rest = data;
  exchange_.file = SpooledStream();
  exchange_.files.clear();
  BeginReturn(line);
  is_sending_ = true;
  state_ = State::kRelaying;
}

void IcapSession::Options() {
  std::string lines = "Methods: " + Methods() + "\r\n";
  lines += "Options-TTL: " + std::to_string(options_.options_ttl_seconds) + "\r\n";
  lines += "Max-Connections: " + std::to_string(options_.max_connections) + "\r\n";
  if (options_.allow_204) lines += "Allow: 204\r\n";
  if (options_.preview_bytes) {
    lines += "Preview: " + std::to_string(*options_.preview_bytes) + "\r\nTransfer-Preview: *\r\n";
  }
  lines += "X-Include: X-Client-IP, X-Client-Username\r\nEncapsulated: null-body=0\r\n";
  connection_.Send(HeadOf(200, lines));
  exchange_.is_answered = true;
}

std::string IcapSession::Methods() const {
  if (!options_.offers_reqmod) return "RESPMOD";
  return options_.offers_respmod ? "RESPMOD, REQMOD" : "REQMOD";
}

void IcapSession::Block(const ScanOutcome& outcome, std::string_view reason) {
  const std::string name = outcome.names.empty() ? IncompleteReason(outcome) : outcome.names.front();
  const BlockPage block = MakeBlockPage(options_.block_page, name, reason, exchange_.url);
  std::string lines = FoundLines(outcome);
  if (outcome.kind != ScanOutcome::Kind::kInfected) lines += IncompleteLine(IncompleteReason(outcome));
  lines += "Encapsulated: res-hdr=0, res-body=" + std::to_string(block.head.size()) + "\r\n";
  std::string answer = HeadOf(200, lines) + block.head + Chunk(block.page);
  answer += kLastChunk;
  connection_.Send(std::move(answer));
  Answered();
}

// `lines`: what else is to be said of it.
void IcapSession::Pass(std::string_view lines) {
  if (CanAnswer204()) {
    connection_.Send(HeadOf(204, lines));
    return Answered();
  }
  BeginReturn(lines);
  if (!exchange_.request.has_body) return Answered();
  state_ = State::kReturning;
}

// Its head; the body follows from OnSendReady().
void IcapSession::BeginReturn(std::string_view lines) {
  const IcapRequest& request = exchange_.request;
  const bool is_response = request.method == IcapMethod::kRespmod;
  const auto& section = is_response ? request.res_head : request.req_head;
  const std::string_view head = section ? section->Of(exchange_.sections) : std::string_view();
  std::string encapsulated = "Encapsulated: ";
  if (section) encapsulated += is_response ? "res-hdr=0, " : "req-hdr=0, ";
  encapsulated += !request.has_body ? "null-body=" : is_response ? "res-body=" : "req-body=";
  encapsulated += std::to_string(head.size()) + "\r\n";
  std::string answer = HeadOf(200, std::string(lines) + encapsulated);
  answer += head;
  connection_.Send(std::move(answer));
  exchange_.is_answered = true;
}

void IcapSession::OnSendReady() {
  if (state_ == State::kReturning || (state_ == State::kRelaying && is_sending_)) SendPiece();
}

void IcapSession::SendPiece() {
  if (exchange_.sent < exchange_.size) {
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, exchange_.size - exchange_.sent)),
                      '\0');
    // Not read(): the scanner's descriptor shares its position with this one.
    const ssize_t n = ::pread(exchange_.object.get(), piece.data(), piece.size(), static_cast<off_t>(exchange_.sent));
    // Without its end nobody takes it for whole.
    if (n <= 0) return Close();
    piece.resize(static_cast<std::size_t>(n));
    exchange_.sent += piece.size();
    return connection_.Send(Chunk(piece));
  }
  if (!exchange_.rest.empty()) return connection_.Send(Chunk(std::exchange(exchange_.rest, {})));
  if (state_ == State::kRelaying) {
    is_sending_ = false;
    return connection_.Resume();
  }
  connection_.Send(std::string(kLastChunk));
  Finish();
}

void IcapSession::Refuse(int status) {
  // After these nobody knows where the next request begins.
  const bool ends = status == 400 || status == 408 || status == 501 || status == 505;
  if (ends) exchange_.request.wants_close = true;
  std::string lines = "Encapsulated: null-body=0\r\n";
  if (status == 405) lines += "Allow: OPTIONS, " + Methods() + "\r\n";
  connection_.Send(HeadOf(status, lines));
  if (ends) return Close();
  Answered();
}

bool IcapSession::CanAnswer204() const {
  return exchange_.in_preview || (options_.allow_204 && exchange_.request.allows_204);
}

std::string IcapSession::HeadOf(int status, std::string_view lines) const {
  const bool closes = exchange_.request.wants_close || has_ended_;
  std::string head = "ICAP/1.0 " + std::to_string(status) + " ";
  head += IcapReason(status);
  head += "\r\nISTag: " + IcapTag(options_.istag ? options_.istag() : "daylight");
  head += "\r\nService: " + HeaderText(options_.service_text);
  head += closes ? "\r\nConnection: close\r\n" : "\r\nConnection: keep-alive\r\n";
  head += lines;
  head += "\r\n";
  return head;
}

void IcapSession::Answered() {
  exchange_.is_answered = true;
  exchange_.stream = SpooledStream();
  exchange_.file = SpooledStream();
  exchange_.files.clear();
  switch (state_) {
    case State::kSections: return;
    case State::kBody: state_ = State::kDiscard; return;
    default: return Finish();
  }
}

void IcapSession::Finish() {
  const bool closes = exchange_.request.wants_close || has_ended_;
  exchange_ = Exchange();
  if (closes) return Close();
  state_ = State::kHead;
  connection_.Resume();
}

void IcapSession::Close() {
  exchange_ = Exchange();
  state_ = State::kClosed;
  connection_.Close();
}

void IcapSession::OnEnd() {
  if (state_ == State::kClosed) return;
  if (state_ == State::kScanning || state_ == State::kReturning) {
    has_ended_ = true;
  } else {
    Close();
  }
}

void IcapSession::OnTimeout() {
  if (exchange_.is_answered || state_ == State::kClosed) return;
  if (state_ == State::kScanning) {
    exchange_.request.wants_close = true;
    Refuse(503);
  } else if (state_ != State::kHead || is_mid_head_) {
    Refuse(408);
  }
}

}  // namespace dl::daemon
