#include "log.h"

#include <syslog.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "daylight/os/io.h"
#include "daylight/report/escape.h"

namespace dl::daemon {

namespace {

bool to_syslog = false;
// systemd says that standard error is its journal, which takes levels (sd-daemon(3)).
const bool to_journal = std::getenv("JOURNAL_STREAM") != nullptr;

}  // namespace

void LogToSyslog() {
  ::openlog("daylightd", LOG_PID, LOG_DAEMON);
  to_syslog = true;
}

void Log(Level level, std::string_view message) {
  const std::string line = report::EscapeLine(message);
  const int priority = level == Level::kError ? LOG_ERR : level == Level::kWarning ? LOG_WARNING : LOG_INFO;
  if (to_syslog) return ::syslog(priority, "%s", line.c_str());
  std::string text = to_journal ? "<" + std::to_string(priority) + ">" : "daylightd: ";
  if (level == Level::kWarning && !to_journal) text += "warning: ";
  text += line + '\n';
  static_cast<void>(os::WriteAll(STDERR_FILENO, text));
}

}  // namespace dl::daemon
