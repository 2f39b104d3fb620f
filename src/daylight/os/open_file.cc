#include "daylight/os/open_file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "daylight/os/io.h"
#include "daylight/os/mounts.h"

namespace dl::os {

namespace {

// Of the threads that close; of descriptors that wait for them, of one stranger and of all.
constexpr std::size_t kMaxThreads = 64;
constexpr std::size_t kMaxUnclosedOfOne = 16;
constexpr std::size_t kMaxUnclosed = 256;

// Block devices that a FUSE daemon answers for (type fuseblk), by /proc/self/mountinfo.
// Kept until the kernel says that something was mounted.
class FuseBlocks {
 public:
  bool Has(unsigned major, unsigned minor) {
    if (!is_loaded_ || HasChanged()) Load();
    return numbers_.contains({major, minor});
  }

 private:
  bool HasChanged() const {
    pollfd one{file_.get(), POLLPRI, 0};
    return !file_.valid() || ::poll(&one, 1, 0) != 0;
  }
  void Load() {
    constexpr std::uint64_t kMaxBytes = 64u << 20;
    if (!file_.valid()) file_ = Fd(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
    is_loaded_ = true;
    numbers_.clear();
    const auto text = ReadFile("/proc/self/mountinfo", kMaxBytes);
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (const auto mount = NextMount(rest)) {
      if (mount->type.starts_with("fuse")) numbers_.emplace(mount->major, mount->minor);
    }
  }
  Fd file_;
  bool is_loaded_ = false;
  std::set<std::pair<unsigned, unsigned>> numbers_;
};

}  // namespace

std::optional<OpenFile> LookAtOpen(int fd) {
  struct statx info {};
  constexpr int kAskNobody = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (::statx(fd, "", kAskNobody, STATX_TYPE | STATX_SIZE | STATX_MTIME, &info) != 0) return std::nullopt;
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return std::nullopt;
  OpenFile file;
  file.is_regular = S_ISREG(info.stx_mode);
  file.is_read_only = (flags & O_ACCMODE) == O_RDONLY && (flags & O_PATH) == 0;
  file.size = info.stx_size;
  file.modified_ns = info.stx_mtime.tv_sec * 1'000'000'000 + info.stx_mtime.tv_nsec;
  // Only files in memory have seals to ask for. Of the rest, those on a block device
  // are the kernel's own; what has no device (major 0) may be anything.
  static thread_local FuseBlocks fuse_blocks;
  file.is_prompt = ::fcntl(fd, F_GET_SEALS) >= 0 ||
                   (info.stx_dev_major != 0 && !fuse_blocks.Has(info.stx_dev_major, info.stx_dev_minor));
  return file;
}

struct PatientCloser::State {
  struct Item {
    Fd fd;
    std::string whose;
  };
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Item> waiting;
  std::map<std::string, std::size_t> of_whom;  // With those that are being closed.
  std::size_t count = 0;                       // The same.
  std::size_t threads = 0;
  std::size_t idle_threads = 0;
  bool ended = false;

  static void Run(const std::shared_ptr<State>& state) {
    std::unique_lock held(state->mutex);
    for (;;) {
      ++state->idle_threads;
      state->changed.wait(held, [&] { return state->ended || !state->waiting.empty(); });
      --state->idle_threads;
      if (state->waiting.empty()) return;
      Item next = std::move(state->waiting.front());
      state->waiting.pop_front();
      held.unlock();
      next.fd.Close();
      held.lock();
      --state->count;
      const auto found = state->of_whom.find(next.whose);
      if (--found->second == 0) state->of_whom.erase(found);
    }
  }
};

PatientCloser::PatientCloser() : state_(std::make_shared<State>()) {}

PatientCloser::~PatientCloser() {
  const std::lock_guard lock(state_->mutex);
  state_->ended = true;
  state_->changed.notify_all();
}

void PatientCloser::Close(Fd fd, const std::string& whose) {
  const std::lock_guard lock(state_->mutex);
  state_->waiting.push_back({std::move(fd), whose});
  ++state_->count;
  ++state_->of_whom[whose];
  state_->changed.notify_one();
  // One that hangs keeps only its own thread.
  if (state_->idle_threads >= state_->waiting.size() || state_->threads >= kMaxThreads) return;
  // Signals are for the thread that waits for them.
  sigset_t all;
  sigset_t old;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &old);
  try {
    std::thread([state = state_] { State::Run(state); }).detach();
    ++state_->threads;
  } catch (const std::system_error&) {
    // As many as there may be: it waits for one of the others, or for the next call.
  }
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

std::size_t PatientCloser::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->count;
}

std::size_t PatientCloser::waiting_of(const std::string& whose) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->of_whom.find(whose);
  return found == state_->of_whom.end() ? 0 : found->second;
}

namespace {

PatientCloser& SharedCloser() {
  static auto& closer = *new PatientCloser();  // Never destroyed: descriptors are closed until the end.
  return closer;
}

}  // namespace

void ClosePatiently(Fd fd, const std::string& whose) {
  if (!fd.valid()) return;
  const auto file = LookAtOpen(fd.get());
  if (file && file->is_prompt) return fd.Close();
  SharedCloser().Close(std::move(fd), whose);
}

bool HasManyUnclosed(const std::string& whose) {
  return SharedCloser().waiting_of(whose) >= kMaxUnclosedOfOne || SharedCloser().waiting() >= kMaxUnclosed;
}

}  // namespace dl::os
