#include "daylight/daemon/config/daemon_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "daylight/opener/options.h"

namespace dl::daemon {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kRoot = DAYLIGHT_SOURCE_DIR;

std::string FileText(const std::string& path) {
  std::ifstream file(kRoot + "/" + path);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string DefaultFile() { return FileText("apps/daemon/daylightd.toml"); }

// Takes the `#` away from each setting: there it stands right before it, while text has a blank behind it.
std::string WithAllSettings(const std::string& text) {
  std::stringstream in(text);
  std::string line, out;
  while (std::getline(in, line)) {
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
    out += line + '\n';
  }
  return out;
}

// How often each key is there: in a parser's source, as what its calls ask for; in a file, as what stands before `=`.
std::map<std::string, int> KeysOf(const std::string& text, const char* pattern) {
  std::map<std::string, int> keys;
  const std::regex expression(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) ++keys[(*at)[1].str()];
  return keys;
}

std::vector<std::string> Errors(std::string_view text) {
  DaemonConfig config;
  return ParseDaemonConfig(text, config);
}

DaemonConfig Parsed(std::string_view text) {
  DaemonConfig config;
  EXPECT_THAT(ParseDaemonConfig(text, config), IsEmpty()) << text;
  return config;
}

TEST(DefaultFileTest, ChangesNothingAsItComes) {
  const std::string text = DefaultFile();
  EXPECT_EQ(Parsed(text), DaemonConfig{});
  opener::OpenerOptions options;
  std::string error;
  EXPECT_TRUE(opener::ParseOptions(text, options, error)) << error;
  EXPECT_EQ(options, opener::OpenerOptions{});
}

TEST(DefaultFileTest, SaysTheDefaultOfEachSetting) {
  const std::string text = WithAllSettings(DefaultFile());
  DaemonConfig config = Parsed(text);
  // Of these there are none by default, so the file has examples.
  EXPECT_EQ(config.events.files.size(), 1u);
  EXPECT_EQ(config.events.syslog.size(), 1u);
  EXPECT_EQ(config.events.syslog[0], SyslogConfig{});
  ASSERT_EQ(config.hooks.size(), 1u);
  EXPECT_EQ(config.hooks[0].timeout, HookConfig{}.timeout);
  ASSERT_EQ(config.schedules.size(), 1u);
  EXPECT_EQ(config.schedules[0].one_file_system, ScheduleConfig{}.one_file_system);
  EXPECT_EQ(config.schedules[0].quarantine, ScheduleConfig{}.quarantine);
  EXPECT_EQ(config.allowed.size(), 2u);
  config.events.files.clear();
  config.events.syslog.clear();
  config.hooks.clear();
  config.schedules.clear();
  config.allowed.clear();
  EXPECT_EQ(config, DaemonConfig{});
  opener::OpenerOptions options;
  std::string error;
  EXPECT_TRUE(opener::ParseOptions(text, options, error)) << error;
  EXPECT_EQ(options, opener::OpenerOptions{});
}

TEST(DefaultFileTest, HasEveryKeyThatIsRead) {
  const auto there = KeysOf(WithAllSettings(DefaultFile()), "(?:^|\n)([a-z_0-9]+) = ");
  const char* const asked =
      "\\.(?:Flag|Number|Fraction|Size|Duration|Text|Texts|Path|Paths|Choice|Mode|Date|List)\\(\"([a-z_0-9]+)\"";
  std::map<std::string, int> wanted = KeysOf(FileText("src/daylight/daemon/config/daemon_config.cc"), asked);
  for (const auto& [key, count] : KeysOf(FileText("src/daylight/opener/options.cc"), asked)) wanted[key] += count;
  EXPECT_GT(wanted.size(), 80u);  // Else the pattern is out of date.
  wanted["incomplete"] += 3;      // One call reads it, for four protocols.
  wanted["folder"] -= 1;          // Of [quarantine], which both read.
  for (const auto& [key, count] : wanted) {
    const auto found = there.find(key);
    EXPECT_GE(found == there.end() ? 0 : found->second, count) << key;
  }
}

TEST(DefaultFileTest, TheCanary) {
  // What the two tests above would see: a value that is no default, and a setting that is gone.
  std::string text = WithAllSettings(DefaultFile());
  const auto at = text.find("max_depth = 16");
  ASSERT_NE(at, std::string::npos);
  EXPECT_NE(Parsed(text.replace(at, 14, "max_depth = 17")).budget.max_depth, DaemonConfig{}.budget.max_depth);
}

TEST(DaemonConfigTest, SideBySide) {
  const SideBySideOptions beside =
      Parsed(
          "[side_by_side]\nclamd = \"/run/clamav/clamd.ctl\"\nshare = 0.25\ntimeout = \"5s\"\n"
          "max_queue = 7\nprotocols = [\"icap\", \"on-access\"]\nnames = true\n")
          .side_by_side;
  EXPECT_EQ(beside.clamd, "/run/clamav/clamd.ctl");
  EXPECT_EQ(beside.share, 0.25);
  EXPECT_EQ(beside.timeout, milliseconds(5000));
  EXPECT_EQ(beside.max_queue, 7u);
  EXPECT_THAT(beside.protocols, ElementsAre("icap", "on-access"));
  EXPECT_TRUE(beside.names);
  EXPECT_EQ(Parsed("[side_by_side]\nshare = 1\n").side_by_side.share, 1);
  EXPECT_EQ(Parsed("[side_by_side]\ncommand = [\"/usr/bin/clamscan\", \"{path}\"]\n").side_by_side.command.size(), 2u);
  const auto wrong = [](const std::string& text) { return Errors("[side_by_side]\n" + text); };
  EXPECT_THAT(wrong("share = 1.5\n"), ElementsAre("line 2: share must be a number from 0 to 1"));
  EXPECT_EQ(wrong("share = nan\n").size(), 1u);
  EXPECT_EQ(wrong("share = \"all\"\n").size(), 1u);
  EXPECT_EQ(wrong("protocols = [\"smtp\"]\n").size(), 1u);
  EXPECT_EQ(wrong("clamd = \"localhost:3310\"\n").size(), 1u);
  EXPECT_EQ(wrong("kav = \"127.0.0.1\"\n").size(), 1u);
  EXPECT_EQ(wrong("command = [\"clamscan\", \"{path}\"]\n").size(), 1u);
  EXPECT_EQ(wrong("command = [\"/usr/bin/clamscan\"]\n").size(), 1u);
  EXPECT_EQ(wrong("clamd = \"/a\"\nkav = \"/b\"\n").size(), 1u);
  EXPECT_EQ(wrong("parallel = 0\n").size(), 1u);
  // Its own questions would never end.
  EXPECT_EQ(wrong("clamd = \"/run/daylight/clamd.sock\"\n").size(), 1u);
  EXPECT_EQ(wrong("clamd = \"127.0.0.1:3310\"\n[clamd]\ntcp = [\"127.0.0.1:3310\"]\n").size(), 1u);
  EXPECT_EQ(wrong("kav = \"127.0.0.1:9999\"\n[kav]\nhttp = [\"127.0.0.1:9999\"]\n").size(), 1u);
}

TEST(DaemonConfigTest, NothingIsTheDefaults) { EXPECT_EQ(Parsed(""), DaemonConfig{}); }

TEST(DaemonConfigTest, ReadsWhatIsWritten) {
  const DaemonConfig config = Parsed(
      "[daemon]\nuser = \"scan\"\nopener_socket = \"\"\n"
      "[content]\nrules = [\"/srv/rules/\"]\nbuilt_in = false\nself_check = \"0s\"\n"
      "[workers]\ncount = 3\nisolation = \"object\"\n"
      "[scan]\nmax_size = \"1 GiB\"\ntimeout = \"10ms\"\n"
      "[clamd]\nsocket = \"\"\ntcp = [\"127.0.0.1:3310\"]\nmode = \"0600\"\nincomplete = \"pass\"\n"
      "[icap]\ntoo_large = \"pass\"\n"
      "[quarantine]\nautomatic = true\nfolder = \"/srv/q\"\n");
  EXPECT_EQ(config.user, "scan");
  EXPECT_EQ(config.opener_socket, "");
  EXPECT_THAT(config.content.rules, ElementsAre("/srv/rules"));
  EXPECT_FALSE(config.content.built_in);
  EXPECT_EQ(config.content.self_check, milliseconds(0));
  EXPECT_EQ(config.workers, 3u);
  EXPECT_TRUE(config.isolate_objects);
  EXPECT_EQ(config.budget.max_object_bytes, std::uint64_t{1} << 30);
  EXPECT_EQ(config.budget.timeout_ms, 10u);
  EXPECT_EQ(config.clamd.socket, "");
  EXPECT_THAT(config.clamd.tcp, ElementsAre("127.0.0.1:3310"));
  EXPECT_EQ(config.clamd.mode, 0600u);
  EXPECT_FALSE(config.incomplete.Blocks(Protocol::kClamd));
  EXPECT_TRUE(config.incomplete.Blocks(Protocol::kIcap));
  EXPECT_FALSE(config.icap.block_too_large);
  EXPECT_TRUE(config.quarantine_on_access);
}

TEST(DaemonConfigTest, Masks) {
  const DaemonConfig config = Parsed(
      "[clamd]\nexclude = [\"*/x/*\"]\nexclude_masks = [\"/a//*\"]\n"
      "[[schedule]]\nname = \"s\"\nwhen = \"daily\"\npaths = [\"/\"]\n"
      "exclude_masks = [\"*.tmp\"]\nonly_masks = [\"/home//*doc\"]\n");
  EXPECT_THAT(config.clamd.exclude, ElementsAre("*/x/*"));
  EXPECT_THAT(config.clamd.exclude_masks, ElementsAre("/a//*"));
  ASSERT_EQ(config.schedules.size(), 1u);
  EXPECT_THAT(config.schedules[0].exclude_masks, ElementsAre("*.tmp"));
  EXPECT_THAT(config.schedules[0].only_masks, ElementsAre("/home//*doc"));
  EXPECT_THAT(Errors("[clamd]\nexclude_masks = [\"a/b\"]\n"),
              ElementsAre("line 2: exclude_masks a mask for paths must begin with / or **"));
  std::string many = "[clamd]\nexclude_masks = [";
  for (int i = 0; i < 512; ++i) many += "\"a\",";
  EXPECT_THAT(Errors(many + "]\n"), IsEmpty());
  EXPECT_EQ(Errors(many + "\"a\"]\n").size(), 1u);
}

TEST(DaemonConfigTest, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(Errors("[clamd]\n\nsockte = \"/x\"\n"), ElementsAre("line 3: [clamd] has no key sockte"));
  EXPECT_THAT(Errors("[calmd]\n"), ElementsAre("line 1: there is no section or key calmd"));
  EXPECT_THAT(Errors("[clamd]\nsocket = \"run/x\"\n"), ElementsAre("line 2: socket must be an absolute path"));
  EXPECT_THAT(Errors("[workers]\nisolation = \"none\"\n"),
              ElementsAre("line 2: isolation must be \"batch\" or \"object\""));
  EXPECT_THAT(Errors("[daemon]\nuser = 7\n[http]\nmode = \"rw\"\n"),
              ElementsAre("line 2: user must be a text", "line 4: mode must be access bits such as \"0660\""));
  EXPECT_THAT(Errors("clamd = 1\n"), ElementsAre("line 1: clamd must be a table: [clamd]"));
  EXPECT_THAT(Errors("[hook]\n"), ElementsAre("line 1: hook must be tables: [[hook]]"));
  EXPECT_EQ(Errors("[daemon\n").size(), 1u);
}

TEST(DaemonConfigTest, BothSidesOfEachBound) {
  struct Bound {
    const char* section;
    const char* key;
    const char* least;
    const char* below;
    const char* most;
    const char* above;
  };
  constexpr Bound kBounds[] = {
      {"content", "self_check", "\"0s\"", nullptr, "\"366d\"", "\"367d\""},
      {"workers", "count", "0", "-1", "1024", "1025"},
      {"workers", "max_objects", "1", "0", "1000000000", "1000000001"},
      {"scan", "max_depth", "0", "-1", "64", "65"},
      {"scan", "max_children", "1", "0", "100000000", "100000001"},
      {"scan", "timeout", "\"10ms\"", "\"9ms\"", "\"24h\"", "\"86400001ms\""},
      {"queue", "max_requests", "1", "0", "1000000", "1000001"},
      {"queue", "timeout", "\"100ms\"", "\"99ms\"", "\"1d\"", "\"86400001ms\""},
      {"clients", "max_connections", "1", "0", "1000000", "1000001"},
      {"clients", "max_per_client", "1", "0", "1000000", "1000001"},
      {"clients", "idle_timeout", "\"100ms\"", "\"99ms\"", "\"24h\"", "\"86401s\""},
      {"clients", "read_timeout", "\"100ms\"", "\"99ms\"", "\"24h\"", "\"86401s\""},
      {"clients", "request_timeout", "\"100ms\"", "\"99ms\"", "\"7d\"", "\"169h\""},
      {"clients", "send_timeout", "\"100ms\"", "\"99ms\"", "\"24h\"", "\"86401s\""},
      {"icap", "preview", "0", "-1", "65536", "65537"},
      {"events", "keep", "\"1h\"", "\"59m\"", "\"7320d\"", "\"7321d\""},
      {"events", "max_rows", "1000", "999", "1000000000", "1000000001"},
  };
  for (const Bound& bound : kBounds) {
    const std::string start = "[" + std::string(bound.section) + "]\n" + bound.key + " = ";
    for (const char* good : {bound.least, bound.most}) EXPECT_THAT(Errors(start + good), IsEmpty()) << start << good;
    for (const char* bad : {bound.below, bound.above}) {
      if (bad == nullptr) continue;
      const auto errors = Errors(start + bad);
      ASSERT_EQ(errors.size(), 1u) << start << bad;
      EXPECT_TRUE(errors[0].starts_with("line 2: " + std::string(bound.key) + " must be ")) << errors[0];
      // What is refused changes nothing.
      DaemonConfig config;
      ParseDaemonConfig(start + bad, config);
      EXPECT_EQ(config, DaemonConfig{}) << start << bad;
    }
  }
  EXPECT_THAT(Errors("[[hook]]\ncommand = [\"/x\"]\ntimeout = \"99ms\"\n").size(), 1u);
  EXPECT_THAT(Errors("[[hook]]\ncommand = [\"/x\"]\ntimeout = \"1h\"\n"), IsEmpty());
  EXPECT_THAT(Errors("[[syslog]]\nfacility = 24\n").size(), 1u);
  EXPECT_THAT(Errors("[[syslog]]\nfacility = 23\n"), IsEmpty());
}

TEST(DaemonConfigTest, AllowEntriesSayWhatAndWhoAndWhy) {
  const std::string digest(64, 'a');
  const DaemonConfig config =
      Parsed("[[allow]]\nsha256 = \"" + digest + "\"\nwho = \"a\"\nwhy = \"b\"\nuntil = 2027-01-31T00:00:00Z\n");
  ASSERT_EQ(config.allowed.size(), 1u);
  EXPECT_EQ(config.allowed[0].sha256->at(31), 0xaa);
  EXPECT_EQ(config.allowed[0].until, 1'801'353'600);
  const std::string people = "who = \"a\"\nwhy = \"b\"\n";
  EXPECT_THAT(Errors("[[allow]]\nsha256 = \"" + digest.substr(1) + "\"\n" + people),
              ElementsAre("line 2: sha256 must be 64 hexadecimal digits"));
  EXPECT_EQ(Errors("[[allow]]\n" + people).size(), 1u);
  EXPECT_EQ(Errors("[[allow]]\nname = \"X\"\nsha256 = \"" + digest + "\"\n" + people).size(), 1u);
  EXPECT_THAT(Errors("[[allow]]\nname = \"*\"\n" + people), ElementsAre("line 2: name would allow everything"));
  EXPECT_EQ(Errors("[[allow]]\nname = \"X\"\nwhy = \"b\"\n").size(), 1u);
  EXPECT_EQ(Errors("[[allow]]\nname = \"X\"\nwho = \"a\"\n").size(), 1u);
  EXPECT_THAT(Errors("[[allow]]\nname = \"X*\"\n" + people), IsEmpty());
}

TEST(DaemonConfigTest, EntriesWithoutWhatTheyNeed) {
  EXPECT_EQ(Errors("[[event_file]]\n").size(), 1u);
  EXPECT_EQ(Errors("[[hook]]\ncommand = [\"relative\"]\n").size(), 1u);
  EXPECT_EQ(Errors("[[hook]]\n").size(), 1u);
  EXPECT_EQ(Errors("[[schedule]]\n").size(), 3u);  // No name, no time, no paths.
  const std::string good = "[[schedule]]\nname = \"a\"\nwhen = \"daily\"\npaths = [\"/srv\"]\n";
  EXPECT_THAT(Errors(good), IsEmpty());
  EXPECT_THAT(Errors(good + good), ElementsAre("line 6: name is there twice"));
}

}  // namespace
}  // namespace dl::daemon
