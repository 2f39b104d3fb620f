#include "daylight/os/open_helper.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>

namespace dl::os {

struct OpenHelper::Request {
  bool list = false;
  bool has_folder = false;
  OpenHow how;
  char name[PATH_MAX] = {};
};

struct OpenHelper::Reply {
  int error = 0;
  struct stat info {};
  unsigned long f_type = 0;
};

namespace {

constexpr int kPollMs = 200;
constexpr int kStopMs = 50;
constexpr std::size_t kListChunkBytes = 64 * 1024;

// One message with at most one descriptor beside it. Nothing here allocates: it
// runs in a child of a program that may have threads.
ssize_t SendOne(int socket, const void* data, std::size_t size, int fd) noexcept {
  iovec part{const_cast<void*>(data), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  ssize_t n = 0;
  do {
    n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n;
}

ssize_t ReceiveOne(int socket, void* data, std::size_t size, Fd& fd) noexcept {
  iovec part{data, size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n <= 0) return n;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int received = -1;
    std::memcpy(&received, CMSG_DATA(header), sizeof received);
    fd = Fd(received);
  }
  return n;
}

// The kernel's own records of a folder, as they come, into `out`.
template <typename Out>
int ReadRecords(int folder, Out out) noexcept {
  const Fd reading(::openat(folder, ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK));
  if (!reading.valid()) return errno;
  alignas(dirent64) char chunk[kListChunkBytes];
  for (;;) {
    const long n = ::syscall(SYS_getdents64, reading.get(), chunk, sizeof chunk);
    if (n < 0) return errno;
    if (n == 0) return 0;
    if (const int error = out(chunk, static_cast<std::size_t>(n)); error != 0) return error;
  }
}

void TakeRecords(const char* chunk, std::size_t size, std::vector<FolderName>& names) {
  for (std::size_t at = 0; at < size;) {
    const auto* item = reinterpret_cast<const dirent64*>(chunk + at);
    at += item->d_reclen;
    const std::string_view name = item->d_name;
    if (name != "." && name != "..") names.push_back({std::string(name), item->d_ino, item->d_type});
  }
}

int WriteRecords(int file, const char* chunk, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t n = ::write(file, chunk, size);
    if (n < 0) return errno;
    chunk += n;
    size -= static_cast<std::size_t>(n);
  }
  return 0;
}

}  // namespace

Listed ListFolder(int folder) {
  Listed listed;
  listed.error = ReadRecords(folder, [&](const char* chunk, std::size_t size) {
    TakeRecords(chunk, size, listed.names);
    return 0;
  });
  return listed;
}

OpenHelper::~OpenHelper() {
  Stop();
  for (const pid_t stray : strays_) ::waitpid(stray, nullptr, WNOHANG);
}

void OpenHelper::Serve(int socket) const noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  // Nothing of ours is kept open by a process that may be stuck: no standard
  // output that somebody waits to end, no worker's socket.
  if (::dup2(socket, 0) != 0) ::_exit(1);
  ::syscall(SYS_close_range, 1u, ~0u, 0u);
  static Request request;  // Too large for a stack of unknown size.
  for (;;) {
    Fd folder;
    if (ReceiveOne(0, &request, sizeof request, folder) != static_cast<ssize_t>(sizeof request)) ::_exit(0);
    Reply reply;
    Fd result;
    if (request.list) {
      result = Fd(::memfd_create("daylight-names", MFD_CLOEXEC));
      reply.error = !result.valid() ? errno : ReadRecords(folder.get(), [&](const char* chunk, std::size_t size) {
        return WriteRecords(result.get(), chunk, size);
      });
    } else {
      Opened opened = options_.open(request.has_folder ? folder.get() : AT_FDCWD, request.name, request.how);
      reply.error = opened.error;
      reply.info = opened.info;
      reply.f_type = opened.f_type;
      result = std::move(opened.fd);
    }
    if (SendOne(0, &reply, sizeof reply, reply.error == 0 ? result.get() : -1) < 0) ::_exit(0);
  }
}

int OpenHelper::Start() {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) return errno;
  Fd ours(sockets[0]);
  const Fd theirs(sockets[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return errno;
  if (pid == 0) Serve(theirs.get());
  pid_ = pid;
  socket_ = std::move(ours);
  return 0;
}

void OpenHelper::Stop() {
  socket_.Close();
  std::erase_if(strays_, [](pid_t stray) { return ::waitpid(stray, nullptr, WNOHANG) != 0; });
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  // One that the kernel does not let go of must not hold us too.
  pid_t got = 0;
  for (int i = 0; i < kStopMs && got == 0; ++i) {
    got = ::waitpid(pid_, nullptr, WNOHANG);
    if (got == 0) ::usleep(1000);
  }
  if (got == 0) strays_.push_back(pid_);
  pid_ = -1;
}

int OpenHelper::Ask(const Request& request, int folder, std::uint64_t timeout_ms, Reply& reply, Fd& fd, bool& silent) {
  using Clock = std::chrono::steady_clock;
  if (pid_ <= 0) {
    if (const int error = Start(); error != 0) return error;
  }
  if (SendOne(socket_.get(), &request, sizeof request, folder) < 0) {
    const int error = errno;
    Stop();
    return error;
  }
  const auto deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const bool stopped = options_.stop != nullptr && options_.stop->load();
    if (left <= 0 || stopped) {
      Stop();
      silent = true;
      return stopped ? EINTR : ETIMEDOUT;
    }
    pollfd item{socket_.get(), POLLIN, 0};
    if (::poll(&item, 1, static_cast<int>(std::min<std::int64_t>(left, kPollMs))) > 0) break;
  }
  if (ReceiveOne(socket_.get(), &reply, sizeof reply, fd) != static_cast<ssize_t>(sizeof reply)) {
    Stop();
    return EIO;
  }
  return reply.error;
}

Opened OpenHelper::Open(int folder, const std::string& name, const OpenHow& how) {
  Opened opened;
  static thread_local Request request;
  request = Request();
  if (name.size() >= sizeof request.name) {
    opened.error = ENAMETOOLONG;
    return opened;
  }
  request.has_folder = folder >= 0;
  request.how = how;
  request.how.file_system = true;
  std::memcpy(request.name, name.c_str(), name.size() + 1);
  Reply reply;
  opened.error = Ask(request, folder, options_.timeout_ms, reply, opened.fd, opened.silent);
  opened.info = reply.info;
  opened.f_type = reply.f_type;
  return opened;
}

Listed OpenHelper::List(int folder) {
  Listed listed;
  static thread_local Request request;
  request = Request();
  request.list = true;
  request.has_folder = true;
  Reply reply;
  Fd records;
  listed.error = Ask(request, folder, std::uint64_t{3} * options_.timeout_ms, reply, records, listed.silent);
  if (listed.error != 0) return listed;
  // Each write() of the helper was whole records, of at most one chunk.
  alignas(dirent64) char chunk[kListChunkBytes];
  off_t at = 0;
  for (;;) {
    const ssize_t n = ::pread(records.get(), chunk, sizeof chunk, at);
    if (n < 0) listed.error = errno;
    if (n <= 0) return listed;
    // The last record may be cut.
    std::size_t whole = 0;
    const auto size = static_cast<std::size_t>(n);
    constexpr std::size_t kHead = offsetof(dirent64, d_name);
    while (whole + kHead < size) {
      const auto* item = reinterpret_cast<const dirent64*>(chunk + whole);
      if (item->d_reclen == 0 || whole + item->d_reclen > size) break;
      whole += item->d_reclen;
    }
    if (whole == 0) {
      listed.error = EIO;
      return listed;
    }
    TakeRecords(chunk, whole, listed.names);
    at += static_cast<off_t>(whole);
  }
}

}  // namespace dl::os
