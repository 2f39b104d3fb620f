// Descent goes down into what an object has inside of it, and has each child
// scanned, whatever depth it is at.
//
//   Descent descent(settings, [&](ObjectSource& child, const Place& place, auto& report) { ... });
//   descent.Unpack(object, names, report);
//
// It keeps the budget: bytes, children, depth, memory and time are charged before
// they are used, and where one ends the report says so. Children live in memory, one at
// each depth; what is larger than the memory left is scanned as a stream, and not
// unpacked itself. One thread.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "daylight/base/deadline.h"
#include "daylight/bytes/growing_buffer.h"
#include "daylight/report/jobs.h"
#include "daylight/unpack/unpacker.h"

namespace dl::scan {

// Why something stayed unread when the deadline had passed.
inline constexpr std::string_view kTimeout = "timeout";

// Where a child was found.
struct Place {
  const report::ObjectNames& names;
  // The types of what it lies in, as ClamAV names them, the innermost first.
  const std::vector<std::string>& containers;
};

class Descent {
 public:
  using ScanChild = std::function<void(ObjectSource& child, const Place& place, report::ObjectReport& report)>;
  // Borrows the settings.
  Descent(const report::ScanSettings& settings, ScanChild scan_child);

  // Scans what is in `object`, itself scanned already, and what is in that.
  // Appends what stayed unread to the report. `is_late`: the deadline passed before,
  // which has been told, and only a look is left.
  void Unpack(ObjectSource& object, const report::ObjectNames& names, const Deadline& deadline, bool is_late,
              report::ObjectReport& report);
  // Children that were met in the object at hand.
  std::uint64_t children() const { return children_; }

 private:
  class Level;
  // Whether the object is one of those that it lies in, byte for byte.
  bool ContainsItself(ObjectSource& object) const;
  void Open(ObjectSource& object, const report::ObjectNames& names, const unpack::ChildInfo& self);
  void ScanMemory(Bytes bytes, const report::ObjectNames& names, const unpack::ChildInfo& self);
  bool ChargeChild(const std::string& object);
  bool ChargeBytes(std::uint64_t count, const std::string& object);
  // Whether there is any left.
  bool ChargeTime(const std::string& object);
  // The first entries of an archive that time left no more of than this.
  void LookAtBegun(Bytes begun, const report::ObjectNames& names);
  void Stop(const std::string& object, std::string_view reason, std::string detail);
  void AddIncomplete(const std::string& object, std::string_view reason, std::string_view detail,
                     const std::string& container = {});
  GrowingBuffer& BufferOf(std::size_t depth);
  // Grows a buffer. They stay from child to child, as new memory costs as much as decompressing
  // into it; where together they would be too large, deeper ones, which are not in use, are given back.
  void Grow(std::size_t depth, std::size_t size);

  const report::ScanSettings& settings_;
  ScanChild scan_child_;
  std::vector<std::string> passwords_;
  std::size_t found_passwords_ = 0;    // The first ones, which the object at hand names.
  std::deque<GrowingBuffer> buffers_;  // By depth; kept from object to object.

  // Of the object at hand.
  report::ObjectReport* report_ = nullptr;
  std::vector<ObjectSource*> path_;      // What is open, the outermost first; null: a stream.
  std::vector<std::string> containers_;  // The same, as Place has it.
  std::uint64_t max_total_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t children_ = 0;
  std::uint64_t key_rounds_ = 0;
  std::uint64_t memory_ = 0;  // Bytes of children that are held.
  std::size_t told_ = 0;
  Deadline deadline_;
  bool stopped_ = false;
  bool is_late_ = false;  // That is why.
  bool is_last_ = false;  // It is Deadline::Last(): what is missing has been told.
  bool tells_ = true;
};

}  // namespace dl::scan
