// Exports of kesl-control with masks at all their edges, from their bytes to what is left
// out: read, migrated, written as TOML, read by the daemon and the opener, evaluated. Held
// against an independent reading of the product's rules: `*` stays within one name, `**`
// crosses `/`, `?` is one character.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "daylight/daemon/config/daemon_config.h"
#include "daylight/events/calendar.h"
#include "daylight/extract/settings/settings.h"
#include "daylight/migrate/migration.h"
#include "daylight/opener/options.h"
#include "daylight/opener/scope.h"
#include "daylight/os/path_mask.h"

namespace dl {
namespace {

// --- The independent reading: by recursion, over code points. ---

using Text = std::u32string;

// Test data is well-formed UTF-8.
Text Decode(const std::string& bytes) {
  Text out;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char32_t point = length == 1 ? first : first & (0x7f >> length);
    for (std::size_t k = 1; k < length; ++k) point = point << 6 | (static_cast<unsigned char>(bytes[i + k]) & 0x3f);
    out += point;
    i += length;
  }
  return out;
}

bool Same(const Text& mask, std::size_t m, const Text& text, std::size_t t) {
  if (m == mask.size()) return t == text.size();
  if (mask[m] == U'*') {
    const bool twice = m + 1 < mask.size() && mask[m + 1] == U'*';
    const std::size_t behind = m + (twice ? 2 : 1);
    for (std::size_t end = t;; ++end) {
      if (Same(mask, behind, text, end)) return true;
      if (end == text.size() || (!twice && text[end] == U'/')) return false;
    }
  }
  if (t == text.size()) return false;
  if (mask[m] == U'?' ? text[t] == U'/' : mask[m] != text[t]) return false;
  return Same(mask, m + 1, text, t + 1);
}
bool Same(const std::string& mask, const std::string& text) { return Same(Decode(mask), 0, Decode(text), 0); }

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

struct Area {
  std::string path;
  std::vector<std::string> masks;
  bool used = true;
};

// A scope: a file is in it when it or a folder above it is what the path says, and its name
// is what a mask says.
bool IsIn(const Area& area, const std::string& file) {
  if (!area.used) return false;
  std::string path = area.path;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  bool below = path == "/";
  for (std::size_t end = 1; end <= file.size() && !below; ++end) {
    if (end == file.size() || file[end] == '/') below = Same(path, file.substr(0, end));
  }
  if (!below) return false;
  if (area.masks.empty()) return true;
  for (const std::string& mask : area.masks) {
    if (Same(mask, NameOf(file))) return true;
  }
  return false;
}

struct Settings {
  std::vector<Area> scopes;
  std::vector<Area> exclusions;
  std::vector<std::string> masks;
  bool use_masks = true;
};

bool IsScanned(const Settings& settings, const std::string& file) {
  bool in = false;
  for (const Area& scope : settings.scopes) in = in || IsIn(scope, file);
  if (!in) return false;
  for (const Area& exclusion : settings.exclusions) {
    if (IsIn(exclusion, file)) return false;
  }
  if (!settings.use_masks) return true;
  for (const std::string& mask : settings.masks) {
    if (Same(mask, mask.find('/') == std::string::npos ? NameOf(file) : file)) return false;
  }
  return true;
}

// --- Exports, made up. ---

std::string Quoted(const std::string& value, std::mt19937& random) {
  const bool needs = value.find(' ') != std::string::npos || random() % 3 == 0;
  return needs ? " \"" + value + "\"\t" : value;
}

std::string Item(std::size_t i) { return "item_000" + std::to_string(i); }

void Put(std::string& out, const std::string& prefix, const char* kind, const std::vector<Area>& areas,
         std::mt19937& random) {
  for (std::size_t i = 0; i < areas.size(); ++i) {
    out += "[" + prefix + kind + "." + Item(i) + "]\r\nAreaDesc=\"made up\"\r\n";
    out += std::string("UseScanArea=") + (areas[i].used ? "Yes" : "No") + "\r\n";
    out += "Path=" + Quoted(areas[i].path, random) + "\r\n";
    for (std::size_t m = 0; m < areas[i].masks.size(); ++m) {
      out += "AreaMask." + Item(m) + "=" + Quoted(areas[i].masks[m], random) + "\r\n";
    }
  }
}

std::string Ini(const Settings& settings, bool on_access, std::mt19937& random) {
  const std::string task = on_access ? "MonitoringTask.item_0000" : "OnDemandTask.item_0000";
  std::string out = "\xef\xbb\xbf[" + task + "]\r\n";
  out += on_access ? "TaskName=File_Threat_Protection\r\nTaskType=OAS\r\nActive=Yes\r\n"
                   : "TaskName=Scan_My_Computer\r\nTaskType=ODS\r\n";
  out += "[" + task + ".Settings]\r\n";
  out += std::string("UseExcludeMasks=") + (settings.use_masks ? "Yes" : "No") + "\r\n";
  for (std::size_t i = 0; i < settings.masks.size(); ++i) {
    out += "ExcludeMasks." + Item(i) + "=" + Quoted(settings.masks[i], random) + "\r\n";
  }
  Put(out, task + ".Settings.", "ScanScope", settings.scopes, random);
  Put(out, task + ".Settings.", "ExcludedFromScanScope", settings.exclusions, random);
  if (!on_access) out += "[" + task + ".Schedule]\r\nRuleType=Daily\r\nStartTime=01:02:03; ; 1\r\n";
  return out;
}

const std::vector<std::string> kNames = {"a",
                                         "b",
                                         "ab",
                                         "x.doc",
                                         "x.tmp",
                                         "\xc3\xa4.doc",
                                         "\xf0\x9f\x98\x80",
                                         "A",
                                         "a b",
                                         "[a]",
                                         "a\\",
                                         "cache",
                                         "."
                                         "hidden",
                                         "x..y"};

std::string RandomPath(std::mt19937& random) {
  std::string path;
  for (std::size_t n = 1 + random() % 5; n > 0; --n) path += "/" + kNames[random() % kNames.size()];
  return path;
}

std::string RandomName(std::mt19937& random) {
  static const std::vector<std::string> masks = {"*", "*.doc", "?.doc", "x.*", "??",  "a*",        "*a*",
                                                 "?", "[a]",   "*.tmp", "**",  "a\\", "\xc3\xa4*", "x..?"};
  return masks[random() % masks.size()];
}

std::string RandomMaskedPath(std::mt19937& random) {
  static const std::vector<std::string> parts = {"*", "**", "a*", "?", "*b", "ca??e", "a**", "x.*"};
  std::string path;
  for (std::size_t n = 1 + random() % 3; n > 0; --n) {
    path += "/" + (random() % 2 == 0 ? kNames[random() % kNames.size()] : parts[random() % parts.size()]);
  }
  return path;
}

Area RandomArea(std::mt19937& random) {
  Area area;
  area.path = random() % 6 == 0 ? "/" : RandomMaskedPath(random);
  if (random() % 5 == 0 && area.path != "/") area.path += "/";
  for (std::size_t n = random() % 3; n > 0; --n) area.masks.push_back(RandomName(random));
  area.used = random() % 6 != 0;
  return area;
}

migrate::Migration Migrated(const std::string& text) {
  MemorySource source(AsBytes(text));
  report::SettingsFacts facts;
  extract::ReadSettings(source, facts);
  EXPECT_TRUE(facts.problems.empty()) << text;
  return migrate::Migrate({{"settings.ini", facts}});
}

TEST(MigrateMasksTest, TenThousandPaths) {
  std::mt19937 random(20261130);
  std::size_t compared = 0;
  std::size_t scanned = 0;
  for (int round = 0; round < 100; ++round) {
    Settings settings;
    // There must be something that is watched.
    settings.scopes.push_back({random() % 2 == 0 ? "/" : "/a", {}, true});
    if (random() % 2 == 0) settings.scopes[0].masks.push_back(RandomName(random));
    for (std::size_t n = random() % 3; n > 0; --n) settings.scopes.push_back(RandomArea(random));
    for (std::size_t n = random() % 4; n > 0; --n) settings.exclusions.push_back(RandomArea(random));
    for (std::size_t n = random() % 4; n > 0; --n) {
      settings.masks.push_back(random() % 2 == 0 ? RandomName(random) : RandomMaskedPath(random));
    }
    settings.use_masks = random() % 5 != 0;

    const migrate::Migration watched = Migrated(Ini(settings, true, random));
    opener::OpenerOptions options;
    std::string error;
    ASSERT_TRUE(opener::ParseOptions(watched.config, options, error)) << error << "\n" << watched.config;
    ASSERT_TRUE(options.on_access.enabled);
    const opener::Scope scope(options.on_access);

    const migrate::Migration planned = Migrated(Ini(settings, false, random));
    daemon::DaemonConfig config;
    const auto errors = daemon::ParseDaemonConfig(planned.config, config);
    ASSERT_TRUE(errors.empty()) << errors[0] << "\n" << planned.config;
    ASSERT_EQ(config.schedules.size(), 1u);
    const daemon::ScheduleConfig& schedule = config.schedules[0];
    ASSERT_TRUE(events::Calendar::Parse(schedule.when));
    const auto masks = os::PathMasks::Parse(schedule.exclude_masks, schedule.only_masks);
    ASSERT_TRUE(masks);
    for (const auto* migration : {&watched, &planned}) {
      for (const auto& line : migration->report.lines) {
        ASSERT_NE(line.outcome, migrate::Outcome::kNotTaken) << line.key << " = " << line.value << ": " << line.why;
      }
    }
    for (int i = 0; i < 100; ++i) {
      const std::string path = RandomPath(random);
      const bool expected = IsScanned(settings, path);
      ++compared;
      scanned += expected ? 1 : 0;
      ASSERT_EQ(scope.Counts(path, true), expected) << path << "\n" << watched.config;
      const bool below = std::any_of(schedule.paths.begin(), schedule.paths.end(), [&](const std::string& root) {
        return root == "/" || path == root || path.starts_with(root + "/");
      });
      ASSERT_EQ(below && masks->Counts(path), expected) << path << "\n" << planned.config;
      // A folder that is not entered has nothing below it that counts.
      for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        ASSERT_FALSE(expected && masks->LeavesOutAllBelow(path.substr(0, slash))) << path << "\n" << planned.config;
      }
    }
  }
  EXPECT_EQ(compared, 10'000u);
  EXPECT_GT(scanned, 1'000u);
  EXPECT_LT(scanned, 9'000u);
}

// The canary: were `*` to cross slashes, this would be seen.
TEST(MigrateMasksTest, TheCanary) {
  EXPECT_FALSE(Same("/a/*", "/a/b/c"));
  EXPECT_TRUE(Same("/a/**", "/a/b/c"));
  EXPECT_TRUE(Same("/a/?", "/a/\xc3\xa4"));
}

}  // namespace
}  // namespace dl
