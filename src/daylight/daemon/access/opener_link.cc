#include "daylight/daemon/access/opener_link.h"

#include <cerrno>
#include <utility>

#include "daylight/os/io.h"

namespace dl::daemon {

namespace {

constexpr auto kRetry = std::chrono::seconds(1);

}  // namespace

OpenerLink::OpenerLink(EventLoop& loop, OpenerLinkOptions options) : loop_(loop), options_(std::move(options)) {
  // From the loop, so that what it calls is there.
  loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    if (options_.connected.valid()) return Use(std::move(options_.connected));
    if (options_.socket_path.empty()) return;
    Connect();
    retry_ = loop_.Every(kRetry, [this] {
      if (client_ == nullptr) Connect();
    });
  });
}

OpenerLink::~OpenerLink() = default;

void OpenerLink::Connect() {
  auto socket = opener::ConnectToOpener(options_.socket_path);
  if (socket) return Use(std::move(*socket));
  // Once; that there is no socket at all is a choice.
  if (socket.error().offset == ENOENT || std::exchange(told_, true)) return;
  if (options_.on_lost)
    options_.on_lost("cannot connect to " + options_.socket_path + ": " + os::Describe(socket.error()));
}

void OpenerLink::Use(os::Fd socket) {
  opener::ClientHandlers handlers;
  handlers.hello = [this](const opener::Hello& hello) {
    is_up_ = true;
    told_ = false;
    generation_ = std::max(generation_, hello.generation) + 1;
    client_->SetGeneration(generation_);
    if (options_.on_connected) options_.on_connected(hello);
  };
  handlers.walk_started = [this](std::uint64_t id, os::Fd fd, const std::string& reason) {
    const auto found = walks_.find(id);
    if (found == walks_.end()) return;
    const WalkStarted started = std::move(found->second);
    walks_.erase(found);
    started(std::move(fd), reason);
  };
  handlers.access = [this](std::uint64_t id, const opener::AccessEvent& event, os::Fd file) {
    if (options_.on_access) options_.on_access(id, event, std::move(file));
  };
  handlers.taken = [this](std::uint64_t id, const opener::Taken& taken) {
    const auto found = takes_.find(id);
    if (found == takes_.end()) return;
    const TakeDone done = std::move(found->second);
    takes_.erase(found);
    done(taken);
  };
  handlers.generation_done = [this](std::uint64_t generation) {
    for (const Counting& one : std::exchange(counting_, {})) {
      if (one.generation <= generation) {
        one.function();
      } else {
        counting_.push_back(one);
      }
    }
  };
  handlers.notice = [this](const opener::Notice& notice) {
    if (options_.on_notice) options_.on_notice(notice);
  };
  client_ = std::make_unique<opener::Client>(std::move(socket), std::move(handlers));
  watch_ = loop_.WatchFd(
      client_->fd(), [this] { Read(); },
      [this] {
        if (const Status status = client_->Flush(); !status) return Lost(os::Describe(status.error()));
        Rearm();
      });
  Rearm();
}

void OpenerLink::Read() {
  if (const Status status = client_->OnReadable(); !status) return Lost(os::Describe(status.error()));
  Rearm();
}

void OpenerLink::Rearm() {
  if (watch_) watch_->Want(true, client_->wants_write());
}

void OpenerLink::Lost(const std::string& why) {
  watch_.reset();
  client_.reset();
  is_up_ = false;
  for (auto& [id, started] : std::exchange(walks_, {})) started(os::Fd(), "the opener is gone");
  for (auto& [id, done] : std::exchange(takes_, {})) done({opener::TakeOutcome::kFailed, "", "the opener is gone"});
  for (const Counting& one : std::exchange(counting_, {})) one.function();
  if (!std::exchange(told_, true) && options_.on_lost) options_.on_lost(why);
}

void OpenerLink::StartWalk(const opener::WalkRequest& request, WalkStarted started) {
  if (client_ == nullptr) return started(os::Fd(), "there is no opener");
  const auto id = client_->StartWalk(request);
  if (!id) return started(os::Fd(), os::Describe(id.error()));
  walks_.emplace(*id, std::move(started));
  Rearm();
}

void OpenerLink::Take(const opener::TakeRequest& request, int file, TakeDone done) {
  if (client_ == nullptr) return done({opener::TakeOutcome::kFailed, "", "there is no opener"});
  const auto id = client_->Take(request, file);
  if (!id) return done({opener::TakeOutcome::kFailed, "", os::Describe(id.error())});
  takes_.emplace(*id, std::move(done));
  Rearm();
}

void OpenerLink::Answer(std::uint64_t id, const opener::Verdict& verdict) {
  if (client_ == nullptr) return;
  client_->Answer(id, verdict);
  Rearm();
}

void OpenerLink::WhenCounting(std::function<void()> function) {
  if (client_ == nullptr || !is_up_) return function();
  counting_.push_back({generation_, std::move(function)});
}

std::uint64_t OpenerLink::NextGeneration() {
  ++generation_;
  if (client_ != nullptr && is_up_) {
    client_->SetGeneration(generation_);
    Rearm();
  }
  return generation_;
}

}  // namespace dl::daemon
