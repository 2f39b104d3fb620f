#include "daylight/sandbox/reorder.h"

namespace dl::sandbox {

void Reorder::Finish(std::uint64_t sequence, report::FileRecord record, std::size_t bytes) {
  if (sequence < next_) {  // Others went ahead of it; now it is out of its place anyway.
    print_(record);
    return;
  }
  held_.emplace(sequence, Held{std::move(record), bytes});
  held_bytes_ += bytes;
  GiveOut();
  if (held_.size() > limits_.max_held || held_bytes_ > limits_.max_held_bytes) {
    // Up to the last held: those missing in between come when they are done.
    Flush();
  }
}

void Reorder::GiveOut() {
  while (!held_.empty() && held_.begin()->first == next_) {
    held_bytes_ -= held_.begin()->second.bytes;
    const report::FileRecord record = std::move(held_.begin()->second.record);
    held_.erase(held_.begin());
    ++next_;
    print_(record);
  }
}

void Reorder::Flush() {
  while (!held_.empty()) {
    next_ = held_.begin()->first;
    GiveOut();
  }
}

}  // namespace dl::sandbox
