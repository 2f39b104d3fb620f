// Deadline is a moment past which no more work is begun: so that what was found
// until then is told, before somebody else ends the process.
//
//   const Deadline deadline = Deadline::Before(timeout_ms);
//   while (!deadline.has_passed()) Work();
//
// Where what was begun would tell nothing as it is, Last() is a little more time.
//
// By the monotonic clock, which is read without a system call where the kernel
// lends its own (vdso(7)).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace dl {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  // Never passes.
  Deadline() = default;
  Deadline(Clock::time_point at, Clock::time_point last) : at_(at), last_(last) {}
  // Somewhat before `timeout_ms` from now; 0: never. What is left of that is for what
  // cannot be interrupted, and for telling: a tenth, of short times more.
  static Deadline Before(std::uint32_t timeout_ms) {
    if (timeout_ms == 0) return {};
    const std::uint32_t least = std::min(kLeastLeftMs, timeout_ms / 2);
    const std::uint32_t left = std::clamp(timeout_ms / 10, least, kMostLeftMs);
    const auto at = Clock::now() + std::chrono::milliseconds(timeout_ms - left);
    return {at, at + std::chrono::milliseconds(left / 2)};
  }

  Deadline Last() const { return {last_, last_}; }
  bool has_passed() const { return at_ != Clock::time_point::max() && Clock::now() >= at_; }

 private:
  static constexpr std::uint32_t kLeastLeftMs = 300;
  static constexpr std::uint32_t kMostLeftMs = 10'000;

  Clock::time_point at_ = Clock::time_point::max();
  Clock::time_point last_ = Clock::time_point::max();
};

}  // namespace dl
