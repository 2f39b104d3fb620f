#include "daylight/opener/gate.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace dl::opener {

namespace {

// A client that has not said anything about a file for so long never will.
constexpr std::int64_t kForgetMs = 15 * 60 * 1000;
constexpr std::int64_t kTellEveryMs = 1000;

std::int64_t NowNs() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

}  // namespace

Gate::Gate(const OnAccessOptions& options, GatePort& port)
    : options_(options),
      port_(port),
      leased_(options.kernel_cache_files,
              {.ignore = [this](int fd) { return port_.Ignore(fd); },
               .stop_ignoring = [this](int fd) { return port_.StopIgnoring(fd), true; },
               .evicted =
                   [this](int fd) {
                     // Its lease held until now, so what was clean is so in this state.
                     const auto state = os::StateOf(fd);
                     if (!state || !leased_.IsClean({state->device, state->inode}, generation_)) return;
                     const FilePlace place = port_.PlaceOf(*state, fd);
                     if (place.file_system && CleanFiles::IsOldEnough(*state, NowNs())) {
                       clean_.Add(*place.file_system, *state, generation_);
                     }
                   }}),
      clean_(options.cache_files) {}

bool Gate::IsKnownClean(const FileKey& key, const os::FileState& state, os::Fd& fd) {
  // An event that was under way when the mark was set.
  if (leased_.IsClean(key, generation_)) return true;
  const FilePlace place = port_.PlaceOf(state, fd.get());
  if (!place.file_system || !clean_.Has(*place.file_system, state, generation_)) return false;
  // Up to the first level, while there is room: under a lease nobody can have it open for writing, and if its state is
  // still that one, it is what was scanned.
  if (leased_.size() < options_.kernel_cache_files && !port_.IsRemovable(fd.get()) &&
      LeasedFiles::TakeLease(fd.get())) {
    if (os::StateOf(fd.get()) != state) {
      LeasedFiles::GiveUp(fd.get());
      return false;
    }
    leased_.Keep(key, std::move(fd), generation_);
  }
  return true;
}

void Gate::OnOpen(KernelEvent event, std::int64_t now_ms) {
  now_ms_ = now_ms;
  const int event_fd = event.fd.get();
  const auto state = os::StateOf(event_fd);
  // Nothing in it, or nothing to scan (a device, a FIFO). What cannot be looked at at all is scanned: that fails, and
  // says so.
  if (state && (!state->is_regular() || state->size == 0)) return port_.Answer(event_fd, true);
  const FileKey key = state ? FileKey{state->device, state->inode} : FileKey{};
  // Before anything is asked about paths and processes, which takes longer.
  if (state && IsKnownClean(key, *state, event.fd)) return port_.Answer(event_fd, true);
  const auto described = port_.Describe(event);
  if (!described) return port_.Answer(event_fd, true);
  if (!has_client_) return Choose(event, *described, NoticeKind::kDaemonDown);
  if (waiting_.size() >= options_.max_pending || scans_.size() >= options_.max_pending + options_.max_pending_writes) {
    return Choose(event, *described, NoticeKind::kQueueFull);
  }
  Waiting waiting{next_waiting_++, event_fd, {}, *described};
  deadlines_.push_back({now_ms + options_.wait_ms, waiting.number});
  if (const auto found = by_file_.find(key); state && found != by_file_.end()) {
    Scan& scan = scans_.at(found->second);
    waiting.fd = std::move(event.fd);
    waiting_[waiting.number] = found->second;
    const bool unchanged = scan.lease && scan.state == *state && LeasedFiles::IsHeld(scan.file.get());
    (unchanged ? scan.waiting : scan.next).push_back(std::move(waiting));
    return;
  }
  std::vector<Waiting> first;
  first.push_back(std::move(waiting));
  Start(*described, std::move(event.fd), std::move(first), now_ms);
}

void Gate::OnWritten(KernelEvent event, std::int64_t now_ms) {
  now_ms_ = now_ms;
  const auto state = os::StateOf(event.fd.get());
  if (!state || !state->is_regular() || state->size == 0) return;
  const FilePlace place = port_.PlaceOf(*state, event.fd.get());
  // Opened for writing, and not written.
  if (place.file_system && clean_.Has(*place.file_system, *state, generation_)) return;
  auto described = port_.Describe(event);
  if (!described) return;
  if (!has_client_) return Count(NoticeKind::kWritesLost, true);
  if (const auto found = by_file_.find({state->device, state->inode}); found != by_file_.end()) {
    Scan& scan = scans_.at(found->second);
    scan.written_again = std::move(event.fd);
    scan.written_event = std::move(*described);
    return;
  }
  if (written_ >= options_.max_pending_writes) return Count(NoticeKind::kWritesLost, true);
  Start(std::move(*described), std::move(event.fd), {}, now_ms);
}

void Gate::Start(AccessEvent event, os::Fd file, std::vector<Waiting> waiting, std::int64_t now_ms) {
  const std::uint64_t id = next_id_++;
  Scan& scan = scans_[id];
  scan.event = std::move(event);
  scan.file = std::move(file);
  scan.waiting = std::move(waiting);
  scan.began_ms = now_ms;
  for (const Waiting& one : scan.waiting) waiting_[one.number] = id;
  begun_.emplace_back(now_ms, id);
  if (scan.event.kind == AccessKind::kWritten) ++written_;
  if (const auto before = os::StateOf(scan.file.get())) {
    scan.key = {before->device, before->inode};
    scan.place = port_.PlaceOf(*before, scan.file.get());
    // Before its first byte is read, and its state as it is then.
    scan.lease = scan.place.leases_tell && LeasedFiles::TakeLease(scan.file.get());
    if (scan.lease) by_lease_[scan.file.get()] = id;
    scan.state = os::StateOf(scan.file.get()).value_or(*before);
    by_file_[scan.key] = id;
  }
  port_.Ask(id, scan.event);
}

void Gate::GiveUpLease(Scan& scan) {
  if (!scan.lease) return;
  by_lease_.erase(scan.file.get());
  LeasedFiles::GiveUp(scan.file.get());
  scan.lease = false;
}

Gate::Scan Gate::Take(std::uint64_t id) {
  const auto found = scans_.find(id);
  Scan scan = std::move(found->second);
  scans_.erase(found);
  if (const auto file = by_file_.find(scan.key); file != by_file_.end() && file->second == id) by_file_.erase(file);
  if (scan.event.kind == AccessKind::kWritten) --written_;
  return scan;
}

// It was clean. The lease was there before its first byte was read; if it is there still, nobody could write.
void Gate::Remember(Scan& scan) {
  if (!scan.lease || !LeasedFiles::IsHeld(scan.file.get()) || os::StateOf(scan.file.get()) != scan.state) return;
  if (scan.place.file_system && CleanFiles::IsOldEnough(scan.state, NowNs())) {
    clean_.Add(*scan.place.file_system, scan.state, generation_);
  }
  if (port_.IsRemovable(scan.file.get())) return;
  by_lease_.erase(scan.file.get());
  scan.lease = false;
  leased_.Keep(scan.key, std::move(scan.file), generation_);
}

void Gate::OnVerdict(std::uint64_t id, const Verdict& verdict, std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (!scans_.contains(id)) return;
  Scan scan = Take(id);
  // The kernel's mark first, then those who wait: else each of their next opens would come here again.
  if (verdict.allow && verdict.cacheable && verdict.generation == generation_) Remember(scan);
  AnswerAll(scan.waiting, verdict.allow);
  GiveUpLease(scan);
  if (!scan.next.empty()) {
    os::Fd file = std::move(scan.next.front().fd);
    AccessEvent event = scan.next.front().event;
    Start(std::move(event), std::move(file), std::move(scan.next), now_ms);
    // What was written since is read by that scan as well.
  } else if (scan.written_again.valid()) {
    Start(std::move(scan.written_event), std::move(scan.written_again), {}, now_ms);
  }
}

void Gate::AnswerAll(std::vector<Waiting>& waiting, bool allow) {
  for (const Waiting& one : waiting) {
    if (waiting_.erase(one.number) > 0) port_.Answer(one.event_fd, allow);
  }
  waiting.clear();
}

void Gate::Choose(const KernelEvent& event, const AccessEvent& described, NoticeKind why) {
  const bool allow = why == NoticeKind::kDaemonDown ? options_.allow_on_daemon_down : options_.allow_on_timeout;
  port_.Answer(event.fd.get(), allow);
  Count(why, allow);
  Notice& notice = untold_[static_cast<std::uint8_t>(why)];
  notice.path = described.path;  // Of the last one.
  notice.pid = described.pid;
}

void Gate::Count(NoticeKind kind, bool allowed) {
  if (untold_.empty()) tell_at_ms_ = now_ms_ + kTellEveryMs;
  const auto [found, is_new] = untold_.try_emplace(static_cast<std::uint8_t>(kind));
  found->second.kind = kind;
  found->second.allowed = allowed;
  if (!is_new) ++found->second.count;
}

void Gate::OnTime(std::int64_t now_ms) {
  now_ms_ = now_ms;
  while (!deadlines_.empty() && deadlines_.front().at_ms <= now_ms) {
    const std::uint64_t number = deadlines_.front().number;
    deadlines_.pop_front();
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) continue;
    Scan& scan = scans_.at(found->second);
    waiting_.erase(found);
    for (auto* const list : {&scan.waiting, &scan.next}) {
      const auto one =
          std::find_if(list->begin(), list->end(), [&](const Waiting& each) { return each.number == number; });
      if (one == list->end()) continue;
      port_.Answer(one->event_fd, options_.allow_on_timeout);
      Notice notice;
      notice.kind = NoticeKind::kTimedOut;
      notice.allowed = options_.allow_on_timeout;
      notice.path = one->event.path;
      notice.pid = one->event.pid;
      port_.Tell(notice);
      // The scan goes on without it: its verdict may still be kept.
      list->erase(one);
      break;
    }
  }
  while (!begun_.empty() && (begun_.front().first + kForgetMs <= now_ms || !scans_.contains(begun_.front().second))) {
    const std::uint64_t id = begun_.front().second;
    begun_.pop_front();
    // Whoever waited for it was answered long ago: a wait is shorter.
    if (scans_.contains(id)) OnVerdict(id, {.allow = options_.allow_on_timeout}, now_ms);
  }
  if (has_client_ && !untold_.empty() && tell_at_ms_ <= now_ms) {
    for (const auto& [kind, notice] : untold_) port_.Tell(notice);
    untold_.clear();
  }
}

std::optional<std::int64_t> Gate::next_deadline_ms() const {
  std::optional<std::int64_t> next;
  const auto take = [&](std::int64_t at) { next = next ? std::min(*next, at) : at; };
  if (!deadlines_.empty()) take(deadlines_.front().at_ms);
  if (!begun_.empty()) take(begun_.front().first + kForgetMs);
  if (has_client_ && !untold_.empty()) take(tell_at_ms_);
  return next;
}

int Gate::FileOf(std::uint64_t id) const {
  const auto found = scans_.find(id);
  return found == scans_.end() ? -1 : found->second.file.get();
}

void Gate::OnLeaseBroken(int fd) {
  // A mark is taken away before its lease is given up, see leased_files.cc; a scan has no mark yet.
  if (leased_.OnBreak(fd)) return;
  if (const auto found = by_lease_.find(fd); found != by_lease_.end()) GiveUpLease(scans_.at(found->second));
}

void Gate::CheckLeases() {
  leased_.CheckAll();
  std::vector<std::uint64_t> broken;
  for (const auto& [fd, id] : by_lease_) {
    if (!LeasedFiles::IsHeld(fd)) broken.push_back(id);
  }
  for (const std::uint64_t id : broken) GiveUpLease(scans_.at(id));
}

void Gate::SetGeneration(std::uint64_t generation) {
  if (generation == generation_) return;
  // The leases stay: each is worth something again once its file was scanned with the new content.
  port_.StopIgnoringAll();
  generation_ = generation;
}

void Gate::OnClient() { has_client_ = true; }

void Gate::OnClientLost() {
  has_client_ = false;
  std::vector<std::uint64_t> ids;
  for (const auto& [id, scan] : scans_) ids.push_back(id);
  for (const std::uint64_t id : ids) {
    Scan scan = Take(id);
    for (const auto* const list : {&scan.waiting, &scan.next}) {
      for (std::size_t i = 0; i < list->size(); ++i) Count(NoticeKind::kDaemonDown, options_.allow_on_daemon_down);
    }
    AnswerAll(scan.waiting, options_.allow_on_daemon_down);
    AnswerAll(scan.next, options_.allow_on_daemon_down);
    GiveUpLease(scan);
  }
  deadlines_.clear();
  begun_.clear();
}

void Gate::Stop() {
  OnClientLost();
  leased_.Clear();
}

}  // namespace dl::opener
