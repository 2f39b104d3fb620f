// WorkerTemplate is a worker that scans nothing: with its databases open and its
// walls up it forks a fresh worker for each object, which costs less than to
// start one.
//
//   DL_TRY(auto mold, WorkerTemplate::Start(program, open_payload, databases, stop));
//   DL_TRY(os::Fd socket, mold->Fork());        // Of a worker that has seen nothing.
//
// A fork serves its own socket only and ends with the next Fork(), or with the
// template. Used by one thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "daylight/os/fd.h"
#include "daylight/sandbox/link.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::sandbox {

class WorkerTemplate {
 public:
  // Waits until the databases are open. `open_payload`: of kOpenDatabases. An
  // error of kMalformed: the content cannot be used, or it is no worker of ours.
  static Result<std::unique_ptr<WorkerTemplate>> Start(const WorkerProgram& program, const std::string& open_payload,
                                                       const std::vector<int>& databases, const std::atomic<bool>* stop,
                                                       std::string& problem);
  // Our end of the socket of a new worker.
  Result<os::Fd> Fork();
  // How the last fork ended, as DescribeEnd() has it. It must have.
  std::string ForkEnd();

  const report::WallsHeld& walls() const { return walls_; }
  bool running() const { return process_.running(); }
  pid_t pid() const { return process_.pid(); }

 private:
  explicit WorkerTemplate(WorkerProcess process) : process_(std::move(process)), link_(process_.socket()) {}

  WorkerProcess process_;
  report::WallsHeld walls_;
  Link link_;
};

}  // namespace dl::sandbox
