#include "daylight/opener/heart.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "daylight/opener/child.h"
#include "daylight/os/io.h"

namespace dl::opener {

namespace {

constexpr char kStop = 's';
constexpr char kAlive = 'a';

// "alive 1700000000 BOOT": how, when, in which boot.
void Write(int file, const char* how, const char* boot) {
  char text[160] = {};
  // Of one length, so that a short text leaves nothing of a long one.
  const int n = ::snprintf(text, sizeof text, "%-8s%20lld %.80s\n", how, static_cast<long long>(::time(nullptr)), boot);
  if (n > 0) static_cast<void>(!::pwrite(file, text, static_cast<std::size_t>(n), 0));
}

[[noreturn]] void Keep(int pipe, int file, const std::string& boot) {
  BecomeChild({pipe, file});
  // The opener's end is this one's, too, and by no signal that was meant for the opener.
  ::signal(SIGTERM, SIG_IGN);
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  const char* how = "alive";
  for (;;) {
    Write(4, how, boot.c_str());
    std::array<char, 64> bytes;
    const ssize_t n = ::read(3, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    if (bytes[static_cast<std::size_t>(n) - 1] == kStop) how = "stopped";
  }
  Write(4, how, boot.c_str());
  ::_exit(0);
}

std::string_view TakeWord(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

}  // namespace

std::optional<Gap> Heart::Parse(std::string_view text, std::string_view boot, std::int64_t now_s) {
  const std::string_view how = TakeWord(text);
  const std::string_view when = TakeWord(text);
  Gap gap;
  const auto [end, error] = std::from_chars(when.data(), when.data() + when.size(), gap.from_s);
  if (error != std::errc() || end != when.data() + when.size() || TakeWord(text) != boot) return std::nullopt;
  if (how != "alive" && how != "stopped") return std::nullopt;
  gap.stopped = how == "stopped";
  gap.until_s = now_s;
  return gap;
}

Result<Heart> Heart::Start(const std::string& folder, std::int64_t now_s) {
  const auto refused = [](std::string_view what) {
    return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
  };
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return refused("cannot make the state folder");
  const os::Fd file(::open((folder + "/heart").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file.valid()) return refused("cannot open the heart's file");
  auto boot = os::ReadFile("/proc/sys/kernel/random/boot_id", 128);
  std::string id = boot ? std::move(*boot) : "unknown";
  while (id.ends_with('\n')) id.pop_back();
  Heart heart;
  if (const auto text = os::ReadAll(file.get(), 4096)) heart.gap_ = Parse(*text, id, now_s);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refused("cannot make a pipe");
  const os::Fd theirs(ends[0]);
  heart.pipe_ = os::Fd(ends[1]);
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  heart.pid_ = ::fork();
  if (heart.pid_ < 0) return refused("cannot start a process");
  if (heart.pid_ == 0) Keep(theirs.get(), file.get(), id);
  return heart;
}

void Heart::Beat() const {
  // A full pipe: the disk makes the child wait, and it will see the end all the same.
  static_cast<void>(!::write(pipe_.get(), &kAlive, 1));
}

void Heart::Stop() {
  static_cast<void>(!::write(pipe_.get(), &kStop, 1));
  pipe_.Close();
}

}  // namespace dl::opener
