#include "daylight/opener/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dl::opener {
namespace {

std::string ErrorOf(std::string_view text) {
  OpenerOptions options;
  std::string error;
  return ParseOptions(text, options, error) ? "" : error;
}

TEST(OptionsTest, AllKeysAreRead) {
  OpenerOptions options;
  std::string error;
  ASSERT_TRUE(ParseOptions(R"(
[server]
anything = "is the daemon's"
[on_access]
enabled = true
mounts = ["/home/"]
file_systems = ["/"]
folders = ["/srv"]
containers = true
exclude = ["/srv/db", "*.tmp"]
exclude_masks = ["/a//*", "*.log"]
only_masks = ["/b/**"]
exclude_users = [33]
exclude_types = ["vfat"]
events = ["exec", "close-write"]
wait_ms = 10
on_timeout = "deny"
on_daemon_down = "deny"
max_pending = 7
max_pending_writes = 8
kernel_cache_files = 0
cache_files = 9
removable = []
stable_mounts = ["/srv/images"]
[quarantine]
folder = "/q"
keep_days = 3
[opener]
state_folder = "/s"
daemon_user = "somebody"
max_walks = 2
walk_as_root = false
)",
                           options, error))
      << error;
  const OnAccessOptions& on_access = options.on_access;
  EXPECT_TRUE(on_access.enabled && on_access.containers && on_access.on_exec && on_access.on_written);
  EXPECT_FALSE(on_access.on_open || on_access.allow_on_timeout || on_access.allow_on_daemon_down);
  EXPECT_THAT(on_access.mounts, testing::ElementsAre("/home"));
  EXPECT_THAT(on_access.file_systems, testing::ElementsAre("/"));
  EXPECT_THAT(on_access.exclude_masks, testing::ElementsAre("/a//*", "*.log"));
  EXPECT_THAT(on_access.only_masks, testing::ElementsAre("/b/**"));
  EXPECT_THAT(on_access.exclude_users, testing::ElementsAre(33U));
  EXPECT_EQ(on_access.wait_ms, 10U);
  EXPECT_EQ(on_access.max_pending, 7U);
  EXPECT_EQ(on_access.kernel_cache_files, 0U);
  EXPECT_TRUE(on_access.removable.empty());
  EXPECT_EQ(options.quarantine.folder, "/q");
  EXPECT_EQ(options.daemon_user, "somebody");
  EXPECT_EQ(options.max_walks, 2U);
  EXPECT_FALSE(options.walk_as_root);
}

TEST(OptionsTest, NothingIsTheDefault) {
  EXPECT_EQ(ErrorOf(""), "");
  OpenerOptions options;
  EXPECT_FALSE(options.on_access.enabled);
}

TEST(OptionsTest, ErrorsNameTheirLine) {
  EXPECT_EQ(ErrorOf("\n[on_access]\nenabeld = true\n"), "line 3: [on_access] has no key enabeld");
  EXPECT_EQ(ErrorOf("[on_access]\nenabled = 1\n"), "line 2: enabled must be true or false");
  EXPECT_EQ(ErrorOf("[on_access]\nwait_ms = 9\n"), "line 2: wait_ms must be a number from 10 to 600000");
  EXPECT_EQ(ErrorOf("[on_access]\non_timeout = \"perhaps\"\n"), "line 2: on_timeout must be \"allow\" or \"deny\"");
  EXPECT_EQ(ErrorOf("[on_access]\n\nevents = [\"read\"]\n"),
            "line 3: events knows \"open\", \"exec\" and \"close-write\" only");
  EXPECT_THAT(ErrorOf("[on_access]\nmounts = [\"home\"]\n"), testing::StartsWith("line 2: "));
  EXPECT_THAT(ErrorOf("[on_access]\nmounts = \"/home\"\n"), testing::StartsWith("line 2: "));
  EXPECT_THAT(ErrorOf("[on_access]\nexclude_masks = [\"a/b\"]\n"), testing::StartsWith("line 2: "));
  EXPECT_THAT(ErrorOf("[on_access]\nexclude_users = [-1]\n"), testing::StartsWith("line 2: "));
  EXPECT_THAT(ErrorOf("[on_access]\nexclude_users = [4294967295]\n"), testing::StartsWith("line 2: "));
  EXPECT_THAT(ErrorOf("[quarantine]\nfolder = \"q\"\n"), testing::StartsWith("line 2: "));
  EXPECT_THAT(ErrorOf("[on_access\n"), testing::StartsWith("line 1"));
  EXPECT_THAT(ErrorOf("on_access = 3\n"), testing::StartsWith("line 1: "));
  EXPECT_THAT(ErrorOf("[opener]\nmax_walks = 0\n"), testing::StartsWith("line 2: "));
}

}  // namespace
}  // namespace dl::opener
