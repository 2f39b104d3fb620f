#include "daylight/survey/ask_settings.h"

#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/report/software_protocol.h"
#include "daylight/sandbox/link.h"

namespace dl::survey {

namespace {

constexpr std::uint32_t kTimeoutMs = 60'000;

Result<report::SettingsFacts> Converse(const sandbox::WorkerProgram& program, const sandbox::WorkerProcess& worker,
                                       int fd, const std::string& name, const std::atomic<bool>* stop) {
  DL_TRY(const std::uint64_t size, os::FileSize(fd));
  report::SurveyMessage message;
  message.kind = report::SurveyKind::kSettings;
  message.files.push_back({name, size});
  sandbox::Link link(worker.socket());
  DL_TRY_STATUS(link.Queue(report::MessageType::kHello, 0, report::Encode(report::HelloMessage{})));
  DL_TRY_STATUS(link.Queue(report::MessageType::kSurvey, 1, report::Encode(message), {fd}));
  DL_TRY(const report::Frame hello, link.Wait(kTimeoutMs, stop));
  DL_TRY_STATUS(sandbox::CheckReady(program, worker, hello));
  DL_TRY(const report::Frame frame, link.Wait(kTimeoutMs, stop));
  if (frame.header.type != report::MessageType::kSettingsFacts || frame.header.sequence != 1) {
    return Fail(ErrorCode::kMalformed, "the worker answered something that was not asked");
  }
  DL_TRY(auto answer, report::Decode<report::SettingsFactsMessage>(AsBytes(frame.payload)));
  return std::move(answer.facts);
}

}  // namespace

sandbox::Answer<report::SettingsFacts> ReadSettings(const sandbox::WorkerProgram& program, int fd,
                                                    const std::string& name, const std::atomic<bool>* stop) {
  sandbox::Answer<report::SettingsFacts> answer;
  auto worker = sandbox::WorkerProcess::Start(program);
  if (!worker) {
    answer.problem = "cannot start " + program.path + ": " + os::Describe(worker.error());
    return answer;
  }
  auto facts = Converse(program, *worker, fd, name, stop);
  if (facts) {
    answer.value = std::move(*facts);
  } else {
    const bool gone = facts.error().code == ErrorCode::kTruncated || facts.error().code == ErrorCode::kIo;
    answer.problem = gone ? "the worker died (" + worker->ExitReason() + ")" : std::string(facts.error().what);
  }
  return answer;
}

}  // namespace dl::survey
