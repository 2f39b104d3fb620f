// Where time goes, when somebody asks: a clock that costs nothing until then.
#pragma once

#include <chrono>
#include <cstdint>

namespace dl {

// Adds the time until it is destroyed to `*total_ns`; null: does nothing, not
// even look at the clock.
class Stopwatch {
 public:
  explicit Stopwatch(std::uint64_t* total_ns) : total_ns_(total_ns) {
    if (total_ns_ != nullptr) start_ = std::chrono::steady_clock::now();
  }
  ~Stopwatch() {
    if (total_ns_ == nullptr) return;
    const auto spent = std::chrono::steady_clock::now() - start_;
    *total_ns_ += static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count());
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  std::uint64_t* total_ns_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace dl
