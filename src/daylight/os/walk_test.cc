#include "daylight/os/walk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "daylight/os/paths.h"

namespace dl::os {
namespace {

namespace fs = std::filesystem;

class WalkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "daylight-walk-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }
  void Write(const std::string& name, const std::string& text = "x") {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  // "kind path", paths relative to the root; entered folders left out.
  std::vector<std::string> Walk(WalkOptions options, const std::string& argument = "") {
    Walker walker(std::move(options));
    walker.Add(argument.empty() ? root_.string() : argument);
    std::vector<std::string> lines;
    while (auto entry = walker.Next()) {
      if (entry->kind == WalkEntry::Kind::kEntered) continue;
      std::string path = entry->path;
      if (path.starts_with(root_.string() + "/")) path = path.substr(root_.string().size() + 1);
      const char* kind = entry->kind == WalkEntry::Kind::kFile     ? "file "
                         : entry->kind == WalkEntry::Kind::kFailed ? "failed "
                                                                   : "skipped ";
      lines.push_back(kind + path);
      EXPECT_EQ(entry->fd.valid(), entry->kind == WalkEntry::Kind::kFile) << path;
    }
    return lines;
  }
  fs::path root_;
};

using Lines = std::vector<std::string>;

TEST_F(WalkTest, DepthFirstAndSortedByBytes) {
  for (const char* name : {"b", "a/z", "a/b/c", "a.txt", "B", "\xff", "-x", "new\nline"}) Write(name);
  EXPECT_EQ(Walk({}), (Lines{"file -x", "file B", "file a/b/c", "file a/z", "file a.txt", "file b", "file new\nline",
                             "file \xff"}));
}

TEST_F(WalkTest, LooksAroundWhereItIsAndNowhereElse) {
  for (const char* name : {"etc/os-release", "a/b", "blobs/x"}) Write(name);
  fs::create_symlink("/etc/os-release", root_ / "absolute");
  fs::create_symlink("../../../../a/b", root_ / "up");
  fs::create_symlink(root_ / "a/b", root_ / "out");  // Where it leads there is something, but for a root nothing.
  fs::create_symlink("blobs", root_ / "link");
  for (const bool ask : {false, true}) {
    Walker walker({.always_ask_helper = ask});
    walker.Add(root_.string());
    EXPECT_EQ(walker.OpenHere("a", {}).error, ENOENT);  // It is nowhere yet.
    ASSERT_TRUE(walker.Next());
    for (const char* name : {"etc", "a", "absolute"}) EXPECT_TRUE(walker.HasName(name)) << name;
    for (const char* name : {"et", "etc/", "", "zz"}) EXPECT_FALSE(walker.HasName(name)) << name;
    const auto error = [&](const char* name, Want want, bool follow) {
      return walker.OpenHere(name, {.want = want, .follow = follow}).error;
    };
    EXPECT_EQ(error("a/b", Want::kFile, false), 0);
    EXPECT_EQ(error("absolute", Want::kAny, true), 0);
    EXPECT_EQ(error("up", Want::kAny, true), 0);
    EXPECT_EQ(error("../a/b", Want::kFile, false), 0);  // "..", too, stays.
    EXPECT_EQ(error("out", Want::kAny, true), ENOENT);
    EXPECT_EQ(error("up", Want::kFile, false), ELOOP);
    EXPECT_EQ(error("link/x", Want::kFile, false), ELOOP);
    EXPECT_EQ(walker.ListHere("link").error, ENOTDIR);
    ASSERT_EQ(walker.ListHere("blobs").names.size(), 1u);
    while (const auto entry = walker.Next()) {
      EXPECT_EQ(entry->remote, ask && entry->kind == WalkEntry::Kind::kFile);
    }
  }
}

TEST_F(WalkTest, LinksMetOnTheWayNeedFollowButArgumentsDoNot) {
  Write("real/f");
  fs::create_symlink("real", root_ / "link");
  fs::create_symlink("real/f", root_ / "to_file");
  fs::create_symlink("nowhere", root_ / "dangling");
  EXPECT_EQ(Walk({}), (Lines{"skipped dangling", "skipped link", "file real/f", "skipped to_file"}));
  EXPECT_EQ(Walk({.follow = true}), (Lines{"skipped dangling", "file link/f", "file real/f", "file to_file"}));
  EXPECT_EQ(Walk({}, (root_ / "link").string()), (Lines{"file link/f"}));
  EXPECT_EQ(Walk({}, (root_ / "to_file").string()), (Lines{"file to_file"}));
}

TEST_F(WalkTest, LoopsOfLinksEnd) {
  Write("a/f");
  fs::create_directory_symlink("..", root_ / "a" / "up");
  fs::create_symlink("self", root_ / "self");
  EXPECT_EQ(Walk({.follow = true}), (Lines{"file a/f", "skipped a/up", "skipped self"}));
}

TEST_F(WalkTest, LinksThatFanOutDoNotDoubleTheWork) {
  for (int i = 0; i < 30; ++i) {
    const std::string here = "d" + std::to_string(i);
    Write(here + "/f");
    const std::string next = "../d" + std::to_string(i + 1);
    fs::create_symlink(next, root_ / here / "x");
    fs::create_symlink(next, root_ / here / "y");
  }
  EXPECT_LT(Walk({.follow = true}, (root_ / "d0").string()).size(), 200u);
}

TEST_F(WalkTest, SpecialFilesAreNotOpened) {
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  Write("file");
  EXPECT_EQ(Walk({}), (Lines{"skipped fifo", "file file"}));
  EXPECT_EQ(Walk({}, (root_ / "fifo").string()), (Lines{"failed fifo"}));
  EXPECT_EQ(Walk({}, "/dev/zero"), (Lines{"failed /dev/zero"}));
  EXPECT_EQ(Walk({}, "/proc"), (Lines{"failed /proc"}));
  EXPECT_EQ(Walk({}, "/proc/version"), (Lines{"failed /proc/version"}));
}

TEST_F(WalkTest, LinksOfProcIntoProcessesNeedFollow) {
  Write("file", "hello");
  const Fd open_file(::open((root_ / "file").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string magic = "/proc/self/fd/" + std::to_string(open_file.get());
  fs::create_symlink(magic, root_ / "link");
  EXPECT_EQ(Walk({}, magic), (Lines{"failed " + magic}));
  EXPECT_EQ(Walk({}, (root_ / "link").string()), (Lines{"failed link"}));
  EXPECT_EQ(Walk({.follow = true}, magic), (Lines{"file " + magic}));
  EXPECT_EQ(Walk({.follow = true}, (root_ / "link").string()), (Lines{"file link"}));
  EXPECT_EQ(Walk({.follow = true}), (Lines{"file file", "file link"}));
}

TEST_F(WalkTest, FilesOfTheKernelAreNotReachedByLinksEither) {
  fs::create_symlink("/proc/version", root_ / "version");
  fs::create_symlink("/proc/self", root_ / "self");
  fs::create_symlink("/dev/zero", root_ / "zero");
  fs::create_symlink("/sys", root_ / "sys");
  EXPECT_EQ(Walk({.follow = true}), (Lines{"skipped self", "skipped sys", "skipped version", "skipped zero"}));
}

TEST_F(WalkTest, WhatIsHandedOutIsReadOnlyRegularAndDoesNotBlock) {
  Write("file");
  for (const std::string& argument : {root_.string(), (root_ / "file").string()}) {
    Walker walker({});
    walker.Add(argument);
    auto entry = walker.Next();
    if (entry->kind == WalkEntry::Kind::kEntered) entry = walker.Next();
    ASSERT_TRUE(entry->fd.valid());
    struct stat info {};
    ASSERT_EQ(::fstat(entry->fd.get(), &info), 0);
    EXPECT_TRUE(S_ISREG(info.st_mode));
    const int flags = ::fcntl(entry->fd.get(), F_GETFL);
    EXPECT_EQ(flags & (O_ACCMODE | O_PATH), O_RDONLY);
    EXPECT_NE(flags & O_NONBLOCK, 0);
    EXPECT_EQ(::fcntl(entry->fd.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(entry->modified_ns, info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec);
  }
}

// Each name becomes something else between the listing and the opening.
TEST_F(WalkTest, NamesThatBecomeSomethingElseOnTheWay) {
  for (const char* name : {"a", "b", "c", "d", "e/x", "f/x", "g"}) Write(name, "old");
  Write("z/secret");
  Walker walker({});
  walker.Add(root_.string());
  ASSERT_EQ(walker.Next()->kind, WalkEntry::Kind::kEntered);
  fs::remove(root_ / "a");
  ASSERT_EQ(::mkfifo((root_ / "a").c_str(), 0600), 0);
  fs::remove(root_ / "b");
  fs::create_symlink("z/secret", root_ / "b");
  fs::remove(root_ / "c");
  fs::remove(root_ / "d");
  fs::create_directory(root_ / "d");
  fs::remove_all(root_ / "e");
  fs::create_symlink("z", root_ / "e");
  fs::remove_all(root_ / "f");
  ASSERT_EQ(::mkfifo((root_ / "f").c_str(), 0600), 0);
  Write("h", "new one");
  fs::rename(root_ / "h", root_ / "g");  // As editors do: a new file, whole.
  std::vector<std::string> seen;
  while (auto entry = walker.Next()) {
    const std::string name = entry->path.substr(root_.string().size() + 1);
    const bool file = entry->kind == WalkEntry::Kind::kFile;
    seen.push_back((file ? "file " : entry->kind == WalkEntry::Kind::kEntered ? "entered " : "other ") + name);
    EXPECT_EQ(entry->fd.valid(), file);
    if (name == "g") {
      EXPECT_EQ(entry->size, 7u);
    }
  }
  EXPECT_EQ(seen, (Lines{"other a", "other b", "other c", "entered d", "other e", "other f", "file g", "entered z",
                         "file z/secret"}));
}

TEST_F(WalkTest, MountsOnTheWay) {
  // Needs the right to mount; a file system of its own, below a local folder.
  fs::create_directory(root_ / "m");
  if (::mount("none", (root_ / "m").c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "may not mount";
  Write("m/inside");
  Write("outside");
  Write("file-point");
  const bool bound = ::mount("/proc/version", (root_ / "file-point").c_str(), nullptr, MS_BIND, nullptr) == 0;
  EXPECT_EQ(Walk({}), (Lines{bound ? "skipped file-point" : "file file-point", "file m/inside", "file outside"}));
  EXPECT_EQ(Walk({.one_file_system = true}),
            (Lines{bound ? "skipped file-point" : "file file-point", "skipped m", "file outside"}));
  ::umount((root_ / "file-point").c_str());
  ::umount((root_ / "m").c_str());
}

TEST_F(WalkTest, MissingAndEmptyArgumentsFail) {
  EXPECT_EQ(Walk({}, (root_ / "gone").string()), (Lines{"failed gone"}));
  Walker walker({});
  walker.Add("");
  const auto entry = walker.Next();
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->kind, WalkEntry::Kind::kFailed);
  EXPECT_FALSE(walker.Next().has_value());
}

TEST_F(WalkTest, ExcludedByNameOrByWholePath) {
  for (const char* name : {"a/keep", "a/drop.tmp", "b/c/keep", "b/d/keep"}) Write(name);
  EXPECT_EQ(Walk({.exclude = {"*.tmp", root_.string() + "/b/c"}}), (Lines{"file a/keep", "file b/d/keep"}));
  EXPECT_EQ(Walk({.exclude = {"a", "d"}}), (Lines{"file b/c/keep"}));
}

TEST_F(WalkTest, MasksSayWhichFilesCount) {
  for (const char* name : {"a/keep.doc", "a/x.txt", "b.txt/keep.doc", "db/deep/x.doc", "x.tmp/keep.doc"}) Write(name);
  fs::create_symlink("a/keep.doc", root_ / "link.doc");
  const auto walk = [&](const std::vector<std::string>& exclude, const std::vector<std::string>& only) {
    WalkOptions options;
    options.masks = *PathMasks::Parse(exclude, only);
    return Walk(std::move(options));
  };
  const std::string root = root_.string();
  // A folder is none of a mask for names.
  EXPECT_EQ(walk({"*.txt", "*.tmp", root + "/db//*"}, {}),
            (Lines{"file a/keep.doc", "file b.txt/keep.doc", "skipped link.doc", "file x.tmp/keep.doc"}));
  EXPECT_EQ(walk({root + "/*/*.doc"}, {}), (Lines{"file a/x.txt", "file db/deep/x.doc", "skipped link.doc"}));
  EXPECT_EQ(walk({}, {root + "/a//*.txt", root + "/db/**"}),
            (Lines{"file a/x.txt", "file db/deep/x.doc", "skipped link.doc"}));
  WalkOptions options;
  options.masks = *PathMasks::Parse({"keep.doc"}, {});
  EXPECT_EQ(Walk(std::move(options), root + "/a/keep.doc"), Lines{});
}

TEST_F(WalkTest, DeeperThanDescriptorsAndThanPathMax) {
  // 600 levels of 16 bytes: beyond PATH_MAX, so made step by step.
  constexpr int kDepth = 600;
  Fd here(::open(root_.c_str(), O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::mkdirat(here.get(), "deep-deep-deep-d", 0700), 0);
    Fd file(::openat(here.get(), "z", O_WRONLY | O_CREAT, 0600));
    ASSERT_TRUE(file.valid());
    here = Fd(::openat(here.get(), "deep-deep-deep-d", O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(here.valid());
  }
  const Lines lines = Walk({});
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(kDepth));
  for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("file ")) << line.substr(0, 80);
}

TEST_F(WalkTest, CountsWithoutOpening) {
  Write("a", "12345");
  Walker walker({.count_only = true});
  walker.Add(root_.string());
  std::uint64_t bytes = 0;
  while (auto entry = walker.Next()) bytes += entry->size;
  EXPECT_EQ(bytes, 5u);
}

TEST_F(WalkTest, WhatIsKnownIsNotOpened) {
  for (const char* name : {"a", "b", "d/c", "d/e"}) Write(name, "four");
  fs::create_symlink("a", root_ / "link");
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  std::vector<std::string> asked;
  WalkOptions options;
  options.follow = true;
  options.is_known = [&](const FoundFile& file) {
    EXPECT_TRUE(file.state.is_regular());
    EXPECT_EQ(file.state.size, 4u);
    EXPECT_GE(file.at, 0);
    asked.push_back(file.path.substr(root_.string().size() + 1));
    return file.path.ends_with("a") || file.path.ends_with("e") || file.path.ends_with("link");
  };
  Walker walker(options);
  walker.Add(root_.string());
  walker.Add((root_ / "b").string());
  walker.Add((root_ / "a").string());
  Lines lines;
  while (const auto entry = walker.Next()) {
    if (entry->kind != WalkEntry::Kind::kFile) continue;
    lines.push_back((entry->known ? "known " : "opened ") + entry->path.substr(root_.string().size() + 1));
    EXPECT_EQ(entry->fd.valid(), !entry->known);
    EXPECT_EQ(entry->size, 4u);
    EXPECT_NE(entry->modified_ns, 0);
  }
  EXPECT_EQ(lines, (Lines{"known a", "opened b", "opened d/c", "known d/e", "known link", "opened b", "known a"}));
  EXPECT_EQ(asked, (Lines{"a", "b", "d/c", "d/e", "link", "b", "a"}));
}

}  // namespace
}  // namespace dl::os
