// One question to one worker about databases: what is inside, is every page
// sound, why did a rule match. The worker ends with its answer.
//
//   DL_TRY(const auto summary, sandbox::Summarize(program, {fd}, {}));
//
// Errors say what the worker said, or how it ended.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "daylight/report/protocol.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::sandbox {

struct Question {
  WorkerProgram worker_program;
  std::vector<int> databases;  // Borrowed.
  report::ScanSettings settings;
  const std::atomic<bool>* stop = nullptr;
};

// `problem` is for the user when there is no answer.
template <typename T>
struct Answer {
  std::optional<T> value;
  std::string problem;
};

Answer<report::DatabaseSummary> Summarize(const Question& question);
Answer<report::VerifyAnswerMessage> Verify(const Question& question);
// `fd`: the object.
Answer<report::ExplainAnswer> Explain(const Question& question, const report::ExplainMessage& what, int fd);

}  // namespace dl::sandbox
