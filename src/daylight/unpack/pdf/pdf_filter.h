// The filters that a PDF's streams are encoded with (ISO 32000-1, 7.4), pulled piece by piece.
//
//   Work work(limit_bytes);
//   std::unique_ptr<Stage> stage = StartWith(encoded, work);
//   stage = Decode(FilterKind::kFlate, {}, std::move(stage), work);
//   DL_TRY(const std::size_t n, stage->Pull(out));  // 0 at the end.
//
// No stage holds more than a few rows or a dictionary of its own, whatever it
// decodes to. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::unpack::pdf {

// What all the streams of a file may read, and write between two filters: the last
// one's output is the sink's to charge. kBudget from Pull() when it is used up.
class Work {
 public:
  explicit Work(std::uint64_t limit_bytes) : left_(limit_bytes) {}
  bool Charge(std::uint64_t bytes) {
    if (bytes > left_) left_ = 0;
    if (left_ == 0) return false;
    left_ -= bytes;
    return true;
  }
  bool is_exhausted() const { return left_ == 0; }

 private:
  std::uint64_t left_;
};

// A step of decoding that gives its output piece by piece.
class Stage {
 public:
  virtual ~Stage() = default;
  // Fills some of `out`, which is not empty; 0 at the end. After an error it is not asked again.
  virtual Result<std::size_t> Pull(std::span<std::byte> out) = 0;
};

enum class FilterKind : std::uint8_t { kFlate, kLzw, kAscii85, kAsciiHex, kRunLength, kImage, kCrypt };

// By its name or abbreviation, without the slash.
std::optional<FilterKind> FilterOf(std::string_view name);

// /DecodeParms of Flate and LZW (Table 8).
struct FilterParameters {
  std::int64_t predictor = 1;
  std::int64_t colors = 1;
  std::int64_t bits = 8;  // Of a component.
  std::int64_t columns = 1;
  bool early_change = true;
};

// Borrows the bytes and the work.
std::unique_ptr<Stage> StartWith(Bytes bytes, Work& work);
// With the predictor of the parameters, if any. Null where these cannot be. kImage and kCrypt decode nothing.
std::unique_ptr<Stage> Decode(FilterKind kind, const FilterParameters& parameters, std::unique_ptr<Stage> input,
                              Work& work);

}  // namespace dl::unpack::pdf
