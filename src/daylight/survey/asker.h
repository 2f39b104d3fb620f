// Asker has files read by contained workers and hands their facts on.
//
//   survey::Asker asker(options, [](report::SoftwareFacts&& facts) { … });
//   asker.Ask({message, std::move(descriptors), root, "var/lib/dpkg/status"});
//   asker.Finish();
//
// Roots that a worker finds get numbers of ours, so that facts of many questions can stand
// side by side. A worker that dies, lies or takes too long costs the file it was at, which
// is told as unread; what waited behind it is asked again of another. Used by one thread;
// calls back on it.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daylight/os/fd.h"
#include "daylight/report/software_protocol.h"
#include "daylight/sandbox/link.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::survey {

struct AskerOptions {
  sandbox::WorkerProgram worker_program;
  std::uint32_t workers = 1;
  // For one file with all that is in it.
  std::chrono::milliseconds timeout{std::chrono::minutes(10)};
  // A worker that was taken over by one file sees no more than this many.
  std::uint32_t max_files_per_worker = 10'000;
  const std::atomic<bool>* stop = nullptr;  // Set by a signal's handler.
};

// One question.
struct Question {
  report::SurveyMessage message;
  std::vector<os::Fd> files;
  std::uint32_t root = 0;  // That its facts belong to.
  std::string path;        // Within that root.
};

class Asker {
 public:
  using Take = std::function<void(report::SoftwareFacts&&)>;
  Asker(AskerOptions options, Take take);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  // Waits while too many are in hand.
  void Ask(Question question);
  // Waits for all answers.
  void Finish();
  // A number for a root that the caller has found itself.
  std::uint32_t NewRoot() { return ++roots_; }
  // Why nothing more can be asked; empty while something can.
  const std::string& failure() const { return failure_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Task {
    Question question;
    std::vector<std::uint32_t> roots;  // Ours, of the worker's from 1 on.
    std::uint64_t sequence = 0;
    std::uint64_t answer_bytes = 0;  // That came of its answer.
  };
  struct Worker {
    sandbox::WorkerProcess process;
    std::unique_ptr<sandbox::Link> link;
    std::deque<Task> tasks;   // Sent, not answered, in order.
    Clock::time_point since;  // The first of them is the first.
    std::uint32_t given = 0;
    bool ready = false;
  };

  void Work(bool wait);
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed); }
  void Feed(Worker& worker);
  Status Start(Worker& worker);
  Status Listen(Worker& worker);
  void HearOut(Worker& worker);
  Status Handle(Worker& worker, const report::Frame& frame);
  Status TakeFacts(Worker& worker, report::SurveyFactsMessage message);
  void Lost(Worker& worker, const std::string& why);
  std::string WhyGone(Worker& worker, const Error& error);
  void TellUnread(const Question& question, const std::string& reason, const std::string& detail);
  std::size_t in_hand() const;
  std::size_t files_in_hand() const;

  AskerOptions options_;
  Take take_;
  std::vector<Worker> workers_;
  std::deque<Task> waiting_;
  std::size_t max_files_ = 0;  // Open at once.
  std::uint32_t roots_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint32_t losses_in_a_row_ = 0;
  std::string failure_;
};

}  // namespace dl::survey
