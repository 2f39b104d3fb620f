#include "daylight/report/channel.h"

#include <array>

#include "daylight/os/socket.h"

namespace dl::report {

Result<Incoming> WorkerChannel::Receive() {
  for (;;) {
    DL_TRY(std::optional<Frame> frame, reader_.Next());
    if (frame) {
      Incoming incoming{frame->header, std::move(frame->payload), {}};
      // They were sent with the frame's first byte, so they are all here.
      if (incoming.header.descriptors > descriptors_.size()) {
        return Fail(ErrorCode::kMalformed, "a message without its descriptors");
      }
      for (std::uint16_t i = 0; i < incoming.header.descriptors; ++i) {
        incoming.descriptors.push_back(std::move(descriptors_.front()));
        descriptors_.pop_front();
      }
      return incoming;
    }
    std::array<std::byte, 64 * 1024> chunk;
    std::vector<os::Fd> fds;
    DL_TRY(const os::Received received, os::ReceiveWithFds(socket_.get(), chunk, fds));
    for (os::Fd& fd : fds) descriptors_.push_back(std::move(fd));
    if (received.ended) return Fail(ErrorCode::kTruncated, "the other side is gone");
    reader_.Append(Bytes(chunk).first(received.bytes));
  }
}

Status WorkerChannel::Send(MessageType type, std::uint64_t sequence, std::string_view payload) {
  DL_TRY_STATUS(Put(type, sequence, payload));
  return Flush();
}

Status WorkerChannel::Put(MessageType type, std::uint64_t sequence, std::string_view payload) {
  if (payload.size() > MaxFrameLength(type)) return Fail(ErrorCode::kBudget, "a message that is too long");
  AppendFrame(outgoing_, type, 0, sequence, payload);
  return {};
}

Status WorkerChannel::Flush() {
  Bytes rest = AsBytes(outgoing_);
  while (!rest.empty()) {
    DL_TRY(const std::size_t sent, os::Send(socket_.get(), rest, {}));
    rest = rest.subspan(sent);
  }
  // One large report does not hold its memory for ever.
  constexpr std::size_t kKeptBytes = 1u << 20;
  if (outgoing_.capacity() > kKeptBytes) std::string().swap(outgoing_);
  outgoing_.clear();
  return {};
}

}  // namespace dl::report
