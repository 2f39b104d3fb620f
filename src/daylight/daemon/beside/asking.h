// How each kind of scanner is asked; for other_scanner.cc only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daylight/daemon/beside/other_scanner.h"
#include "daylight/os/fd.h"

namespace dl::daemon {

inline constexpr std::string_view kPathMark = "{path}";
// An answer is one line.
inline constexpr std::size_t kMaxAnswerBytes = 8192;

OtherAnswer NoAnswer(std::string_view why, int error = 0);
OtherAnswer Unfit(std::string_view why);
OtherAnswer Says(report::Verdict verdict, std::string_view name);

// Whether there may be an answer all the same: it may say why before it hangs up.
bool MayHaveAnswer(int error);

// A connection whose every step is within somebody's patience. Errors are an errno, ETIMEDOUT
// when there is no more time.
class Line {
 public:
  int Connect(const sockaddr_storage& address, socklen_t bytes, const Patience& patience);
  // ECANCELED when it has something to say before it takes all.
  int Send(std::string_view bytes, const Patience& patience) const;
  // The bytes and a descriptor with the first of them.
  int SendWithFd(std::string_view bytes, int fd, const Patience& patience) const;
  // Some more behind `text`, EPROTO past `most` in all; ENODATA at the end.
  int Receive(std::string& text, std::size_t most, const Patience& patience) const;
  // Whether something came already: then nobody listens to the rest.
  bool HasAnswer() const;
  int fd() const { return fd_.get(); }

 private:
  os::Fd fd_;
};

OtherAnswer AskClamd(const sockaddr_storage& address, socklen_t bytes, const AskedObject& object,
                     const Patience& patience);
OtherAnswer AskKav(const sockaddr_storage& address, socklen_t bytes, const AskedObject& object,
                   const Patience& patience);
OtherAnswer AskCommand(const std::vector<std::string>& argv, const AskedObject& object, const Patience& patience);

}  // namespace dl::daemon
