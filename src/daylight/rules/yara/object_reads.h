// What conditions read of the object itself: integers, and what stands around a
// string at a fixed place.
//
//   ObjectReads reads([](const Error& error) { ... });   // Told of what could not be read.
//   reads.Begin(object, size);
//   const auto magic = reads.Integer(0, 16);             // uint16(0)
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "daylight/bytes/object_source.h"

namespace dl::yara {

class ObjectReads {
 public:
  explicit ObjectReads(std::function<void(const Error&)> note_unread) : note_unread_(std::move(note_unread)) {}
  // Borrowed until the next one.
  void Begin(ObjectSource& object, std::uint64_t size) {
    object_ = &object;
    size_ = size;
  }

  // All of `out`, or false. What a stream has let go is noted.
  bool Read(std::uint64_t offset, std::span<std::byte> out);
  // `encoding`: as NodeRecord::integer of Op::kReadInteger has it: the width in bits,
  // negative where signed, 1000 away from zero where big-endian.
  std::optional<std::int64_t> Integer(std::int64_t offset, std::int64_t encoding);
  // Whether neither neighbour of these bytes is a letter or a digit. `wide`: they are two bytes each.
  bool StandsAlone(std::uint64_t offset, std::uint64_t length, bool wide);

 private:
  std::function<void(const Error&)> note_unread_;
  ObjectSource* object_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace dl::yara
