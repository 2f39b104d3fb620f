// Bits of a byte stream, the lowest of each byte first. Behind the end are zeros,
// and is_past_end() says so.
#pragma once

#include <cstdint>

#include "daylight/bytes/bytes.h"

namespace dl::unpack {

class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}

  // The next `count` bits, at most 24, without taking them.
  std::uint32_t Peek(unsigned count) {
    while (have_ < count) {
      const std::uint64_t next = at_ < bytes_.size() ? std::to_integer<std::uint64_t>(bytes_[at_]) : 0;
      ++at_;
      bits_ |= next << have_;
      have_ += 8;
    }
    return static_cast<std::uint32_t>(bits_ & ((std::uint64_t{1} << count) - 1));
  }
  void Skip(unsigned count) {
    static_cast<void>(Peek(count));
    bits_ >>= count;
    have_ -= count;
  }
  std::uint32_t Take(unsigned count) {
    const std::uint32_t value = Peek(count);
    Skip(count);
    return value;
  }
  void ToByte() { Skip(have_ % 8); }
  // Bits were taken that there are not.
  bool is_past_end() const { return at_ > bytes_.size() && (at_ - bytes_.size()) * 8 > have_; }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
  std::uint64_t bits_ = 0;
  unsigned have_ = 0;
};

}  // namespace dl::unpack
