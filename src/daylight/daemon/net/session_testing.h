// Doubles for tests and fuzzers of sessions: a connection that remembers what was
// sent, and a scanner that answers by the bytes it is given.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "daylight/daemon/net/session.h"
#include "daylight/os/io.h"

namespace dl::daemon {

class TestConnection : public Connection {
 public:
  const PeerInfo& peer() const override { return info; }
  void Send(std::string bytes) override {
    most_queued = std::max(most_queued, queued += bytes.size());
    sent += bytes;
  }
  void Close() override { closed = true; }
  void Resume() override { resumed = true; }

  // Gives the session `bytes` in pieces of `piece` bytes, as the driver does.
  void Feed(Session& session, std::string_view bytes, std::size_t piece = 1u << 16) {
    while (!bytes.empty() && !closed) {
      const std::string_view part = bytes.substr(0, piece);
      bytes.remove_prefix(part.size());
      pending += part;
      Drain(session);
    }
  }
  // What Resume() asked for, and what waits until all was sent.
  void Drain(Session& session) {
    do {
      resumed = false;
      while (!closed && !pending.empty()) {
        const std::size_t taken = session.OnBytes(pending);
        pending.erase(0, taken);
        if (taken == 0) break;
      }
      while (!closed && queued > 0) {
        queued = 0;
        session.OnSendReady();
      }
    } while (resumed && !closed);
  }

  PeerInfo info;
  std::string sent;
  std::string pending;
  std::size_t queued = 0;       // Since the session was last told that all was sent.
  std::size_t most_queued = 0;  // At once.
  bool closed = false;
  bool resumed = false;
};

// Answers, when Answer() is called: infected for what contains "INFECTED", incomplete
// for "ENCRYPTED", failed for "BROKEN", else clean.
class TestScanning : public Scanning {
 public:
  ScanTicket Scan(ScanRequest request, Done done) override {
    auto wanted = std::make_shared<bool>(true);
    jobs.push_back({std::move(request), std::move(done), wanted});
    return ScanTicket(wanted);
  }
  Spool& spool() override { return spool_; }

  // One job, the oldest. False when there is none. What was dropped is passed over.
  bool Answer() {
    while (!jobs.empty()) {
      Job job = std::move(jobs.front());
      jobs.pop_front();
      if (!*job.wanted) continue;
      job.done(Judge(job.request));
      return true;
    }
    return false;
  }

  struct Job {
    ScanRequest request;
    Done done;
    std::shared_ptr<bool> wanted;
  };
  std::deque<Job> jobs;
  std::vector<std::string> seen;  // The bytes of each request.
  bool incomplete_blocks = true;
  bool busy = false;

 private:
  ScanOutcome Judge(const ScanRequest& request) {
    std::string bytes = request.bytes;
    if (request.fd.valid()) {
      bytes.resize(request.size);
      const auto n = ::pread(request.fd.get(), bytes.data(), bytes.size(), 0);
      bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    seen.push_back(bytes);
    ScanOutcome outcome;
    outcome.report.size = request.size;
    const auto has = [&](const char* text) { return bytes.find(text) != std::string::npos; };
    if (busy) {
      outcome.kind = ScanOutcome::Kind::kBusy;
      outcome.problem = "too many requests are waiting";
    } else if (has("INFECTED")) {
      outcome.kind = ScanOutcome::Kind::kInfected;
      outcome.blocks = true;
      outcome.names = {"Test.Infected", "Test.Second"};
      outcome.official = {true, false};
      report::Detection detection;
      detection.engine = "clamav";
      detection.rule = "Test.Infected";
      outcome.report.detections.push_back(detection);
      outcome.report.verdict = report::Verdict::kDetected;
    } else if (has("ENCRYPTED")) {
      outcome.kind = ScanOutcome::Kind::kIncomplete;
      outcome.blocks = incomplete_blocks;
      outcome.names = {"Heuristics.Encrypted.Zip"};
      outcome.official = {true};
      outcome.problem = "encrypted";
      outcome.report.incomplete.push_back({"", "encrypted", ""});
      outcome.report.verdict = report::Verdict::kIncomplete;
    } else if (has("BROKEN")) {
      outcome.kind = ScanOutcome::Kind::kFailed;
      outcome.problem = "the worker died";
      outcome.report.failure = outcome.problem;
      outcome.report.verdict = report::Verdict::kFailed;
    }
    return outcome;
  }
  Spool spool_{SpoolOptions{}};
};

}  // namespace dl::daemon
