// A load for a clamd, ours or ClamAV's: as many connections at a time as wanted, each
// for one request, as mail filters do it.
//
//   clamd_load SOCKET MODE CONNECTIONS SECONDS FILE [PAUSE_MS]
//
// SOCKET: a path, or PORT on 127.0.0.1. MODE: instream, fildes, ping; instream-new and
// fildes-new: eight bytes in the middle are others each time. PAUSE_MS: between an
// answer and the connection's next request. Prints one line of
// JSON: requests a second, latencies in microseconds, and what was answered how often.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Request {
  int fd = -1;
  int file = -1;
  bool waits = false;  // Until `begun`.
  std::size_t sent = 0;
  std::string answer;
  Clock::time_point begun;
};

struct Load {
  std::string socket;
  std::string mode;
  std::size_t connections = 1;
  double seconds = 5;
  bool is_new = false;  // Other bytes each time.
  std::chrono::milliseconds pause{0};
  int file = -1;
  std::string content;
  std::string bytes;        // What is sent.
  std::size_t changes = 0;  // Where in them.
  // Other ones in each run, too.
  std::uint64_t number = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());

  int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Request> requests;
  std::vector<std::uint32_t> latencies;  // Microseconds.
  std::map<std::string, std::uint64_t> answers;
  std::uint64_t failed = 0;
};

void Put32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

bool Begin(Load& load, std::size_t slot) {
  Request& request = load.requests[slot];
  request = Request{};
  if (load.is_new) {
    ++load.number;
    const std::uint64_t mark = load.number * 0x9e3779b97f4a7c15u;
    if (load.mode == "fildes") {
      request.file = ::memfd_create("load", MFD_CLOEXEC);
      std::memcpy(load.content.data() + load.content.size() / 2, &mark, sizeof(mark));
      if (::write(request.file, load.content.data(), load.content.size()) < 0) return false;
    } else {
      std::memcpy(load.bytes.data() + load.changes, &mark, sizeof(mark));
    }
  }
  request.begun = Clock::now();
  const bool is_unix = load.socket.find('/') != std::string::npos;
  request.fd = ::socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int failed = 0;
  if (is_unix) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, load.socket.c_str(), sizeof(address.sun_path) - 1);
    failed = ::connect(request.fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(load.socket.c_str())));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    failed = ::connect(request.fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    const int on = 1;
    ::setsockopt(request.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  if (failed != 0) {
    std::perror("connect");
    return false;
  }
  ::fcntl(request.fd, F_SETFL, O_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.u64 = slot;
  ::epoll_ctl(load.epoll, EPOLL_CTL_ADD, request.fd, &event);
  return true;
}

// False when the connection is broken.
bool Send(Load& load, Request& request, std::size_t slot) {
  while (request.sent < load.bytes.size()) {
    ssize_t n = 0;
    if (load.mode == "fildes" && request.sent == load.bytes.size() - 1) {
      char byte = 0;
      iovec part{&byte, 1};
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof(control);
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      const int passed = request.file >= 0 ? request.file : load.file;
      std::memcpy(CMSG_DATA(header), &passed, sizeof(int));
      n = ::sendmsg(request.fd, &message, MSG_NOSIGNAL);
    } else {
      const std::size_t most = load.bytes.size() - request.sent - (load.mode == "fildes" ? 1 : 0);
      n = ::send(request.fd, load.bytes.data() + request.sent, most, MSG_NOSIGNAL);
    }
    if (n < 0) return errno == EAGAIN;
    request.sent += static_cast<std::size_t>(n);
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = slot;
  ::epoll_ctl(load.epoll, EPOLL_CTL_MOD, request.fd, &event);
  return true;
}

// Whether the answer is there.
bool Receive(Request& request) {
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::recv(request.fd, buffer, sizeof(buffer), 0);
    if (n < 0) return errno != EAGAIN;
    if (n == 0) return true;
    request.answer.append(buffer, static_cast<std::size_t>(n));
  }
}

double Percentile(const std::vector<std::uint32_t>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

int Run(Load& load) {
  load.requests.resize(load.connections);
  const auto start = Clock::now();
  const auto stop = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(load.seconds));
  for (std::size_t slot = 0; slot < load.connections; ++slot) {
    if (!Begin(load, slot)) return 1;
  }
  std::size_t open = load.connections;
  epoll_event events[64];
  auto heard = Clock::now();
  while (open > 0) {
    const int ready = ::epoll_wait(load.epoll, events, 64, load.pause.count() > 0 ? 1 : 10'000);
    if (load.pause.count() > 0) {
      const auto now = Clock::now();
      for (std::size_t slot = 0; slot < load.requests.size(); ++slot) {
        if (!load.requests[slot].waits || now < load.requests[slot].begun) continue;
        if (now >= stop) {
          load.requests[slot].waits = false;
          --open;
        } else if (!Begin(load, slot)) {
          return 1;
        }
      }
    }
    if (ready > 0) heard = Clock::now();
    if (ready <= 0 && Clock::now() - heard > std::chrono::seconds(10)) {
      std::fputs("no answer for 10 s\n", stderr);
      return 1;
    }
    for (int i = 0; i < ready; ++i) {
      const std::size_t slot = events[i].data.u64;
      Request& request = load.requests[slot];
      bool done = false;
      if ((events[i].events & EPOLLOUT) != 0 && request.sent < load.bytes.size()) {
        done = !Send(load, request, slot);
      }
      if (!done && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) done = Receive(request);
      if (!done) continue;
      const auto now = Clock::now();
      if (request.answer.empty()) ++load.failed;
      while (!request.answer.empty() && (request.answer.back() == '\0' || request.answer.back() == '\n'))
        request.answer.pop_back();
      if (request.answer.starts_with("fd[")) request.answer.erase(0, request.answer.find(']') + 1);
      ++load.answers[request.answer];
      load.latencies.push_back(static_cast<std::uint32_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(now - request.begun).count()));
      ::close(request.fd);
      if (request.file >= 0) ::close(request.file);
      if (load.pause.count() > 0) {
        request.waits = true;
        request.begun = now + load.pause;
        continue;
      }
      --open;
      if (now < stop && Begin(load, slot)) ++open;
    }
  }
  const double passed = std::chrono::duration<double>(Clock::now() - start).count();
  std::sort(load.latencies.begin(), load.latencies.end());
  std::printf(
      "{\"requests_per_s\":%.1f,\"median_us\":%.0f,\"p99_us\":%.0f,\"max_us\":%.0f,\"requests\":%zu,\"failed\":%llu,"
      "\"answers\":{",
      static_cast<double>(load.latencies.size()) / passed, Percentile(load.latencies, 0.5),
      Percentile(load.latencies, 0.99), Percentile(load.latencies, 1.0), load.latencies.size(),
      static_cast<unsigned long long>(load.failed));
  bool first = true;
  for (const auto& [answer, count] : load.answers) {
    std::printf("%s\"%s\":%llu", first ? "" : ",", answer.c_str(), static_cast<unsigned long long>(count));
    first = false;
  }
  std::puts("}}");
  return load.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 7) {
    std::fputs(
        "usage: clamd_load SOCKET instream|fildes|ping|instream-new|fildes-new CONNECTIONS SECONDS FILE [PAUSE_MS]\n",
        stderr);
    return 2;
  }
  Load load;
  load.socket = argv[1];
  load.mode = argv[2];
  if (load.mode.ends_with("-new")) {
    load.is_new = true;
    load.mode.resize(load.mode.size() - 4);
  }
  if (argc == 7) load.pause = std::chrono::milliseconds(std::atoi(argv[6]));
  load.connections = static_cast<std::size_t>(std::max(1, std::atoi(argv[3])));
  load.seconds = std::atof(argv[4]);
  load.file = ::open(argv[5], O_RDONLY | O_CLOEXEC);
  std::ifstream file(argv[5], std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  load.content = content;
  if (load.mode == "instream") {
    load.bytes = std::string("zINSTREAM\0", 10);
    Put32(load.bytes, static_cast<std::uint32_t>(content.size()));
    load.changes = load.bytes.size() + content.size() / 2;
    load.bytes += content;
    Put32(load.bytes, 0);
  } else if (load.mode == "fildes") {
    load.bytes = std::string("zFILDES\0", 8) + '\0';
  } else {
    load.bytes = std::string("zPING\0", 6);
  }
  return Run(load);
}
