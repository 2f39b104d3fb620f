// What users write behind options, turned into values: sizes, times, external
// variables.
//
//   ParseSize("10M")          // 10485760
//   ParseDefine("level=3")    // integer
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daylight/report/jobs.h"

namespace dl::cli {

// Bytes; K, M, G and T (also KB, KiB) are powers of 1024.
std::optional<std::uint64_t> ParseSize(std::string_view text);
// "90", "90s", "1.5s", "200ms", "2m": milliseconds. "0" is no limit.
std::optional<std::uint32_t> ParseDuration(std::string_view text);
// NAME=VALUE, typed as yara does: 12 is an integer, 1.5 a float, true and false
// boolean, everything else a string. The object's own variables (filename...)
// are always strings.
std::optional<report::ExternalValue> ParseDefine(std::string_view text);
// NAME=FILE, both not empty.
std::optional<std::pair<std::string, std::string>> ParseModuleData(std::string_view text);

// For people: "1.5 MB", "3 min 20 s".
std::string SizeText(std::uint64_t bytes);
std::string TimeText(double seconds);

}  // namespace dl::cli
