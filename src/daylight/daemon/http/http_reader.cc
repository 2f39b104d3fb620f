#include "daylight/daemon/http/http_reader.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "daylight/daemon/text/chunk_reader.h"
#include "daylight/daemon/text/head.h"

namespace dl::daemon {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

std::optional<std::string_view> HttpRequest::Find(std::string_view name) const {
  for (const Field& field : fields) {
    if (EqualNoCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t HttpRequest::Count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [&](const Field& field) { return EqualNoCase(field.name, name); }));
}

// Only for heads. Beast 1.74 takes no body without a limit (a limit of none is less than
// any length), and its reader of chunks asserts that a last chunk has more than it must
// have when it comes in pieces: a client could end a build with assertions.
class HttpReader::Parser : public http::basic_parser<true> {
 public:
  Parser() {
    header_limit(kMaxHeadBytes);
    body_limit(std::numeric_limits<std::uint64_t>::max());  // The session counts, and answers.
  }

  Event Next(std::string_view& bytes) {
    if (status_ != 0) return Event::kBad;
    // RFC 9112, section 2.2: an empty line before a request is passed over.
    while (!got_some() && bytes.starts_with("\r\n")) bytes.remove_prefix(2);
    if (!has_head_) {
      if (bytes.empty() || bytes == "\r") return Event::kMore;
      error_code error;
      bytes.remove_prefix(put(boost::asio::const_buffer(bytes.data(), bytes.size()), error));
      if (error == http::error::need_more) return Event::kMore;
      if (error) return Refuse(status_ != 0 ? status_ : StatusOf(error));
      return Event::kHead;
    }
    return request_.is_chunked ? NextChunk(bytes) : NextPart(bytes);
  }

  HttpRequest request_;
  std::string_view data_;
  int status_ = 0;

 private:
  Event Refuse(int status) {
    status_ = status;
    return Event::kBad;
  }
  Event NextChunk(std::string_view& bytes) {
    switch (chunks_.Next(bytes)) {
      case ChunkReader::Event::kMore: return Event::kMore;
      case ChunkReader::Event::kData: data_ = chunks_.data(); return Event::kBody;
      case ChunkReader::Event::kEnd: return Event::kEnd;
      case ChunkReader::Event::kBad: break;
    }
    return Refuse(400);
  }
  Event NextPart(std::string_view& bytes) {
    if (left_ == 0) return Event::kEnd;
    if (bytes.empty()) return Event::kMore;
    data_ = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
    bytes.remove_prefix(data_.size());
    left_ -= data_.size();
    return Event::kBody;
  }
  static int StatusOf(const error_code& error) {
    if (error == http::error::header_limit) return 431;
    if (error == http::error::bad_version) return 505;
    return 400;
  }
  void Fail(error_code& error, int status) {
    status_ = status;
    error = http::error::bad_value;
  }

  void on_request_impl(http::verb, string_view method, string_view target, int version, error_code& error) override {
    request_.method = std::string(method);
    request_.target = std::string(target);
    request_.version = static_cast<unsigned>(version);
    if (version != 10 && version != 11) Fail(error, 505);
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(http::field field, string_view name, string_view value, error_code& error) override {
    if (request_.fields.size() == kMaxFields) return Fail(error, 431);
    const std::string_view text(value.data(), value.size());
    if (field == http::field::transfer_encoding && !EqualNoCase(Trim(text), "chunked")) return Fail(error, 501);
    if (field == http::field::expect) {
      if (!EqualNoCase(Trim(text), "100-continue")) return Fail(error, 417);
      request_.expects_continue = true;
    }
    request_.fields.push_back({std::string(name), std::string(text)});
  }
  void on_header_impl(error_code& error) override {
    has_head_ = true;
    request_.is_chunked = chunked();
    request_.keeps_alive = keep_alive();
    if (const auto length = content_length(); length && !chunked()) {
      request_.content_length = *length;
      left_ = *length;
    }
    // HTTP/1.0 has no chunks (RFC 9112, section 6.1), nor anybody who waits for 100.
    if (request_.version == 10 && request_.is_chunked) return Fail(error, 400);
    if (request_.version == 10) request_.expects_continue = false;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  bool has_head_ = false;
  std::uint64_t left_ = 0;  // Of a body with a length.
  ChunkReader chunks_;
};

HttpReader::HttpReader() : parser_(std::make_unique<Parser>()) {}
HttpReader::~HttpReader() = default;
HttpReader::Event HttpReader::Next(std::string_view& bytes) { return parser_->Next(bytes); }
void HttpReader::Reset() { parser_ = std::make_unique<Parser>(); }
const HttpRequest& HttpReader::request() const { return parser_->request_; }
std::string_view HttpReader::data() const { return parser_->data_; }
int HttpReader::status() const { return parser_->status_; }

}  // namespace dl::daemon
