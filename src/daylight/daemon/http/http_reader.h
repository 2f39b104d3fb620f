// HttpReader takes HTTP/1.1 requests apart as their bytes come (RFC 9112): heads with
// Boost.Beast's parser, bodies by itself.
//
//   switch (reader.Next(bytes)) {
//     case kHead: Route(reader.request()); break;
//     case kBody: Keep(reader.data()); break;
//     case kEnd: Answer(); reader.Reset(); break;
//     case kMore: return;  // What is left of `bytes` must come again, with more behind it.
//     case kBad: Refuse(reader.status()); break;
//   }
//
// Holds the head and nothing of the body. What leaves room for two opinions on where a
// request ends is refused: Transfer-Encoding beside Content-Length, or any but `chunked`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::daemon {

struct HttpRequest {
  struct Field {
    std::string name;
    std::string value;
  };
  std::string method;
  std::string target;
  unsigned version = 11;  // 10 or 11.
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool is_chunked = false;
  bool keeps_alive = false;
  bool expects_continue = false;

  bool has_body() const { return is_chunked || content_length.value_or(0) > 0; }
  // The first of that name; without case.
  std::optional<std::string_view> Find(std::string_view name) const;
  std::size_t Count(std::string_view name) const;
};

class HttpReader {
 public:
  enum class Event : std::uint8_t { kMore, kHead, kBody, kEnd, kBad };
  static constexpr std::size_t kMaxHeadBytes = 32u << 10;
  static constexpr std::size_t kMaxFields = 100;

  HttpReader();
  ~HttpReader();
  // Takes what it can from the front of `bytes`. After kEnd: Reset(); after kBad nothing.
  Event Next(std::string_view& bytes);
  void Reset();
  const HttpRequest& request() const;
  // With kBody: borrowed from what was given to Next(), never empty.
  std::string_view data() const;
  // With kBad: 400, 417, 431, 501, 505.
  int status() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace dl::daemon
