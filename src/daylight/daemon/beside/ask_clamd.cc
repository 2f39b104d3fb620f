// clamd's protocol as a client speaks it (clamd(8)): zFILDES with the descriptor where both are on
// this machine, else zINSTREAM with pieces behind their lengths.
#include <arpa/inet.h>
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "daylight/daemon/beside/asking.h"

namespace dl::daemon {

namespace {

constexpr std::size_t kPieceBytes = 64u << 10;

OtherAnswer ReadAnswer(const Line& line, const Patience& patience) {
  std::string text;
  for (;;) {
    const int error = line.Receive(text, kMaxAnswerBytes, patience);
    const std::size_t end = text.find('\0');
    if (end != std::string::npos) return ReadClamdLine(std::string_view(text).substr(0, end));
    if (error == ETIMEDOUT) return NoAnswer("no answer in time");
    if (error == EPROTO) return NoAnswer("an answer that does not end");
    if (error == ENODATA) return NoAnswer(text.empty() ? "closed without an answer" : "closed within its answer");
    if (error != 0) return NoAnswer("no answer", error);
  }
}

// 0, an errno, or ECANCELED: it has something to say before it has heard all. -1: the object cannot be read.
int SendPieces(const Line& line, const AskedObject& object, const Patience& patience) {
  std::string piece;
  std::array<char, kPieceBytes> bytes;
  std::uint64_t offset = 0;
  while (offset < object.size) {
    const std::int64_t n = object.ReadAt(offset, bytes);
    if (n <= 0) return -1;
    offset += static_cast<std::uint64_t>(n);
    const std::uint32_t length = htonl(static_cast<std::uint32_t>(n));
    piece.assign(reinterpret_cast<const char*>(&length), sizeof length);
    piece.append(bytes.data(), static_cast<std::size_t>(n));
    if (line.HasAnswer()) return ECANCELED;
    if (const int error = line.Send(piece, patience); error != 0) return error;
  }
  return line.Send(std::string_view("\0\0\0\0", 4), patience);
}

}  // namespace

OtherAnswer AskClamd(const sockaddr_storage& address, socklen_t bytes, const AskedObject& object,
                     const Patience& patience) {
  const bool hands_over = address.ss_family == AF_UNIX && object.fd >= 0;
  if (!hands_over && !object.is_prompt) return Unfit("on a file system that may make its reader wait");
  Line line;
  if (const int error = line.Connect(address, bytes, patience); error != 0) return NoAnswer("cannot connect", error);
  using namespace std::string_view_literals;
  if (hands_over) {
    int error = line.Send("zFILDES\0"sv, patience);
    if (error == 0) error = line.SendWithFd("\0"sv, object.fd, patience);
    if (!MayHaveAnswer(error)) return NoAnswer("cannot ask", error);
    return ReadAnswer(line, patience);
  }
  int error = line.Send("zINSTREAM\0"sv, patience);
  if (error == 0) error = SendPieces(line, object, patience);
  if (error == -1) return Unfit("it cannot be read any more");
  if (!MayHaveAnswer(error)) return NoAnswer("cannot ask", error);
  return ReadAnswer(line, patience);
}

}  // namespace dl::daemon
