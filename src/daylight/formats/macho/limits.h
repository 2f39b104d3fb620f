// The limits of one parse, shared by all its parts.
//
//   if (!limits.TakeName(name.size())) return;
//
// Internal to formats/macho.
#pragma once

#include <optional>

#include "daylight/base/error.h"

namespace dl::macho {

struct Limits {
  std::size_t commands_left;
  std::size_t sections_left;
  std::size_t names_left;
  std::size_t name_bytes_left;
  std::optional<Error> stopped;

  // Whether one more may be had; if not, the parse is marked as stopped.
  bool TakeCommand() { return Take(commands_left, 1, "more load commands than the limit"); }
  bool TakeSection() { return Take(sections_left, 1, "more sections than the limit"); }
  bool TakeName(std::size_t bytes) {
    return Take(names_left, 1, "more names than the limit") &&
           Take(name_bytes_left, bytes, "names of more bytes than the limit");
  }
  // For bytes that are read whole, such as a property list.
  bool TakeBytes(std::size_t bytes) { return Take(name_bytes_left, bytes, "signatures of more bytes than the limit"); }

 private:
  bool Take(std::size_t& left, std::size_t n, std::string_view why) {
    if (n <= left) {
      left -= n;
      return true;
    }
    if (!stopped) stopped = Error{ErrorCode::kBudget, why};
    return false;
  }
};

}  // namespace dl::macho
