// The folder where what can be made again is kept from one run to the next.
//
//   std::string folder;   // For messages.
//   DL_TRY(os::Fd fd, OpenCacheFolder(folder));
//
// A folder of the user's own: what lies in it is believed as far as the user
// believes himself, so it must belong to him and nobody else may write there.
#pragma once

#include <sys/stat.h>

#include <string>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::sandbox {

// $XDG_CACHE_HOME/daylight, else for root /var/cache/daylight where that can be,
// else ~/.cache/daylight; made if need be. An error says why there is none.
Result<os::Fd> OpenCacheFolder(std::string& folder);
// This one.
Result<os::Fd> OpenCacheFolderIn(const std::string& folder);

// The caller's, and nobody else's to write.
bool IsOnlyOurs(const struct stat& info);

}  // namespace dl::sandbox
