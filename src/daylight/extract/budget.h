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

#include <cstdint>

namespace dl::extract {

class Budget {
 public:
  struct Limits {
    std::uint64_t bytes = std::uint64_t{256} << 30;  // Read or unpacked, all levels together.
    std::uint64_t entries = 20'000'000;
    std::uint32_t depth = 6;  // Containers within containers; the file itself is the first.
  };
  Budget() = default;
  explicit Budget(Limits limits) : limits_(limits) {}

  bool ChargeBytes(std::uint64_t n) { return Take(limits_.bytes, n); }
  bool ChargeEntry() { return Take(limits_.entries, 1); }
  bool is_spent() const { return is_spent_; }

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
  std::uint32_t depth_ = 0;
  bool is_spent_ = false;
};

}  // namespace dl::extract
