#include "daylight/daemon/beside/side_by_side.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "daylight/daemon/beside/scripted_peer.h"
#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/open_file.h"

namespace dl::daemon {
namespace {

using report::Verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = ScanOutcome::Kind;
using Where = ScriptedPeer::Where;
using namespace std::string_view_literals;

ScanRequest RequestOf(std::string bytes) {
  ScanRequest request;
  request.size = bytes.size();
  request.bytes = std::move(bytes);
  request.path = "a.bin";
  return request;
}

ScanOutcome OutcomeOf(Kind kind, std::vector<std::string> names = {}) {
  ScanOutcome outcome;
  outcome.kind = kind;
  outcome.names = std::move(names);
  return outcome;
}

// A clamd that finds "Test.Mark" in what has "MARK", fails at what has "FAIL", and is stuck at "STUCK".
void Scan(PeerConnection& client) {
  if (client.ReceiveUntil("\0"sv) != "zINSTREAM\0"sv) return;
  const std::string bytes = client.ReceiveStream();
  if (bytes.find("STUCK") != std::string::npos) return client.BeSilent();
  if (bytes.find("MARK") != std::string::npos) {
    client.Send("stream: Test.Mark FOUND\0"sv);
  } else if (bytes.find("FAIL") != std::string::npos) {
    client.Send("stream: no memory ERROR\0"sv);
  } else {
    client.Send("stream: OK\0"sv);
  }
}

class SideBySideTest : public ::testing::Test {
 protected:
  SideBySideTest() : peer_(Where::kTcp, Scan) { options_.clamd = peer_.address(); }

  void Offer(ScanRequest request, const ScanOutcome& outcome) {
    beside_.Offer(std::move(request), outcome, [&] {
      events::Event event;
      event.path = "a.bin";
      event.protocol = "clamd";
      return event;
    });
  }
  void Offer(const std::string& bytes, Kind kind, std::vector<std::string> names = {}) {
    Offer(RequestOf(bytes), OutcomeOf(kind, std::move(names)));
  }
  // Until `is_so` of the counts; what is new meanwhile is kept.
  template <typename IsSo>
  SideBySide::Counts Until(const IsSo& is_so) {
    for (int i = 0; i < 6000; ++i) {
      for (SideBySide::News& news : beside_.TakeNews()) news_.push_back(std::move(news));
      const SideBySide::Counts counts = beside_.counts();
      if (is_so(counts)) {
        for (SideBySide::News& news : beside_.TakeNews()) news_.push_back(std::move(news));
        return counts;
      }
      ::usleep(10'000);
    }
    ADD_FAILURE() << beside_.Summary();
    return beside_.counts();
  }
  SideBySide::Counts UntilDone(std::uint64_t n) {
    return Until(
        [n](const SideBySide::Counts& c) { return c.agreed + c.differed + c.failed + c.left_out + c.dropped >= n; });
  }

  SideBySideOptions options_;
  ScriptedPeer peer_;
  SideBySide beside_;
  std::vector<SideBySide::News> news_;
};

TEST_F(SideBySideTest, Off) {
  beside_.Configure({});
  EXPECT_FALSE(beside_.is_on());
  Offer("MARK", Kind::kClean);
  EXPECT_EQ(beside_.counts().asked, 0u);
  EXPECT_EQ(beside_.ToPrometheus(), "");
  EXPECT_THAT(beside_.TakeNews(), ::testing::IsEmpty());
}

TEST_F(SideBySideTest, BothVerdictsInEveryCombination) {
  options_.parallel = 1;
  beside_.Configure(options_);
  for (const auto& [bytes, theirs] : {std::pair{"nothing", 0}, {"MARK", 1}, {"FAIL", 3}}) {
    for (const Kind ours : {Kind::kClean, Kind::kInfected, Kind::kIncomplete, Kind::kFailed})
      Offer(bytes, ours, {"Ours"});
    static_cast<void>(theirs);
  }
  const SideBySide::Counts counts = UntilDone(12);
  EXPECT_EQ(counts.asked, 12u);
  EXPECT_EQ(counts.agreed, 3u);
  EXPECT_EQ(counts.differed, 9u);
  EXPECT_EQ(counts.failed, 0u);
  for (std::size_t ours = 0; ours < 4; ++ours) EXPECT_THAT(counts.verdicts[ours], ElementsAre(1, 1, 0, 1)) << ours;
  ASSERT_EQ(news_.size(), 9u);
  // The first: clean for us, detected for the other.
  const events::Event* event = nullptr;
  for (const SideBySide::News& news : news_) {
    ASSERT_EQ(news.kind, SideBySide::News::Kind::kDifference);
    EXPECT_EQ(news.event.kind, events::EventKind::kDifference);
    if (news.event.verdict == Verdict::kClean && news.event.theirs->verdict == Verdict::kDetected) event = &news.event;
    if (news.event.theirs->verdict == Verdict::kFailed) {
      EXPECT_EQ(news.event.text, "clamd: no memory");
    }
  }
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->theirs->scanner, "clamd");
  EXPECT_THAT(event->theirs->names, ElementsAre("Test.Mark"));
  EXPECT_EQ(event->path, "a.bin");
  EXPECT_EQ(event->size, 4u);
  ASSERT_TRUE(event->sha256);  // printf MARK | sha256sum
  EXPECT_EQ((*event->sha256)[0], 0xb6);
  EXPECT_EQ(events::Headline(*event), "a.bin: clean, but clamd says detected (Test.Mark)");
  const std::string metrics = beside_.ToPrometheus();
  EXPECT_THAT(metrics, HasSubstr("daylight_side_by_side_differed_total 9\n"));
  EXPECT_THAT(metrics, HasSubstr("daylight_side_by_side_verdicts_total{ours=\"clean\",theirs=\"detected\"} 1\n"));
  EXPECT_EQ(beside_.Summary(),
            "side by side with clamd: 12 asked, 3 agreed, 9 differed, 0 without an answer, 0 dropped");
}

TEST_F(SideBySideTest, NamesCountWhereTheyAreWanted) {
  beside_.Configure(options_);
  Offer("MARK", Kind::kInfected, {"Other"});
  EXPECT_EQ(UntilDone(1).agreed, 1u);
  options_.names = true;
  beside_.Configure(options_);
  Offer("MARK", Kind::kInfected, {"Other", "Test.Mark.UNOFFICIAL"});
  EXPECT_EQ(UntilDone(2).agreed, 2u);
  Offer("MARK", Kind::kInfected, {"Other"});
  EXPECT_EQ(UntilDone(3).differed, 1u);
}

TEST_F(SideBySideTest, OnlyWhatIsWanted) {
  options_.protocols = {"icap"};
  options_.max_size = 4;
  beside_.Configure(options_);
  Offer("MARK", Kind::kClean);  // By clamd's protocol.
  ScanRequest request = RequestOf("MARK");
  request.protocol = Protocol::kIcap;
  Offer(std::move(request), OutcomeOf(Kind::kClean));
  ScanRequest large = RequestOf("MARK5");
  large.protocol = Protocol::kIcap;
  Offer(std::move(large), OutcomeOf(Kind::kClean));
  ScanRequest busy = RequestOf("MARK");
  busy.protocol = Protocol::kIcap;
  Offer(std::move(busy), OutcomeOf(Kind::kBusy));
  const SideBySide::Counts counts = UntilDone(2);
  EXPECT_EQ(counts.asked, 1u);
  EXPECT_EQ(counts.left_out, 1u);
}

TEST_F(SideBySideTest, NotWhatWeAskOurselves) {
  beside_.Configure(options_);
  ScanRequest request = RequestOf("MARK");
  request.peer.is_local = true;
  request.peer.pid = ::getpid();
  Offer(std::move(request), OutcomeOf(Kind::kClean));
  Offer("MARK", Kind::kClean);
  EXPECT_EQ(UntilDone(1).asked, 1u);
}

TEST_F(SideBySideTest, TheShareIsTheSameEachTime) {
  options_.share = 0.25;
  options_.max_queue = 10'000;
  beside_.Configure(options_);
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 400; ++i) Offer("object " + std::to_string(i), Kind::kClean);
  const SideBySide::Counts counts = UntilDone(800);
  EXPECT_EQ(counts.asked % 2, 0u);
  EXPECT_EQ(counts.asked + counts.left_out, 800u);
  EXPECT_GT(counts.asked, 100u);
  EXPECT_LT(counts.asked, 300u);
  std::array<std::uint8_t, 32> low{};
  std::array<std::uint8_t, 32> high;
  high.fill(0xff);
  EXPECT_TRUE(IsInShare(high, 1));
  EXPECT_FALSE(IsInShare(low, 0));
  EXPECT_TRUE(IsInShare(low, 0.001));
  EXPECT_FALSE(IsInShare(high, 0.999));
}

TEST_F(SideBySideTest, AStuckScannerCostsNothingButItsComparisons) {
  options_.max_queue = 10;
  options_.timeout = std::chrono::hours(1);
  beside_.Configure(options_);
  Offer("STUCK", Kind::kClean);
  Offer("STUCK", Kind::kClean);
  Until([](const SideBySide::Counts& c) { return c.asked == 2; });
  for (int i = 0; i < 5000; ++i) Offer("MARK", Kind::kClean);
  EXPECT_EQ(beside_.waiting(), 10u);
  EXPECT_EQ(beside_.counts().dropped, 4990u);
  // A new configuration, while it is stuck: what waits is dropped, and it goes on.
  options_.max_queue = 11;
  beside_.Configure(options_);
  EXPECT_EQ(beside_.waiting(), 0u);
  EXPECT_EQ(beside_.counts().dropped, 5000u);
  Offer("MARK", Kind::kClean);
  Until([](const SideBySide::Counts& c) { return c.differed == 1; });
  EXPECT_EQ(beside_.counts().failed, 0u);
  Offer("STUCK", Kind::kClean);
  // And the end, which is soon although that one has an hour.
}

TEST_F(SideBySideTest, BytesThatAreKeptForItAreBounded) {
  options_.max_waiting = 100;
  options_.timeout = std::chrono::hours(1);
  options_.parallel = 1;
  beside_.Configure(options_);
  Offer("STUCK", Kind::kClean);
  Until([](const SideBySide::Counts& c) { return c.asked == 1; });
  Offer(std::string(90, 'x'), Kind::kClean);
  EXPECT_EQ(beside_.waiting(), 1u);
  Offer(std::string(6, 'x'), Kind::kClean);  // With what is asked about, 101.
  EXPECT_EQ(beside_.counts().dropped, 1u);
  Offer(std::string(5, 'x'), Kind::kClean);
  EXPECT_EQ(beside_.waiting(), 2u);
  auto file = os::SealedMemfd("t", {"1"});
  ScanRequest request;
  request.fd = std::move(*file);
  request.size = 1;
  Offer(std::move(request), OutcomeOf(Kind::kClean));
  EXPECT_EQ(beside_.counts().dropped, 2u);
  // What has a name takes no room for this alone.
  char name[] = "/tmp/daylight-beside-XXXXXX";
  request = ScanRequest();
  request.fd = os::Fd(::mkostemp(name, O_CLOEXEC));
  ASSERT_TRUE(os::WriteAll(request.fd.get(), "MARK"));
  request.size = 4;
  Offer(std::move(request), OutcomeOf(Kind::kClean));
  EXPECT_EQ(beside_.counts().dropped, 2u);
  EXPECT_EQ(beside_.waiting(), 3u);
  ::unlink(name);
}

TEST_F(SideBySideTest, NobodyThereIsSaidOnceAndNotAskedForAWhile) {
  options_.clamd = "/no/such/socket";
  options_.parallel = 1;
  beside_.Configure(options_);
  for (int i = 0; i < 100; ++i) Offer("MARK", Kind::kClean);
  const SideBySide::Counts counts = UntilDone(100);
  EXPECT_GE(counts.failed, 3u);
  EXPECT_EQ(counts.failed, counts.asked);
  EXPECT_GT(counts.dropped, 90u);
  EXPECT_EQ(counts.differed, 0u);
  ASSERT_EQ(news_.size(), 1u);
  EXPECT_EQ(news_[0].kind, SideBySide::News::Kind::kTrouble);
  EXPECT_THAT(news_[0].text, HasSubstr("clamd does not answer: cannot connect: No such file or directory"));
}

TEST_F(SideBySideTest, DifferencesWithoutEndAreNotAllWritten) {
  options_.max_queue = 10'000;
  beside_.Configure(options_);
  for (int i = 0; i < 1200; ++i) Offer("MARK", Kind::kClean);
  const SideBySide::Counts counts = UntilDone(1200);
  EXPECT_EQ(counts.differed, 1200u);
  EXPECT_GE(news_.size(), 1000u);
  EXPECT_EQ(news_.size() + counts.unwritten, 1200u);
  EXPECT_GT(counts.unwritten, 0u);
}

TEST_F(SideBySideTest, AFileThatChangesMeanwhileIsNoDifference) {
  char name[] = "/tmp/daylight-beside-XXXXXX";
  const os::Fd writer(::mkostemp(name, O_CLOEXEC));
  ASSERT_TRUE(os::WriteAll(writer.get(), "MARK"));
  ScanRequest request;
  request.fd = os::Fd(::open(name, O_RDONLY | O_CLOEXEC));
  request.size = 4;
  request.modified_ns = os::LookAtOpen(writer.get())->modified_ns - 1;  // As it was scanned.
  beside_.Configure(options_);
  Offer(std::move(request), OutcomeOf(Kind::kClean));
  EXPECT_EQ(UntilDone(1).left_out, 1u);
  request = ScanRequest();
  request.fd = os::Fd(::open(name, O_RDONLY | O_CLOEXEC));
  request.size = 4;
  request.modified_ns = os::LookAtOpen(writer.get())->modified_ns;
  Offer(std::move(request), OutcomeOf(Kind::kClean));
  EXPECT_EQ(UntilDone(2).differed, 1u);
  ::unlink(name);
}

TEST_F(SideBySideTest, ACommandIsEndedWithUs) {
  // /proc has no such process afterwards.
  char folder[] = "/tmp/daylight-beside-XXXXXX";
  const std::string file = std::string(::mkdtemp(folder)) + "/pid";
  {
    SideBySide beside;
    SideBySideOptions options;
    options.command = {"/bin/sh", "-c", "echo $$ > " + file + ".new; mv " + file + ".new " + file + "; exec sleep 3600",
                       "{path}"};
    options.timeout = std::chrono::hours(1);
    beside.Configure(options);
    beside.Offer(RequestOf("x"), OutcomeOf(Kind::kClean), [] { return events::Event(); });
    while (::access(file.c_str(), F_OK) != 0) ::usleep(10'000);
  }
  std::ifstream in(file);
  pid_t pid = 0;
  in >> pid;
  ASSERT_GT(pid, 1);
  EXPECT_NE(::kill(pid, 0), 0);
  EXPECT_TRUE(IsAskedCommand(pid));
  EXPECT_FALSE(IsAskedCommand(1));
  EXPECT_FALSE(IsAskedCommand(0));
  EXPECT_FALSE(IsAskedCommand(-1));
  ::unlink(file.c_str());
  ::rmdir(folder);
}

}  // namespace
}  // namespace dl::daemon
