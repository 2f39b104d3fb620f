#include "daylight/daemon/access/on_access.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"

namespace dl::daemon {

namespace {

constexpr std::size_t kMaxTold = 16;

std::vector<opener::TakeDetection> DetectionsOf(const ScanOutcome& outcome) {
  std::vector<opener::TakeDetection> detections;
  for (const report::Detection& detection : outcome.report.detections) {
    if (detections.size() == kMaxTold) break;
    detections.push_back({detection.engine, detection.rule, detection.source, detection.object});
  }
  return detections;
}

}  // namespace

void OnAccess::Handle(std::uint64_t id, const opener::AccessEvent& event, os::Fd file) {
  os::Fd copy(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
  const auto looked = os::LookAtOpen(file.get());
  if (!copy.valid() || !looked || !looked->is_regular) {
    // Devices, pipes and folders have nothing to be scanned; what we lack descriptors for has.
    const bool allow = looked && !looked->is_regular ? true : choices_.allow_on_failure;
    os::ClosePatiently(std::move(file));
    return link_.Answer(id, {.allow = allow, .cacheable = false, .generation = link_.generation()});
  }
  ScanRequest request;
  request.fd = std::move(copy);
  request.size = looked->size;
  request.modified_ns = looked->modified_ns;
  request.is_prompt = looked->is_prompt;
  request.path = event.path;
  request.names.filename = os::BaseName(event.path);
  request.names.object = request.names.filename;
  request.names.filepath = event.path;
  request.names.extension = os::Extension(event.path);
  request.protocol = Protocol::kOnAccess;
  request.peer.is_local = true;
  request.peer.uid = event.uid;
  request.peer.pid = static_cast<pid_t>(event.pid);
  request.peer.session = std::max<pid_t>(::getsid(request.peer.pid), 0);
  request.peer.program = event.program;
  request.peer.name = event.program + " (pid " + std::to_string(event.pid) + ")";
  // The content that it is scanned with; a reload in between makes the verdict worth nothing.
  const std::uint64_t generation = link_.generation();
  Pending& pending = pending_[id];
  pending.event = event;
  pending.file = os::PatientFd(std::move(file));
  pending.state = os::StateOf(pending.file.get());
  pending.ticket = scanning_.Scan(std::move(request), [this, id, generation](const ScanOutcome& outcome) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return;
    Pending done = std::move(found->second);
    pending_.erase(found);
    opener::Verdict verdict;
    verdict.generation = generation;
    switch (outcome.kind) {
      case ScanOutcome::Kind::kClean:
        verdict.allow = true;
        // What an allow list let pass may end with the list's entry.
        verdict.cacheable = cacheable_ && generation == generation_ && outcome.allowed_by.empty();
        break;
      case ScanOutcome::Kind::kInfected: verdict.allow = false; break;
      case ScanOutcome::Kind::kIncomplete: verdict.allow = !outcome.blocks; break;
      case ScanOutcome::Kind::kFailed: verdict.allow = choices_.allow_on_failure; break;
      case ScanOutcome::Kind::kBusy: verdict.allow = allow_on_timeout_; break;
    }
    link_.Answer(id, verdict);
    if (done_) done_(done.event, outcome, verdict.allow);
    if (outcome.kind == ScanOutcome::Kind::kInfected && choices_.quarantine && !done.event.path_is_foreign &&
        !done.event.deleted) {
      Quarantine(done.event.path, outcome, done.file.get(), done.state, "on access");
    }
  });
}

void OnAccess::Quarantine(const std::string& path, const ScanOutcome& outcome, int file,
                          const std::optional<os::FileState>& state, const std::string& requester) {
  opener::TakeRequest request;
  request.expected = state;
  request.sha256 = outcome.report.sha256;
  request.path = path;
  request.detections = DetectionsOf(outcome);
  request.reason = "detected";
  request.requester = requester;
  link_.Take(request, file, [this, path, outcome](const opener::Taken& taken) {
    if (taken_) taken_(path, outcome, taken);
  });
}

}  // namespace dl::daemon
