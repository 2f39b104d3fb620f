// daylight-worker reads hostile bytes for the trusted side. It is given one
// socket, descriptor 3, and answers what comes there until it ends; started by
// hand it says what it is.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daylight/contain/lock_down.h"
#include "daylight/crypto/digest.h"
#include "daylight/extract/all/survey.h"
#include "daylight/formats/image/image.h"
#include "daylight/report/walls.h"
#include "daylight/rules/yara/modules/hash/hash.h"
#include "daylight/rules/yara/modules/magic/magic.h"
#include "daylight/unpack/all/unpackers.h"
#include "serve.h"

namespace {

constexpr int kSocket = 3;

bool IsSocket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

struct Options {
  dl::report::WallSet walls = dl::report::kAllWalls;
  dl::contain::Role role = dl::contain::Role::kWorker;
};

// Nothing for an option that there is not.
std::optional<Options> ParseOptions(std::span<char*> arguments) {
  constexpr std::string_view kWalls = "--walls=";
  Options options;
  for (const std::string_view argument : arguments) {
    if (argument.starts_with(kWalls)) {
      const auto walls = dl::report::ParseWalls(argument.substr(kWalls.size()));
      if (!walls) return std::nullopt;
      options.walls = *walls;
    } else if (argument == "--template") {
      options.role = dl::contain::Role::kTemplate;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

// What libraries would read from files at their first use is read now, since
// later on there are walls.
bool LoadLate() {
  if (!dl::crypto::Init()) {
    std::fputs("daylight-worker: OpenSSL has no default provider\n", stderr);
    return false;
  }
  dl::yara::PrepareHash();
  dl::image::Prepare();
  dl::unpack::Prepare();
  dl::extract::Prepare();
  // Without libmagic's database the module `magic` answers undefined.
  static_cast<void>(dl::yara::PrepareMagic());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = ParseOptions(std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0));
  if (!IsSocket(kSocket) || !options) {
    std::fputs("daylight-worker: started by daylight and daylightd, not by hand\n", stderr);
    return 2;
  }
  // Ends with its parent, even in the middle of an object.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::fcntl(kSocket, F_SETFD, FD_CLOEXEC);
  std::set_new_handler([] { ::_exit(dl::report::kExitOutOfMemory); });
  if (!LoadLate()) return 2;
  auto walls = dl::contain::LockDown(options->walls, options->role);
  if (!walls) {
    std::fprintf(stderr, "daylight-worker: %s\n", std::string(walls.error().what).c_str());
    return dl::report::kExitNoSeccomp;
  }
  const bool good = dl::worker::Serve(dl::os::Fd(kSocket), std::move(*walls)).has_value();
  // Not by way of exit handlers: libraries' may do what the walls forbid.
  ::_exit(good ? 0 : 1);
}
