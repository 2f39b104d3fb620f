#include "daylight/sandbox/ask.h"

#include "daylight/os/io.h"
#include "daylight/sandbox/link.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::sandbox {

namespace {

// Sends the question, and gives back the frame of type `wanted`.
Result<report::Frame> Converse(const Question& question, WorkerProcess& worker, report::MessageType type,
                               std::string_view payload, std::vector<int> descriptors, report::MessageType wanted,
                               std::string& problem) {
  Link link(worker.socket());
  DL_TRY_STATUS(link.Queue(report::MessageType::kHello, 0, report::Encode(report::HelloMessage{})));
  DL_TRY_STATUS(link.Queue(report::MessageType::kOpenDatabases, 0,
                           report::Encode(report::OpenDatabasesMessage{question.settings}), question.databases));
  DL_TRY_STATUS(link.Queue(type, 1, payload, std::move(descriptors)));
  bool ready = false;
  bool is_open = false;
  for (;;) {
    DL_TRY(report::Frame frame, link.Wait(question.settings.budget.timeout_ms, question.stop));
    if (frame.header.type == wanted && ready) return frame;
    if (frame.header.type == report::MessageType::kDatabasesOpened) {
      DL_TRY(const auto opened, report::Decode<report::DatabasesOpenedMessage>(AsBytes(frame.payload)));
      // Twice only to say that the question cannot be answered.
      if (std::exchange(is_open, true) && opened.ok) {
        return Fail(ErrorCode::kMalformed, "the worker answered something that was not asked");
      }
      if (!opened.ok) {
        problem = opened.problem;
        return Fail(ErrorCode::kMalformed, "the worker cannot use the content");
      }
    } else if (frame.header.type != report::MessageType::kReady || std::exchange(ready, true)) {
      return Fail(ErrorCode::kMalformed, "the worker answered something that was not asked");
    } else {
      DL_TRY_STATUS(CheckReady(question.worker_program, worker, frame));
    }
  }
}

template <typename T>
Answer<T> Ask(const Question& question, report::MessageType type, std::string_view payload,
              std::vector<int> descriptors, report::MessageType wanted) {
  Answer<T> answer;
  auto worker = WorkerProcess::Start(question.worker_program);
  if (!worker) {
    answer.problem = "cannot start " + question.worker_program.path + ": " + os::Describe(worker.error());
    return answer;
  }
  const auto frame = Converse(question, *worker, type, payload, std::move(descriptors), wanted, answer.problem);
  if (!frame) {
    if (!answer.problem.empty()) return answer;
    const bool gone = frame.error().code == ErrorCode::kTruncated || frame.error().code == ErrorCode::kIo;
    answer.problem = gone ? "the worker died (" + worker->ExitReason() + ")" : std::string(frame.error().what);
    return answer;
  }
  auto value = report::Decode<T>(AsBytes(frame->payload));
  if (value) {
    answer.value = std::move(*value);
  } else {
    answer.problem = "the worker broke the protocol: " + std::string(value.error().what);
  }
  return answer;
}

}  // namespace

Answer<report::DatabaseSummary> Summarize(const Question& question) {
  return Ask<report::DatabaseSummary>(question, report::MessageType::kSummarize, "", {}, report::MessageType::kSummary);
}

Answer<report::VerifyAnswerMessage> Verify(const Question& question) {
  return Ask<report::VerifyAnswerMessage>(question, report::MessageType::kVerify, "", {},
                                          report::MessageType::kVerifyAnswer);
}

Answer<report::ExplainAnswer> Explain(const Question& question, const report::ExplainMessage& what, int fd) {
  return Ask<report::ExplainAnswer>(question, report::MessageType::kExplain, report::Encode(what), {fd},
                                    report::MessageType::kExplainAnswer);
}

}  // namespace dl::sandbox
