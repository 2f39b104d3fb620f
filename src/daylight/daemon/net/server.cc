#include "daylight/daemon/net/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daylight/bytes/bytes.h"
#include "daylight/os/socket.h"

namespace dl::daemon {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 64u << 10;
// With more than this unsent, a session is given no more to answer.
constexpr std::size_t kMaxUnsentBytes = 256u << 10;
constexpr int kBacklog = 1024;
// Turns of reading or accepting before others have theirs.
constexpr int kMaxTurns = 16;
constexpr auto kTick = std::chrono::milliseconds(250);
// For a peer that is still talking when all is said to it.
constexpr auto kLinger = std::chrono::seconds(2);
// And what it may still say.
constexpr std::uint64_t kMaxDiscardBytes = 16u << 20;
// Past the limit so many are accepted to be told so; beyond, they wait in the backlog.
constexpr std::size_t kMaxRefused = 64;

PeerInfo PeerOf(int socket, const sockaddr_storage& address) {
  PeerInfo peer;
  if (address.ss_family == AF_UNIX) {
    peer.is_local = true;
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
      peer.uid = credentials.uid;
      peer.gid = credentials.gid;
      peer.pid = credentials.pid;
      peer.session = std::max<pid_t>(::getsid(peer.pid), 0);
    } else {
      peer.uid = peer.gid = static_cast<uid_t>(-1);  // Nobody's rights.
    }
    std::array<gid_t, 1024> groups{};
    size = sizeof(groups);
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      peer.groups.assign(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(size / sizeof(gid_t)));
    }
    peer.limit_key = "uid " + std::to_string(peer.uid);
    peer.name = peer.limit_key + " (pid " + std::to_string(peer.pid) + ")";
    return peer;
  }
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof(in));
    ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
    peer.limit_key = text;
    peer.name = peer.limit_key + ":" + std::to_string(ntohs(in.sin_port));
  } else {
    sockaddr_in6 in6{};
    std::memcpy(&in6, &address, sizeof(in6));
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
      // A socket for both: these are as many clients as there are addresses.
      ::inet_ntop(AF_INET, in6.sin6_addr.s6_addr + 12, text, sizeof(text));
      peer.limit_key = text;
      peer.name = peer.limit_key + ":" + std::to_string(ntohs(in6.sin6_port));
      return peer;
    }
    ::inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
    peer.name = "[" + std::string(text) + "]:" + std::to_string(ntohs(in6.sin6_port));
    // One client has a /64 of addresses.
    std::memset(in6.sin6_addr.s6_addr + 8, 0, 8);
    ::inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
    peer.limit_key = text;
  }
  return peer;
}

tl::unexpected<Error> Failed(const char* what) { return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno)); }

}  // namespace

class Server::Client : public Connection {
 public:
  Client(Server& server, os::Fd socket, Protocol protocol, PeerInfo peer)
      : server_(server), socket_(std::move(socket)), protocol_(protocol), peer_(std::move(peer)) {
    watch_ = server_.loop_.WatchFd(
        socket_.get(), [this] { Readable(); }, [this] { Writable(); });
    began_ = progressed_ = sent_at_ = Clock::now();
  }

  void Begin(std::unique_ptr<Session> session) {
    session_ = std::move(session);
    Rearm();
  }
  // `at_once`: too many are being told so already.
  void Refuse(bool at_once) {
    must_linger_ = true;  // Its request is on the way.
    is_refused_ = true;
    ++server_.refused_;
    session_->OnRefused();
    if (at_once) return Die();
    Close();
    Rearm();
  }

  const PeerInfo& peer() const override { return peer_; }
  void Send(std::string bytes) override {
    if (is_dead_ || bytes.empty()) return;
    if (unsent_.empty()) sent_at_ = Clock::now();
    if (sent_ == unsent_.size()) {
      unsent_ = std::move(bytes);
      sent_ = 0;
    } else {
      unsent_ += bytes;
    }
    // What the socket takes goes at once: most answers are one small packet.
    if (!in_writable_) {
      Flush();
      if (unsent() == 0) PostSendReady();
    }
    Rearm();
  }
  void Close() override {
    closing_ = true;
    if (unsent() == 0) Finish();
  }
  void Resume() override {
    if (resume_posted_ || is_dead_) return;
    resume_posted_ = true;
    server_.loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      resume_posted_ = false;
      // Else when that is sent.
      if (unsent() < kMaxUnsentBytes) Give({});
      if (ended_) TellEnd();
      Rearm();
    });
  }

  // Not from within Send().
  void PostSendReady() {
    if (is_dead_ || std::exchange(ready_posted_, true)) return;
    server_.loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      ready_posted_ = false;
      if (!is_dead_ && !closing_ && unsent() == 0) session_->OnSendReady();
      Rearm();
    });
  }

  bool is_dead() const { return is_dead_; }
  Protocol protocol() const { return protocol_; }

  void Drain() {
    if (!closing_ && session_->waiting() == Waiting::kForCommand && unsent() == 0) Die();
  }

  // Whether it took too long with what it is at.
  void CheckTime(Clock::time_point now, const ServerLimits& limits) {
    if (is_dead_) return;
    if (unsent() > 0) {
      if (now - sent_at_ >= limits.send_timeout) TimeOut();
      return;
    }
    if (is_lingering_ && now - sent_at_ < kLinger) return;
    if (closing_) return Die();
    switch (session_->waiting()) {
      case Waiting::kForCommand:
        if (now - progressed_ >= limits.idle_timeout) TimeOut();
        break;
      case Waiting::kForBytes:
        if (now - progressed_ >= limits.read_timeout || now - began_ >= limits.request_timeout) TimeOut();
        break;
      case Waiting::kForUs:
        began_ = progressed_ = now;
        if (ended_ && IsGone()) Die();
        break;
    }
  }

 private:
  // Whether it not only has said all, but is not there to hear anything: known of Unix
  // sockets, and of TCP once something was refused.
  bool IsGone() const {
    pollfd item{socket_.get(), 0, 0};
    return ::poll(&item, 1, 0) == 1 && (item.revents & (POLLHUP | POLLERR)) != 0;
  }

  std::size_t unsent() const { return unsent_.size() - sent_; }

  // All is said. To a peer that is still talking the last word would be lost if the
  // socket were closed with bytes unread: it gets a little time to finish.
  void Finish() {
    std::byte peeked;
    if (ended_ || is_lingering_) return Die();
    if (!must_linger_ && ::recv(socket_.get(), &peeked, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) return Die();
    is_lingering_ = true;
    ::shutdown(socket_.get(), SHUT_WR);
    sent_at_ = Clock::now();
    Rearm();
  }
  // False when there is no use in waiting any more.
  bool Discard() {
    static std::array<std::byte, kReadBytes> nobody;
    for (int turn = 0; turn < kMaxTurns; ++turn) {
      const auto received = os::Receive(socket_.get(), nobody);
      if (!received || received->ended) return false;
      discarded_bytes_ += received->bytes;
      if (discarded_bytes_ > kMaxDiscardBytes) return false;
      if (received->bytes == 0) return true;
    }
    return true;
  }

  void Die() {
    if (std::exchange(is_dead_, true)) return;
    if (is_refused_) --server_.refused_;
    watch_.reset();
    server_.Remove(*this);
  }

  void TimeOut() {
    server_.metrics_.CountTimeout(protocol_);
    if (unsent() == 0 && !closing_) session_->OnTimeout();
    if (!is_dead_) Die();
  }

  bool wants_bytes() const {
    return !ended_ && !closing_ && pending_.size() < kMaxPendingBytes && unsent() < kMaxUnsentBytes;
  }

  void Rearm() {
    if (!is_dead_ && watch_) watch_->Want(wants_bytes() || is_lingering_, unsent() > 0);
  }

  void Readable() {
    static std::array<std::byte, kReadBytes> buffer;  // One thread; what is left over is copied.
    if (is_lingering_) {
      if (!Discard()) Die();
      return Rearm();
    }
    for (int turn = 0; turn < kMaxTurns && wants_bytes() && !is_dead_; ++turn) {
      os::Fd descriptor;
      const bool takes_one = peer_.is_local && session_->takes_descriptors() && !os::HasManyUnclosed(peer_.limit_key);
      const auto received =
          takes_one ? os::ReceiveWithFd(socket_.get(), buffer, descriptor) : os::Receive(socket_.get(), buffer);
      if (!received) return Die();
      if (received->bytes == 0 && !received->ended) break;
      if (received->ended) {
        ended_ = true;
        TellEnd();
        break;
      }
      progressed_ = Clock::now();
      if (descriptor.valid()) session_->OnDescriptor(std::move(descriptor));
      Give(AsText(Bytes(buffer).first(received->bytes)));
      if (received->bytes < buffer.size()) break;
    }
    Rearm();
  }

  // Not while there are bytes that the session takes when what it is at is done.
  void TellEnd() {
    if (is_dead_ || closing_ || told_end_) return;
    const bool may_go_on = session_->waiting() == Waiting::kForUs || resume_posted_ || unsent() >= kMaxUnsentBytes;
    if (!pending_.empty() && may_go_on) return;
    told_end_ = true;
    session_->OnEnd();
  }

  // New bytes, behind those that were left.
  void Give(std::string_view bytes) {
    if (is_dead_ || closing_) return;
    const Waiting before = session_->waiting();
    if (before == Waiting::kForCommand) began_ = Clock::now();
    if (pending_.empty()) {
      const std::size_t taken = session_->OnBytes(bytes);
      if (!is_dead_) pending_ = bytes.substr(std::min(taken, bytes.size()));
    } else {
      pending_ += bytes;
      const std::size_t taken = session_->OnBytes(pending_);
      if (!is_dead_) pending_.erase(0, std::min(taken, pending_.size()));
    }
  }

  void Flush() {
    while (unsent() > 0) {
      const auto sent = os::Send(socket_.get(), AsBytes(std::string_view(unsent_).substr(sent_)), {});
      if (!sent) return Die();
      if (*sent == 0) return;
      sent_ += *sent;
      sent_at_ = progressed_ = Clock::now();
    }
    unsent_.clear();
    sent_ = 0;
  }

  void Writable() {
    in_writable_ = true;
    Flush();
    if (!is_dead_ && unsent() == 0) {
      if (closing_) {
        Finish();
      } else {
        session_->OnSendReady();
        const bool has_said_more = unsent() > 0;
        if (!is_dead_) Flush();
        if (!is_dead_ && closing_ && unsent() == 0) Finish();
        // All of it went at once: the socket will not tell that it is ready for the next piece.
        if (!is_dead_ && !closing_ && has_said_more && unsent() == 0) PostSendReady();
      }
    }
    in_writable_ = false;
    // Bytes that were left for too much unsent.
    if (!is_dead_ && !closing_ && !pending_.empty()) Resume();
    Rearm();
  }

  friend class Server;
  Server& server_;
  os::Fd socket_;
  Protocol protocol_;
  PeerInfo peer_;
  std::unique_ptr<EventLoop::Watch> watch_;
  std::unique_ptr<Session> session_;
  std::string pending_;
  std::string unsent_;
  std::size_t sent_ = 0;          // Of `unsent_`.
  Clock::time_point began_;       // The request that is being read.
  Clock::time_point progressed_;  // A byte came or went.
  Clock::time_point sent_at_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool ended_ = false;
  bool told_end_ = false;
  bool closing_ = false;
  bool is_dead_ = false;
  bool is_refused_ = false;
  std::uint64_t discarded_bytes_ = 0;
  bool is_lingering_ = false;
  bool must_linger_ = false;
  bool in_writable_ = false;
  bool resume_posted_ = false;
  bool ready_posted_ = false;
};

Server::Server(EventLoop& loop, const ServerLimits& limits, Metrics& metrics)
    : loop_(loop), limits_(limits), metrics_(metrics) {
  tick_ = loop_.Every(kTick, [this] { Tick(); });
}

Server::~Server() = default;

void Server::Listen(os::Fd socket, Protocol protocol, SessionFactory factory) {
  Listener& listener = listeners_.emplace_back();
  listener.socket = std::move(socket);
  listener.protocol = protocol;
  listener.factory = std::move(factory);
  listener.watch = loop_.WatchFd(
      listener.socket.get(), [this, &listener] { Accept(listener); }, [] {});
  listener.watch->Want(true, false);
}

void Server::StopListening() { listeners_.clear(); }

void Server::Accept(Listener& listener) {
  for (int turn = 0; turn < kMaxTurns; ++turn) {
    if (connections_.size() >= limits_.max_connections + kMaxRefused) {
      listener.watch->Want(false, false);  // Until the next tick.
      return;
    }
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    os::Fd socket(
        ::accept4(listener.socket.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.valid()) {
      // Out of descriptors: not before the next tick, or this would spin.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) listener.watch->Want(false, false);
      return;
    }
    if (address.ss_family != AF_UNIX) {
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    PeerInfo peer = PeerOf(socket.get(), address);
    Add(std::move(socket), listener, std::move(peer));
  }
}

void Server::Add(os::Fd socket, Listener& listener, PeerInfo peer) {
  std::size_t& of_client = per_client_[peer.limit_key];
  // Those that are only told so do not count, or one client could take all places.
  const bool is_full = connections_.size() - refused_ >= limits_.max_connections || of_client >= limits_.max_per_client;
  ++of_client;
  auto client = std::make_unique<Client>(*this, std::move(socket), listener.protocol, std::move(peer));
  Client& added = *client;
  connections_.push_back(std::move(client));
  metrics_.CountConnection(listener.protocol);
  added.Begin(listener.factory(added));
  // Who connects has mostly said something by now: a turn of the loop less.
  if (!is_full) return added.Readable();
  metrics_.CountRefused(listener.protocol);
  added.Refuse(refused_ >= kMaxRefused);
}

// Not at once: it may be a function of its own that is running.
void Server::Remove(Client& client) {
  const auto of_client = per_client_.find(client.peer().limit_key);
  if (of_client != per_client_.end() && --of_client->second == 0) per_client_.erase(of_client);
  if (std::exchange(sweep_posted_, true)) return;
  loop_.Post([this] { Sweep(); });
}

void Server::Sweep() {
  sweep_posted_ = false;
  connections_.remove_if([](const auto& client) { return client->is_dead(); });
}

void Server::Tick() {
  const auto now = Clock::now();
  for (const auto& client : connections_) client->CheckTime(now, limits_);
  if (draining_) {
    for (const auto& client : connections_) client->Drain();
  }
  if (connections_.size() < limits_.max_connections + kMaxRefused) {
    for (Listener& listener : listeners_) listener.watch->Want(true, false);
  }
}

void Server::Drain() {
  draining_ = true;
  for (const auto& client : connections_) client->Drain();
}

Result<os::Fd> ListenUnix(const std::string& path, std::optional<unsigned> mode, int group) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return Fail(ErrorCode::kIo, "the socket's path is empty or too long", ENAMETOOLONG);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  os::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return Failed("cannot make a socket");
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket.get(), where, sizeof(address)) != 0) {
    if (errno != EADDRINUSE) return Failed("cannot bind the socket");
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) {
      return Fail(ErrorCode::kIo, "there is something else of that name", EADDRINUSE);
    }
    const os::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!probe.valid() || ::connect(probe.get(), where, sizeof(address)) == 0 || errno != ECONNREFUSED) {
      return Fail(ErrorCode::kIo, "another server listens there", EADDRINUSE);
    }
    if (::unlink(path.c_str()) != 0 || ::bind(socket.get(), where, sizeof(address)) != 0) {
      return Failed("cannot bind the socket");
    }
  }
  if (group >= 0 && ::chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(group)) != 0) {
    return Failed("cannot give the socket to its group");
  }
  if (mode && ::chmod(path.c_str(), *mode) != 0) return Failed("cannot set the socket's mode");
  if (::listen(socket.get(), kBacklog) != 0) return Failed("cannot listen");
  return socket;
}

Result<os::Fd> ListenTcp(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Fail(ErrorCode::kIo, "not ADDRESS:PORT", EINVAL);
  std::string host = text.substr(0, colon);
  const std::string port_text = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  unsigned long port = 65536;
  if (!port_text.empty() && port_text.size() <= 5 && port_text.find_first_not_of("0123456789") == std::string::npos) {
    port = std::stoul(port_text);
  }
  if (port > 65535) return Fail(ErrorCode::kIo, "not a port", EINVAL);
  sockaddr_storage address{};
  socklen_t size = 0;
  sockaddr_in in{};
  sockaddr_in6 in6{};
  if (::inet_pton(AF_INET, host.c_str(), &in.sin_addr) == 1) {
    in.sin_family = AF_INET;
    in.sin_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&address, &in, size = sizeof(in));
  } else if (::inet_pton(AF_INET6, host.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&address, &in6, size = sizeof(in6));
  } else {
    return Fail(ErrorCode::kIo, "not an address", EINVAL);
  }
  os::Fd socket(::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return Failed("cannot make a socket");
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return Failed("cannot bind");
  if (::listen(socket.get(), kBacklog) != 0) return Failed("cannot listen");
  return socket;
}

}  // namespace dl::daemon
