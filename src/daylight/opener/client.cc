#include "daylight/opener/client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "daylight/opener/packet.h"
#include "daylight/opener/path_walk.h"

namespace dl::opener {

Client::Client(os::Fd socket, ClientHandlers handlers)
    : socket_(std::move(socket)), handlers_(std::move(handlers)), buffer_(kMaxPacketBytes, '\0') {
  ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
}

Status Client::OnReadable() {
  for (;;) {
    DL_TRY(Packet packet, ReceivePacket(socket_.get(), buffer_));
    if (packet.none) return {};
    if (packet.ended) return Fail(ErrorCode::kIo, "the opener is gone", ECONNRESET);
    DL_TRY(const Header header, ParseHeader(packet.bytes));
    DL_TRY_STATUS(Handle(header, packet.bytes, std::move(packet.fd)));
  }
}

Status Client::Handle(const Header& header, std::string_view packet, os::Fd fd) {
  const bool has_fd = fd.valid();
  const auto call = [](const auto& handler, auto&&... arguments) {
    if (handler) handler(std::forward<decltype(arguments)>(arguments)...);
  };
  switch (header.kind) {
    case MessageKind::kHello: {
      DL_TRY(const Hello hello, Decode<Hello>(header, packet));
      if (hello.version != Hello{}.version) return Fail(ErrorCode::kUnsupported, "the opener is of another version");
      call(handlers_.hello, hello);
      return {};
    }
    case MessageKind::kWalkStarted: {
      DL_TRY(const WalkStarted started, Decode<WalkStarted>(header, packet));
      if (started.started != has_fd) break;
      call(handlers_.walk_started, header.id, std::move(fd), started.reason);
      return {};
    }
    case MessageKind::kAccessEvent: {
      DL_TRY(const AccessEvent event, Decode<AccessEvent>(header, packet));
      if (!has_fd) break;
      call(handlers_.access, header.id, event, std::move(fd));
      return {};
    }
    case MessageKind::kGenerationDone: {
      DL_TRY_STATUS(Decode<GenerationDone>(header, packet).map([](auto&&) {}));
      call(handlers_.generation_done, header.id);
      return {};
    }
    case MessageKind::kTaken: {
      DL_TRY(const Taken taken, Decode<Taken>(header, packet));
      call(handlers_.taken, header.id, taken);
      return {};
    }
    case MessageKind::kNotice: {
      DL_TRY(const Notice notice, Decode<Notice>(header, packet));
      call(handlers_.notice, notice);
      return {};
    }
    default: break;
  }
  return Fail(ErrorCode::kMalformed, "a message that the opener does not send");
}

Status Client::Flush() {
  while (!out_.empty()) {
    DL_TRY(const bool sent, SendPacket(socket_.get(), out_.front().bytes, out_.front().fd.get()));
    if (!sent) return {};
    out_.pop_front();
  }
  return {};
}

void Client::Send(std::string bytes, os::Fd fd) {
  out_.push_back({std::move(bytes), std::move(fd)});
  // A failure shows again at the next call.
  if (out_.size() == 1) static_cast<void>(Flush());
}

Result<std::uint64_t> Client::StartWalk(const WalkRequest& request) {
  DL_TRY_STATUS(CheckWalkRequest(request));
  Send(Encode(next_id_, request));
  return next_id_++;
}

Result<std::uint64_t> Client::Take(const TakeRequest& request, int file) {
  os::Fd copy(::fcntl(file, F_DUPFD_CLOEXEC, 3));
  if (!copy.valid()) return Fail(ErrorCode::kIo, "cannot duplicate a descriptor", static_cast<std::uint64_t>(errno));
  Send(Encode(next_id_, request), std::move(copy));
  return next_id_++;
}

void Client::Answer(std::uint64_t id, const Verdict& verdict) { Send(Encode(id, verdict)); }
void Client::SetGeneration(std::uint64_t generation) { Send(Encode(generation, Generation{})); }

Result<os::Fd> ConnectToOpener(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Fail(ErrorCode::kMalformed, "the path of the socket is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  // An opener that does not accept must not hold us here (unix(7): EAGAIN with a full backlog).
  os::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Fail(ErrorCode::kIo, "cannot connect to the opener", static_cast<std::uint64_t>(errno));
  }
  return fd;
}

}  // namespace dl::opener
