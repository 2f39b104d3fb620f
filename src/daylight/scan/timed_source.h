// An object whose bytes cannot be read any more when time is up: so whatever reads
// them ends.
//
//   TimedSource timed(object, [&] { return !deadline.has_passed(); });
//
// Borrows the object.
#pragma once

#include <functional>
#include <optional>

#include "daylight/bytes/object_source.h"

namespace dl::scan {

inline constexpr std::string_view kNoTimeLeft = "--timeout left no time for the rest";

class TimedSource final : public ObjectSource {
 public:
  TimedSource(ObjectSource& object, std::function<bool()> has_time) : object_(object), has_time_(std::move(has_time)) {}
  std::optional<std::uint64_t> size() const override { return object_.size(); }
  Result<Window> NextWindow(std::size_t overlap_bytes) override {
    if (!has_time_()) return TimeIsUp();
    return object_.NextWindow(overlap_bytes);
  }
  Status Rewind() override { return object_.Rewind(); }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    if (!has_time_()) return TimeIsUp();
    return object_.ReadAt(offset, out);
  }
  Result<Bytes> Whole(std::uint64_t limit_bytes) override {
    if (!has_time_()) return TimeIsUp();
    return object_.Whole(limit_bytes);
  }
  std::optional<Bytes> InMemory() const override { return object_.InMemory(); }

 private:
  static tl::unexpected<Error> TimeIsUp() { return Fail(ErrorCode::kBudget, kNoTimeLeft); }

  ObjectSource& object_;
  std::function<bool()> has_time_;
};

}  // namespace dl::scan
