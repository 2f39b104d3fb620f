// What daylightd does before it serves: finds its programs, makes its folders, starts
// the opener where nobody else has, and gives up what rights it need not have.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "account.h"
#include "daylight/daemon/config/daemon_config.h"
#include "daylight/os/fd.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::daemon {

// As many as may be: every client holds a descriptor.
void RaiseDescriptorLimit();

struct Programs {
  sandbox::WorkerProgram worker;
  std::string compiler;  // `daylight`.
  std::string opener;    // Empty where it is not installed.
};
// False without a worker; said.
bool FindPrograms(Programs& programs);

// As root for the user that we become; once more with that user's rights. What cannot
// be made is no reason not to serve what does not need it: the spool goes elsewhere then.
void MakeFolders(DaemonConfig& config, const std::optional<Account>& account);

// A child with root's rights, when no service has been set up for it. It ends with us.
struct OpenerChild {
  os::Fd socket;  // Invalid when there is none.
  pid_t pid = -1;
};
// False when it should be there and cannot be started; said.
bool StartOpener(const DaemonConfig& config, const std::string& program, const std::string& config_path,
                 OpenerChild& child);

// False when the rights cannot be given up; said.
bool DropRights(const DaemonConfig& config, const std::optional<Account>& account);

}  // namespace dl::daemon
