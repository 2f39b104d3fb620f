#include "daylight/quarantine/quarantine.h"

#include <sys/xattr.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include "daylight/crypto/digest.h"
#include "daylight/quarantine/place.h"
#include "daylight/quarantine/quarantine_testing.h"

namespace dl::quarantine {
namespace {

using Kind = TakeOutcome::Kind;

TEST_F(QuarantineTest, TakesAFileAndPutsItBackAsItWas) {
  const auto in = Open();
  const std::string path = Work("a\nb\xff.exe");
  Write(path, Long());
  ASSERT_EQ(::chmod(path.c_str(), 0641), 0);
  const bool attributes = ::setxattr(path.c_str(), "user.note", "x\0y", 3, 0) == 0;
  const timespec times[2] = {{1'000'000'000, 123'456'789}, {-5, 999'999'999}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  struct stat before {};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);

  const TakeOutcome taken =
      Take(*in, path, {.detections = {{"yara", "Rule", "local", "a//b"}}, .reason = "why", .requester = "who"});
  ASSERT_EQ(taken.kind, Kind::kTaken) << taken.detail;
  EXPECT_EQ(taken.path, path);
  EXPECT_EQ(taken.links_left, 0u);
  EXPECT_TRUE(taken.warnings.empty());
  EXPECT_EQ(Names(Work()), std::vector<std::string>{});
  const auto item = in->Find(taken.id.substr(0, 4));
  ASSERT_TRUE(item);
  EXPECT_EQ(item->id, taken.id);
  EXPECT_EQ(item->origin.path, path);
  EXPECT_EQ(item->reason, "why");
  EXPECT_EQ(item->requester, "who");
  ASSERT_EQ(item->detections.size(), 1u);
  EXPECT_EQ(item->detections[0].object, "a//b");
  EXPECT_EQ(Exported(*in, taken.id), Long());
  // No scanner finds it there.
  EXPECT_EQ(Read(Folder() + "/items/" + taken.id).find(Long().substr(1000, 16)), std::string::npos);

  const auto restored = in->Restore({.id = taken.id});
  ASSERT_TRUE(restored) << restored.error().text;
  EXPECT_TRUE(restored->not_set.empty());
  EXPECT_EQ(Names(Work()).size(), 1u);
  struct stat after {};
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
  EXPECT_EQ(after.st_mtim.tv_sec, -5);
  EXPECT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
  EXPECT_EQ(after.st_atim.tv_sec, before.st_atim.tv_sec);
  EXPECT_EQ(Read(path), Long());
  if (attributes) {
    char value[8];
    EXPECT_EQ(::getxattr(path.c_str(), "user.note", value, sizeof value), 3);
  }
  EXPECT_TRUE(Names(Folder() + "/items").empty());
  EXPECT_FALSE(in->Restore({.id = taken.id}));
  EXPECT_TRUE(in->Recover().empty());
}

// Both sides of a chunk's length.
TEST_F(QuarantineTest, EverySizeComesBack) {
  const auto in = Open();
  for (const std::size_t size : {0u, 1u, 65535u, 65536u, 65537u, 131072u}) {
    Write(Work("f"), Long(size));
    const TakeOutcome taken = Take(*in, Work("f"));
    ASSERT_EQ(taken.kind, Kind::kTaken) << taken.detail;
    ASSERT_TRUE(in->Restore({.id = taken.id}));
    EXPECT_EQ(Read(Work("f")), Long(size));
  }
}

TEST_F(QuarantineTest, WhatChangedSinceTheScanIsLeft) {
  const auto in = Open();
  Write(Work("f"), "abc");
  const os::Fd fd = OpenFile(Work("f"));
  const auto expected = os::StateOf(fd.get());
  std::ofstream(Work("f"), std::ios::app) << "d";
  EXPECT_EQ(in->Take({.fd = fd.get(), .path = Work("f"), .expected = expected}).kind, Kind::kChanged);
  EXPECT_EQ(Read(Work("f")), "abcd");
  ASSERT_EQ(::unlink(Work("f").c_str()), 0);
  EXPECT_EQ(in->Take({.fd = fd.get(), .path = Work("f")}).kind, Kind::kGone);
  EXPECT_FALSE(Exists(Work("f")));
  const os::Fd folder(::open(Work().c_str(), O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(in->Take({.fd = folder.get(), .path = Work()}).kind, Kind::kNotRegular);
  EXPECT_EQ(in->Take({.fd = -1, .path = Work()}).kind, Kind::kFailed);
  EXPECT_TRUE(in->List()->empty());
}

// A rename or chmod() since the scan is no change of a file whose digest is known.
TEST_F(QuarantineTest, TheDigestOfTheScanCountsMoreThanTheChangeTime) {
  const auto in = Open();
  Write(Work("f"), "abc");
  const os::Fd fd = OpenFile(Work("f"));
  const auto expected = os::StateOf(fd.get());
  ASSERT_EQ(::chmod(Work("f").c_str(), 0601), 0);
  EXPECT_EQ(in->Take({.fd = fd.get(), .path = Work("f"), .expected = expected}).kind, Kind::kChanged);
  const auto value = crypto::Sha256::Of(AsBytes("abc"));
  std::array<std::uint8_t, 32> sha256;
  std::memcpy(sha256.data(), value.data(), value.size());
  sha256[0] ^= 1;
  EXPECT_EQ(in->Take({.fd = fd.get(), .path = Work("f"), .expected = expected, .sha256 = sha256}).kind, Kind::kChanged);
  EXPECT_TRUE(in->List()->empty());
  sha256[0] ^= 1;
  EXPECT_EQ(in->Take({.fd = fd.get(), .path = Work("f"), .expected = expected, .sha256 = sha256}).kind, Kind::kTaken);
}

TEST_F(QuarantineTest, WhatChangesWhileItIsTakenIsLeft) {
  for (const Step step : {Step::kHalfCopied, Step::kCopiedNoted, Step::kMovedAside}) {
    options_.at_step = [&](Step at) {
      if (at != step) return;
      for (const std::string& name : Names(Work())) std::ofstream(Work(name), std::ios::app) << "more";
    };
    const auto in = Open();
    Write(Work("f"), "abc");
    const TakeOutcome taken = Take(*in, Work("f"));
    EXPECT_EQ(taken.kind, Kind::kChanged) << static_cast<int>(step);
    EXPECT_EQ(Names(Work()), std::vector<std::string>{"f"});
    EXPECT_EQ(Read(Work("f")), "abcmore");
    EXPECT_TRUE(in->List()->empty());
    EXPECT_TRUE(Names(Folder() + "/items").empty());
  }
}

TEST_F(QuarantineTest, FollowsTheFileWhenItIsRenamed) {
  std::filesystem::create_directory(Work("sub"));
  options_.at_step = [&](Step at) {
    if (at == Step::kCopied) std::filesystem::rename(Work("f"), Work("sub/g"));
  };
  const auto in = Open();
  Write(Work("f"), "abc");
  const TakeOutcome taken = Take(*in, Work("f"));
  ASSERT_EQ(taken.kind, Kind::kTaken) << taken.detail;
  EXPECT_EQ(taken.path, Work("sub/g"));
  EXPECT_EQ(in->Find(taken.id)->origin.path, Work("sub/g"));
  EXPECT_EQ(Names(Work("sub")), std::vector<std::string>{});
}

TEST_F(QuarantineTest, AnotherFileUnderTheNameIsPutBack) {
  int once = 0;
  options_.at_step = [&](Step at) {
    if (at == Step::kCopiedNoted && once++ == 0) {
      std::filesystem::rename(Work("evil"), Work("hidden"));
      Write(Work("evil"), "innocent");
    }
  };
  const auto in = Open();
  Write(Work("evil"), "bad");
  const TakeOutcome taken = Take(*in, Work("evil"));
  ASSERT_EQ(taken.kind, Kind::kTaken) << taken.detail;
  EXPECT_EQ(taken.path, Work("hidden"));
  EXPECT_EQ(Names(Work()), std::vector<std::string>{"evil"});
  EXPECT_EQ(Read(Work("evil")), "innocent");
  EXPECT_EQ(Exported(*in, taken.id), "bad");
}

TEST_F(QuarantineTest, NothingIsOverwrittenWhenANameIsTakenMeanwhile) {
  for (const bool plain : {false, true}) {
    PretendPlainRename(plain);
    int round = 0;
    options_.at_step = [&](Step at) {
      if (at == Step::kCopiedNoted && round++ == 0) {
        std::filesystem::rename(Work("evil"), Work("hidden"));
        Write(Work("evil"), "innocent");
      } else if (at == Step::kMovedAside && round == 1) {
        Write(Work("evil"), "third");
      }
    };
    const auto in = Open();
    Write(Work("evil"), "bad");
    const TakeOutcome taken = Take(*in, Work("evil"));
    PretendPlainRename(false);
    ASSERT_EQ(taken.kind, Kind::kTaken) << taken.detail;
    ASSERT_EQ(taken.warnings.size(), 1u);
    EXPECT_EQ(Read(Work("evil")), "third");
    const std::vector<std::string> names = Names(Work());
    ASSERT_EQ(names.size(), 2u);
    EXPECT_NE(taken.warnings[0].find(names[0]), std::string::npos);
    EXPECT_EQ(Read(Work(names[0])), "innocent");
    std::filesystem::remove(Work(names[0]));
  }
}

// Somebody who may write in the folder swaps the names as fast as he can: what is
// taken is what was scanned, and nothing else is lost.
TEST_F(QuarantineTest, SwappedNamesNeverLoseAnotherFile) {
  for (const bool plain : {false, true}) {
    PretendPlainRename(plain);
    const auto in = Open();
    for (int i = 0; i < 40; ++i) {
      Write(Work("evil"), "bad");
      Write(Work("good"), "innocent");
      const os::Fd fd = OpenFile(Work("evil"));
      std::atomic<bool> stop = false;
      std::thread swapper([&] {
        while (!stop) {
          static_cast<void>(::renameat2(AT_FDCWD, Work("evil").c_str(), AT_FDCWD, Work("good").c_str(), 1u << 1));
        }
      });
      const TakeOutcome taken = in->Take({.fd = fd.get(), .path = Work("evil")});
      stop = true;
      swapper.join();
      std::vector<std::string> left;
      for (const std::string& name : Names(Work())) left.push_back(Read(Work(name)));
      std::sort(left.begin(), left.end());
      if (taken.kind == Kind::kTaken) {
        EXPECT_EQ(left, std::vector<std::string>{"innocent"});
        EXPECT_EQ(Exported(*in, taken.id), "bad");
      } else {
        EXPECT_EQ(taken.kind, Kind::kMoved) << taken.detail;
        EXPECT_EQ(left, (std::vector<std::string>{"bad", "innocent"}));
      }
      for (const std::string& name : Names(Work())) std::filesystem::remove(Work(name));
    }
    PretendPlainRename(false);
  }
}

TEST_F(QuarantineTest, LinksOnTheWayAreNotFollowed) {
  const auto in = Open();
  std::filesystem::create_directory(Work("real"));
  Write(Work("real/f"), "abc");
  std::filesystem::create_directory_symlink(Work("real"), Work("link"));
  std::filesystem::create_symlink(Work("real/f"), Work("leaf"));
  EXPECT_FALSE(Place::Open(Work("link/f")));
  EXPECT_FALSE(Place::Open(Work("real/../real/f")));
  EXPECT_FALSE(Place::Open("relative"));
  const os::Fd fd = OpenFile(Work("real/f"));
  // The kernel's own name of the file is used instead, and the links stay.
  const TakeOutcome taken = in->Take({.fd = fd.get(), .path = Work("leaf")});
  ASSERT_EQ(taken.kind, Kind::kTaken) << taken.detail;
  EXPECT_EQ(taken.path, Work("real/f"));
  EXPECT_EQ(Names(Work()), (std::vector<std::string>{"leaf", "link", "real"}));
  const auto restored = in->Restore({.id = taken.id, .target = Work("link/f")});
  ASSERT_FALSE(restored);
  EXPECT_NE(restored.error().text.find("symbolic link"), std::string::npos);
  // A link with the name counts as something, and is replaced only by name.
  EXPECT_FALSE(in->Restore({.id = taken.id, .target = Work("leaf")}));
  ASSERT_TRUE(in->Restore({.id = taken.id, .target = Work("leaf"), .overwrite = true}));
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(Work("leaf"))));
}

TEST_F(QuarantineTest, OtherNamesAreLeftAndTold) {
  const auto in = Open();
  Write(Work("f"), "abc");
  std::filesystem::create_hard_link(Work("f"), Work("g"));
  const TakeOutcome taken = Take(*in, Work("f"));
  ASSERT_EQ(taken.kind, Kind::kTaken) << taken.detail;
  EXPECT_EQ(taken.links_left, 1u);
  EXPECT_EQ(taken.inode, in->Find(taken.id)->origin.state.inode);
  EXPECT_EQ(in->Find(taken.id)->origin.links, 2u);
  EXPECT_EQ(Names(Work()), std::vector<std::string>{"g"});
}

TEST_F(QuarantineTest, TellsWhoHasItOpen) {
  const auto in = Open();
  Write(Work("f"), "abc");
  EXPECT_EQ(Take(*in, Work("f")).still_open, std::optional(false));
  Write(Work("f"), "abc");
  const os::Fd reader = OpenFile(Work("f"));
  EXPECT_EQ(Take(*in, Work("f")).still_open, std::optional(true));
}

TEST_F(QuarantineTest, OwnFilesAreImmune) {
  std::filesystem::create_directories(Work("own/deep"));
  options_.own_folders = {Work("own")};
  options_.own_files = {Work("program")};
  const auto in = Open();
  Write(Work("own/deep/f"), "abc");
  Write(Work("program"), "abc");
  std::filesystem::create_hard_link(Work("program"), Work("alias"));
  EXPECT_EQ(Take(*in, Work("own/deep/f"), {.insist = true}).kind, Kind::kOwnFile);
  EXPECT_EQ(Take(*in, Work("alias"), {.insist = true}).kind, Kind::kOwnFile);
  EXPECT_EQ(Take(*in, Folder() + "/key", {.insist = true}).kind, Kind::kOwnFile);
  EXPECT_EQ(Take(*in, Folder() + "/index.db", {.insist = true}).kind, Kind::kOwnFile);
}

TEST_F(QuarantineTest, PackageFilesAreLeftUnlessTheCallerInsists) {
  std::filesystem::create_directories(root_ + "/dpkg/info");
  options_.package_database = root_ + "/dpkg";
  const std::string path = Work("tool");
  // The MD5 of "abc".
  Write(root_ + "/dpkg/info/tools:amd64.md5sums", "900150983cd24fb0d6963f7d28e17f72  " + path.substr(1) + "\n");
  const auto in = Open();
  Write(path, "abc");
  const TakeOutcome taken = Take(*in, path);
  EXPECT_EQ(taken.kind, Kind::kPackageFile);
  EXPECT_EQ(taken.package, "tools");
  EXPECT_EQ(Read(path), "abc");
  Write(path, "abx");
  EXPECT_EQ(Take(*in, path).kind, Kind::kTaken);
  Write(path, "abc");
  EXPECT_EQ(Take(*in, path, {.insist = true}).kind, Kind::kTaken);
}

TEST_F(QuarantineTest, DamageIsNoticedBeforeAnythingIsGivenOut) {
  const auto in = Open();
  Write(Work("f"), Long());
  const std::string id = Take(*in, Work("f")).id;
  const std::string blob = Folder() + "/items/" + id;
  const std::string whole = Read(blob);
  std::vector<std::string> damaged{whole.substr(0, whole.size() - 1), whole + "x", whole.substr(0, 20), ""};
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{10}, std::size_t{60}, std::size_t{70'000}, whole.size() - 1}) {
    damaged.push_back(whole);
    damaged.back()[at] = static_cast<char>(damaged.back()[at] ^ 1);
  }
  // Cut where a chunk ends, and two chunks in each other's place.
  const std::size_t chunk = 65536 + 16;
  const std::size_t last = whole.size() - (Long().size() % 65536 + 16);
  damaged.push_back(whole.substr(0, last));
  damaged.push_back(whole);
  std::swap_ranges(damaged.back().begin() + static_cast<std::ptrdiff_t>(last - chunk),
                   damaged.back().begin() + static_cast<std::ptrdiff_t>(last),
                   damaged.back().begin() + static_cast<std::ptrdiff_t>(last - 2 * chunk));
  for (const std::string& bytes : damaged) {
    Write(blob, bytes);
    const auto restored = in->Restore({.id = id});
    ASSERT_FALSE(restored);
    EXPECT_EQ(Exported(*in, id).front(), '(');
    EXPECT_EQ(std::filesystem::file_size(root_ + "/exported"), 0u);
    EXPECT_TRUE(Names(Work()).empty());
    EXPECT_EQ(Kept(*in).size(), 1u);
  }
  Write(blob, whole);
  EXPECT_TRUE(in->Restore({.id = id}));
  EXPECT_EQ(Read(Work("f")), Long());
}

TEST_F(QuarantineTest, RestoreOverwritesNothingUnasked) {
  const auto in = Open();
  std::filesystem::create_directory(Work("sub"));
  Write(Work("sub/f"), "bad");
  const std::string id = Take(*in, Work("sub/f")).id;
  Write(Work("sub/f"), "new");
  EXPECT_FALSE(in->Restore({.id = id}));
  EXPECT_EQ(Read(Work("sub/f")), "new");
  std::filesystem::remove_all(Work("sub"));
  EXPECT_FALSE(in->Restore({.id = id}));
  std::filesystem::create_directory(Work("sub"));
  // Taken between the look and the rename.
  options_.at_step = [&](Step at) {
    if (at == Step::kRestored) Write(Work("sub/f"), "late");
  };
  EXPECT_FALSE(Open()->Restore({.id = id}));
  EXPECT_EQ(Names(Work("sub")), std::vector<std::string>{"f"});
  EXPECT_EQ(Read(Work("sub/f")), "late");
  EXPECT_EQ(Kept(*in).size(), 1u);
  ASSERT_TRUE(in->Restore({.id = id, .overwrite = true}));
  EXPECT_EQ(Read(Work("sub/f")), "bad");
}

TEST_F(QuarantineTest, RestoreIsNotFooledByAnotherFileUnderItsTemporaryName) {
  Write(Work("f"), "bad");
  const std::string id = Take(*Open(), Work("f")).id;
  options_.at_step = [&](Step at) {
    if (at != Step::kRestored) return;
    const std::string name = Names(Work()).front();
    std::filesystem::rename(Work(name), root_ + "/stolen");
    Write(Work(name), "planted");
  };
  const auto in = Open();
  EXPECT_FALSE(in->Restore({.id = id}));
  EXPECT_EQ(Kept(*in).size(), 1u);
  EXPECT_EQ(Exported(*in, id), "bad");
}

TEST_F(QuarantineTest, DeleteAndIds) {
  const auto in = Open();
  Write(Work("f"), "bad");
  const std::string id = Take(*in, Work("f")).id;
  EXPECT_EQ(id.size(), 10u);
  EXPECT_FALSE(in->Find(id.substr(0, 3)));
  EXPECT_FALSE(in->Find("zzzz"));
  EXPECT_FALSE(in->Delete("nothing"));
  EXPECT_FALSE(in->Delete("../key"));
  EXPECT_TRUE(in->Delete(id));
  EXPECT_FALSE(in->Delete(id));
  EXPECT_EQ(in->Find(id)->state, State::kDeleted);
  EXPECT_TRUE(Names(Folder() + "/items").empty());
  // One whose file somebody has removed can still be forgotten.
  Write(Work("f"), "bad");
  const std::string lost = Take(*in, Work("f")).id;
  std::filesystem::remove(Folder() + "/items/" + lost);
  EXPECT_FALSE(in->Restore({.id = lost}));
  EXPECT_TRUE(in->Delete(lost));
  const std::int64_t now = in->Find(lost)->ended_ns;
  EXPECT_EQ(*in->Forget(now - 1), 1u);
  EXPECT_EQ(*in->Forget(now), 1u);
  EXPECT_TRUE(in->List()->empty());
}

TEST_F(QuarantineTest, WhatIsKeptOfARequestIsBounded) {
  const auto in = Open();
  Write(Work("f"), "bad");
  const std::string text(5000, 'x');
  Request request{.reason = text, .requester = text};
  request.detections.assign(101, {text, text, text, text});
  const Item item = *in->Find(Take(*in, Work("f"), request).id);
  EXPECT_EQ(item.reason.size(), 4096u);
  EXPECT_EQ(item.detections.size(), 100u);
  EXPECT_EQ(item.detections[99].object.size(), 4096u);
}

TEST_F(QuarantineTest, AFolderOpenToOthersIsRefused) {
  std::filesystem::create_directory(Folder());
  ASSERT_EQ(::chmod(Folder().c_str(), 0750), 0);
  EXPECT_FALSE(Quarantine::Open(Folder(), options_));
  ASSERT_EQ(::chmod(Folder().c_str(), 0700), 0);
  EXPECT_TRUE(Quarantine::Open(Folder(), options_));
  std::filesystem::create_directory_symlink(Folder(), root_ + "/other");
  EXPECT_FALSE(Quarantine::Open(root_ + "/other", options_));
  options_.make_folder = false;
  EXPECT_FALSE(Quarantine::Open(root_ + "/none", options_));
  EXPECT_FALSE(Exists(root_ + "/none"));
}

TEST_F(QuarantineTest, WithoutItsKeyNothingNewIsSealed) {
  Write(Work("f"), "bad");
  ASSERT_EQ(Take(*Open(), Work("f")).kind, Kind::kTaken);
  std::filesystem::rename(Folder() + "/key", root_ + "/key");
  EXPECT_FALSE(Quarantine::Open(Folder(), options_));
  std::filesystem::rename(root_ + "/key", Folder() + "/key");
  EXPECT_TRUE(Quarantine::Open(Folder(), options_));
}

TEST_F(QuarantineTest, AForeignIndexIsRefused) {
  ASSERT_NE(Open(), nullptr);
  Write(Folder() + "/index.db", std::string(5000, 'x'));
  EXPECT_FALSE(Quarantine::Open(Folder(), options_));
}

TEST_F(QuarantineTest, AReadOnlyFolderIsReported) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write there; e2e_quarantine has a read-only mount";
  const auto in = Open();
  std::filesystem::create_directory(Work("sub"));
  Write(Work("sub/f"), "bad");
  ASSERT_EQ(::chmod(Work("sub").c_str(), 0555), 0);
  EXPECT_EQ(Take(*in, Work("sub/f")).kind, Kind::kNotPermitted);
  ASSERT_EQ(::chmod(Work("sub").c_str(), 0755), 0);
}

TEST_F(QuarantineTest, KeepsSpaceFree) {
  options_.keep_free_bytes = ~std::uint64_t{0};
  Write(Work("f"), "bad");
  EXPECT_EQ(Take(*Open(), Work("f")).kind, Kind::kNoSpace);
  EXPECT_EQ(Read(Work("f")), "bad");
}

TEST_F(QuarantineTest, PathsLongerThanTheKernelTakes) {
  const auto in = Open();
  const std::string name(250, 'd');
  os::Fd folder(::open(Work().c_str(), O_RDONLY | O_DIRECTORY));
  std::string path = Work();
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(::mkdirat(folder.get(), name.c_str(), 0700), 0);
    folder = os::Fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
    path += "/" + name;
  }
  os::Fd file(::openat(folder.get(), "f", O_RDWR | O_CREAT, 0600));
  ASSERT_TRUE(os::WriteAll(file.get(), "bad"));
  const TakeOutcome taken = in->Take({.fd = file.get(), .path = path + "/f"});
  ASSERT_EQ(taken.kind, Kind::kTaken) << taken.detail;
  ASSERT_TRUE(in->Restore({.id = taken.id}));
  EXPECT_EQ(::faccessat(folder.get(), "f", F_OK, 0), 0);
}

}  // namespace
}  // namespace dl::quarantine
