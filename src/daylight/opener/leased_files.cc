#include "daylight/opener/leased_files.h"

#include <fcntl.h>
#include <signal.h>

#include <utility>

namespace dl::opener {

// os/lease.h has its own.
int LeasedFiles::break_signal() { return SIGRTMIN + 5; }

void LeasedFiles::BlockSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, break_signal());
  ::sigaddset(&set, SIGIO);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

bool LeasedFiles::TakeLease(int fd) {
  return ::fcntl(fd, F_SETSIG, break_signal()) == 0 && ::fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
}

// While a lease is being broken the kernel tells what it is to become.
bool LeasedFiles::IsHeld(int fd) { return ::fcntl(fd, F_GETLEASE) == F_RDLCK; }
// Not by closing alone: the file may be open in the process that scans it.
void LeasedFiles::GiveUp(int fd) { ::fcntl(fd, F_SETLEASE, F_UNLCK); }

LeasedFiles::LeasedFiles(std::size_t capacity, Actions actions) : capacity_(capacity), actions_(std::move(actions)) {}

bool LeasedFiles::IsClean(const FileKey& key, std::uint64_t generation) const {
  const auto found = places_.find(key);
  if (found == places_.end()) return false;
  const File& file = files_[found->second];
  return file.generation == generation && IsHeld(file.fd.get());
}

void LeasedFiles::Keep(const FileKey& key, os::Fd fd, std::uint64_t generation) {
  if (const auto found = places_.find(key); found != places_.end()) Drop(found->second);
  if (capacity_ == 0 || !IsHeld(fd.get()) || !actions_.ignore(fd.get())) return GiveUp(fd.get());
  if (files_.size() >= capacity_) {
    const std::size_t place = random_() % files_.size();
    actions_.evicted(files_[place].fd.get());
    Drop(place);
  }
  places_[key] = files_.size();
  by_fd_[fd.get()] = key;
  files_.push_back({key, std::move(fd), generation});
}

void LeasedFiles::Drop(std::size_t place) {
  const File file = std::exchange(files_[place], {});
  // The mark first: whoever waits to write is let in by what comes second.
  actions_.stop_ignoring(file.fd.get());
  GiveUp(file.fd.get());
  places_.erase(file.key);
  by_fd_.erase(file.fd.get());
  if (place + 1 != files_.size()) {
    files_[place] = std::move(files_.back());
    places_[files_[place].key] = place;
  }
  files_.pop_back();
}

bool LeasedFiles::OnBreak(int fd) {
  const auto found = by_fd_.find(fd);
  if (found == by_fd_.end()) return false;
  Drop(places_.at(found->second));
  return true;
}

void LeasedFiles::CheckAll() {
  for (std::size_t i = files_.size(); i-- > 0;) {
    // Dropping puts the last, which was looked at, in its place.
    if (!IsHeld(files_[i].fd.get())) Drop(i);
  }
}

void LeasedFiles::Clear() {
  while (!files_.empty()) Drop(files_.size() - 1);
}

}  // namespace dl::opener
