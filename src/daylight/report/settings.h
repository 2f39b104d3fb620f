// What a settings file of another scanner says, entry by entry, as a worker reads it:
// nothing is interpreted but the file's own syntax.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dl::report {

enum class SettingsFormat : std::uint8_t {
  kUnknown,
  kIni,    // [Section.item_0000] and Key=Value (kesl-control --export-settings)
  kJson,   // The same, --json: objects in objects, lists; a path of keys joined with dots.
  kClamd,  // "Key value" (clamd.conf, freshclam.conf)
  kShell,  // key="value" (maldet's conf.maldet)
  kList,   // One value a line (maldet's ignore_paths)
};

struct Setting {
  std::string section;  // "ScanScope.item_0000"; empty outside of any.
  std::string key;
  std::string value;       // Without the quotation marks of the format.
  std::uint32_t line = 0;  // From 1; 0: not known.
};

struct SettingsFacts {
  SettingsFormat format = SettingsFormat::kUnknown;
  std::vector<Setting> settings;  // In the order of the file.
  struct Problem {
    std::uint32_t line = 0;
    std::string what;
  };
  std::vector<Problem> problems;  // Lines that are not understood: shown, never passed over.
  bool cut = false;               // More entries than are taken.
};

}  // namespace dl::report
