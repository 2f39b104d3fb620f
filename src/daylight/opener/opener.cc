#include "daylight/opener/opener.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <deque>
#include <map>
#include <optional>

#include "daylight/opener/child.h"
#include "daylight/opener/fanotify.h"
#include "daylight/opener/gate.h"
#include "daylight/opener/heart.h"
#include "daylight/opener/messages.h"
#include "daylight/opener/packet.h"
#include "daylight/opener/path_walk.h"
#include "daylight/opener/processes.h"
#include "daylight/opener/surroundings.h"
#include "daylight/os/io.h"
#include "daylight/os/notify.h"
#include "daylight/report/escape.h"

namespace dl::opener {

namespace {

constexpr std::size_t kMaxOutgoing = 16'384;  // Messages that wait for the client; notices past it are dropped.
constexpr std::size_t kMaxTakes = 16;         // At once.
constexpr std::size_t kMaxStrays = 64;        // Killed walks that the kernel has not let go of.
constexpr int kMessagesPerTurn = 64;          // Of the client's, before events have their turn.
constexpr std::int64_t kBeatMs = 1000;
constexpr rlim_t kOtherFds = 4096;  // One read's worth of events, sockets of children, and what is ours.

std::int64_t NowMs() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// A full standard error (a journal that waits for a file to be opened) must not stop the loop.
void Log(const std::string& text) {
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  const std::string line = "daylight-opener: " + report::EscapeLine(text) + "\n";
  static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
}

enum class Source : std::uint32_t { kPermission, kWritten, kSignals, kMounts, kListener, kClient, kTake, kWalk };

class Loop final : public Opener, private GatePort {
 public:
  explicit Loop(OpenerSetup setup)
      : setup_(std::move(setup)), surroundings_(setup_.options.on_access), notifier_(os::Notifier::FromEnvironment()) {}
  Status Open();
  int Run() override;

 private:
  struct Outgoing {
    std::string bytes;
    std::uint64_t scan = 0;  // Whose file goes along; nothing is sent once it is over.
    os::Fd fd;
  };
  struct TakeInHand {
    std::uint64_t id = 0;
    TakeChild child;
  };
  struct WalkInHand {
    pid_t pid = -1;
    os::Fd other;
  };

  // GatePort
  void Answer(int event_fd, bool allow) override { fanotify_->Answer(event_fd, allow); }
  void Ask(std::uint64_t id, const AccessEvent& event) override { Send(Encode(id, event), id); }
  void Tell(const Notice& notice) override {
    if (out_.size() < kMaxOutgoing) Send(Encode(0, notice));
  }
  bool Ignore(int file) override { return fanotify_->Ignore(file); }
  void StopIgnoring(int file) override { fanotify_->StopIgnoring(file); }
  void StopIgnoringAll() override { fanotify_->StopIgnoringAll(); }
  std::optional<AccessEvent> Describe(const KernelEvent& event) override {
    // The daemon comes (back) before it is a client: what is denied to it then, nobody could ever let through. systemd
    // has become its user before it runs the program.
    if (!client_.valid() && setup_.daemon_uid != 0) {
      const auto users = UsersOf(event.pid);
      if (users && users->all_same && users->effective == setup_.daemon_uid) return std::nullopt;
    }
    const std::array<pid_t, 2> own{::getpid(), client_pid_};
    return surroundings_.Describe(event, std::span(own.data(), client_pid_ > 0 ? 2U : 1U));
  }
  FilePlace PlaceOf(const os::FileState& state, int file) override { return surroundings_.PlaceOf(state, file); }
  bool IsRemovable(int file) override { return surroundings_.IsRemovable(file); }

  // `key`: what names it in its source's book, where descriptors' numbers would be given out anew within one turn.
  void Watch(int fd, Source source, std::uint32_t events, std::uint32_t key = 0);
  void MakeRoom();
  void RefreshMounts();
  void Notify(NoticeKind kind, std::string text);
  void OnPermission();
  void OnWritten();
  void OnSignals();
  void OnListener();
  void OnClientEvent(std::uint32_t events);
  Status ReadClient();
  Status HandleMessage(const Header& header, std::string_view packet, os::Fd fd);
  void StartWalk(std::uint64_t id, const WalkRequest& request);
  void OnTakeDone(std::uint32_t key);
  void OnWalkClosed(std::uint32_t key);
  void Reap();
  void AdoptClient(os::Fd fd);
  void LoseClient(std::string_view why);
  void Send(std::string bytes, std::uint64_t scan = 0, os::Fd fd = {});
  Status Flush();
  void WatchClient();
  int TimeoutMs(std::int64_t now_ms) const;
  void OnTime(std::int64_t now_ms);
  void Finish();

  OpenerSetup setup_;
  Surroundings surroundings_;
  os::Notifier notifier_;
  std::optional<Fanotify> fanotify_;
  std::optional<Gate> gate_;
  std::optional<Heart> heart_;
  os::Fd epoll_;
  os::Fd signals_;
  os::Fd client_;
  pid_t client_pid_ = -1;
  bool single_client_ = false;
  bool client_wants_write_ = false;
  std::deque<Outgoing> out_;
  std::string buffer_ = std::string(kMaxPacketBytes, '\0');
  std::map<std::uint32_t, TakeInHand> takes_;  // By a number of our own, as the next.
  std::map<std::uint32_t, WalkInHand> walks_;
  std::uint32_t next_child_ = 1;
  std::uint32_t next_client_ = 1;
  std::uint32_t client_key_ = 0;
  std::vector<pid_t> strays_;
  std::vector<std::string> problems_;  // With the marks, as told.
  std::size_t watched_ = 0;
  std::int64_t beat_at_ms_ = 0;
  std::int64_t watchdog_at_ms_ = 0;
  bool stop_ = false;
};

void Loop::Watch(int fd, Source source, std::uint32_t events, std::uint32_t key) {
  if (fd < 0) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = (static_cast<std::uint64_t>(source) << 32) | key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  }
}

// Files that stay open for the kernel's cache, and everything else. A descriptor too few is an open denied.
void Loop::MakeRoom() {
  OnAccessOptions& options = setup_.options.on_access;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t others = kOtherFds + 2 * rlim_t{options.max_pending} + 2 * rlim_t{options.max_pending_writes};
  const rlim_t wanted = others + options.kernel_cache_files;
  rlimit more{wanted, std::max(limit.rlim_max, wanted)};
  if (limit.rlim_cur >= wanted || ::setrlimit(RLIMIT_NOFILE, &more) == 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, wanted);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t left = limit.rlim_cur > others ? limit.rlim_cur - others : 0;
  options.kernel_cache_files = static_cast<std::uint32_t>(std::min<rlim_t>(options.kernel_cache_files, left));
  Log("only " + std::to_string(options.kernel_cache_files) + " files can be kept open for the kernel's cache");
  if (limit.rlim_cur < others)
    options.max_pending = std::max<std::uint32_t>(16, static_cast<std::uint32_t>(limit.rlim_cur / 4));
}

Status Loop::Open() {
  const OnAccessOptions& options = setup_.options.on_access;
  epoll_ = os::Fd(::epoll_create1(EPOLL_CLOEXEC));
  LeasedFiles::BlockSignals();
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD, SIGIO, LeasedFiles::break_signal()}) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = os::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!epoll_.valid() || !signals_.valid()) {
    return Fail(ErrorCode::kIo, "cannot set up the loop", static_cast<std::uint64_t>(errno));
  }
  Watch(signals_.get(), Source::kSignals, EPOLLIN);
  // Whatever opens files is before the first mark, which would have us wait for ourselves.
  auto heart = Heart::Start(setup_.options.state_folder, ::time(nullptr));
  if (heart) {
    heart_.emplace(std::move(*heart));
  } else {
    Log(std::string(heart.error().what) + " (" + os::Describe(heart.error()) + "): a gap would not be noticed");
  }
  if (options.enabled) {
    MakeRoom();
    auto fanotify =
        Fanotify::Open({.on_open = options.on_open, .on_exec = options.on_exec, .on_written = options.on_written});
    if (!fanotify) return Forward(fanotify.error());
    fanotify_.emplace(std::move(*fanotify));
  }
  GatePort& port = *this;
  gate_.emplace(options, port);
  if (fanotify_) {
    Watch(fanotify_->permission_fd(), Source::kPermission, EPOLLIN);
    Watch(fanotify_->written_fd(), Source::kWritten, EPOLLIN);
    Watch(surroundings_.mounts_fd(), Source::kMounts, EPOLLPRI);
    RefreshMounts();
  }
  single_client_ = setup_.client.valid();
  Watch(setup_.listener.get(), Source::kListener, EPOLLIN);
  if (single_client_) AdoptClient(std::move(setup_.client));
  return {};
}

void Loop::RefreshMounts() {
  std::vector<std::string> problems;
  surroundings_.Refresh(*fanotify_, problems);
  gate_->OnMountsChanged();
  for (const std::string& problem : problems) {
    if (std::find(problems_.begin(), problems_.end(), problem) == problems_.end())
      Notify(NoticeKind::kMarkFailed, problem);
  }
  problems_ = std::move(problems);
  if (watched_ != surroundings_.watched()) {
    watched_ = surroundings_.watched();
    Notify(NoticeKind::kWatching, std::to_string(watched_) + " mounts and file systems are watched");
  }
}

void Loop::Notify(NoticeKind kind, std::string text) {
  Log(text);
  Notice notice;
  notice.kind = kind;
  notice.text = std::move(text);
  if (client_.valid()) Tell(notice);
}

void Loop::OnPermission() {
  unsigned refused = 0;
  const std::int64_t now = NowMs();
  for (KernelEvent& event : fanotify_->ReadPermission(refused)) {
    if (!event.overflow) gate_->OnOpen(std::move(event), now);
  }
  if (refused > 0) Notify(NoticeKind::kKernelRefused, "an event could not be taken in: " + std::to_string(errno));
}

void Loop::OnWritten() {
  unsigned refused = 0;
  const std::int64_t now = NowMs();
  for (KernelEvent& event : fanotify_->ReadWritten(refused)) {
    if (event.overflow) {
      Notify(NoticeKind::kWritesLost, "the kernel's queue of written files was full");
    } else {
      gate_->OnWritten(std::move(event), now);
    }
  }
}

void Loop::OnSignals() {
  std::array<signalfd_siginfo, 64> infos;
  const ssize_t n = ::read(signals_.get(), infos.data(), sizeof infos);
  for (std::size_t i = 0; n > 0 && i < static_cast<std::size_t>(n) / sizeof infos[0]; ++i) {
    const auto number = static_cast<int>(infos[i].ssi_signo);
    if (number == LeasedFiles::break_signal()) {
      gate_->OnLeaseBroken(infos[i].ssi_fd);
    } else if (number == SIGIO) {
      gate_->CheckLeases();
    } else if (number == SIGCHLD) {
      Reap();
    } else {
      stop_ = true;
    }
  }
}

void Loop::Reap() {
  for (;;) {
    const pid_t pid = ::waitpid(-1, nullptr, WNOHANG);
    if (pid <= 0) return;
    std::erase(strays_, pid);
    for (auto walk = walks_.begin(); walk != walks_.end(); ++walk) {
      if (walk->second.pid != pid) continue;
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, walk->second.other.get(), nullptr);
      walks_.erase(walk);
      break;
    }
    if (heart_ && pid == heart_->pid()) Log("what remembers when this ran has ended: a gap would not be noticed");
  }
}

void Loop::OnListener() {
  os::Fd fd(::accept4(setup_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  if (peer.uid != 0 && peer.uid != setup_.daemon_uid) {
    return Log("user " + std::to_string(peer.uid) + " may not be a client");
  }
  if (client_.valid()) {
    // Only a dead one is replaced.
    pollfd state{client_.get(), 0, 0};
    ::poll(&state, 1, 0);
    if ((state.revents & (POLLHUP | POLLERR)) == 0) return Log("there is a client already");
    LoseClient("gone");
  }
  AdoptClient(std::move(fd));
}

void Loop::AdoptClient(os::Fd fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  client_pid_ = ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : -1;
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  client_ = std::move(fd);
  client_wants_write_ = false;
  client_key_ = next_client_++;
  Watch(client_.get(), Source::kClient, EPOLLIN, client_key_);
  const OnAccessOptions& options = setup_.options.on_access;
  Hello hello;
  hello.on_access = options.enabled && (options.on_open || options.on_exec);
  hello.on_written = options.enabled && options.on_written;
  hello.wait_ms = options.wait_ms;
  hello.generation = gate_->generation();
  hello.allow_on_timeout = options.allow_on_timeout;
  Send(Encode(0, hello));
  if (heart_ && heart_->gap() && client_.valid()) {
    const Gap& gap = *heart_->gap();
    Notice notice;
    notice.kind = NoticeKind::kGap;
    notice.from_s = gap.from_s;
    notice.until_s = gap.until_s;
    notice.text = std::to_string(gap.from_s) + " to " + std::to_string(gap.until_s) +
                  (gap.stopped ? ": stopped" : ": killed or failed");
    Tell(notice);
  }
  for (const std::string& problem : problems_) {
    Notice notice;
    notice.kind = NoticeKind::kMarkFailed;
    notice.text = problem;
    if (client_.valid()) Tell(notice);
  }
  if (client_.valid()) gate_->OnClient();
}

void Loop::LoseClient(std::string_view why) {
  if (!client_.valid()) return;
  Log("the client is lost: " + std::string(why));
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, client_.get(), nullptr);
  client_.Close();
  client_pid_ = -1;
  out_.clear();
  // Those who wait, first; walks end by their own sockets, and what is being moved is moved.
  gate_->OnClientLost();
  if (single_client_) stop_ = true;
}

void Loop::WatchClient() {
  if (client_wants_write_ == !out_.empty()) return;
  client_wants_write_ = !out_.empty();
  Watch(client_.get(), Source::kClient, EPOLLIN | (client_wants_write_ ? EPOLLOUT : 0U), client_key_);
}

// A failure is seen by the loop, as the end of the client: not here, in the middle of something.
void Loop::Send(std::string bytes, std::uint64_t scan, os::Fd fd) {
  if (!client_.valid()) return;
  out_.push_back({std::move(bytes), scan, std::move(fd)});
  if (out_.size() == 1) static_cast<void>(Flush());
  WatchClient();
}

Status Loop::Flush() {
  while (!out_.empty()) {
    const Outgoing& first = out_.front();
    const int fd = first.scan != 0 ? gate_->FileOf(first.scan) : first.fd.get();
    if (first.scan == 0 || fd >= 0) {
      DL_TRY(const bool sent, SendPacket(client_.get(), first.bytes, fd));
      if (!sent) return {};
    }
    out_.pop_front();
  }
  return {};
}

void Loop::OnClientEvent(std::uint32_t events) {
  if (!client_.valid()) return;
  if ((events & EPOLLOUT) != 0) {
    if (const auto flushed = Flush(); !flushed) return LoseClient(flushed.error().what);
    WatchClient();
  }
  if (const auto read = ReadClient(); !read) return LoseClient(read.error().what);
}

Status Loop::ReadClient() {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    DL_TRY(Packet packet, ReceivePacket(client_.get(), buffer_));
    if (packet.none) return {};
    if (packet.ended) return Fail(ErrorCode::kIo, "gone");
    DL_TRY(const Header header, ParseHeader(packet.bytes));
    DL_TRY_STATUS(HandleMessage(header, packet.bytes, std::move(packet.fd)));
  }
  return {};
}

Status Loop::HandleMessage(const Header& header, std::string_view packet, os::Fd fd) {
  if (fd.valid() != (header.kind == MessageKind::kTakeRequest)) {
    return Fail(ErrorCode::kMalformed, "a message without its descriptor, or with one too many");
  }
  switch (header.kind) {
    case MessageKind::kVerdict: {
      DL_TRY(const Verdict verdict, Decode<Verdict>(header, packet));
      gate_->OnVerdict(header.id, verdict, NowMs());
      return {};
    }
    case MessageKind::kGeneration: {
      DL_TRY_STATUS(Decode<Generation>(header, packet).map([](auto&&) {}));
      if (fanotify_) gate_->SetGeneration(header.id);
      Send(Encode(header.id, GenerationDone{}));
      return {};
    }
    case MessageKind::kWalkRequest: {
      DL_TRY(const WalkRequest request, Decode<WalkRequest>(header, packet));
      StartWalk(header.id, request);
      return {};
    }
    case MessageKind::kTakeRequest: {
      DL_TRY(const TakeRequest request, Decode<TakeRequest>(header, packet));
      if (takes_.size() >= kMaxTakes) {
        Send(Encode(header.id, Taken{TakeOutcome::kFailed, {}, "too many files are being moved already"}));
        return {};
      }
      auto child = StartTake(request, fd.get(), setup_.own_folders, setup_.take);
      if (!child) {
        Send(Encode(header.id, Taken{TakeOutcome::kFailed, {}, std::string(child.error().what)}));
        return {};
      }
      const int socket = child->socket.get();
      takes_[next_child_] = {header.id, std::move(*child)};
      Watch(socket, Source::kTake, EPOLLIN, next_child_++);
      return {};
    }
    default: return Fail(ErrorCode::kMalformed, "a message that clients do not send");
  }
}

void Loop::StartWalk(std::uint64_t id, const WalkRequest& request) {
  const auto refuse = [&](std::string reason) { Send(Encode(id, WalkStarted{false, std::move(reason)})); };
  if (walks_.size() >= setup_.options.max_walks || strays_.size() >= kMaxStrays) {
    return refuse("too many walks are under way");
  }
  if (request.uid == 0 && !setup_.options.walk_as_root) return refuse("walks with root's rights are not allowed");
  auto walk = StartPathWalk(request, WalkRights::kOfRequest);
  if (!walk) return refuse(std::string(walk.error().what));
  const int other = walk->other.get();
  walks_[next_child_] = {walk->pid, std::move(walk->other)};
  // Nothing but the end of the other side, which epoll always tells.
  Watch(other, Source::kWalk, 0, next_child_++);
  Send(Encode(id, WalkStarted{true, {}}), 0, std::move(walk->socket));
}

// Whoever asked is gone. The child would notice at its next file; where it hangs, it never would.
void Loop::OnWalkClosed(std::uint32_t key) {
  const auto found = walks_.find(key);
  if (found == walks_.end()) return;
  ::kill(found->second.pid, SIGKILL);
  strays_.push_back(found->second.pid);
  // Not by closing it: as long as the child has it too, epoll would go on about it.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.other.get(), nullptr);
  walks_.erase(found);
}

void Loop::OnTakeDone(std::uint32_t key) {
  const auto found = takes_.find(key);
  if (found == takes_.end()) return;
  Send(Encode(found->second.id, ReadTaken(found->second.child.socket.get())));
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.child.socket.get(), nullptr);
  takes_.erase(found);
}

int Loop::TimeoutMs(std::int64_t now_ms) const {
  std::int64_t at = now_ms + 60'000;
  if (heart_) at = std::min(at, beat_at_ms_);
  if (notifier_.watchdog_ms() > 0) at = std::min(at, watchdog_at_ms_);
  if (const auto next = gate_->next_deadline_ms()) at = std::min(at, *next);
  return static_cast<int>(std::max<std::int64_t>(0, at - now_ms));
}

void Loop::OnTime(std::int64_t now_ms) {
  gate_->OnTime(now_ms);
  if (heart_ && beat_at_ms_ <= now_ms) {
    heart_->Beat();
    beat_at_ms_ = now_ms + kBeatMs;
  }
  if (notifier_.watchdog_ms() > 0 && watchdog_at_ms_ <= now_ms) {
    notifier_.Tell("WATCHDOG=1");
    watchdog_at_ms_ = now_ms + notifier_.watchdog_ms();
  }
}

int Loop::Run() {
  notifier_.Tell("READY=1");
  while (!stop_) {
    std::array<epoll_event, 64> ready;
    const int n = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), TimeoutMs(NowMs()));
    for (int i = 0; i < n; ++i) {
      const std::uint64_t tag = ready[static_cast<std::size_t>(i)].data.u64;
      const auto key = static_cast<std::uint32_t>(tag & 0xffffffff);
      switch (static_cast<Source>(tag >> 32)) {
        case Source::kPermission: OnPermission(); break;
        case Source::kWritten: OnWritten(); break;
        case Source::kSignals: OnSignals(); break;
        case Source::kMounts: RefreshMounts(); break;
        case Source::kListener: OnListener(); break;
        // It may have been replaced in this very turn.
        case Source::kClient:
          if (key == client_key_) OnClientEvent(ready[static_cast<std::size_t>(i)].events);
          break;
        case Source::kTake: OnTakeDone(key); break;
        case Source::kWalk: OnWalkClosed(key); break;
      }
    }
    OnTime(NowMs());
  }
  Finish();
  return 0;
}

void Loop::Finish() {
  notifier_.Tell("STOPPING=1");
  gate_->Stop();
  // With the groups everything that still waits is let through.
  fanotify_.reset();
  if (heart_) heart_->Stop();
  for (const auto& [key, walk] : walks_) ::kill(walk.pid, SIGKILL);
}

}  // namespace

Result<std::unique_ptr<Opener>> Opener::Create(OpenerSetup setup) {
  auto loop = std::make_unique<Loop>(std::move(setup));
  DL_TRY_STATUS(loop->Open());
  return std::unique_ptr<Opener>(std::move(loop));
}

}  // namespace dl::opener
