#include "daylight/events/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daylight/events/store_reader.h"
#include "daylight/events/store_schema.h"
#include "daylight/events/test_event.h"

namespace dl::events {
namespace {

namespace fs = std::filesystem;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/daylight-store-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ + "/events.db";
  }
  void TearDown() override { fs::remove_all(folder_); }

  StoreOptions Options() const {
    StoreOptions options;
    options.path = path_;
    options.max_age_s = 0;
    return options;
  }

  std::vector<Event> ReadAll(const StoreQuery& query = {}) const {
    std::vector<Event> events;
    std::string trouble;
    auto reader = StoreReader::Open(path_, trouble);
    EXPECT_TRUE(reader.has_value()) << trouble;
    if (!reader) return events;
    const Status status = reader->Read(query, [&](const StoredEvent& stored) {
      events.push_back(stored.event);
      return true;
    });
    EXPECT_TRUE(status.has_value()) << reader->trouble();
    return events;
  }

  static Event Numbered(int i) {
    Event event;
    event.kind = i % 2 == 0 ? EventKind::kDetection : EventKind::kScanStarted;
    event.id = "id-" + std::to_string(i);
    event.time_ns = (1'796'000'000LL + i) * 1'000'000'000;
    event.path = "/p/" + std::to_string(i);
    return event;
  }

  std::string folder_;
  std::string path_;
};

void ExpectSame(const Event& a, const Event& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.time_ns, b.time_ns);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.effective_severity(), b.effective_severity());
  EXPECT_EQ(a.verdict, b.verdict);
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.object, b.object);
  EXPECT_EQ(a.sha256, b.sha256);
  EXPECT_EQ(a.size, b.size);
  ASSERT_EQ(a.detections.size(), b.detections.size());
  for (std::size_t i = 0; i < a.detections.size(); ++i) {
    EXPECT_EQ(a.detections[i].engine, b.detections[i].engine);
    EXPECT_EQ(a.detections[i].name, b.detections[i].name);
    EXPECT_EQ(a.detections[i].source, b.detections[i].source);
    EXPECT_EQ(a.detections[i].licence, b.detections[i].licence);
    EXPECT_EQ(a.detections[i].object, b.detections[i].object);
  }
  ASSERT_EQ(a.theirs.has_value(), b.theirs.has_value());
  if (a.theirs && b.theirs) {
    EXPECT_EQ(a.theirs->scanner, b.theirs->scanner);
    EXPECT_EQ(a.theirs->verdict, b.theirs->verdict);
    EXPECT_EQ(a.theirs->names, b.theirs->names);
  }
  ASSERT_EQ(a.incomplete.size(), b.incomplete.size());
  for (std::size_t i = 0; i < a.incomplete.size(); ++i) {
    EXPECT_EQ(a.incomplete[i].object, b.incomplete[i].object);
    EXPECT_EQ(a.incomplete[i].reason, b.incomplete[i].reason);
    EXPECT_EQ(a.incomplete[i].detail, b.incomplete[i].detail);
  }
  EXPECT_EQ(a.protocol, b.protocol);
  EXPECT_EQ(a.client.address, b.client.address);
  EXPECT_EQ(a.client.uid, b.client.uid);
  EXPECT_EQ(a.client.pid, b.client.pid);
  EXPECT_EQ(a.client.exe, b.client.exe);
  EXPECT_EQ(a.action, b.action);
  EXPECT_EQ(a.why, b.why);
  EXPECT_EQ(a.database, b.database);
  EXPECT_EQ(a.schedule, b.schedule);
  EXPECT_EQ(a.totals.has_value(), b.totals.has_value());
  if (a.totals && b.totals) {
    EXPECT_EQ(a.totals->files, b.totals->files);
    EXPECT_EQ(a.totals->failed, b.totals->failed);
  }
  EXPECT_EQ(a.from_ns, b.from_ns);
  EXPECT_EQ(a.until_ns, b.until_ns);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.cut, b.cut);
  EXPECT_EQ(a.more_detections, b.more_detections);
  EXPECT_EQ(a.more_incomplete, b.more_incomplete);
}

TEST_F(StoreTest, KeepsEveryFieldAndEveryByte) {
  Event odd = FullEvent();
  odd.path = std::string("/\xff\n\0]", 5);
  odd.detections[0].name = std::string("nul\0", 4);
  odd.client = {"", UINT32_MAX, -1, "\xfe"};
  odd.totals = {1, 2, 3, 4, 5};
  odd.from_ns = -5;
  odd.until_ns = 5;
  odd.cut = "path";
  odd.more_detections = 7;
  odd.severity = Severity::kCritical;
  Event bare;
  bare.id = "bare";
  bare.kind = EventKind::kStopped;
  bare.size = 0;
  Store store(Options());
  for (const Event& event : {FullEvent(), odd, bare}) store.Add(event);
  ASSERT_TRUE(store.Flush()) << store.trouble();
  EXPECT_EQ(store.written(), 3u);
  EXPECT_EQ(store.waiting(), 0u);
  const auto events = ReadAll();
  ASSERT_EQ(events.size(), 3u);
  ExpectSame(events[0], FullEvent());
  ExpectSame(events[1], odd);
  ExpectSame(events[2], bare);
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(StoreTest, KeepsWhatTheOtherScannerSays) {
  Event named = FullEvent();
  named.kind = EventKind::kDifference;
  named.theirs = {"clamd", report::Verdict::kDetected, {"A", std::string("b\0\xff", 3)}};
  Event nameless = named;
  nameless.theirs = {"kav", report::Verdict::kClean, {}};
  Store store(Options());
  for (const Event& event : {named, FullEvent(), nameless}) store.Add(event);
  ASSERT_TRUE(store.Flush()) << store.trouble();
  const auto events = ReadAll();
  ASSERT_EQ(events.size(), 3u);
  ExpectSame(events[0], named);
  ExpectSame(events[1], FullEvent());
  ExpectSame(events[2], nameless);
  StoreQuery query;
  query.kinds = {EventKind::kDifference};
  EXPECT_EQ(ReadAll(query).size(), 2u);
}

// As a Daylight made it that knew no differences.
TEST_F(StoreTest, AStoreWithoutTheTableOfOthersIsReadAndCompleted) {
  {
    Store store(Options());
    store.Add(FullEvent());
    ASSERT_TRUE(store.Flush());
  }
  {
    Database database;
    ASSERT_EQ(database.Open(path_, SQLITE_OPEN_READWRITE), SQLITE_OK);
    ASSERT_EQ(database.Run("DROP TABLE theirs"), SQLITE_OK);
  }
  ASSERT_EQ(ReadAll().size(), 1u);
  Event other = FullEvent();
  other.kind = EventKind::kDifference;
  other.theirs = {"command", report::Verdict::kFailed, {}};
  Store store(Options());
  store.Add(other);
  ASSERT_TRUE(store.Flush()) << store.trouble();
  ASSERT_EQ(ReadAll().size(), 2u);
  ExpectSame(ReadAll()[1], other);
}

TEST_F(StoreTest, AnswersQueries) {
  Store store(Options());
  for (int i = 0; i < 1000; ++i) store.Add(Numbered(i));
  ASSERT_TRUE(store.Flush());
  StoreQuery query;
  EXPECT_EQ(ReadAll(query).size(), 1000u);
  query.kinds = {EventKind::kScanStarted};
  EXPECT_EQ(ReadAll(query).size(), 500u);
  query.kinds.push_back(EventKind::kDetection);
  query.since_ns = Numbered(10).time_ns;
  query.until_ns = Numbered(19).time_ns;
  EXPECT_EQ(ReadAll(query).size(), 10u);
  query = {};
  query.path_prefix = "/p/99";
  EXPECT_EQ(ReadAll(query).size(), 11u);
  query.path_prefix = "/p/9'%_";
  EXPECT_EQ(ReadAll(query).size(), 0u);
  std::string trouble;
  auto reader = StoreReader::Open(path_, trouble);
  ASSERT_TRUE(reader.has_value());
  for (const auto& [n, expected] : {std::pair<std::uint64_t, std::size_t>{0, 0},
                                    {1, 1},
                                    {300, 300},
                                    {1000, 1000},
                                    {5000, 1000},
                                    {UINT64_MAX, 1000}}) {
    StoreQuery last;
    last.after_seq = *reader->StartOfLast(last, n);
    const auto events = ReadAll(last);
    EXPECT_EQ(events.size(), expected) << n;
    if (!events.empty()) {
      EXPECT_EQ(events.back().id, "id-999");
    }
  }
}

TEST_F(StoreTest, IsBoundedByRows) {
  StoreOptions options = Options();
  options.max_rows = 100;
  Store store(options);
  for (int i = 0; i < 1000; ++i) {
    store.Add(Numbered(i));
    if (i % 10 == 0) {
      ASSERT_TRUE(store.Flush());
    }
  }
  ASSERT_TRUE(store.Flush());
  const auto events = ReadAll();
  ASSERT_EQ(events.size(), 100u);
  EXPECT_EQ(events.front().id, "id-900");
  EXPECT_EQ(events.back().id, "id-999");
}

TEST_F(StoreTest, IsBoundedByBytes) {
  StoreOptions options = Options();
  options.max_bytes = 1 << 20;
  Store store(options);
  for (int i = 0; i < 2000; ++i) {
    Event event = Numbered(i);
    event.detections = {{"yara", std::string(1000, 'n'), "s", "l", "o"}};
    event.path += std::string(4000, 'p');
    store.Add(event);
    if (i % 10 == 0) {
      ASSERT_TRUE(store.Flush());
    }
  }
  ASSERT_TRUE(store.Flush());
  EXPECT_LT(fs::file_size(path_), 2u << 20);
  const auto events = ReadAll();
  EXPECT_GT(events.size(), 20u);
  EXPECT_EQ(events.back().id, "id-1999");
}

TEST_F(StoreTest, IsBoundedByAge) {
  StoreOptions options = Options();
  options.max_age_s = 3600;
  Store store(options);
  const std::int64_t now = std::time(nullptr);
  for (int i = 0; i < 10; ++i) {
    Event event = Numbered(i);
    event.time_ns = (now - (i % 2 == 0 ? 3700 : 3500)) * 1'000'000'000;  // Not in order.
    event.incomplete = {{"o", "r", "d"}};
    store.Add(event);
  }
  ASSERT_TRUE(store.Flush());
  EXPECT_EQ(ReadAll().size(), 5u);
  Database database;
  ASSERT_EQ(database.Open(path_, SQLITE_OPEN_READONLY), SQLITE_OK);
  EXPECT_EQ(database.Number("SELECT count(*) FROM incomplete"), 5);
}

TEST_F(StoreTest, LeavesANewerSchemaAlone) {
  {
    Store store(Options());
    store.Add(Numbered(1));
    ASSERT_TRUE(store.Flush());
  }
  {
    Database database;
    ASSERT_EQ(database.Open(path_, SQLITE_OPEN_READWRITE), SQLITE_OK);
    ASSERT_EQ(database.Run("PRAGMA user_version=2"), SQLITE_OK);
  }
  Store store(Options());
  store.Add(Numbered(2));
  EXPECT_FALSE(store.Flush());
  EXPECT_NE(store.trouble().find("newer Daylight (schema 2, this one knows 1)"), std::string::npos) << store.trouble();
  std::string trouble;
  EXPECT_FALSE(StoreReader::Open(path_, trouble).has_value());
  EXPECT_NE(trouble.find("newer"), std::string::npos);
  Database database;
  ASSERT_EQ(database.Open(path_, SQLITE_OPEN_READONLY), SQLITE_OK);
  EXPECT_EQ(database.Number("SELECT count(*) FROM events"), 1);
}

TEST_F(StoreTest, LeavesOthersDatabasesAlone) {
  {
    Database database;
    ASSERT_EQ(database.Open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE), SQLITE_OK);
    ASSERT_EQ(database.Run("CREATE TABLE mine(x)"), SQLITE_OK);
  }
  Store store(Options());
  store.Add(Numbered(1));
  EXPECT_FALSE(store.Flush());
  EXPECT_EQ(store.trouble(), "it is a database of another program");
  std::string trouble;
  EXPECT_FALSE(StoreReader::Open(path_, trouble).has_value());
}

TEST_F(StoreTest, GarbageIsToldAndCounted) {
  std::ofstream(path_) << std::string(100'000, 'g');
  StoreOptions options = Options();
  options.max_waiting = 10;
  Store store(options);
  for (int i = 0; i < 25; ++i) {
    store.Add(Numbered(i));
    EXPECT_FALSE(store.Flush(Store::Clock::now() + std::chrono::hours(i)));
  }
  EXPECT_NE(store.trouble(), "");
  EXPECT_EQ(store.waiting(), 10u);
  EXPECT_EQ(store.lost(), 15u);
  // Once it is good again what waited is written, the newest.
  fs::remove(path_);
  ASSERT_TRUE(store.FlushNow());
  EXPECT_EQ(store.trouble(), "");
  const auto events = ReadAll();
  ASSERT_EQ(events.size(), 10u);
  EXPECT_EQ(events.front().id, "id-15");
}

TEST_F(StoreTest, ACorruptPageNeverStopsIt) {
  {
    Store store(Options());
    for (int i = 0; i < 2000; ++i) store.Add(Numbered(i));
    ASSERT_TRUE(store.Flush());
  }
  const auto size = fs::file_size(path_);
  for (std::uintmax_t at = 4096; at + 512 < size; at += 4096) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << std::string(200, '\xa5');
  }
  Store store(Options());
  store.Add(Numbered(1));
  store.Flush();
  EXPECT_NE(store.trouble(), "");
  std::string trouble;
  if (auto reader = StoreReader::Open(path_, trouble)) {
    EXPECT_FALSE(reader->Read({}, [](const StoredEvent&) { return true; }).has_value());
    EXPECT_NE(reader->trouble(), "");
  }
}

TEST_F(StoreTest, WaitsForALockButNotForLong) {
  Store store(Options());
  store.Add(Numbered(0));
  ASSERT_TRUE(store.Flush());
  Database other;
  ASSERT_EQ(other.Open(path_, SQLITE_OPEN_READWRITE), SQLITE_OK);
  ASSERT_EQ(other.Run("BEGIN IMMEDIATE"), SQLITE_OK);
  store.Add(Numbered(1));
  const auto now = Store::Clock::now();
  EXPECT_FALSE(store.Flush(now));
  EXPECT_NE(store.trouble().find("locked"), std::string::npos) << store.trouble();
  // Not even tried in the next half second.
  EXPECT_FALSE(store.Flush(now + std::chrono::milliseconds(400)));
  ASSERT_EQ(other.Run("ROLLBACK"), SQLITE_OK);
  EXPECT_FALSE(store.Flush(now + std::chrono::milliseconds(400)));
  EXPECT_TRUE(store.Flush(now + std::chrono::milliseconds(600)));
  EXPECT_EQ(ReadAll().size(), 2u);
}

TEST_F(StoreTest, WhatIsNoFileIsRefused) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  Store store(Options());
  store.Add(Numbered(0));
  EXPECT_FALSE(store.Flush());
  EXPECT_EQ(store.trouble(), "it is not a regular file");
  StoreOptions options = Options();
  options.path = folder_ + "/none/events.db";
  Store nowhere(options);
  EXPECT_FALSE(nowhere.Flush());
  EXPECT_NE(nowhere.trouble().find("No such file"), std::string::npos);
}

TEST_F(StoreTest, AFileThatWasTakenAwayIsMadeAnew) {
  Store store(Options());
  store.Add(Numbered(0));
  ASSERT_TRUE(store.Flush());
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path_ + suffix);
  store.Add(Numbered(1));
  ASSERT_TRUE(store.Flush());
  const auto events = ReadAll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].id, "id-1");
}

TEST_F(StoreTest, ReadersDoNotStopTheWriter) {
  Store store(Options());
  for (int i = 0; i < 600; ++i) store.Add(Numbered(i));
  ASSERT_TRUE(store.Flush());
  std::string trouble;
  auto reader = StoreReader::Open(path_, trouble);
  ASSERT_TRUE(reader.has_value()) << trouble;
  int seen = 0;
  const Status status = reader->Read({}, [&](const StoredEvent&) {
    if (++seen <= 300) {
      store.Add(Numbered(1000 + seen));
      EXPECT_TRUE(store.Flush()) << store.trouble();
    }
    return true;
  });
  EXPECT_TRUE(status.has_value());
  EXPECT_EQ(seen, 900);
}

TEST_F(StoreTest, SurvivesKill) {
  // A child writes and says how far it came; it is killed at any moment. All that it said
  // was written has to be there, whole, and the store has to go on.
  int expected = 0;
  for (int round = 0; round < 25; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Store store(Options());
      for (int i = 0;; ++i) {
        Event event = Numbered(i);
        event.detections = {{"yara", "n", "s", "", "o"}, {"yara", "m", "s", "", "o"}};
        store.Add(event);
        if (store.Flush() && ::write(ends[1], "x", 1) != 1) ::_exit(1);
      }
    }
    ::close(ends[1]);
    char x = 0;
    ASSERT_EQ(::read(ends[0], &x, 1), 1);
    ++expected;
    ::usleep(static_cast<useconds_t>(round * 700));
    ::kill(child, SIGKILL);
    while (::read(ends[0], &x, 1) == 1) ++expected;
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    const auto events = ReadAll();
    // The last of a round may be written and not said.
    EXPECT_GE(events.size(), static_cast<std::size_t>(expected));
    EXPECT_LE(events.size(), static_cast<std::size_t>(expected + round + 1));
    for (const Event& event : events) ASSERT_EQ(event.detections.size(), 2u);
  }
  Database database;
  ASSERT_EQ(database.Open(path_, SQLITE_OPEN_READONLY), SQLITE_OK);
  Statement check(database, "PRAGMA integrity_check");
  ASSERT_EQ(check.Step(), SQLITE_ROW);
  EXPECT_EQ(check.Text(0), "ok");
}

TEST_F(StoreTest, AFullDiskIsToldAndPasses) {
  if (::mount("daylight-test", folder_.c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "cannot mount a small tmpfs (root only)";
  {
    Store store(Options());
    int i = 0;
    bool full = false;
    for (; i < 3000 && !full; ++i) {
      Event event = Numbered(i);
      event.path += std::string(2000, 'p');
      store.Add(event);
      full = !store.FlushNow();
    }
    EXPECT_TRUE(full);
    EXPECT_NE(store.trouble(), "");
    const auto before = ReadAll().size();
    EXPECT_GT(before, 10u);
    EXPECT_EQ(before, store.written());
    // More disk, and it goes on, with nothing lost.
    ASSERT_EQ(::mount("daylight-test", folder_.c_str(), "tmpfs", MS_REMOUNT, "size=16m"), 0);
    EXPECT_TRUE(store.FlushNow()) << store.trouble();
    EXPECT_EQ(store.lost(), 0u);
    EXPECT_EQ(ReadAll().size(), static_cast<std::size_t>(i));
  }
  EXPECT_EQ(::umount(folder_.c_str()), 0);
}

}  // namespace
}  // namespace dl::events
