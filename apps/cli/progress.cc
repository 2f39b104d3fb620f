#include "progress.h"

#include <unistd.h>

#include <algorithm>

#include "daylight/os/io.h"
#include "signals.h"
#include "values.h"

namespace dl::cli {

namespace {

void Write(const std::string& text) { static_cast<void>(os::WriteAll(STDERR_FILENO, text)); }

}  // namespace

Progress::Progress(bool shown, os::WalkOptions walk, std::vector<std::string> paths)
    : shown_(shown), start_(std::chrono::steady_clock::now()) {
  if (!shown_) return;
  walk.count_only = true;
  counter_ = std::thread([this, walk = std::move(walk), paths = std::move(paths)] {
    BlockSignalsInThisThread();
    Count(walk, paths);
  });
}

Progress::~Progress() {
  stop_ = true;
  if (counter_.joinable()) counter_.join();
  Erase();
}

void Progress::Count(os::WalkOptions walk, const std::vector<std::string>& paths) {
  walk.helper.stop = &stop_;
  os::Walker walker(std::move(walk));
  for (const std::string& path : paths) {
    if (path != "-") walker.Add(path);
  }
  while (!stop_) {
    const auto entry = walker.Next();
    if (!entry) {
      counted_ = true;
      return;
    }
    if (entry->kind != os::WalkEntry::Kind::kFile) continue;
    ++all_files_;
    all_bytes_ += entry->size;
  }
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::Draw() {
  if (!shown_) return;
  const double passed = seconds();
  const double rate = passed > 0 ? static_cast<double>(bytes_) / passed : 0;
  std::string line = std::to_string(files_);
  if (counted_) line += " of " + std::to_string(std::max<std::uint64_t>(all_files_, files_));
  line += " files, " + SizeText(bytes_) + ", " + SizeText(static_cast<std::uint64_t>(rate)) + "/s";
  const std::uint64_t all = all_bytes_;
  if (counted_ && rate > 0 && all > bytes_) line += ", " + TimeText(static_cast<double>(all - bytes_) / rate) + " left";
  Write("\r\x1b[K" + line);
  drawn_ = true;
}

void Progress::Erase() {
  if (!drawn_) return;
  Write("\r\x1b[K");
  drawn_ = false;
}

}  // namespace dl::cli
