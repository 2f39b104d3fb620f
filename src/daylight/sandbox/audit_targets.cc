#include "daylight/sandbox/audit_targets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"

namespace dl::sandbox {

namespace {

// Connections are taken by nobody, so they wait here.
constexpr int kBacklog = 4096;

Error SystemError(std::string_view what) { return {ErrorCode::kIo, what, static_cast<std::uint64_t>(errno)}; }

template <typename Address>
Result<os::Fd> Listen(const Address& address, socklen_t size) {
  os::Fd fd(::socket(reinterpret_cast<const sockaddr&>(address).sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return Forward(SystemError("cannot make a listener for the workers to reach"));
  }
  return fd;
}

Result<os::Fd> ListenUnix(const std::string& name, bool abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t skip = abstract ? 1 : 0;
  if (name.size() + skip >= sizeof address.sun_path)
    return Fail(ErrorCode::kIo, "too long a path for a socket", ENAMETOOLONG);
  std::memcpy(address.sun_path + skip, name.data(), name.size());
  return Listen(address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1));
}

Status WriteFile(const std::string& path, std::string_view text) {
  DL_TRY(const os::Fd fd, os::CreateFile(path));
  return os::WriteAll(fd.get(), text);
}

}  // namespace

Result<std::unique_ptr<AuditTargets>> AuditTargets::Make() {
  std::unique_ptr<AuditTargets> targets(new AuditTargets);
  const char* place = std::getenv("TMPDIR");
  std::string folder = os::Join(place != nullptr && *place == '/' ? place : "/tmp", "daylight-audit-XXXXXX");
  if (::mkdtemp(folder.data()) == nullptr) return Forward(SystemError("cannot make a folder for the workers to reach"));
  targets->folder_ = folder;
  targets->file_ = os::Join(folder, "secret");
  DL_TRY_STATUS(WriteFile(targets->file_, "a worker must not find this by its name\n"));
  DL_TRY(targets->object_, os::OpenRegular(targets->file_));

  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  DL_TRY(targets->tcp_, Listen(loopback, sizeof loopback));
  socklen_t size = sizeof loopback;
  if (::getsockname(targets->tcp_.get(), reinterpret_cast<sockaddr*>(&loopback), &size) != 0) {
    return Forward(SystemError("cannot make a listener for the workers to reach"));
  }
  targets->port_ = ntohs(loopback.sin_port);
  // The folder's name is nobody else's, so this is neither.
  targets->abstract_name_ = std::string(os::BaseName(folder));
  DL_TRY(targets->abstract_, ListenUnix(targets->abstract_name_, true));
  targets->socket_path_ = os::Join(folder, "socket");
  DL_TRY(targets->path_, ListenUnix(targets->socket_path_, false));
  return targets;
}

AuditTargets::~AuditTargets() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<AuditTargets::Place> AuditTargets::NewPlace() const {
  Place place(os::Join(folder_, std::to_string(places_.fetch_add(1))));
  const std::string& folder = place.folder();
  if (::mkdir(folder.c_str(), 0700) != 0 || ::mkdir(os::Join(folder, "empty").c_str(), 0700) != 0 ||
      ::symlink("present", os::Join(folder, "link").c_str()) != 0) {
    return Forward(SystemError("cannot make a folder for a worker to reach"));
  }
  DL_TRY_STATUS(WriteFile(os::Join(folder, "present"), "x"));
  return place;
}

AuditTargets::Place::~Place() {
  if (folder_.empty()) return;
  // Should a worker have been ended between mounting and unmounting.
  ::umount2(os::Join(folder_, "empty").c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

report::AttemptMessage AuditTargets::Message() const {
  report::AttemptMessage message;
  message.tcp_port = port_;
  message.abstract_socket = abstract_name_;
  message.socket_path = socket_path_;
  message.readable_file = file_;
  message.parent = ::getpid();
  return message;
}

}  // namespace dl::sandbox
