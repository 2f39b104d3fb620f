// Heart remembers, outside of this process, when it was last alive: while the opener
// does not run, the kernel lets everything through, and that should be told.
//
//   DL_TRY(Heart heart, Heart::Start("/var/lib/daylight-opener"));
//   if (heart.gap()) Tell(*heart.gap());
//   heart.Beat();   // Now and then.
//
// A child keeps the file, since a disk may make whoever writes wait. It notices the
// end of the opener, however it comes, and writes down when that was.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::opener {

struct Gap {
  std::int64_t from_s = 0;  // Since 1970.
  std::int64_t until_s = 0;
  bool stopped = false;  // As it was told to; else it was killed, or fell.
};

class Heart {
 public:
  // `folder` is made when it is not there. `now_s`: since 1970.
  static Result<Heart> Start(const std::string& folder, std::int64_t now_s);
  // Since the last time that the opener ran since the machine was booted.
  const std::optional<Gap>& gap() const { return gap_; }
  // Never waits.
  void Beat() const;
  // This is the end, as it should be.
  void Stop();
  pid_t pid() const { return pid_; }

  // For tests: what the file says.
  static std::optional<Gap> Parse(std::string_view text, std::string_view boot, std::int64_t now_s);

 private:
  os::Fd pipe_;
  std::optional<Gap> gap_;
  pid_t pid_ = -1;
};

}  // namespace dl::opener
