// Budget is what one survey of a file may cost, with all that is in it: bytes that
// are unpacked, entries, depth. Who has a file read owns one, and gives it to every
// extractor that opens a container, also to those it calls for what was in one.
//
//   Budget budget({.depth = 4});
//   Budget::Level level(budget);            // one container deeper, until it goes
//   if (!level.is_open()) return facts.Unread(place, "max-depth", …);
//   if (!budget.ChargeBytes(n)) …           // before the work, as often as bytes come
//
// Once it is spent it stays so. Used by one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace dl::extract {

// Why something is unread, where the limit is depth; for the others it is unpack::kBudget.
inline constexpr std::string_view kTooDeep = "max-depth";

class Budget {
 public:
  struct Limits {
    std::uint64_t bytes = std::uint64_t{256} << 30;  // Read or unpacked, all levels together.
    std::uint64_t entries = 20'000'000;
    std::uint64_t held_bytes = std::uint64_t{512} << 20;  // In memory at once, while something is read from within.
    std::uint32_t depth = 6;                              // Containers within containers; the file itself is the first.
  };
  Budget() = default;
  explicit Budget(Limits limits) : limits_(limits) {}

  // An image is passed over three times, and its layers pass two readers: its bytes count
  // about six times.
  bool ChargeBytes(std::uint64_t n) { return Take(limits_.bytes, n); }
  bool ChargeEntry() { return Take(limits_.entries, 1); }
  bool is_spent() const { return is_spent_; }
  std::uint64_t left_bytes() const { return is_spent_ ? 0 : limits_.bytes; }

  class Level {
   public:
    explicit Level(Budget& budget) : budget_(budget), is_open_(budget.depth_ < budget.limits_.depth) {
      ++budget_.depth_;
    }
    ~Level() { --budget_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool is_open() const { return is_open_; }

   private:
    Budget& budget_;
    bool is_open_;
  };

  // How much may be held besides what is, and a part of that while it lives.
  std::uint64_t room_bytes() const { return limits_.held_bytes - std::min(held_bytes_, limits_.held_bytes); }
  class Hold {
   public:
    // n: at most room_bytes().
    Hold(Budget& budget, std::uint64_t n) : budget_(budget), n_(n) { budget_.held_bytes_ += n_; }
    ~Hold() { budget_.held_bytes_ -= n_; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Budget& budget_;
    std::uint64_t n_;
  };

 private:
  bool Take(std::uint64_t& left, std::uint64_t n) {
    if (is_spent_ || n > left) {
      is_spent_ = true;
      return false;
    }
    left -= n;
    return true;
  }

  Limits limits_;
  std::uint64_t held_bytes_ = 0;
  std::uint32_t depth_ = 0;
  bool is_spent_ = false;
};

}  // namespace dl::extract
