#include "daylight/sandbox/worker_template.h"

#include "daylight/os/socket.h"
#include "daylight/report/protocol.h"

namespace dl::sandbox {

namespace {

constexpr std::uint32_t kStartMs = 120'000;
constexpr std::uint32_t kEndMs = 1'000;

}  // namespace

Result<std::unique_ptr<WorkerTemplate>> WorkerTemplate::Start(const WorkerProgram& program,
                                                              const std::string& open_payload,
                                                              const std::vector<int>& databases,
                                                              const std::atomic<bool>* stop, std::string& problem) {
  DL_TRY(WorkerProcess process, WorkerProcess::Start(program, true));
  std::unique_ptr<WorkerTemplate> made(new WorkerTemplate(std::move(process)));
  Link& link = made->link_;
  DL_TRY_STATUS(link.Queue(report::MessageType::kHello, 0, report::Encode(report::HelloMessage{})));
  DL_TRY_STATUS(link.Queue(report::MessageType::kOpenDatabases, 0, open_payload, databases));
  auto frame = link.Wait(kStartMs, stop);
  if (frame && frame->header.type == report::MessageType::kReady) {
    DL_TRY(made->walls_, CheckReady(program, made->process_, *frame));
    frame = link.Wait(kStartMs, stop);
  }
  if (!frame) {
    if (frame.error().code == ErrorCode::kTruncated) problem = "the worker died (" + made->process_.ExitReason() + ")";
    return Forward(frame.error());
  }
  if (frame->header.type != report::MessageType::kDatabasesOpened) {
    return Fail(ErrorCode::kMalformed, "the worker answered something that was not asked");
  }
  DL_TRY(const auto opened, report::Decode<report::DatabasesOpenedMessage>(AsBytes(frame->payload)));
  if (!opened.ok) {
    problem = "cannot use the content: " + opened.problem;
    return Fail(ErrorCode::kMalformed, "the worker cannot use the content");
  }
  return made;
}

Result<os::Fd> WorkerTemplate::Fork() {
  DL_TRY(os::SocketPair pair, os::CreateSocketPair());
  DL_TRY_STATUS(link_.Queue(report::MessageType::kFork, 0, "", {pair.theirs.get()}));
  // It waits for nothing else, so there is room in its socket.
  if (link_.pending()) return Fail(ErrorCode::kIo, "the template does not listen");
  return std::move(pair.ours);
}

std::string WorkerTemplate::ForkEnd() {
  if (link_.Queue(report::MessageType::kForkEnd, 0, "")) {
    const auto frame = link_.Wait(kEndMs, nullptr);
    if (frame && frame->header.type == report::MessageType::kForkEnded) {
      const auto ended = report::Decode<report::ForkEndedMessage>(AsBytes(frame->payload));
      if (ended) return DescribeEnd(static_cast<int>(ended->status));
    }
  }
  return process_.ExitReason();
}

}  // namespace dl::sandbox
