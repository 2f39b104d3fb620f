#include "daylight/sandbox/link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "daylight/base/check.h"
#include "daylight/os/socket.h"

namespace dl::sandbox {

namespace {

bool IsRegular(int fd) {
  // Without a question to the server of a network file system, which may be dead.
  struct statx info {};
  return ::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &info) == 0 && S_ISREG(info.stx_mode);
}

bool IsReadOnly(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0) return false;
  if ((flags & O_ACCMODE) == O_RDONLY) return true;
  const int seals = ::fcntl(fd, F_GET_SEALS);  // A memory file of ours.
  return seals >= 0 && (seals & F_SEAL_WRITE) != 0 && (seals & F_SEAL_SEAL) != 0;
}

}  // namespace

Status Link::Queue(report::MessageType type, std::uint64_t sequence, std::string_view payload,
                   std::vector<int> descriptors) {
  if (payload.size() > report::MaxFrameLength(type)) return Fail(ErrorCode::kBudget, "a job that is too large");
  if (descriptors.size() > os::kMaxFdsPerSend) return Fail(ErrorCode::kBudget, "too many descriptors for one job");
  // What a worker may get: regular files to read, one to write a database into,
  // and a template the sockets of the workers that it forks.
  for (const int& fd : descriptors) {
    if (type == report::MessageType::kFork) continue;
    const bool is_compile = type == report::MessageType::kCompile || type == report::MessageType::kCompileClamav;
    const bool is_output = is_compile && &fd == &descriptors.back();
    DL_CHECK(IsRegular(fd) && (is_output || IsReadOnly(fd)));
  }
  outgoing_.push_back({report::MakeFrame(type, static_cast<std::uint16_t>(descriptors.size()), sequence, payload), 0,
                       std::move(descriptors)});
  return Flush();
}

Status Link::Flush() {
  while (!outgoing_.empty()) {
    Outgoing& first = outgoing_.front();
    const Bytes rest = AsBytes(std::string_view(first.bytes).substr(first.sent));
    DL_TRY(const std::size_t sent, os::Send(socket_, rest, first.descriptors));
    if (sent == 0) return {};
    first.descriptors.clear();  // They went with the first byte.
    first.sent += sent;
    if (first.sent == first.bytes.size()) outgoing_.pop_front();
  }
  return {};
}

Result<std::optional<report::Frame>> Link::Next() {
  DL_TRY(std::optional<report::Frame> frame, reader_.Next());
  if (tainted_) {
    // One frame behind, so that the last is never given out.
    if (!held_back_ && frame) {
      held_back_.swap(frame);
      DL_TRY(frame, reader_.Next());
    }
    if (!frame) return Fail(ErrorCode::kMalformed, "descriptors came, which go down only");
    held_back_.swap(frame);
  }
  if (frame && frame->header.descriptors != 0) {
    return Fail(ErrorCode::kMalformed, "descriptors came, which go down only");
  }
  return frame;
}

Status Link::Fill() {
  // Bounded, so that a worker that never stops talking cannot hold us here.
  constexpr int kChunksAtOnce = 64;
  std::array<std::byte, 64 * 1024> chunk;
  for (int i = 0; i < kChunksAtOnce; ++i) {
    DL_TRY(const os::Received received, os::Receive(socket_, chunk));
    if (received.ended) return Fail(ErrorCode::kTruncated, "the worker is gone");
    if (received.bytes == 0) return {};
    reader_.Append(Bytes(chunk).first(received.bytes));
    // The kernel ends a piece behind what had descriptors: they came with its
    // last frame, and those before it are good.
    if (received.dropped_fds) {
      tainted_ = true;
      return {};
    }
    if (received.bytes < chunk.size()) return {};
  }
  return {};
}

Result<report::Frame> Link::Wait(std::uint32_t timeout_ms, const std::atomic<bool>* stop) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    DL_TRY(std::optional<report::Frame> frame, Next());
    if (frame) return std::move(*frame);
    if (stop != nullptr && stop->load()) return Fail(ErrorCode::kBudget, "interrupted");
    // Woken now and then: a signal may come between the look at `stop` and poll().
    int wait = 200;
    if (timeout_ms != 0) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return Fail(ErrorCode::kBudget, "the worker did not answer in time");
      wait = static_cast<int>(std::min<std::int64_t>(wait, left + 1));
    }
    pollfd item{socket_, static_cast<short>(POLLIN | (pending() ? POLLOUT : 0)), 0};
    if (::poll(&item, 1, wait) < 0) continue;
    if ((item.revents & POLLOUT) != 0) DL_TRY_STATUS(Flush());
    if ((item.revents & (POLLIN | POLLHUP | POLLERR)) != 0) DL_TRY_STATUS(Fill());
  }
}

}  // namespace dl::sandbox
