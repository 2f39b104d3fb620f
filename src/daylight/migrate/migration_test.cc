#include "daylight/migrate/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "daylight/migrate/draft.h"
#include "daylight/migrate/products.h"

namespace dl::migrate {
namespace {

using report::SettingsFormat;
using ::testing::HasSubstr;
using ::testing::Not;

// "Section|Key=Value" a line.
Source Of(SettingsFormat format, const std::vector<std::string>& lines, std::string name = "file") {
  Source source;
  source.name = std::move(name);
  source.facts.format = format;
  std::uint32_t number = 0;
  for (const std::string& line : lines) {
    const std::size_t bar = line.find('|');
    const std::size_t equals = line.find('=', bar);
    source.facts.settings.push_back(
        {line.substr(0, bar), line.substr(bar + 1, equals - bar - 1), line.substr(equals + 1), ++number});
  }
  return source;
}
Source Ini(const std::vector<std::string>& lines) { return Of(SettingsFormat::kIni, lines, "kesl.ini"); }
Source Clamd(const std::vector<std::string>& lines) { return Of(SettingsFormat::kClamd, lines, "clamd.conf"); }

std::string OutcomeOf(const Migration& migration, std::string_view key) {
  for (const ReportLine& line : migration.report.lines) {
    if (line.key == key) return std::string(OutcomeName(line.outcome)) + " " + line.to;
  }
  return "not there";
}

TEST(MigrationTest, OnAccessProtection) {
  const Migration migration = Migrate({Ini({
      "MonitoringTask.item_0000|TaskName=File_Threat_Protection",
      "MonitoringTask.item_0000|TaskType=OAS",
      "MonitoringTask.item_0000|Active=Yes",
      "MonitoringTask.item_0000.Settings|TimeLimit=60",
      "MonitoringTask.item_0000.Settings|SizeLimit=0",
      "MonitoringTask.item_0000.Settings|FirstAction=Recommended",
      "MonitoringTask.item_0000.Settings|UseExcludeMasks=Yes",
      "MonitoringTask.item_0000.Settings|ExcludeMasks.item_0000=*.tm[p",
      "MonitoringTask.item_0000.Settings|ExcludeMasks.item_0001=/var/*/x?",
      "MonitoringTask.item_0000.Settings|ScanByAccessType=SmartCheck",
      "MonitoringTask.item_0000.Settings.ScanScope.item_0000|AreaDesc=Home",
      "MonitoringTask.item_0000.Settings.ScanScope.item_0000|UseScanArea=Yes",
      "MonitoringTask.item_0000.Settings.ScanScope.item_0000|Path=/home//",
      "MonitoringTask.item_0000.Settings.ScanScope.item_0000|AreaMask.item_0000=*doc",
      "MonitoringTask.item_0000.Settings.ScanScope.item_0001|UseScanArea=Yes",
      "MonitoringTask.item_0000.Settings.ScanScope.item_0001|Path=/srv/*/in",
      "MonitoringTask.item_0000.Settings.ScanScope.item_0002|UseScanArea=No",
      "MonitoringTask.item_0000.Settings.ScanScope.item_0002|Path=/opt",
      "MonitoringTask.item_0000.Settings.ExcludedFromScanScope.item_0000|UseScanArea=Yes",
      "MonitoringTask.item_0000.Settings.ExcludedFromScanScope.item_0000|Path=/srv/db",
      "MonitoringTask.item_0000.Settings.ExcludedFromScanScope.item_0000|AreaMask.item_0000=*",
      "MonitoringTask.item_0000.Settings.ExcludedFromScanScope.item_0001|Path=Mounted:NFS",
      "AppSettings|ExcludedMountPoint.item_0000=AllRemoteMounted",
      "AppSettings|Sonderbar=1",
      "MonitoringTask.item_0001|TaskName=Firewall_Management",
      "MonitoringTask.item_0001.Settings|Whatever=1",
  })});
  EXPECT_THAT(migration.config, HasSubstr("\nenabled = true\n"));
  EXPECT_THAT(migration.config, HasSubstr("\"/home\",  # from kesl.ini:13: "));
  EXPECT_THAT(migration.config, HasSubstr("\"/home//*doc\","));
  EXPECT_THAT(migration.config, HasSubstr("\"/srv\","));
  EXPECT_THAT(migration.config, HasSubstr("\"/srv/*/in//*\","));
  EXPECT_THAT(migration.config, Not(HasSubstr("\"/opt")));
  EXPECT_THAT(migration.config, HasSubstr("\"/srv/db//*\","));
  EXPECT_THAT(migration.config, HasSubstr("\"*.tm\\\\[p\","));
  EXPECT_THAT(migration.config, HasSubstr("\"/var/*/x?\","));
  EXPECT_THAT(migration.config, HasSubstr("\"nfs4\","));
  EXPECT_THAT(migration.config, HasSubstr("timeout = \"60s\"\n"));
  EXPECT_THAT(migration.config, HasSubstr("max_size = 0\n"));
  EXPECT_THAT(migration.config, HasSubstr("automatic = true\n"));
  EXPECT_EQ(OutcomeOf(migration, "Sonderbar"), "not-taken ");
  EXPECT_EQ(OutcomeOf(migration, "Whatever"), "not-taken ");
  EXPECT_EQ(OutcomeOf(migration, "ScanByAccessType"), "taken [on_access] events");
  EXPECT_EQ(migration.report.lines.size(), 26u);
  for (const ReportLine& line : migration.report.lines) {
    EXPECT_TRUE(line.outcome == Outcome::kTaken || !line.why.empty()) << line.key;
  }
  EXPECT_TRUE(migration.report.complete());
}

TEST(MigrationTest, ScansByTheCalendar) {
  const Migration migration = Migrate({Ini({
      "OnDemandTask.item_0000|TaskName=Scan_My_Computer",
      "OnDemandTask.item_0000|TaskType=ODS",
      "OnDemandTask.item_0000.Settings|FirstAction=Skip",
      "OnDemandTask.item_0000.Settings|ScanPriority=Normal",
      "OnDemandTask.item_0000.Settings.ScanScope.item_0000|Path=/",
      "OnDemandTask.item_0000.Settings.ScanScope.item_0000|AreaMask.item_0000=*",
      "OnDemandTask.item_0000.Schedule|RuleType=Weekly",
      "OnDemandTask.item_0000.Schedule|StartTime=02:30:00; Mon; 1",
      "OnDemandTask.item_0000.Schedule|RandomInterval=0",
      "OnDemandTask.item_0001|TaskName=Mine",
      "OnDemandTask.item_0001|TaskType=ODS",
      "OnDemandTask.item_0001.Settings.ScanScope.item_0000|Path=/srv",
      "OnDemandTask.item_0001.Schedule|RuleType=6",
  })});
  EXPECT_THAT(migration.config, HasSubstr("[[schedule]]\n"));
  EXPECT_THAT(migration.config, HasSubstr("name = \"Scan_My_Computer\"\n"));
  EXPECT_THAT(migration.config, HasSubstr("when = \"Mon *-*-* 02:30:00\"\n"));
  EXPECT_THAT(migration.config, HasSubstr("\"/\",  # from kesl.ini:5"));
  EXPECT_THAT(migration.config, HasSubstr("quarantine = false\n"));
  EXPECT_THAT(migration.config, Not(HasSubstr("only_masks")));
  // What has no times keeps its scope, and waits.
  EXPECT_THAT(migration.config, HasSubstr("# it is started by hand\nenabled = false\npaths = [\n  \"/srv\","));
  EXPECT_EQ(migration.report.lines.back().outcome, Outcome::kTakenDifferently);
  EXPECT_THAT(migration.report.lines.back().why, HasSubstr("started by hand"));
}

TEST(MigrationTest, StartTimes) {
  const auto calendar = [](const char* rule, const char* start) { return WhenOf(rule, start).calendar; };
  EXPECT_EQ(calendar("Daily", "2026/Jan/30 23:05:00; ; 1"), "*-*-* 23:05:00");
  EXPECT_EQ(calendar("daily", "[2026/01/30] 23:05:00; []; [1]"), "*-*-* 23:05:00");
  EXPECT_EQ(calendar("Weekly", "1:02:03;Sunday;1"), "Sun *-*-* 01:02:03");
  EXPECT_EQ(calendar("Monthly", "01:00:00; 15; 1"), "*-*-15 01:00:00");
  EXPECT_EQ(calendar("Hourly", "2026/01/30 23:05:00; ; 6"), "*-*-* 05/6:05:00");
  EXPECT_EQ(calendar("Minutely", "00:07:00; ; 15"), "*-*-* *:07/15:00");
  EXPECT_EQ(calendar("Once", "2027/02/03 04:05:06"), "2027-02-03 04:05:06");
  EXPECT_EQ(calendar("3", "10:00"), "*-*-* 10:00:00");
  EXPECT_EQ(calendar("Weekly", "2023/05/01 02:30:00; Sat; 0"), "Sat *-*-* 02:30:00");
  EXPECT_EQ(WhenOf("Daily", "10:00:00; ; 1").why, "");
  for (const char* different : {"10:00:00; ; 3"}) EXPECT_NE(WhenOf("Daily", different).why, "");
  EXPECT_NE(WhenOf("Monthly", "10:00:00; 31; 1").why, "");
  EXPECT_NE(WhenOf("Hourly", "10:00:00; ; 5").why, "");
  for (const auto& [rule, start] : std::map<std::string, std::string>{{"Manual", ""},
                                                                      {"PS", ""},
                                                                      {"BR", ""},
                                                                      {"Daily", ""},
                                                                      {"daily", "25:00:00"},
                                                                      {"Weekly", "10:00:00; x; 1"},
                                                                      {"Once", "10:00:00"},
                                                                      {"Yearly", "10:00:00"},
                                                                      {"Hourly", "10:00:00; ; 0"},
                                                                      {"Monthly", "10:00:00; 32; 1"}}) {
    EXPECT_EQ(WhenOf(rule, start).calendar, "") << rule;
    EXPECT_NE(WhenOf(rule, start).why, "") << rule;
  }
}

TEST(MigrationTest, Clamd) {
  const Migration migration = Migrate({Clamd({
      "|LocalSocket=/run/clamav/clamd.ctl",
      "|LocalSocketMode=666",
      "|TCPSocket=3310",
      "|TCPAddr=127.0.0.1",
      "|TCPAddr=::1",
      "|MaxFileSize=25M",
      "|MaxRecursion=16",
      "|ScanPE=yes",
      "|ScanPDF=no",
      "|AlertEncrypted=no",
      "|AlertExceedsMax=yes",
      "|ExcludePath=^/proc/",
      "|ExcludePath=[a-z]+x",
      "|LogSyslog=yes",
      "|LogFacility=LOG_LOCAL0",
      "|OnAccessIncludePath=/home",
      "|OnAccessExcludePath=/home/*x",
      "|OnAccessExcludeUID=33",
      "|OnAccessPrevention=yes",
      "|User=clamav",
      "|Novel=1",
      "|MaxScanTime=0",
  })});
  for (const char* there :
       {"socket = \"/run/clamav/clamd.ctl\"\n", "mode = \"0666\"\n", "\"127.0.0.1:3310\",", "\"[::1]:3310\",",
        "max_size = 26214400\n", "max_depth = 16\n", "incomplete = \"block\"\n", "\"/proc//*\",", "facility = 16\n",
        "\"/home\",", "\"/home/\\\\*x//*\",", "  33,", "events = [\"open\", \"close-write\"]\n", "enabled = true\n"}) {
    EXPECT_THAT(migration.config, HasSubstr(there));
  }
  EXPECT_EQ(OutcomeOf(migration, "ScanPE"), "taken ");
  EXPECT_EQ(OutcomeOf(migration, "ScanPDF"), "not-taken ");
  EXPECT_EQ(OutcomeOf(migration, "Novel"), "not-taken ");
  EXPECT_EQ(OutcomeOf(migration, "MaxScanTime"), "not-taken ");
  EXPECT_EQ(migration.report.lines.size(), 22u);
}

TEST(MigrationTest, MaldetsListsBelongToItsSchedule) {
  const Source list = Of(SettingsFormat::kList, {"|=/home/u/cgi-bin"}, "/x/ignore_paths");
  const Source ext = Of(SettingsFormat::kList, {"|=.js"}, "/x/ignore_file_ext");
  const Source conf =
      Of(SettingsFormat::kShell,
         {"|cron_daily_scan=1", "|scan_tmpdir_paths=/tmp /var/tmp", "|quarantine_hits=1", "|smtp_pass=geheim"},
         "conf.maldet");
  const Migration migration = Migrate({list, ext, conf});
  EXPECT_THAT(migration.config, HasSubstr("\"**/home/u/cgi-bin**\","));
  EXPECT_THAT(migration.config, HasSubstr("\"*.[jJ][sS]\","));
  EXPECT_THAT(migration.config, HasSubstr("\"/var/tmp\","));
  EXPECT_THAT(ReportText(migration.report), Not(HasSubstr("geheim")));
  EXPECT_THAT(Migrate({list}).report.lines[0].why, HasSubstr("no schedule"));
}

TEST(MigrationTest, TheFirstOfTwoCounts) {
  const Migration migration = Migrate({Clamd({"|MaxFileSize=1M", "|MaxFileSize=2M", "|MaxFileSize=1M"})});
  EXPECT_THAT(migration.config, HasSubstr("max_size = 1048576\n"));
  EXPECT_EQ(migration.report.lines[1].outcome, Outcome::kNotTaken);
  EXPECT_THAT(migration.report.lines[1].why, HasSubstr("clamd.conf:1"));
  EXPECT_NE(migration.report.lines[2].outcome, Outcome::kNotTaken);
}

TEST(MigrationTest, NothingIsGuessedOfWhatIsNotKnown) {
  EXPECT_FALSE(Migrate({Of(SettingsFormat::kIni, {"a|b=c"})}).report.complete());
  EXPECT_FALSE(Migrate({Of(SettingsFormat::kList, {"|=x"}, "list")}).report.complete());
  EXPECT_FALSE(Migrate({Of(SettingsFormat::kShell, {"|x=1"})}).report.complete());
  EXPECT_TRUE(Migrate({Of(SettingsFormat::kUnknown, {}, "ignore_paths")}).report.complete());
  Source cut = Clamd({"|MaxFileSize=1M"});
  cut.facts.cut = true;
  EXPECT_FALSE(Migrate({cut}).report.complete());
  Source problem = Clamd({"|MaxFileSize=1M"});
  problem.facts.problems.push_back({7, "odd"});
  const Migration migration = Migrate({problem});
  EXPECT_EQ(migration.report.lines[1].why, "not understood: odd");
}

// What strangers write ends in texts and comments, and nowhere else.
TEST(MigrationTest, ValuesCannotLeaveTheirPlace) {
  const std::string evil = "/x\"\n[daemon]\nuser = \"root\"\n#\\";
  const Migration migration = Migrate(
      {Clamd({"|LocalSocket=" + evil, "|OnAccessIncludePath=" + evil, "|" + evil + "=1", "|DatabaseDirectory=/\xff"}),
       Ini({"ScanScope.item_0000|Path=" + evil, evil + "|TaskName=" + evil})});
  EXPECT_THAT(migration.config, Not(HasSubstr("\n[daemon]")));
  EXPECT_THAT(migration.config, Not(HasSubstr("\nuser")));
  EXPECT_THAT(ReportText(migration.report), Not(HasSubstr("\n[daemon]")));
  EXPECT_THAT(migration.config, HasSubstr("\\\"\\u000a[daemon]"));
  EXPECT_EQ(OutcomeOf(migration, "DatabaseDirectory"), "not-taken ");
  EXPECT_EQ(Migrate({Clamd({"|LocalSocket=" + evil})}).config, Migrate({Clamd({"|LocalSocket=" + evil})}).config);
}

TEST(MigrationTest, MoreMasksThanAScheduleHas) {
  std::vector<std::string> lines = {"|RuleType=Daily", "|StartTime=01:00:00", "ScanScope.item_0000|Path=/",
                                    "|UseExcludeMasks=Yes"};
  for (int i = 0; i < 600; ++i) lines.push_back("|ExcludeMasks.item_" + std::to_string(i) + "=*." + std::to_string(i));
  const Migration migration = Migrate({Ini(lines)});
  EXPECT_EQ(migration.report.Count(Outcome::kNotTaken), 88u);
}

}  // namespace
}  // namespace dl::migrate
