// ReadSettings reads the settings file of another scanner, whichever it is by its content:
// an export of kesl-control (INI or JSON), clamd.conf, freshclam.conf, maldet's conf.maldet
// and its ignore_* lists.
//
//   report::SettingsFacts facts;
//   extract::ReadSettings(source, facts);
//   facts.format, facts.settings, facts.problems
//
// Only the file's own syntax is understood here, nothing is ever executed or included, and
// a line that is not understood is a problem with its number, never passed over. At most
// 16 MiB are read and 100,000 settings given; what is more is said by `cut`. Cannot fail.
#pragma once

#include "daylight/bytes/object_source.h"
#include "daylight/report/settings.h"

namespace dl::extract {

inline constexpr std::uint64_t kMaxSettingsBytes = 16u << 20;
inline constexpr std::size_t kMaxSettings = 100'000;
inline constexpr std::size_t kMaxSettingBytes = 64u << 10;  // Of a key with its section, and of a value.
inline constexpr std::size_t kMaxSettingProblems = 1'000;

void ReadSettings(ObjectSource& source, report::SettingsFacts& facts);

}  // namespace dl::extract
