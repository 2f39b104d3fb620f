// Users and groups, and giving up root's rights.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "daylight/base/error.h"

namespace dl::daemon {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
};
// By getpwnam(3) and getgrnam(3).
std::optional<Account> FindUser(const std::string& name);
std::optional<gid_t> FindGroup(const std::string& name);

// For good: user, groups (those of the user, as the machine has them), capabilities.
Status Become(const std::string& name, const Account& account);

// Gives what lies at `path` itself away, if it is of `kind` (S_IFDIR...): its folder may be
// the new owner's, who could have put a link there meanwhile.
void GiveAway(const std::string& path, mode_t kind, uid_t uid, gid_t gid, std::optional<mode_t> mode);

}  // namespace dl::daemon
