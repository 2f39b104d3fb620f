// WorkerChannel is the worker's end: it waits for a message, with the
// descriptors that belong to it, and answers.
//
//   report::WorkerChannel channel(os::Fd(3));
//   DL_TRY(report::Incoming message, channel.Receive());
//   DL_TRY_STATUS(channel.Send(MessageType::kReady, message.header.sequence, Encode(HelloMessage{})));
//
// Used by one thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "daylight/os/fd.h"
#include "daylight/report/frame_reader.h"

namespace dl::report {

struct Incoming {
  FrameHeader header;
  std::string payload;
  std::vector<os::Fd> descriptors;
};

class WorkerChannel {
 public:
  explicit WorkerChannel(os::Fd socket) : socket_(std::move(socket)) {}
  // kTruncated when the other side is gone.
  Result<Incoming> Receive();
  int socket() const { return socket_.get(); }
  // Sends it, behind what was put before.
  Status Send(MessageType type, std::uint64_t sequence, std::string_view payload);
  // Keeps it to be sent with what follows: a message of its own costs the two sides
  // more than a small file does.
  Status Put(MessageType type, std::uint64_t sequence, std::string_view payload);
  // Sends what was put.
  Status Flush();

 private:
  os::Fd socket_;
  FrameReader reader_{Side::kBroker};
  std::string outgoing_;
  std::deque<os::Fd> descriptors_;  // Arrived, not yet claimed by a frame.
};

}  // namespace dl::report
