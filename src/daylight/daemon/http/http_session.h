// HttpSession is what every protocol over HTTP/1.1 shares: one request after the
// other, 100-continue, keep-alive, and one answer for each.
//
//   class Echo : public HttpSession {
//     void OnRequest() override { AcceptBody(); }
//     void OnBody(std::string_view data) override { text_ += data; }
//     void OnBodyEnd() override { Reply({200, "text/plain", text_, {}}); }
//     ...
//   };
//
// Reply() may come at any time, once: an answer before the end of the body ends the
// connection, after what still comes of it was passed over (so that no reset overtakes
// the answer, RFC 9112, section 9.6).
#pragma once

#include <string>
#include <string_view>

#include "daylight/daemon/http/http_reader.h"
#include "daylight/daemon/net/session.h"

namespace dl::daemon {

struct HttpReply {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::string lines;  // More fields, each with its end.
};

class HttpSession : public Session {
 public:
  std::size_t OnBytes(std::string_view bytes) override;
  void OnEnd() override;
  void OnTimeout() override;
  Waiting waiting() const override;

 protected:
  explicit HttpSession(Connection& connection) : connection_(connection) {}

  // A head came: AcceptBody(), or Reply().
  virtual void OnRequest() = 0;
  virtual void OnBody(std::string_view data) = 0;
  // The body is whole: Reply(), now or later.
  virtual void OnBodyEnd() = 0;
  // The answer was given, or never will be: what the request holds is let go.
  virtual void OnOver() = 0;
  virtual HttpReply Problem(int status, std::string_view why) = 0;

  const HttpRequest& request() const { return reader_.request(); }
  Connection& connection() { return connection_; }
  // Says "100 Continue" to who waits for it.
  void AcceptBody();
  void Reply(const HttpReply& reply);
  void Refuse(int status, std::string_view why) { Reply(Problem(status, why)); }

 private:
  enum class State : std::uint8_t {
    kHead,
    kBody,
    kDiscard,  // The answer was given: what is left of the body is passed over, then it ends.
    kWorking,  // The body is whole; the answer is not there yet.
    kClosed,
  };
  bool Step(std::string_view& bytes);
  void Close();

  Connection& connection_;
  HttpReader reader_;
  State state_ = State::kHead;
  bool is_answered_ = false;  // In this turn of reading.
  bool is_mid_head_ = false;
  bool has_ended_ = false;  // The peer will send no more.
  bool is_in_request_ = false;
  bool is_continued_ = false;
  std::uint64_t discarded_bytes_ = 0;
};

}  // namespace dl::daemon
