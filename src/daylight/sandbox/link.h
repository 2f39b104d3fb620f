// Link is the trusted side's end of a worker's socket: it never waits inside
// a call, and takes nothing in but frames that keep to the protocol.
//
//   link.Queue(MessageType::kScanBatch, 0, payload, std::move(descriptors));
//   DL_TRY_STATUS(link.Flush());                       // When writable.
//   DL_TRY_STATUS(link.Fill());                        // When readable.
//   DL_TRY(std::optional<report::Frame> frame, link.Next());
//
// An error means that the worker is of no more use. Used by one thread.
#pragma once

#include <atomic>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"
#include "daylight/report/frame_reader.h"

namespace dl::sandbox {

class Link {
 public:
  // `socket` is borrowed. No frame longer than `max_frame_bytes` is taken in.
  explicit Link(int socket, std::uint32_t max_frame_bytes = std::numeric_limits<std::uint32_t>::max())
      : socket_(socket), reader_(report::Side::kWorker, max_frame_bytes) {}

  // `descriptors` are borrowed and must stay open until pending() is false. They
  // are the one thing that a worker gets its hands on, so here it is made sure
  // of what they are: regular files, and nothing that can be written to but for
  // the file that a compiler's database goes into. Anything else is a bug of ours.
  Status Queue(report::MessageType type, std::uint64_t sequence, std::string_view payload,
               std::vector<int> descriptors = {});
  bool pending() const { return !outgoing_.empty(); }
  // Frames that are not sent to their end, and whose descriptors may not be sent at all.
  std::size_t unsent() const { return outgoing_.size(); }
  // Sends what the socket takes.
  Status Flush();
  // Takes what has arrived; kTruncated when the worker is gone.
  Status Fill();
  Result<std::optional<report::Frame>> Next();

  // Waits, for at most `timeout_ms` (0: for ever), until a frame has come.
  // kBudget when the time is up or, by a signal's handler, `stop` is set.
  Result<report::Frame> Wait(std::uint32_t timeout_ms, const std::atomic<bool>* stop = nullptr);

 private:
  struct Outgoing {
    std::string bytes;
    std::size_t sent = 0;
    std::vector<int> descriptors;
  };
  int socket_;
  std::deque<Outgoing> outgoing_;
  report::FrameReader reader_;
  bool tainted_ = false;  // Descriptors came: the last frame that did is not taken.
  std::optional<report::Frame> held_back_;
};

}  // namespace dl::sandbox
