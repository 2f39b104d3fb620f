// Reads JSON as a stream of events, in memory that only grows with the depth and the longest text.
//
//   struct Names : JsonEvents { bool String(std::string& text) override { … return true; } };
//   const JsonOutcome outcome = ReadJson(feed, names);
//
// RFC 8259, strictly: nothing after the value, valid UTF-8 only.
#pragma once

#include <string>

#include "daylight/extract/sbom/text_feed.h"

namespace dl::sbom {

inline constexpr std::size_t kMaxDepth = 1000;
// From one text or number to the end of the next: a single text, or brackets and white space without end.
inline constexpr std::size_t kMaxTokenBytes = 16u << 20;

// Each returns false to stop.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual bool BeginObject() = 0;
  virtual bool BeginArray() = 0;
  virtual bool End() = 0;  // Of the innermost of these.
  // May be moved from.
  virtual bool Key(std::string& key) = 0;
  virtual bool String(std::string& text) = 0;
  virtual bool Other() = 0;  // A number, true, false or null.
};

enum class JsonOutcome : std::uint8_t {
  kRead,
  kStopped,    // By the events' wish.
  kDamaged,    // Not JSON, at least not to its end.
  kTooDeep,    // More than kMaxDepth.
  kTooLong,    // More than kMaxTokenBytes.
  kUnreadable  // The source failed.
};

// From the beginning of `feed`.
JsonOutcome ReadJson(TextFeed& feed, JsonEvents& events);

}  // namespace dl::sbom
