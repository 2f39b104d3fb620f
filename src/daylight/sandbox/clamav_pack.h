// Reading signature files for the worker that compiles them: all of them go
// into one sealed memory file, which it maps.
//
//   DL_TRY(PackedClamav packed, PackClamav(source, {}));
//   if (!packed.errors.empty()) ...
//
// They may have hundreds of megabytes, so they are read once and never held in
// memory of our own.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"
#include "daylight/report/protocol.h"
#include "daylight/sandbox/clamav_source.h"

namespace dl::sandbox {

struct PackedClamav {
  os::Fd fd;  // Sealed.
  std::vector<report::ClamavFilePlace> places;
  std::array<std::uint8_t, 32> digest{};
  std::uint64_t bytes = 0;
  // The files are no longer what their stamps say, so what was read may never
  // have been there at any one time.
  bool is_changed = false;
  std::vector<std::string> errors;  // "path: reason", of files that cannot be read.
  std::vector<std::string> notes;   // Of a file left out because another takes its place.
};

// Of a folder's daily.cvd and daily.cld the one with the higher version counts,
// daily.cld when they are the same, as for clamscan. kBudget past
// kMaxClamavBytes.
Result<PackedClamav> PackClamav(const ClamavSource& source, const std::atomic<bool>* stop = nullptr);

// The digest alone, over the files' names, sizes and bytes.
Result<std::array<std::uint8_t, 32>> DigestClamav(const ClamavSource& source, const std::atomic<bool>* stop = nullptr);

}  // namespace dl::sandbox
