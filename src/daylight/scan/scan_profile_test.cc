#include "daylight/scan/scan_profile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "daylight/scan/scan_testing.h"

namespace dl::scan {
namespace {

constexpr std::string_view kRules =
    "rule first { strings: $a = /nee[a-z]{2}e[0-9]+/ $same = \"GNU!\" condition: $a or $same }\n"
    "rule second { strings: $other = \"GNU!\" condition: $other }\n"
    "rule third { condition: filesize > 10 }\n";

TEST(ScanProfileTest, NamesRulesAndStringsAndBeginsAnew) {
  const auto engine = CompileEngine(kRules);
  ASSERT_TRUE(engine);
  Scanner scanner(*engine, {});
  ScanProfile profile;
  scanner.SetProfile(&profile);
  std::string object(100'000, '.');
  for (std::size_t at = 100; at < 90'000; at += 100) object.replace(at, 12, "needle7 GNU!");
  for (int round = 0; round < 2; ++round) {
    MemorySource source(AsBytes(object));
    EXPECT_EQ(scanner.Scan(source, {}).detections.size(), 3u);
    const report::Profile told = TakeProfile(**engine, profile);
    EXPECT_GT(told.scan_ns, 0u);
    EXPECT_GE(told.search_ns, told.verify_ns);
    EXPECT_GE(told.scan_ns, told.search_ns + told.conditions_ns);
    EXPECT_EQ(told.rules.size(), 3u);
    for (const report::ProfileLine& line : told.rules) EXPECT_EQ(line.count, 1u) << line.rule;
    const auto regexp =
        std::find_if(told.strings.begin(), told.strings.end(), [](const auto& line) { return line.string == "$a"; });
    ASSERT_NE(regexp, told.strings.end());
    EXPECT_EQ(regexp->name_space + ":" + regexp->rule, "default:first");
    EXPECT_GT(regexp->count, 0u);
    EXPECT_EQ(regexp->also, 0u);
    const auto shared =
        std::find_if(told.strings.begin(), told.strings.end(), [](const auto& line) { return line.string == "$same"; });
    ASSERT_NE(shared, told.strings.end());
    EXPECT_EQ(shared->also, 1u);
  }
  EXPECT_EQ(TakeProfile(**engine, profile).scan_ns, 0u);
  EXPECT_TRUE(TakeProfile(**engine, profile).rules.empty());
}

TEST(ScanProfileTest, ChangesNoAnswer) {
  const auto engine = CompileEngine(kRules);
  ASSERT_TRUE(engine);
  report::ScanSettings settings;
  settings.list_strings = true;
  Scanner plain(*engine, settings);
  Scanner profiled(*engine, settings);
  ScanProfile profile;
  profiled.SetProfile(&profile);
  for (const std::string_view object : {"needle7", "GNU!", "", "needle and GNU!GNU!", "nothing at all"}) {
    MemorySource one(AsBytes(object));
    MemorySource other(AsBytes(object));
    EXPECT_EQ(Summary(plain.Scan(one, {})), Summary(profiled.Scan(other, {})));
  }
}

}  // namespace
}  // namespace dl::scan
