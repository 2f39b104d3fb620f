// Opening files below a folder and nowhere else, whatever links stand there.
//
//   DL_TRY(const os::Fd folder, os::OpenFolder("rules"));
//   DL_TRY(const os::Fd file, os::OpenBeneath(folder.get(), "sub/../a.yar"));
#pragma once

#include <string>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::os {

// For use as a starting point (O_PATH). Follows links.
Result<Fd> OpenFolder(const std::string& path);

// A regular file for reading. Links and ".." are followed as long as the way
// never leaves `folder`; kUnsupported when it does (absolute paths always do)
// or when it is not a regular file; kIo with errno otherwise. Never blocks.
Result<Fd> OpenBeneath(int folder, const std::string& path);

}  // namespace dl::os
