// Progress is the line at the bottom of a terminal that says how far a scan is:
// files, bytes, rate, time left. A thread counts ahead what there is to scan.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "daylight/os/walk.h"

namespace dl::cli {

class Progress {
 public:
  // Shows nothing unless `shown`.
  Progress(bool shown, os::WalkOptions walk, std::vector<std::string> paths);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Add(std::uint64_t bytes) {
    ++files_;
    bytes_ += bytes;
  }
  void Draw();
  void Erase();
  double seconds() const;

 private:
  void Count(os::WalkOptions walk, const std::vector<std::string>& paths);
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
  std::atomic<std::uint64_t> all_files_{0};
  std::atomic<std::uint64_t> all_bytes_{0};
  std::atomic<bool> counted_{false};
  std::atomic<bool> stop_{false};
  std::thread counter_;
};

}  // namespace dl::cli
