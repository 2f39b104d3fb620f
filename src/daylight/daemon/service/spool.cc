#include "daylight/daemon/service/spool.h"

#include <fcntl.h>
#include <sys/sendfile.h>

#include <cerrno>

#include "daylight/os/io.h"
#include "daylight/os/memfd.h"

namespace dl::daemon {

SpooledStream::Outcome SpooledStream::Give(Outcome outcome) {
  state_ = outcome;
  fd_.Close();
  small_ = std::string();
  share_ = SpoolShare();
  return outcome;
}

SpooledStream::Outcome SpooledStream::MoveToFile() {
  auto file = os::CreateMemfd("daylight-stream");
  if (!file || !os::WriteAll(file->get(), small_)) return Outcome::kFailed;
  fd_ = std::move(*file);
  small_ = std::string();
  return Outcome::kTaken;
}

// What lies in memory goes to a file that has no name and never will.
SpooledStream::Outcome SpooledStream::MoveToDisk() {
  const SpoolOptions& options = spool_->options_;
  os::Fd file(::open(options.folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  if (!file.valid()) return Outcome::kFailed;
  SpoolShare share(&spool_->use_.disk_bytes, size_);
  off_t from = 0;
  while (static_cast<std::uint64_t>(from) < size_) {
    const ssize_t n = ::sendfile(file.get(), fd_.get(), &from, size_ - static_cast<std::uint64_t>(from));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Outcome::kFailed;
  }
  fd_ = std::move(file);
  share_ = std::move(share);
  on_disk_ = true;
  return Outcome::kTaken;
}

SpooledStream::Outcome SpooledStream::Append(std::string_view bytes) {
  if (state_ != Outcome::kTaken) return state_;
  if (spool_ == nullptr) return Give(Outcome::kFailed);
  if (bytes.empty()) return Outcome::kTaken;
  const SpoolOptions& options = spool_->options_;
  if (bytes.size() > limit_bytes_ - size_) return Give(Outcome::kTooLarge);
  if (size_ == 0) share_ = SpoolShare(&spool_->use_.memory_bytes, 0);
  const bool must_move =
      !options.folder.empty() && (bytes.size() > options.memory_bytes || size_ > options.memory_bytes - bytes.size());
  const bool is_small = !fd_.valid() && !must_move && bytes.size() <= kSmallStreamBytes - size_;
  if (!fd_.valid() && !is_small) {
    if (const Outcome moved = MoveToFile(); moved != Outcome::kTaken) return Give(moved);
  }
  if (!on_disk_ && must_move) {
    if (const Outcome moved = MoveToDisk(); moved != Outcome::kTaken) return Give(moved);
  }
  const std::uint64_t used = on_disk_ ? spool_->use_.disk_bytes : spool_->use_.memory_bytes;
  const std::uint64_t most = on_disk_ ? options.max_disk_bytes : options.max_memory_bytes;
  if (used > most || bytes.size() > most - used) return Give(Outcome::kNoRoom);
  share_.Grow(bytes.size());
  if (is_small) {
    small_ += bytes;
  } else if (!os::WriteAll(fd_.get(), bytes)) {
    return Give(Outcome::kFailed);
  }
  size_ += bytes.size();
  return Outcome::kTaken;
}

std::optional<SpooledStream::SmallObject> SpooledStream::TakeBytes() {
  if (state_ != Outcome::kTaken || spool_ == nullptr || fd_.valid()) return std::nullopt;
  SmallObject object{std::move(small_), std::move(share_)};
  *this = SpooledStream();
  return object;
}

Result<SpooledObject> SpooledStream::Finish() {
  if (state_ != Outcome::kTaken || spool_ == nullptr) return Fail(ErrorCode::kIo, "the stream could not be kept");
  if (!fd_.valid() && MoveToFile() != Outcome::kTaken) return Fail(ErrorCode::kIo, "cannot keep the stream");
  SpooledObject object;
  object.size = size_;
  object.share = std::move(share_);
  if (on_disk_) {
    // The worker must not be able to write: a description of its own, for reading.
    const std::string self = "/proc/self/fd/" + std::to_string(fd_.get());
    object.fd = os::Fd(::open(self.c_str(), O_RDONLY | O_CLOEXEC));
    if (!object.fd.valid()) {
      return Fail(ErrorCode::kIo, "cannot open the spooled stream", static_cast<std::uint64_t>(errno));
    }
  } else {
    if (::lseek(fd_.get(), 0, SEEK_SET) != 0) return Fail(ErrorCode::kIo, "cannot rewind a memory file");
    DL_TRY_STATUS(os::Seal(fd_.get()));
    object.fd = std::move(fd_);
  }
  *this = SpooledStream();
  return object;
}

}  // namespace dl::daemon
