#include "account.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "daylight/os/fd.h"

namespace dl::daemon {

namespace {

constexpr std::size_t kEntryBytes = 64u << 10;

tl::unexpected<Error> Failed(const char* what) { return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno)); }

}  // namespace

std::optional<Account> FindUser(const std::string& name) {
  std::vector<char> buffer(kEntryBytes);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return Account{found->pw_uid, found->pw_gid};
}

std::optional<gid_t> FindGroup(const std::string& name) {
  std::vector<char> buffer(kEntryBytes);
  group entry{};
  group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return found->gr_gid;
}

void GiveAway(const std::string& path, mode_t kind, uid_t uid, gid_t gid, std::optional<mode_t> mode) {
  const os::Fd there(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!there.valid() || ::fstat(there.get(), &info) != 0 || (info.st_mode & S_IFMT) != kind) return;
  // fchmod(2) takes no O_PATH; this is the same file, whatever the path says now.
  const std::string self = "/proc/self/fd/" + std::to_string(there.get());
  if (mode) static_cast<void>(!::chmod(self.c_str(), *mode));
  static_cast<void>(!::fchownat(there.get(), "", uid, gid, AT_EMPTY_PATH));
}

Status Become(const std::string& name, const Account& account) {
  if (::initgroups(name.c_str(), account.gid) != 0) return Failed("cannot set the groups");
  if (::setresgid(account.gid, account.gid, account.gid) != 0) return Failed("cannot set the group");
  if (::setresuid(account.uid, account.uid, account.uid) != 0) return Failed("cannot set the user");
  // Not to be had back by any program that is started from here.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("cannot give up new privileges");
  if (account.uid != 0 && ::setuid(0) == 0) return Fail(ErrorCode::kIo, "root's rights are still there", EPERM);
  return {};
}

}  // namespace dl::daemon
