// Version 1 of the protocol of docs/protocols/kav.md, as its client: POST /scanmemory, and an answer
// whose head is read no further than it has to be.
#include <array>
#include <cerrno>

#include "daylight/daemon/beside/asking.h"
#include "daylight/daemon/text/head.h"

namespace dl::daemon {

namespace {

constexpr std::size_t kPieceBytes = 64u << 10;
constexpr std::size_t kMaxHeadBytes = 16u << 10;

OtherAnswer WithoutAnswer(int error) {
  switch (error) {
    case ETIMEDOUT: return NoAnswer("no answer in time");
    case EPROTO: return NoAnswer("an answer that does not end");
    case ENODATA: return NoAnswer("closed within its answer");
    default: return NoAnswer("no answer", error);
  }
}

// The status of "HTTP/1.1 200 OK"; 0 when it is none.
int StatusOf(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return 0;
  const auto status = ParseDecimal(line.substr(9, 3));
  return status && (line.size() == 12 || line[12] == ' ') ? static_cast<int>(*status) : 0;
}

OtherAnswer ReadAnswer(const Line& line, const Patience& patience) {
  std::string text;
  std::size_t body = std::string::npos;
  while ((body = text.find("\r\n\r\n")) == std::string::npos) {
    if (const int error = line.Receive(text, kMaxHeadBytes, patience); error != 0) return WithoutAnswer(error);
  }
  const std::string head_text = text.substr(0, body + 4);
  text.erase(0, body + 4);
  const auto head = Head::Parse(head_text, Head::Manner::kStrict);
  const int status = head ? StatusOf(head->start_line()) : 0;
  if (status == 0) return NoAnswer("an answer that is not HTTP");
  if (status != 200) {
    // Too large, say: it has heard the question, and does not answer it.
    OtherAnswer answer = Says(report::Verdict::kFailed, {});
    answer.problem = "HTTP " + std::to_string(status);
    if (status == 503) answer.kind = OtherAnswer::Kind::kNone;
    return answer;
  }
  // kavhttpd always says how long it is; a few bytes in chunks are nobody's way to say "CLEAN".
  if (head->Count("Transfer-Encoding") > 0 || head->Count("Content-Length") > 1) {
    return NoAnswer("an answer whose length is not said");
  }
  const auto length = ParseDecimal(head->Find("Content-Length").value_or(""));
  if (head->Count("Content-Length") == 1 && (!length || *length > kMaxAnswerBytes)) {
    return NoAnswer("an answer that is too long");
  }
  while (!length || text.size() < *length) {
    const int error = line.Receive(text, kMaxAnswerBytes, patience);
    if (error == ENODATA && !length) return ReadKavLine(text);
    if (error != 0) return WithoutAnswer(error);
  }
  return ReadKavLine(std::string_view(text).substr(0, static_cast<std::size_t>(*length)));
}

}  // namespace

OtherAnswer AskKav(const sockaddr_storage& address, socklen_t bytes, const AskedObject& object,
                   const Patience& patience) {
  if (!object.is_prompt) return Unfit("on a file system that may make its reader wait");
  Line line;
  if (const int error = line.Connect(address, bytes, patience); error != 0) return NoAnswer("cannot connect", error);
  const std::string head =
      "POST /scanmemory HTTP/1.1\r\nHost: localhost\r\nX-KAV-ProtocolVersion: 1\r\n"
      "Content-Type: application/octet-stream\r\nConnection: close\r\nContent-Length: " +
      std::to_string(object.size) + "\r\n\r\n";
  int error = line.Send(head, patience);
  std::array<char, kPieceBytes> piece;
  for (std::uint64_t offset = 0; error == 0 && offset < object.size;) {
    // It may refuse before it has heard all, and then nobody takes the rest.
    if (line.HasAnswer()) break;
    const std::int64_t n = object.ReadAt(offset, piece);
    if (n <= 0) return Unfit("it cannot be read any more");
    offset += static_cast<std::uint64_t>(n);
    error = line.Send({piece.data(), static_cast<std::size_t>(n)}, patience);
  }
  if (!MayHaveAnswer(error)) return NoAnswer("cannot ask", error);
  return ReadAnswer(line, patience);
}

}  // namespace dl::daemon
