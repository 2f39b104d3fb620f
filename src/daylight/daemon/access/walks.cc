#include "daylight/daemon/access/walks.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "daylight/opener/path_walk.h"
#include "daylight/os/io.h"
#include "daylight/os/open_file.h"

namespace dl::daemon {

namespace {

constexpr std::size_t kMaxChildren = 256;

}  // namespace

class Walks::OneWalk : public Walk {
 public:
  OneWalk(EventLoop& loop, std::string path, OnFile on_file, std::shared_ptr<std::vector<pid_t>> ended,
          std::shared_ptr<std::size_t> running)
      : loop_(loop),
        path_(std::move(path)),
        on_file_(std::move(on_file)),
        ended_(std::move(ended)),
        running_(std::move(running)) {}
  ~OneWalk() override {
    watch_.reset();
    reader_.reset();
    for (WalkedFile& file : waiting_) os::ClosePatiently(std::move(file.fd));
    if (pid_ <= 0) return;
    // A file system that never answers may keep it from ending: it is not waited for
    // here, but looked after at the next walk.
    --*running_;
    ::kill(pid_, SIGKILL);
    ended_->push_back(pid_);
  }

  void Next() override {
    wanted_ = true;
    Rearm();
    if (!waiting_.empty() || is_over_) PostGiveOut();
  }

  // Says why there is nothing, as one file and the end.
  void Refuse(WalkedFile::Kind kind, const std::string& why) {
    WalkedFile file;
    file.kind = kind;
    file.path = path_;
    file.problem = why;
    waiting_.push_back(std::move(file));
    is_over_ = true;
    PostGiveOut();
  }
  void Use(os::Fd socket, pid_t pid) {
    pid_ = pid;
    if (pid > 0) ++*running_;
    reader_ = std::make_unique<opener::WalkReader>(std::move(socket));
    watch_ = loop_.WatchFd(
        reader_->fd(), [this] { Read(); }, [] {});
    Rearm();
  }
  std::weak_ptr<bool> alive() const { return alive_; }

 private:
  void Rearm() {
    if (watch_) watch_->Want(wanted_ && waiting_.empty() && !is_over_, false);
  }

  void PostGiveOut() {
    if (std::exchange(is_posted_, true)) return;
    loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      is_posted_ = false;
      GiveOut();
    });
  }

  void GiveOut() {
    if (!wanted_) return;
    const OnFile on_file = on_file_;  // We may be gone before it returns.
    if (!waiting_.empty()) {
      wanted_ = false;
      WalkedFile file = std::move(waiting_.front());
      waiting_.pop_front();
      return on_file(std::move(file));
    }
    if (!is_over_) return;
    wanted_ = false;
    on_file(std::nullopt);
  }

  void Read() {
    auto step = reader_->Next();
    if (!step) {
      watch_.reset();
      Refuse(WalkedFile::Kind::kFailed, os::Describe(step.error()));
      return;
    }
    using Kind = opener::WalkReader::Step::Kind;
    if (step->kind == Kind::kNone) return;
    if (step->kind == Kind::kEnd) {
      watch_.reset();
      is_over_ = true;
      const opener::WalkEnd& end = step->end;
      if (end.files == 0 && end.failed == 0 && end.skipped > 0) {
        WalkedFile file;
        file.kind = WalkedFile::Kind::kUnsupported;
        file.path = path_;
        waiting_.push_back(std::move(file));
      }
    } else {
      waiting_.push_back(Walked(std::move(*step)));
    }
    Rearm();
    GiveOut();
  }

  WalkedFile Walked(opener::WalkReader::Step step) const {
    WalkedFile file;
    file.path = std::move(step.file.path);
    file.fd = std::move(step.fd);
    file.size = step.file.size;
    file.modified_ns = step.file.modified_ns;
    file.owner = step.file.owner;
    if (!step.file.failed) return file;
    file.problem = step.file.reason;
    if (file.path == path_ && file.problem.find("not a regular file") != std::string::npos) {
      file.kind = WalkedFile::Kind::kUnsupported;
      return file;
    }
    const auto is = [&](int error) { return file.problem.find(std::strerror(error)) != std::string::npos; };
    file.kind = is(EACCES) || is(EPERM)                                          ? WalkedFile::Kind::kDenied
                : file.path == path_ && (is(ENOENT) || is(ENOTDIR) || is(ELOOP)) ? WalkedFile::Kind::kMissing
                                                                                 : WalkedFile::Kind::kFailed;
    return file;
  }

  EventLoop& loop_;
  std::string path_;
  OnFile on_file_;
  std::shared_ptr<std::vector<pid_t>> ended_;
  std::shared_ptr<std::size_t> running_;
  pid_t pid_ = -1;
  std::unique_ptr<opener::WalkReader> reader_;
  std::unique_ptr<EventLoop::Watch> watch_;
  std::deque<WalkedFile> waiting_;
  bool wanted_ = false;
  bool is_over_ = false;
  bool is_posted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

std::unique_ptr<Walk> Walks::Start(const PeerInfo& peer, const std::string& path, const WalkWants& wants,
                                   OnFile on_file) {
  std::erase_if(*ended_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  auto walk = std::make_unique<OneWalk>(loop_, path, std::move(on_file), ended_, running_);
  OneWalk& started = *walk;
  opener::WalkRequest request;
  request.path = path;
  request.exclude = wants.exclude;
  request.exclude_masks = wants.exclude_masks;
  request.only_masks = wants.only_masks;
  request.recursive = wants.recursive;
  request.one_file_system = wants.one_file_system;
  request.idle = wants.idle;
  if (!path.starts_with('/')) {
    started.Refuse(WalkedFile::Kind::kMissing, std::strerror(ENOENT));
    return walk;
  }
  if (path.find('\0') != std::string::npos || path.size() > opener::kMaxPathBytes) {
    started.Refuse(WalkedFile::Kind::kMissing, std::strerror(ENAMETOOLONG));
    return walk;
  }
  if (peer.is_local) {
    request.uid = peer.uid;
    request.gid = peer.gid;
    request.groups.assign(peer.groups.begin(), peer.groups.end());
  } else if (tcp_user_) {
    request.uid = tcp_user_->uid;
    request.gid = tcp_user_->gid;
  } else {
    started.Refuse(WalkedFile::Kind::kDenied, "paths are not taken by TCP");
    return walk;
  }
  if (link_ != nullptr && link_->connected()) {
    link_->StartWalk(request, [&started, alive = started.alive()](os::Fd socket, const std::string& problem) {
      if (alive.expired()) return;
      if (socket.valid()) return started.Use(std::move(socket), -1);
      started.Refuse(WalkedFile::Kind::kFailed, problem);
    });
    return walk;
  }
  const bool is_root = ::geteuid() == 0;
  // A client with other rights than ours gets no more than ours, and nothing when they
  // are not less.
  if (!is_root && request.uid != ::geteuid() && request.uid != 0) {
    started.Refuse(WalkedFile::Kind::kDenied, "the opener is needed for the rights of another user");
    return walk;
  }
  // A process each, and one that hangs stays: clients may ask for any number.
  if (*running_ + ended_->size() >= kMaxChildren) {
    started.Refuse(WalkedFile::Kind::kFailed, "too many paths are being scanned, try again later");
    return walk;
  }
  auto child = opener::StartPathWalk(request, is_root ? opener::WalkRights::kOfRequest : opener::WalkRights::kOwn);
  if (!child) {
    started.Refuse(WalkedFile::Kind::kFailed, os::Describe(child.error()));
    return walk;
  }
  started.Use(std::move(child->socket), child->pid);
  return walk;
}

}  // namespace dl::daemon
