#include "attempts.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dl::worker {

using report::AttemptOutcome;

AttemptAnswer Succeeded(std::string_view detail) { return {AttemptOutcome::kSucceeded, 0, std::string(detail)}; }

AttemptAnswer Refused(int error) {
  // These say that there is no such thing, not that it is forbidden.
  constexpr int kMissing[] = {ENOSYS, EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPFNOSUPPORT};
  const bool missing = std::find(std::begin(kMissing), std::end(kMissing), error) != std::end(kMissing);
  return {missing ? AttemptOutcome::kUnsupported : AttemptOutcome::kRefused, error, ""};
}

AttemptAnswer Unsupported(std::string_view detail) {
  return {AttemptOutcome::kUnsupported, ENOSYS, std::string(detail)};
}

AttemptAnswer Judge(long result, std::initializer_list<int> granted) {
  if (result >= 0) return Succeeded();
  const int error = errno;
  if (std::find(granted.begin(), granted.end(), error) != granted.end()) return Succeeded("permitted");
  return Refused(error);
}

AttemptAnswer JudgeFd(long fd, std::initializer_list<int> granted) {
  AttemptAnswer answer = Judge(fd, granted);
  if (fd >= 0) ::close(static_cast<int>(fd));
  return answer;
}

const Attempt* FindAttempt(std::string_view name) {
  for (const auto list : {NetworkAttempts(), FileAttempts(), ObjectAttempts(), ProcessAttempts(), ChildAttempts(),
                          MemoryAttempts(), KernelAttempts(), SelfAttempts()}) {
    for (const Attempt& attempt : list) {
      if (attempt.name == name) return &attempt;
    }
  }
  return nullptr;
}

AttemptAnswer RunAttempt(const report::AttemptMessage& message, int object, int socket) {
  const Attempt* attempt = FindAttempt(message.name);
  if (attempt == nullptr) return Unsupported("this worker knows no such attempt");
  return attempt->function({message, object, socket});
}

}  // namespace dl::worker
