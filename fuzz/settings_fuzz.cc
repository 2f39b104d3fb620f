// Any bytes as a settings file of another scanner.
//
// Meaning: nothing is longer or more than it may be; lines are in the file, and in order but
// for JSON's; a file is read the same twice; what a shell would run is in no value that the
// file itself does not spell out (without quotes, names and "$" nothing is longer than the file).
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/extract/settings/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl;
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  MemorySource source(bytes);
  report::SettingsFacts facts;
  extract::ReadSettings(source, facts);
  const auto newlines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  DL_CHECK(facts.settings.size() <= extract::kMaxSettings);
  DL_CHECK(facts.problems.size() <= extract::kMaxSettingProblems);
  std::uint32_t last = 0;
  for (const report::Setting& setting : facts.settings) {
    DL_CHECK(setting.line >= 1 && setting.line <= newlines + 1 && setting.line >= last);
    last = setting.line;
    DL_CHECK(setting.section.size() + setting.key.size() <= extract::kMaxSettingBytes);
    DL_CHECK(setting.value.size() <= extract::kMaxSettingBytes);
    if (facts.format != report::SettingsFormat::kShell) DL_CHECK(setting.value.size() <= size);
    DL_CHECK(setting.value.find('\0') == std::string::npos);
    if (facts.format == report::SettingsFormat::kList) DL_CHECK(text.find(setting.value) != std::string_view::npos);
  }
  for (const auto& problem : facts.problems) DL_CHECK(problem.line <= newlines + 1 && !problem.what.empty());
  if (facts.format == report::SettingsFormat::kUnknown) DL_CHECK(facts.settings.empty());
  report::SettingsFacts again;
  MemorySource second(bytes);
  extract::ReadSettings(second, again);
  DL_CHECK(again.settings.size() == facts.settings.size() && again.problems.size() == facts.problems.size());
  return 0;
}
