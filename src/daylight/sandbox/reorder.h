// Reorder gives finished items out in the order in which they were begun, while
// a slow one holds back only so many others.
//
//   Reorder<Record> reorder({.max_held = 4096, .max_held_bytes = 64 << 20}, print);
//   reorder.Finish(5, record, bytes);   // Held until 0..4 are finished.
//
// When more is held than allowed, what is held is given out in order, and the
// slow ones follow when they are done.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "daylight/report/writer.h"

namespace dl::sandbox {

class Reorder {
 public:
  struct Limits {
    std::size_t max_held = 4096;
    std::size_t max_held_bytes = std::size_t{64} << 20;
  };
  using Print = std::function<void(const report::FileRecord&)>;
  Reorder(Limits limits, Print print) : limits_(limits), print_(std::move(print)) {}

  // `sequence`: 0, 1, 2... each once. `bytes`: about what the record takes.
  void Finish(std::uint64_t sequence, report::FileRecord record, std::size_t bytes);
  // Gives out all that is held, in order: at the end.
  void Flush();
  std::size_t held() const { return held_.size(); }

 private:
  struct Held {
    report::FileRecord record;
    std::size_t bytes;
  };
  void GiveOut();
  Limits limits_;
  Print print_;
  std::uint64_t next_ = 0;  // The first that may still come in its place.
  std::map<std::uint64_t, Held> held_;
  std::size_t held_bytes_ = 0;
};

}  // namespace dl::sandbox
