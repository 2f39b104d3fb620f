// The lines of an object, one after the other, in bounded memory.
//
//   LineReader lines(source, 64u << 10);
//   while (const auto line = lines.Next()) Take(*line);   // without its end
//   if (lines.failed()) …
//
// A line that is longer than wanted ends there; its rest is passed over. Borrows the source,
// and reads it in its pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/bytes/object_source.h"

namespace dl::extract {

class LineReader {
 public:
  LineReader(ObjectSource& source, std::size_t max_line_bytes) : source_(source), max_(max_line_bytes) {}

  // Without "\n" or "\r\n"; valid until the next call. Nothing at the end.
  std::optional<std::string_view> Next();
  bool failed() const { return failed_; }
  // Whether the line that came last was cut.
  bool was_cut() const { return was_cut_; }
  // Of the line that came last, from 1.
  std::uint32_t number() const { return number_; }
  // Bytes that were read until now.
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::string_view Give(std::string_view line);

  ObjectSource& source_;
  std::size_t max_;
  std::string_view rest_;  // Of the window.
  std::string carried_;    // A line that began in windows before.
  bool is_last_ = false;
  bool failed_ = false;
  bool was_cut_ = false;
  std::uint32_t number_ = 0;
  std::uint64_t bytes_ = 0;
};

// What stands before and behind it is spaces and tabs no more.
std::string_view Trim(std::string_view text);
// For a fact: at most kMaxFactText bytes.
std::string FactText(std::string_view text);
bool IsSameWord(std::string_view a, std::string_view b);  // Whatever the case of ASCII letters.
// The last part of a path.
std::string_view NameOf(std::string_view path);

}  // namespace dl::extract
