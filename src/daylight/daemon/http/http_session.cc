#include "daylight/daemon/http/http_session.h"

#include "daylight/base/check.h"

namespace dl::daemon {
namespace {

// Of a body that nobody wants; then the connection ends without more ado.
constexpr std::uint64_t kMaxDiscardBytes = 64u << 20;

std::string_view ReasonOf(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
  }
}

}  // namespace

Waiting HttpSession::waiting() const {
  switch (state_) {
    case State::kHead: return is_mid_head_ ? Waiting::kForBytes : Waiting::kForCommand;
    case State::kBody:
    case State::kDiscard: return Waiting::kForBytes;
    case State::kWorking:
    case State::kClosed: return Waiting::kForUs;
  }
  return Waiting::kForUs;
}

std::size_t HttpSession::OnBytes(std::string_view bytes) {
  const std::size_t size = bytes.size();
  is_answered_ = false;
  // One request at a time: before the next, others have their turn, and the answer may
  // have to be read first. Reply() resumes.
  while (Step(bytes) && !is_answered_) {
  }
  return size - bytes.size();
}

bool HttpSession::Step(std::string_view& bytes) {
  if (state_ == State::kClosed) bytes = {};
  if (state_ == State::kClosed || state_ == State::kWorking) return false;
  const HttpReader::Event event = reader_.Next(bytes);
  if (state_ == State::kHead) is_mid_head_ = event == HttpReader::Event::kMore && !bytes.empty();
  switch (event) {
    case HttpReader::Event::kMore: return false;
    case HttpReader::Event::kHead:
      is_in_request_ = true;
      state_ = State::kBody;
      OnRequest();
      return true;
    case HttpReader::Event::kBody:
      if (state_ == State::kBody) {
        OnBody(reader_.data());
      } else {
        discarded_bytes_ += reader_.data().size();
        if (discarded_bytes_ > kMaxDiscardBytes) Close();
      }
      return true;
    case HttpReader::Event::kEnd:
      if (state_ == State::kDiscard) {
        Close();
      } else {
        state_ = State::kWorking;
        OnBodyEnd();
      }
      return true;
    case HttpReader::Event::kBad:
      if (state_ == State::kDiscard) {
        Close();
        return true;
      }
      is_in_request_ = true;
      state_ = State::kBody;
      Refuse(reader_.status(), "this is no request that is understood");
      if (state_ != State::kClosed) Close();
      return true;
  }
  return false;
}

void HttpSession::AcceptBody() {
  if (!request().expects_continue || !request().has_body()) return;
  is_continued_ = true;
  connection_.Send("HTTP/1.1 100 Continue\r\n\r\n");
}

void HttpSession::Reply(const HttpReply& reply) {
  DL_CHECK(is_in_request_);
  const bool is_whole = state_ == State::kWorking || !request().has_body();
  const bool is_bad = reader_.status() != 0;
  const bool keeps_alive = is_whole && !is_bad && !has_ended_ && request().keeps_alive;
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  text += ReasonOf(reply.status);
  text += "\r\nContent-Type: " + reply.type;
  text += "\r\nContent-Length: " + std::to_string(reply.body.size());
  text += keeps_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
  // What is told of one object is for the one who asked.
  text += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  text += reply.lines;
  text += "\r\n";
  if (request().method != "HEAD") text += reply.body;
  connection_.Send(std::move(text));
  is_in_request_ = false;
  OnOver();
  if (keeps_alive) {
    reader_.Reset();
    is_continued_ = false;
    state_ = State::kHead;
    is_answered_ = true;
    connection_.Resume();
  } else if (is_whole || is_bad || (request().expects_continue && !is_continued_)) {
    Close();
  } else {
    state_ = State::kDiscard;
  }
}

void HttpSession::Close() {
  if (is_in_request_) OnOver();
  is_in_request_ = false;
  state_ = State::kClosed;
  connection_.Close();
}

void HttpSession::OnEnd() {
  if (state_ == State::kWorking) {
    has_ended_ = true;
  } else if (state_ != State::kClosed) {
    Close();
  }
}

void HttpSession::OnTimeout() {
  if (state_ == State::kDiscard || state_ == State::kClosed) return;
  if (state_ == State::kHead && !is_mid_head_) return;
  const bool is_working = state_ == State::kWorking;
  has_ended_ = true;
  is_in_request_ = true;
  Refuse(is_working ? 503 : 408, is_working ? "the daemon is stopping" : "the request did not come in time");
  if (state_ != State::kClosed) Close();
}

}  // namespace dl::daemon
