// One file-type definition, as .ftm files hold them, one a line:
//   kind:offset:hex:name:required type:type[:min level[:max level]]
//
//   DL_TRY(const Magic magic, ParseFtmLine("0:0:4d5a:MS-EXE:CL_TYPE_ANY:CL_TYPE_MSEXE"));
//   if (magic.AppliesTo(kFunctionalityLevel)) rows.push_back(magic);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/formats/filetype/clam_type.h"

namespace dl::filetype {

// What clamscan 1.4.6 calls itself in signatures' level fields.
inline constexpr std::uint32_t kFunctionalityLevel = 216;

enum class MagicKind : std::uint8_t {
  kFixed = 0,      // Bytes at an offset of the first 1,024.
  kPattern = 1,    // A body pattern, at an offset or anywhere.
  kPartition = 4,  // Bytes at an offset of a partition.
};

struct Magic {
  MagicKind kind = MagicKind::kFixed;
  // kPattern: "*", "n", "n,shift", "EOF-n" or "EOF-n,shift"; else a number.
  std::string offset;
  std::string pattern;  // In hexadecimal; with wildcards only in kPattern.
  std::string name;
  ClamType from = ClamType::kAny;  // kPattern counts only in this type.
  ClamType type = ClamType::kAny;
  std::uint32_t min_level = 0;
  std::uint32_t max_level = 0xffffffff;

  bool AppliesTo(std::uint32_t level) const { return min_level <= level && level <= max_level; }
};

// kMalformed: too few or too many fields, a level that is no number, a kind or
// type that is unknown, a pattern or offset that cannot be. kUnsupported: a
// pattern with features that type recognition has no use for.
// A line whose levels exclude 1.4 is returned without a look at its types.
Result<Magic> ParseFtmLine(std::string_view line);

}  // namespace dl::filetype
