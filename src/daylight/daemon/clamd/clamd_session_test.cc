#include "daylight/daemon/clamd/clamd_session.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <deque>

#include "daylight/daemon/net/session_testing.h"
#include "daylight/os/memfd.h"

namespace dl::daemon {
namespace {

using std::string_literals::operator""s;

// Files that a test makes up, below paths that it makes up.
class TestWalking : public Walking {
 public:
  class TestWalk : public Walk {
   public:
    TestWalk(TestWalking& all, std::deque<WalkedFile> files, OnFile on_file)
        : all_(all), files_(std::move(files)), on_file_(std::move(on_file)) {}
    void Next() override {
      all_.waiting.push_back([this, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.expired()) return;
        if (files_.empty()) return on_file_(std::nullopt);
        WalkedFile file = std::move(files_.front());
        files_.pop_front();
        on_file_(std::move(file));
      });
    }

   private:
    TestWalking& all_;
    std::deque<WalkedFile> files_;
    OnFile on_file_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  };
  std::unique_ptr<Walk> Start(const PeerInfo&, const std::string& path, const WalkWants&, OnFile on_file) override {
    started.push_back(path);
    return std::make_unique<TestWalk>(*this, std::move(files), std::move(on_file));
  }
  bool Step() {
    if (waiting.empty()) return false;
    const auto step = std::move(waiting.front());
    waiting.pop_front();
    step();
    return true;
  }
  std::deque<WalkedFile> files;
  std::deque<std::function<void()>> waiting;
  std::vector<std::string> started;
};

WalkedFile File(const std::string& path, const std::string& content) {
  WalkedFile file;
  file.path = path;
  file.fd = std::move(*os::SealedMemfd("test", {content}));
  file.size = content.size();
  return file;
}

WalkedFile Problem(const std::string& path, WalkedFile::Kind kind, const std::string& problem = "") {
  WalkedFile file;
  file.path = path;
  file.kind = kind;
  file.problem = problem;
  return file;
}

std::string Chunk(const std::string& bytes) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(bytes.size() >> shift & 0xff);
  return out + bytes;
}
const std::string kEndOfStream(4, '\0');

class ClamdSessionTest : public ::testing::Test {
 protected:
  ClamdSessionTest() {
    options_.version = [] { return "ClamAV 1.4.6/27780/Mon Nov 30 08:20:00 2026"; };
    options_.stats = [] { return "POOLS: 1\n\n"; };
    options_.reload = [this] { ++reloads_; };
    options_.shutdown = [this] { ++shutdowns_; };
    options_.max_stream_bytes = 100;
    connection_.info.is_local = true;
  }
  // All that is said until nothing more happens.
  std::string Talk(const std::string& bytes, std::size_t piece = 1u << 16) {
    ClamdSession session(connection_, scanning_, walking_, options_);
    connection_.Feed(session, bytes, piece);
    Settle(session);
    if (!connection_.closed) session.OnEnd();
    Settle(session);
    return connection_.sent;
  }
  void Settle(ClamdSession& session) {
    for (bool moved = true; moved;) {
      moved = walking_.Step();
      moved = scanning_.Answer() || moved;
      connection_.Drain(session);
    }
  }
  std::string Anew(const std::string& bytes, std::size_t piece = 1u << 16) {
    connection_.sent.clear();
    connection_.pending.clear();
    connection_.closed = false;
    return Talk(bytes, piece);
  }

  ClamdOptions options_;
  TestConnection connection_;
  TestScanning scanning_;
  TestWalking walking_;
  int reloads_ = 0;
  int shutdowns_ = 0;
};

TEST_F(ClamdSessionTest, TheReplyEndsAsTheCommandDid) {
  EXPECT_EQ(Anew("zPING\0"s), "PONG\0"s);
  EXPECT_EQ(Anew("nPING\n"), "PONG\n");
  EXPECT_EQ(Anew("PING\n"), "PONG\n");
  EXPECT_EQ(Anew("PING"), "PONG\n");
  EXPECT_EQ(Anew("PING\r\n"), "PONG\n");
  EXPECT_EQ(Anew("nPING\r\n"), "PONG\n");
  EXPECT_TRUE(connection_.closed);
}

TEST_F(ClamdSessionTest, OneCommandAConnection) {
  EXPECT_EQ(Anew("zPING\0zPING\0"s), "PONG\0"s);
  EXPECT_EQ(Anew("zINSTREAM\0"s + Chunk("x") + kEndOfStream + "zPING\0"s), "stream: OK\0"s);
}

TEST_F(ClamdSessionTest, CommandsThatThereAreNoneOf) {
  for (const std::string& text :
       {"zFOO\0"s, "z\0"s, "zSCAN\0"s, "zPING x\0"s, "zping\0"s, "zEND\0"s, "zSTREAM\0"s, "zSESSION\0"s}) {
    EXPECT_EQ(Anew(text), "UNKNOWN COMMAND\0"s) << text;
  }
  // Not without `n` or `z`.
  for (const char* text : {"INSTREAM\n", "STATS\n", "IDSESSION\n", "VERSIONCOMMANDS\n"}) {
    EXPECT_EQ(Anew(text), "UNKNOWN COMMAND\n") << text;
  }
}

TEST_F(ClamdSessionTest, VersionAndItsCommands) {
  EXPECT_EQ(Anew("zVERSION\0"s), "ClamAV 1.4.6/27780/Mon Nov 30 08:20:00 2026\0"s);
  EXPECT_EQ(
      Anew("zVERSIONCOMMANDS\0"s),
      "ClamAV 1.4.6/27780/Mon Nov 30 08:20:00 2026| COMMANDS: SCAN QUIT RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION "
      "END SHUTDOWN MULTISCAN FILDES STATS IDSESSION INSTREAM DETSTATSCLEAR DETSTATS ALLMATCHSCAN\0"s);
  EXPECT_EQ(Anew("nSTATS\n"), "POOLS: 1\n\nEND\n");
}

TEST_F(ClamdSessionTest, AStreamInPiecesOfAnySize) {
  const std::string bytes = "zINSTREAM\0"s + Chunk("this is ") + Chunk("INFECTED") + Chunk("x") + kEndOfStream;
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_EQ(Anew(bytes, piece), "stream: Test.Infected FOUND\0"s) << piece;
  }
  EXPECT_EQ(scanning_.seen.back(), "this is INFECTEDx");
  EXPECT_EQ(Anew("nINSTREAM\n" + Chunk("clean") + kEndOfStream), "stream: OK\n");
  EXPECT_EQ(Anew("zINSTREAM\0"s + kEndOfStream), "stream: OK\0"s);
}

TEST_F(ClamdSessionTest, AStreamUpToTheLimitAndOneByteMore) {
  EXPECT_EQ(Anew("zINSTREAM\0"s + Chunk(std::string(100, 'a')) + kEndOfStream), "stream: OK\0"s);
  EXPECT_EQ(Anew("zINSTREAM\0"s + Chunk(std::string(101, 'a')) + kEndOfStream),
            "INSTREAM size limit exceeded. ERROR\0"s);
  EXPECT_EQ(Anew("zINSTREAM\0"s + Chunk(std::string(60, 'a')) + Chunk(std::string(41, 'a')) + kEndOfStream),
            "INSTREAM size limit exceeded. ERROR\0"s);
  // Told before a byte of it has come.
  EXPECT_EQ(Anew("zINSTREAM\0\xff\xff\xff\xff"s), "INSTREAM size limit exceeded. ERROR\0"s);
  EXPECT_EQ(scanning_.spool().use().memory_bytes, 0u);
}

TEST_F(ClamdSessionTest, AStreamThatIsCutHasNoAnswer) {
  EXPECT_EQ(Anew("zINSTREAM\0"s + Chunk("INFECTED")), "");
  EXPECT_EQ(Anew("zINSTREAM\0"s + Chunk("INFECTED").substr(0, 7)), "");
  EXPECT_TRUE(connection_.closed);
  EXPECT_EQ(scanning_.spool().use().memory_bytes, 0u);
}

TEST_F(ClamdSessionTest, WhatStayedUnreadIsFoundOrPassesAsTheAdministratorWants) {
  const std::string stream = "zINSTREAM\0"s + Chunk("ENCRYPTED") + kEndOfStream;
  EXPECT_EQ(Anew(stream), "stream: Heuristics.Encrypted.Zip FOUND\0"s);
  scanning_.incomplete_blocks = false;
  EXPECT_EQ(Anew(stream), "stream: OK\0"s);
}

TEST_F(ClamdSessionTest, WhatCouldNotBeScannedIsAnError) {
  EXPECT_EQ(Anew("zINSTREAM\0"s + Chunk("BROKEN") + kEndOfStream), "stream: the worker died ERROR\0"s);
  scanning_.busy = true;
  EXPECT_EQ(Anew("zINSTREAM\0"s + Chunk("x") + kEndOfStream), "stream: too many requests are waiting ERROR\0"s);
}

TEST_F(ClamdSessionTest, NamesThatAreNotOfficialSaySo) {
  walking_.files.push_back(File("/f", "INFECTED"));
  EXPECT_EQ(Anew("zALLMATCHSCAN /f\0"s), "/f: Test.Infected FOUND\0/f: Test.Second.UNOFFICIAL FOUND\0"s);
  options_.unofficial_suffix = false;
  walking_.files.push_back(File("/f", "INFECTED"));
  EXPECT_EQ(Anew("zALLMATCHSCAN /f\0"s), "/f: Test.Infected FOUND\0/f: Test.Second FOUND\0"s);
}

TEST_F(ClamdSessionTest, ScanStopsAtTheFirstAndContscanDoesNot) {
  const auto fill = [&] {
    walking_.files.clear();
    walking_.files.push_back(File("/d/a", "clean"));
    walking_.files.push_back(File("/d/b", "INFECTED"));
    walking_.files.push_back(Problem("/d/c", WalkedFile::Kind::kDenied));
    walking_.files.push_back(Problem("/d/p", WalkedFile::Kind::kUnsupported));
    walking_.files.push_back(File("/d/z", "INFECTED"));
  };
  fill();
  EXPECT_EQ(Anew("zSCAN /d\0"s), "/d/b: Test.Infected FOUND\0"s);
  fill();
  EXPECT_EQ(Anew("zCONTSCAN /d\0"s),
            "/d/b: Test.Infected FOUND\0/d/c: Access denied. ERROR\0/d/z: Test.Infected FOUND\0"s);
  fill();
  EXPECT_EQ(Anew("nMULTISCAN /d\n"),
            "/d/b: Test.Infected FOUND\n/d/c: Access denied. ERROR\n/d/z: Test.Infected FOUND\n");
  walking_.files.clear();
  walking_.files.push_back(File("/d/a", "clean"));
  EXPECT_EQ(Anew("zSCAN /d\0"s), "/d: OK\0"s);
  EXPECT_EQ(walking_.started.back(), "/d");
}

TEST_F(ClamdSessionTest, PathsThatAreNotThereOrNoFiles) {
  walking_.files.push_back(Problem("/none", WalkedFile::Kind::kMissing, "No such file or directory"));
  EXPECT_EQ(Anew("zSCAN /none\0"s), "/none: File path check failure: No such file or directory. ERROR\0"s);
  walking_.files.push_back(Problem("/fifo", WalkedFile::Kind::kUnsupported));
  EXPECT_EQ(Anew("zSCAN /fifo\0"s), "/fifo: Not supported file type ERROR\0/fifo: OK\0"s);
}

TEST_F(ClamdSessionTest, PathsKeepTheirBytes) {
  walking_.files.push_back(File("/a\nb\x80", "INFECTED"));
  EXPECT_EQ(Anew("zSCAN /a\nb\x80\0"s), "/a\nb\x80: Test.Infected FOUND\0"s);
}

TEST_F(ClamdSessionTest, ASessionNumbersItsAnswers) {
  walking_.files.push_back(File("/f", "INFECTED"));
  const std::string said =
      Anew("zIDSESSION\0zPING\0zINSTREAM\0"s + Chunk("INFECTED") + kEndOfStream + "zSCAN /f\0zVERSION\0zEND\0"s);
  EXPECT_EQ(said,
            "1: PONG\0"
            "4: ClamAV 1.4.6/27780/Mon Nov 30 08:20:00 2026\0"
            "2: stream: Test.Infected FOUND\0"
            "3: /f: Test.Infected FOUND\0"s);
  EXPECT_TRUE(connection_.closed);
}

TEST_F(ClamdSessionTest, WhatASessionRefusesEndsIt) {
  for (const char* command : {"RELOAD", "CONTSCAN /f", "FOO", "SHUTDOWN", "IDSESSION"}) {
    EXPECT_EQ(Anew("zIDSESSION\0z"s + command + "\0zPING\0"s), "1: Command invalid inside IDSESSION. ERROR\0"s)
        << command;
    EXPECT_TRUE(connection_.closed);
  }
  EXPECT_EQ(Anew("zIDSESSION\0PING\n"s),
            "1: Only nCMDS\\n and zCMDS\\0 are accepted inside IDSESSION. ERROR\0"s
            "1: Error processing command. ERROR\0"s);
  EXPECT_EQ(reloads_, 0);
}

TEST_F(ClamdSessionTest, ASessionHasOnlySoManyScansInHand) {
  options_.max_in_flight = 2;
  ClamdSession session(connection_, scanning_, walking_, options_);
  std::string bytes = "zIDSESSION\0"s;
  for (int i = 0; i < 5; ++i) bytes += "zINSTREAM\0"s + Chunk("x") + kEndOfStream;
  connection_.Feed(session, bytes);
  EXPECT_EQ(scanning_.jobs.size(), 2u);
  EXPECT_FALSE(connection_.pending.empty());
  Settle(session);
  EXPECT_EQ(connection_.sent, "1: stream: OK\0002: stream: OK\0003: stream: OK\0004: stream: OK\0005: stream: OK\0"s);
}

TEST_F(ClamdSessionTest, ADescriptorComesWithTheByteBehindItsCommand) {
  const auto pass = [&](const std::string& content, bool glued) {
    connection_.sent.clear();
    connection_.pending.clear();
    connection_.closed = false;
    ClamdSession session(connection_, scanning_, walking_, options_);
    const std::string path = ::testing::TempDir() + "daylight_fildes";
    os::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    EXPECT_TRUE(os::WriteAll(file.get(), content));
    if (!glued) connection_.Feed(session, "zFILDES\0"s);
    session.OnDescriptor(std::move(file));
    connection_.Feed(session, glued ? "zFILDES\0\0"s : "\0"s);
    Settle(session);
    ::unlink(path.c_str());
    return connection_.sent.substr(connection_.sent.find(']') + 1);
  };
  EXPECT_EQ(pass("INFECTED", false), ": Test.Infected FOUND\0"s);
  EXPECT_EQ(pass("clean", true), ": OK\0"s);
}

TEST_F(ClamdSessionTest, DescriptorsThatAreNone) {
  EXPECT_EQ(Anew("zFILDES\0x"s), "No file descriptor received. ERROR\0"s);
  {
    connection_.closed = false;
    connection_.sent.clear();
    ClamdSession session(connection_, scanning_, walking_, options_);
    connection_.Feed(session, "zFILDES\0"s);
    session.OnDescriptor(os::Fd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    connection_.Feed(session, "\0"s);
    EXPECT_TRUE(connection_.sent.ends_with(": Not a regular file ERROR\0"s)) << connection_.sent;
  }
  {
    connection_.closed = false;
    connection_.sent.clear();
    connection_.pending.clear();
    ClamdSession session(connection_, scanning_, walking_, options_);
    session.OnDescriptor(os::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
    connection_.Feed(session, "zFILDES\0"s);
    EXPECT_EQ(connection_.sent,
              "PROTOCOL ERROR: ancillary data sent without FILDES. ERROR\0Error processing command. ERROR\0"s);
  }
}

TEST_F(ClamdSessionTest, ReloadAndShutdownAsFarAsAllowed) {
  EXPECT_EQ(Anew("zRELOAD\0"s), "RELOADING\0"s);
  EXPECT_EQ(reloads_, 1);
  EXPECT_EQ(Anew("nSHUTDOWN\n"), "SHUTDOWN is not allowed. ERROR\n");
  options_.allow_shutdown = true;
  EXPECT_EQ(Anew("nSHUTDOWN\n"), "");
  EXPECT_EQ(shutdowns_, 1);
  connection_.info.is_local = false;  // By TCP, whatever is allowed.
  EXPECT_EQ(Anew("nSHUTDOWN\n"), "SHUTDOWN is not allowed. ERROR\n");
  EXPECT_EQ(shutdowns_, 1);
  options_.allow_reload = false;
  EXPECT_EQ(Anew("zRELOAD\0"s), "RELOAD is not allowed. ERROR\0"s);
  EXPECT_EQ(reloads_, 1);
}

TEST_F(ClamdSessionTest, ACommandWithoutAnEndIsNotReadForEver) {
  EXPECT_EQ(Anew("z" + std::string(9000, 'A'), 100), "Command too long. ERROR\0"s);
  EXPECT_LE(connection_.pending.size(), 8300u);
}

TEST_F(ClamdSessionTest, WhatEndsTakesItsScansAlong) {
  {
    ClamdSession session(connection_, scanning_, walking_, options_);
    connection_.Feed(session, "zINSTREAM\0"s + Chunk("INFECTED") + kEndOfStream);
    EXPECT_EQ(session.waiting(), Waiting::kForUs);
  }
  EXPECT_FALSE(scanning_.Answer());
  EXPECT_EQ(connection_.sent, "");
}

}  // namespace
}  // namespace dl::daemon
