#include "daylight/opener/fanotify.h"

#include <fcntl.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dl::opener {

namespace {

// O_NONBLOCK: the kernel opens an event's descriptor when it is read, and would wait there while somebody has a write
// lease on the file (smbd does). So it gives up instead, and denies that one open; the holder of the lease is told, and
// the next try succeeds.
constexpr unsigned kEventFlags = O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME | O_NONBLOCK;
constexpr std::size_t kBufferBytes = 16 * 1024;  // Some 680 events.

tl::unexpected<Error> Refused(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

}  // namespace

Result<Fanotify> Fanotify::Open(const Events& events) {
  Fanotify fanotify;
  fanotify.buffer_.resize(kBufferBytes);
  if (events.on_open || events.on_exec) {
    // An executed file is opened as well: with both there would be two events, and two scans, of each.
    fanotify.permission_mask_ = events.on_open ? FAN_OPEN_PERM : FAN_OPEN_EXEC_PERM;
    fanotify.permission_ = os::Fd(::fanotify_init(
        FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS, kEventFlags));
    if (!fanotify.permission_.valid()) return Refused("cannot watch files being opened");
  }
  if (events.on_written) {
    fanotify.written_ =
        os::Fd(::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_MARKS, kEventFlags));
    if (!fanotify.written_.valid()) return Refused("cannot watch files being written");
  }
  return fanotify;
}

Status Fanotify::Mark(const std::string& path, bool file_system) const {
  const unsigned flags = FAN_MARK_ADD | (file_system ? FAN_MARK_FILESYSTEM : FAN_MARK_MOUNT);
  if (permission_.valid() && ::fanotify_mark(permission_.get(), flags, permission_mask_, AT_FDCWD, path.c_str()) != 0) {
    return Refused("cannot watch it");
  }
  if (written_.valid() && ::fanotify_mark(written_.get(), flags, FAN_CLOSE_WRITE, AT_FDCWD, path.c_str()) != 0) {
    return Refused("cannot watch it");
  }
  return {};
}

std::vector<KernelEvent> Fanotify::ReadPermission(unsigned& refused) { return Read(permission_.get(), refused); }
std::vector<KernelEvent> Fanotify::ReadWritten(unsigned& refused) { return Read(written_.get(), refused); }

std::vector<KernelEvent> Fanotify::Read(int group, unsigned& refused) {
  std::vector<KernelEvent> events;
  const ssize_t n = ::read(group, buffer_.data(), buffer_.size());
  if (n < 0) {
    // EAGAIN may mean that there is none, or that the first could not be opened without waiting.
    if (errno != EAGAIN && errno != EINTR) ++refused;
    return events;
  }
  std::size_t left = static_cast<std::size_t>(n);
  for (const char* at = buffer_.data(); left >= FAN_EVENT_METADATA_LEN;) {
    fanotify_event_metadata data;
    std::memcpy(&data, at, sizeof data);
    if (data.event_len < FAN_EVENT_METADATA_LEN || data.event_len > left || data.vers != FANOTIFY_METADATA_VERSION)
      break;
    at += data.event_len;
    left -= data.event_len;
    KernelEvent event;
    event.fd = os::Fd(data.fd);
    event.pid = data.pid;
    event.overflow = (data.mask & FAN_Q_OVERFLOW) != 0;
    event.kind = (data.mask & FAN_OPEN_EXEC_PERM) != 0 ? AccessKind::kExec
                 : (data.mask & FAN_OPEN_PERM) != 0    ? AccessKind::kOpen
                                                       : AccessKind::kWritten;
    if (event.overflow || event.fd.valid()) events.push_back(std::move(event));
  }
  return events;
}

void Fanotify::Answer(int event_fd, bool allow) const {
  const fanotify_response response{event_fd, allow ? std::uint32_t{FAN_ALLOW} : std::uint32_t{FAN_DENY}};
  // Fails only for what is not waiting (any more): nobody is left to tell.
  static_cast<void>(!::write(permission_.get(), &response, sizeof response));
}

bool Fanotify::Ignore(int file) const {
  // Without FAN_MARK_IGNORED_SURV_MODIFY: a write() takes it away by itself.
  return ::fanotify_mark(permission_.get(), FAN_MARK_ADD | FAN_MARK_IGNORED_MASK, permission_mask_, file, nullptr) == 0;
}

bool Fanotify::StopIgnoring(int file) const {
  return ::fanotify_mark(permission_.get(), FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, permission_mask_, file, nullptr) ==
             0 ||
         errno == ENOENT;
}

void Fanotify::StopIgnoringAll() const {
  // fanotify_mark(2): without FAN_MARK_MOUNT and FAN_MARK_FILESYSTEM, all marks of folders and files.
  ::fanotify_mark(permission_.get(), FAN_MARK_FLUSH, 0, AT_FDCWD, nullptr);
}

}  // namespace dl::opener
