// The daemon's own messages: a line each, on standard error, or in the system's log once
// there is nobody at the other end of standard error.
#pragma once

#include <string_view>

namespace dl::daemon {

enum class Level : unsigned char { kError, kWarning, kInfo };
void Log(Level level, std::string_view message);
// From now on to syslog(3).
void LogToSyslog();

}  // namespace dl::daemon
